-- Payout account and contact: asked for by the partner, approved by the holder, in force three days later. The new
-- value is sealed. `due_at` is when the state ends by itself: a request by expiring, a waiting change by taking effect.
-- `asked_at` is on the system clock, like a passkey's age, which it is held against; the rest on the business clock.

CREATE TABLE changes (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL,
    client_id TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, holder_name TEXT, value BYTEA NOT NULL,
    approval_json TEXT, asked_at BIGINT NOT NULL, created_at BIGINT NOT NULL, state_at BIGINT NOT NULL, due_at BIGINT
);
CREATE INDEX changes_by_merchant ON changes (merchant_id, id);
CREATE UNIQUE INDEX changes_open ON changes (merchant_id, kind) WHERE state IN ('awaiting_approval', 'waiting');
CREATE INDEX changes_by_due ON changes (due_at) WHERE state IN ('awaiting_approval', 'waiting');

-- Notices on their way: written with the unit that tells, deleted when the messenger took them.
CREATE TABLE waiting_notices (id TEXT PRIMARY KEY, body BYTEA NOT NULL, created_at BIGINT NOT NULL);
