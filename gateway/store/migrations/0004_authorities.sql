-- What a signatory approved once, and what was confirmed when: caps are added up from it.

-- Users and caps never change once written; the approval is written once.
CREATE TABLE authorities (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL,
    state TEXT NOT NULL, users_json TEXT NOT NULL, caps_json TEXT NOT NULL, approval_json TEXT, passkey_id TEXT,
    created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, state_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX authorities_active ON authorities (merchant_id) WHERE state = 'active';
CREATE UNIQUE INDEX authorities_proposed ON authorities (merchant_id) WHERE state = 'proposed';
CREATE INDEX authorities_by_merchant ON authorities (merchant_id, id);
CREATE INDEX authorities_by_expiry ON authorities (expires_at) WHERE state = 'proposed';

-- When and to which account (keyed hash) the merchant confirmed; NULL until then.
ALTER TABLE drawdowns ADD COLUMN confirmed_at BIGINT;
ALTER TABLE drawdowns ADD COLUMN payee_hash TEXT;
CREATE INDEX drawdowns_by_merchant_confirmed ON drawdowns (merchant_id, confirmed_at);
CREATE INDEX drawdowns_by_partner_confirmed ON drawdowns (partner_id, confirmed_at);
UPDATE drawdowns SET confirmed_at = created_at WHERE evidence_json IS NOT NULL;
