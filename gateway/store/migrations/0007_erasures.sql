-- Erasure of a merchant's data, once it may not be assessed by them any more. `superseded_at` is when the merchant let
-- itself be assessed again; until then an erasure is in force, at most one a merchant.
CREATE TABLE erasures (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), grant_id TEXT NOT NULL,
    state TEXT NOT NULL, due_at BIGINT NOT NULL, sales_count BIGINT NOT NULL DEFAULT 0,
    days_count BIGINT NOT NULL DEFAULT 0, decisions_count BIGINT NOT NULL DEFAULT 0,
    offers_count BIGINT NOT NULL DEFAULT 0, created_at BIGINT NOT NULL, state_at BIGINT NOT NULL, superseded_at BIGINT,
    kept_until_on TEXT
);
CREATE UNIQUE INDEX erasures_in_force ON erasures (merchant_id) WHERE superseded_at IS NULL;
CREATE INDEX erasures_by_merchant ON erasures (merchant_id, id);
CREATE INDEX erasures_by_state ON erasures (state, due_at) WHERE superseded_at IS NULL;
CREATE INDEX erasures_by_end ON erasures (kept_until_on) WHERE kept_until_on IS NOT NULL;

-- What a decision was made of, encrypted, once its merchant's data was erased.
ALTER TABLE decisions ADD COLUMN sealed BYTEA;

-- Where leave to assess ends before the consent itself does.
ALTER TABLE consents ADD COLUMN assessed_until_at BIGINT;
CREATE INDEX consents_by_lapse ON consents (assessed_until_at)
WHERE state = 'authorised' AND assessed_until_at IS NOT NULL;

CREATE INDEX quotes_by_merchant ON quotes (merchant_id, id);
