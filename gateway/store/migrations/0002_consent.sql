-- Authorization (FAPI 2.0). Secrets are kept as their SHA-256. A statement under `-- (postgres)` runs there alone.

CREATE TABLE pushed_requests (
    handle_hash TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients (id), merchant_id TEXT NOT NULL,
    parameters_json TEXT NOT NULL, dpop_jkt TEXT, expires_at BIGINT NOT NULL, ended_at BIGINT
);
CREATE INDEX pushed_requests_by_expiry ON pushed_requests (expires_at);

CREATE TABLE codes (
    hash TEXT PRIMARY KEY, client_id TEXT NOT NULL, grant_id TEXT NOT NULL, redirect_uri TEXT NOT NULL,
    code_challenge TEXT NOT NULL, dpop_jkt TEXT, scope TEXT, expires_at BIGINT NOT NULL, used_at BIGINT
);
CREATE INDEX codes_by_grant ON codes (grant_id);
CREATE INDEX codes_by_expiry ON codes (expires_at);

CREATE TABLE refresh_tokens (
    hash TEXT PRIMARY KEY, client_id TEXT NOT NULL, grant_id TEXT NOT NULL, code_hash TEXT NOT NULL, scope TEXT,
    created_at BIGINT NOT NULL, revoked_at BIGINT
);
CREATE INDEX refresh_tokens_by_grant ON refresh_tokens (grant_id);
CREATE INDEX refresh_tokens_by_client ON refresh_tokens (client_id);
CREATE INDEX refresh_tokens_by_code ON refresh_tokens (code_hash);

ALTER TABLE tokens ADD COLUMN grant_id TEXT;
ALTER TABLE tokens ADD COLUMN jkt TEXT;
ALTER TABLE tokens ADD COLUMN details_json TEXT;
ALTER TABLE tokens ADD COLUMN merchant_id TEXT;
ALTER TABLE tokens ADD COLUMN code_hash TEXT;
CREATE INDEX tokens_by_grant ON tokens (grant_id);
CREATE INDEX tokens_by_code ON tokens (code_hash);

-- DPoP proofs seen (RFC 9449 section 11.1): PostgreSQL only has rows here, and loses them, not money, in a crash.
CREATE TABLE proofs (hash TEXT PRIMARY KEY, expires_at BIGINT NOT NULL);
CREATE INDEX proofs_by_expiry ON proofs (expires_at);
-- (postgres)
ALTER TABLE proofs SET UNLOGGED;

-- consents, identity (A2)

CREATE TABLE consents (
    grant_id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL,
    client_id TEXT NOT NULL, state TEXT NOT NULL, version BIGINT NOT NULL, expires_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL, state_at BIGINT NOT NULL, last_used_at BIGINT, reminded_days BIGINT
);
CREATE INDEX consents_by_merchant ON consents (merchant_id, grant_id);
CREATE INDEX consents_by_partner ON consents (partner_id, grant_id);
CREATE INDEX consents_by_expiry ON consents (expires_at) WHERE state = 'authorised';
CREATE UNIQUE INDEX consents_in_force ON consents (merchant_id, client_id) WHERE state = 'authorised';

-- Only inserted into: what was shown and agreed to never changes.
CREATE TABLE consent_versions (
    grant_id TEXT NOT NULL REFERENCES consents (grant_id), version BIGINT NOT NULL, shown_json TEXT NOT NULL,
    shown_hash TEXT NOT NULL, details_json TEXT NOT NULL, details_hash TEXT NOT NULL, locale TEXT NOT NULL,
    text_version TEXT NOT NULL, granted_by TEXT NOT NULL, method TEXT NOT NULL, remote_address TEXT NOT NULL,
    granted_at BIGINT NOT NULL, PRIMARY KEY (grant_id, version)
);

-- The consents that a decision's inputs came under.
ALTER TABLE decisions ADD COLUMN bases_json TEXT;

ALTER TABLE merchants ADD COLUMN contact BYTEA;

-- A browser on our pages. Its secret is in its cookie; here is the hash. `merchant_id` is whom it wants to be,
-- `signed_in_at` since when it has proved that.
CREATE TABLE page_sessions (
    hash TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, signed_in_at BIGINT, created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX page_sessions_by_expiry ON page_sessions (expires_at);

-- One live code a browser; keyed with the browser's secret, so that this table alone cannot be searched for it.
CREATE TABLE one_time_codes (
    session_hash TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, code_hash TEXT NOT NULL, attempts_count BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX one_time_codes_by_expiry ON one_time_codes (expires_at);

CREATE TABLE lockouts (key TEXT PRIMARY KEY, failures_count BIGINT NOT NULL, until_at BIGINT NOT NULL);
CREATE INDEX lockouts_by_until ON lockouts (until_at);

-- The sandbox's outbox. The body is sealed: it holds a contact and a code.
CREATE TABLE notices (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, kind TEXT NOT NULL, body BYTEA NOT NULL, created_at BIGINT NOT NULL
);
