-- name: add
INSERT INTO bank_decisions (drawdown_id, number, bank_id, source, outcome, reason, bank_reference, decided_by,
    decided_at, recorded_at)
VALUES (:drawdown_id, :number, :bank_id, :source, :outcome, :reason, :bank_reference, :decided_by, :decided_at,
    :recorded_at);

-- name: latest
SELECT drawdown_id, number, bank_id, source, outcome, reason, bank_reference, decided_by, decided_at, recorded_at
FROM bank_decisions WHERE drawdown_id = :drawdown_id ORDER BY number DESC LIMIT 1;

-- name: all_of
SELECT drawdown_id, number, bank_id, source, outcome, reason, bank_reference, decided_by, decided_at, recorded_at
FROM bank_decisions WHERE drawdown_id = :drawdown_id ORDER BY number LIMIT 200;

-- name: to_ask_again
SELECT r.subject_id FROM reviews r
WHERE r.state = 'open' AND r.kind = 'bank_referral'
    AND NOT EXISTS (
        SELECT 1 FROM bank_decisions b WHERE b.drawdown_id = r.subject_id AND b.recorded_at > :asked_before_at)
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = :kind AND j.subject_id = r.subject_id)
ORDER BY r.id LIMIT 256;

-- name: approved_by_scope
SELECT scope, amount FROM (
    SELECT 'approval:' || b.bank_reference || ':' || d.currency AS scope, CAST(SUM(d.amount) AS BIGINT) AS amount
    FROM bank_decisions b JOIN drawdowns d ON d.id = b.drawdown_id
    WHERE b.source = 'approval' GROUP BY b.bank_reference, d.currency
) AS approved WHERE scope > :after ORDER BY scope LIMIT 500;
