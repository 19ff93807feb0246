-- name: add
INSERT INTO bank_statements (bank_id, key, rail, currency, sequence, from_on, through_on, opening_amount,
    closing_amount, received_at)
VALUES (:bank_id, :key, :rail, :currency, :sequence, :from_on, :through_on, :opening_amount, :closing_amount,
    :received_at)
ON CONFLICT (bank_id, key) DO NOTHING;

-- name: of_day
SELECT bank_id, key, rail, currency, sequence, from_on, through_on, opening_amount, closing_amount, received_at
FROM bank_statements WHERE bank_id = :bank_id AND through_on = :on ORDER BY currency, key LIMIT 200;

-- name: since
SELECT bank_id, key, rail, currency, sequence, from_on, through_on, opening_amount, closing_amount, received_at
FROM bank_statements WHERE bank_id = :bank_id AND through_on >= :from_on ORDER BY through_on, key LIMIT 2000;

-- name: last
SELECT through_on, received_at FROM bank_statements WHERE bank_id = :bank_id ORDER BY through_on DESC LIMIT 1;

-- name: add_entry
INSERT INTO statement_entries (id, bank_id, key, statement_key, kind, state, end_to_end_id, currency, amount, booked_on,
    matched_by, problem, told_at, state_at)
VALUES (:id, :bank_id, :key, :statement_key, :kind, :state, :end_to_end_id, :currency, :amount, :booked_on, :matched_by,
    :problem, :told_at, :told_at)
ON CONFLICT (bank_id, key) DO NOTHING;

-- name: entry_told
SELECT id, bank_id, key, statement_key, kind, state, end_to_end_id, currency, amount, booked_on, matched_by, problem,
    told_at, state_at
FROM statement_entries WHERE bank_id = :bank_id AND key = :key;

-- name: entry
SELECT id, bank_id, key, statement_key, kind, state, end_to_end_id, currency, amount, booked_on, matched_by, problem,
    told_at, state_at
FROM statement_entries WHERE id = :entry_id;

-- name: state_entry
UPDATE statement_entries SET statement_key = :statement_key WHERE id = :entry_id AND statement_key IS NULL;

-- name: match_entry
UPDATE statement_entries SET state = :target, end_to_end_id = :end_to_end_id, matched_by = :matched_by,
    state_at = :state_at WHERE id = :entry_id AND state = 'unmatched';

-- name: unmatched
SELECT id, bank_id, key, statement_key, kind, state, end_to_end_id, currency, amount, booked_on, matched_by, problem,
    told_at, state_at
FROM statement_entries WHERE state = 'unmatched' AND id > :after ORDER BY id LIMIT :limit;

-- name: settle_entry
UPDATE statement_entries SET state = :target, state_at = :state_at WHERE id = :entry_id AND state = 'unmatched';

-- name: explain
INSERT INTO explanations (entry_id, explanation, end_to_end_id, reason, proposed_by, proposed_at)
VALUES (:entry_id, :explanation, :end_to_end_id, :reason, :proposed_by, :proposed_at)
ON CONFLICT (entry_id) DO UPDATE SET explanation = excluded.explanation, end_to_end_id = excluded.end_to_end_id,
    reason = excluded.reason, proposed_by = excluded.proposed_by, proposed_at = excluded.proposed_at;

-- name: explained
SELECT entry_id, explanation, end_to_end_id, proposed_by, proposed_at, approved_by, approved_at
FROM explanations WHERE entry_id = :entry_id;

-- name: approve_explanation
UPDATE explanations SET approved_by = :approved_by, approved_at = :approved_at WHERE entry_id = :entry_id;

-- name: not_stated
SELECT id, bank_id, key, statement_key, kind, state, end_to_end_id, currency, amount, booked_on, matched_by, problem,
    told_at, state_at
FROM statement_entries WHERE bank_id = :bank_id AND statement_key IS NULL AND state IN ('matched', 'unmatched')
    AND booked_on > '1970-01-01' AND booked_on <= :through_on ORDER BY id LIMIT 500;

-- name: stated
SELECT e.kind, e.state, e.amount, i.kind FROM statement_entries e
LEFT JOIN instructions i ON i.end_to_end_id = e.end_to_end_id
WHERE e.bank_id = :bank_id AND e.statement_key IN (SELECT value FROM json_each(:keys_json)) AND e.currency = :currency
LIMIT 100000;

-- name: stated (postgres)
SELECT e.kind, e.state, e.amount, i.kind FROM statement_entries e
LEFT JOIN instructions i ON i.end_to_end_id = e.end_to_end_id
WHERE e.bank_id = :bank_id AND e.statement_key IN (SELECT json_array_elements_text(CAST(:keys_json AS json)))
    AND e.currency = :currency
LIMIT 100000;

-- name: instructed
SELECT currency, kind, CAST(SUM(amount) AS BIGINT) FROM instructions
WHERE bank_id = :bank_id AND sent_at >= :from_at AND sent_at < :until_at
GROUP BY currency, kind ORDER BY currency, kind LIMIT 200;

-- name: candidates
SELECT i.end_to_end_id, i.merchant_id FROM instructions i
WHERE i.bank_id = :bank_id AND CASE WHEN i.kind = 'collection' THEN 'in' ELSE 'out' END = :way
    AND i.currency = :currency AND i.amount = :amount
    AND i.sent_at >= :from_at AND i.sent_at < :until_at
    AND NOT EXISTS (SELECT 1 FROM statement_entries e WHERE e.end_to_end_id = i.end_to_end_id AND e.kind = 'booked')
ORDER BY i.end_to_end_id LIMIT 50;

-- name: waiting
SELECT MIN(i.sent_at) FROM instructions i JOIN drawdowns d ON d.id = i.drawdown_id
LEFT JOIN repayments r ON r.id = i.repayment_id
WHERE i.bank_id = :bank_id AND (
    (i.repayment_id IS NULL AND d.state IN ('submitted', 'pending', 'in_doubt'))
    OR r.state IN ('initiated', 'pending', 'in_doubt')
);

-- name: banks
SELECT DISTINCT bank_id FROM (
    SELECT bank_id FROM instructions UNION SELECT bank_id FROM bank_statements
) AS known ORDER BY bank_id LIMIT 1000;

-- name: sums
SELECT bank_id, currency, CAST(SUM(amount) AS BIGINT) FROM statement_entries
WHERE state = 'matched' GROUP BY bank_id, currency ORDER BY bank_id, currency LIMIT 1000;

-- name: funding
SELECT e.bank_id, e.currency, CAST(SUM(p.amount) AS BIGINT) FROM entries e JOIN postings p ON p.entry_id = e.id
WHERE p.account = 'bank:' || e.bank_id || ':funding' GROUP BY e.bank_id, e.currency
ORDER BY e.bank_id, e.currency LIMIT 1000;
