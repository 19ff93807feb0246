-- Which rail carried what; what a drawdown is collected by; what a repayment is for and what became of its money.
ALTER TABLE instructions ADD COLUMN rail TEXT NOT NULL DEFAULT 'iso20022';
ALTER TABLE bank_messages ADD COLUMN rail TEXT NOT NULL DEFAULT 'iso20022';
ALTER TABLE quotes ADD COLUMN collection TEXT NOT NULL DEFAULT 'bank_debit';
ALTER TABLE quotes ADD COLUMN interval_days BIGINT NOT NULL DEFAULT 30;
ALTER TABLE drawdowns ADD COLUMN collection TEXT NOT NULL DEFAULT 'bank_debit';
ALTER TABLE drawdowns ADD COLUMN interval_days BIGINT NOT NULL DEFAULT 30;

-- A day has one share and a due date one minimum; any number of payments that somebody makes fall on one day.
CREATE TABLE repayments_now (
    id TEXT PRIMARY KEY, drawdown_id TEXT NOT NULL REFERENCES drawdowns (id), merchant_id TEXT NOT NULL,
    kind TEXT NOT NULL, channel TEXT NOT NULL, business_on TEXT NOT NULL, state TEXT NOT NULL, currency TEXT NOT NULL,
    amount BIGINT NOT NULL, principal_amount BIGINT NOT NULL, fee_amount BIGINT NOT NULL,
    suspense_amount BIGINT NOT NULL, recovered_amount BIGINT NOT NULL, end_to_end_id TEXT UNIQUE, collect_on TEXT,
    settled_on TEXT, reason TEXT, retry_of TEXT UNIQUE, attempts_count BIGINT NOT NULL, state_at BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
INSERT INTO repayments_now (id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount,
    principal_amount, fee_amount, suspense_amount, recovered_amount, end_to_end_id, collect_on, settled_on, reason,
    retry_of, attempts_count, state_at, created_at)
SELECT id, drawdown_id, merchant_id, 'share', 'debit', business_on, state, currency, amount, principal_amount,
    fee_amount, 0, 0, end_to_end_id, collect_on, settled_on, reason, NULL, 1, state_at, created_at FROM repayments;
-- A debit that was not instructed yet has no reference yet: with one it would never be.
UPDATE repayments_now SET end_to_end_id = NULL
WHERE NOT EXISTS (SELECT 1 FROM instructions i WHERE i.end_to_end_id = repayments_now.end_to_end_id);
DROP TABLE repayments;
ALTER TABLE repayments_now RENAME TO repayments;
CREATE UNIQUE INDEX repayments_of_day ON repayments (drawdown_id, business_on, kind)
    WHERE kind IN ('share', 'minimum') AND retry_of IS NULL;
CREATE INDEX repayments_by_drawdown ON repayments (drawdown_id, id);
CREATE INDEX repayments_by_state ON repayments (state, state_at);
