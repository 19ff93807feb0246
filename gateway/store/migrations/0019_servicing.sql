-- How each loan that is out is looked after, what was agreed about it with officers, and what was written off.
CREATE TABLE servicings (
    drawdown_id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, health TEXT NOT NULL,
    serviced_on TEXT NOT NULL, expected_amount BIGINT, asked_on TEXT, announced_on TEXT, warned_on TEXT,
    stopped_code TEXT, held_until_on TEXT, reminders_count BIGINT NOT NULL,
    reminded_at BIGINT, remind_at BIGINT, service_at BIGINT
);
CREATE INDEX servicings_due ON servicings (service_at, drawdown_id) WHERE service_at IS NOT NULL;
CREATE INDEX servicings_to_remind ON servicings (remind_at) WHERE remind_at IS NOT NULL;
CREATE INDEX servicings_by_merchant ON servicings (merchant_id);
INSERT INTO servicings (drawdown_id, merchant_id, health, serviced_on, reminders_count, service_at)
SELECT id, merchant_id, 'current', active_on, 0, 0 FROM drawdowns WHERE state = 'active' AND active_on IS NOT NULL;

CREATE TABLE arrangements (
    id TEXT PRIMARY KEY, drawdown_id TEXT NOT NULL, merchant_id TEXT NOT NULL,
    kind TEXT NOT NULL, state TEXT NOT NULL, days BIGINT, instalments_count BIGINT, every_days BIGINT, from_on TEXT,
    paid_amount BIGINT, proposed_by TEXT NOT NULL, decided_by TEXT, reason BYTEA, created_at BIGINT NOT NULL,
    state_at BIGINT NOT NULL
);
CREATE INDEX arrangements_by_drawdown ON arrangements (drawdown_id, id);
CREATE INDEX arrangements_by_state ON arrangements (state, id);

CREATE TABLE write_offs (
    reference TEXT PRIMARY KEY, drawdown_id TEXT NOT NULL, principal_amount BIGINT NOT NULL,
    fee_amount BIGINT NOT NULL, written_off_on TEXT NOT NULL
);
CREATE INDEX write_offs_by_drawdown ON write_offs (drawdown_id);
CREATE INDEX instructions_by_repayment ON instructions (repayment_id);
