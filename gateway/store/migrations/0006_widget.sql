-- The audit log: only inserted into, each row's hash over the row before it.
CREATE TABLE audit (
    number BIGINT PRIMARY KEY, occurred_at BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL,
    subject TEXT NOT NULL, facts_json TEXT NOT NULL, hash TEXT NOT NULL
);

-- A frame at a till, opened once by its client secret: `secret_hash` is the SHA-256, `exchanged_at` when it was spent.
-- The person's name is sealed; their id is the partner's own for them.
CREATE TABLE widget_sessions (
    id TEXT PRIMARY KEY, secret_hash TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL REFERENCES clients (id),
    partner_id TEXT NOT NULL, merchant_id TEXT NOT NULL REFERENCES merchants (id),
    grant_id TEXT NOT NULL REFERENCES consents (grant_id), user_id TEXT NOT NULL, user_sealed BYTEA NOT NULL,
    components_json TEXT NOT NULL, origins_json TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL,
    exchanged_at BIGINT
);
CREATE INDEX widget_sessions_by_expiry ON widget_sessions (expires_at);

ALTER TABLE tokens ADD COLUMN user_id TEXT;
