-- The sandbox outbox's messages get their own name: a notice is what the law wants a merchant to be told.
ALTER TABLE notices RENAME TO sandbox_messages;
ALTER TABLE waiting_notices RENAME TO waiting_messages;

-- At most one open notice a merchant and kind: further decisions join it.
CREATE TABLE notices (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), kind TEXT NOT NULL, state TEXT NOT NULL,
    currency TEXT NOT NULL, before_amount BIGINT NOT NULL, after_amount BIGINT NOT NULL, decision_ids_json TEXT NOT NULL,
    reasons_json TEXT NOT NULL, opened_at BIGINT NOT NULL, due_at BIGINT NOT NULL, send_at BIGINT NOT NULL,
    sent_at BIGINT, state_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX notices_open ON notices (merchant_id, kind) WHERE state = 'open';
CREATE INDEX notices_by_merchant ON notices (merchant_id, id);
CREATE INDEX notices_to_send ON notices (send_at) WHERE state = 'open';

-- The offer that a decision was measured against, so that its reasons can be repeated; sealed with what it was made of.
ALTER TABLE decisions ADD COLUMN against_json TEXT;
