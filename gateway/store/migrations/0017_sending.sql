-- What the bank calls an instruction, when its bytes first went, what was announced of it. Message ids are a bank's own.
CREATE TABLE instructions_now (
    end_to_end_id TEXT PRIMARY KEY, message_id TEXT NOT NULL, kind TEXT NOT NULL, bank_id TEXT NOT NULL,
    rail TEXT NOT NULL, merchant_id TEXT NOT NULL, drawdown_id TEXT NOT NULL, repayment_id TEXT,
    currency TEXT NOT NULL, amount BIGINT NOT NULL, body BYTEA NOT NULL, sent_at BIGINT, tried_at BIGINT,
    bank_reference TEXT, detail TEXT, announced TEXT, created_at BIGINT NOT NULL
);
INSERT INTO instructions_now (end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id,
    currency, amount, body, sent_at, tried_at, created_at)
SELECT end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id, currency, amount, body,
    sent_at, sent_at, created_at FROM instructions;
DROP TABLE instructions;
ALTER TABLE instructions_now RENAME TO instructions;
CREATE UNIQUE INDEX instructions_by_message ON instructions (bank_id, message_id);
CREATE INDEX instructions_by_bank_reference ON instructions (bank_id, bank_reference);

-- How many files a bank was given under a number of that day: none twice, also when one was never stored.
CREATE TABLE message_numbers (
    bank_id TEXT NOT NULL, given_on TEXT NOT NULL, given_count BIGINT NOT NULL, PRIMARY KEY (bank_id, given_on)
);

-- Two rails of a bank may use the same id for two messages.
CREATE TABLE bank_messages_now (
    bank_id TEXT NOT NULL, rail TEXT NOT NULL, message_id TEXT NOT NULL, body BYTEA NOT NULL, state TEXT NOT NULL,
    problem TEXT, received_at BIGINT NOT NULL, PRIMARY KEY (bank_id, rail, message_id)
);
INSERT INTO bank_messages_now (bank_id, rail, message_id, body, state, problem, received_at)
SELECT bank_id, rail, message_id, body, state, problem, received_at FROM bank_messages;
DROP TABLE bank_messages;
ALTER TABLE bank_messages_now RENAME TO bank_messages;
CREATE INDEX bank_messages_by_state ON bank_messages (state, received_at);

-- What an officer proposes about a payment whose fate the bank does not tell; `doubted_at` is when that doubt began.
CREATE TABLE doubts (
    end_to_end_id TEXT NOT NULL, doubted_at BIGINT NOT NULL, verdict TEXT NOT NULL, reason BYTEA NOT NULL,
    proposed_by TEXT NOT NULL, proposed_at BIGINT NOT NULL, approved_by TEXT, approved_at BIGINT,
    PRIMARY KEY (end_to_end_id, doubted_at)
);

-- A debit larger than the rail takes at once is several repayments of the same day.
ALTER TABLE repayments ADD COLUMN part BIGINT NOT NULL DEFAULT 1;
DROP INDEX repayments_of_day;
CREATE UNIQUE INDEX repayments_of_day ON repayments (drawdown_id, business_on, kind, part)
    WHERE kind IN ('share', 'minimum') AND retry_of IS NULL;
