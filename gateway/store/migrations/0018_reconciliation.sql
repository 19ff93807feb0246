-- What the banks' statements say: each statement, and each entry of our accounts that any message told of, once.
CREATE TABLE bank_statements (
    bank_id TEXT NOT NULL, key TEXT NOT NULL, rail TEXT NOT NULL, currency TEXT NOT NULL, sequence BIGINT,
    from_on TEXT NOT NULL, through_on TEXT NOT NULL, opening_amount BIGINT, closing_amount BIGINT,
    received_at BIGINT NOT NULL, PRIMARY KEY (bank_id, key)
);
CREATE INDEX bank_statements_by_day ON bank_statements (bank_id, currency, through_on);

CREATE TABLE statement_entries (
    id TEXT PRIMARY KEY, bank_id TEXT NOT NULL, key TEXT NOT NULL, statement_key TEXT, kind TEXT NOT NULL,
    state TEXT NOT NULL, end_to_end_id TEXT, currency TEXT NOT NULL, amount BIGINT NOT NULL, booked_on TEXT NOT NULL,
    matched_by TEXT, problem TEXT, told_at BIGINT NOT NULL, state_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX statement_entries_told ON statement_entries (bank_id, key);
CREATE INDEX statement_entries_by_day ON statement_entries (bank_id, currency, booked_on);
CREATE INDEX statement_entries_by_reference ON statement_entries (end_to_end_id);
CREATE INDEX statement_entries_unmatched ON statement_entries (id) WHERE state = 'unmatched';

-- What an officer says an unmatched entry is, for another one to approve.
CREATE TABLE explanations (
    entry_id TEXT PRIMARY KEY REFERENCES statement_entries (id), explanation TEXT NOT NULL, end_to_end_id TEXT,
    reason BYTEA NOT NULL, proposed_by TEXT NOT NULL, proposed_at BIGINT NOT NULL, approved_by TEXT, approved_at BIGINT
);

-- What the books held before entries were kept: one line a bank and currency stands for all of it.
INSERT INTO statement_entries (id, bank_id, key, kind, state, currency, amount, booked_on, matched_by, told_at, state_at)
SELECT 'ste_' || LOWER(REPLACE(e.bank_id, '_', '')) || LOWER(e.currency), e.bank_id, 'before:' || e.currency, 'booked',
    'matched', e.currency, CAST(SUM(p.amount) AS BIGINT), '1970-01-01', 'before', 0, 0
FROM entries e JOIN postings p ON p.entry_id = e.id
WHERE p.account = 'bank:' || e.bank_id || ':funding' GROUP BY e.bank_id, e.currency;
