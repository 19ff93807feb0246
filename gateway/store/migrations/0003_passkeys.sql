-- Passkeys: the public halves, kept after their end because what they signed is evidence.
CREATE TABLE passkeys (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), credential_id TEXT NOT NULL UNIQUE,
    public_key BYTEA NOT NULL, sign_count BIGINT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL,
    created_at BIGINT NOT NULL, state_at BIGINT NOT NULL, last_used_at BIGINT
);
CREATE INDEX passkeys_by_merchant ON passkeys (merchant_id, id);

-- What was signed, word for word, with the signature. The key makes every challenge good for one answer.
CREATE TABLE passkey_answers (
    intent_hash TEXT PRIMARY KEY, passkey_id TEXT NOT NULL, merchant_id TEXT NOT NULL, deed TEXT NOT NULL,
    intent TEXT NOT NULL, response TEXT NOT NULL, answered_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
);
CREATE INDEX passkey_answers_by_merchant ON passkey_answers (merchant_id, answered_at);
CREATE INDEX passkey_answers_by_expiry ON passkey_answers (expires_at) WHERE deed = 'sign_in';

ALTER TABLE page_sessions ADD COLUMN method TEXT;
ALTER TABLE page_sessions ADD COLUMN passkey_id TEXT;
