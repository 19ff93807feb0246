-- name: listed
SELECT i.end_to_end_id AS reference, i.kind, i.bank_id, i.rail, i.bank_reference, i.currency, i.amount, i.drawdown_id,
    i.repayment_id, d.state_at AS since_at, p.verdict AS proposed, p.proposed_by
FROM drawdowns d JOIN instructions i ON i.end_to_end_id = d.end_to_end_id
LEFT JOIN doubts p ON p.end_to_end_id = i.end_to_end_id AND p.doubted_at = d.state_at
WHERE d.state = 'in_doubt'
UNION ALL
SELECT i.end_to_end_id, i.kind, i.bank_id, i.rail, i.bank_reference, i.currency, i.amount, i.drawdown_id,
    i.repayment_id, r.state_at, p.verdict, p.proposed_by
FROM repayments r JOIN instructions i ON i.end_to_end_id = r.end_to_end_id
LEFT JOIN doubts p ON p.end_to_end_id = i.end_to_end_id AND p.doubted_at = r.state_at
WHERE r.state = 'in_doubt'
ORDER BY since_at LIMIT 1000;

-- name: any
SELECT 1 FROM drawdowns WHERE state = 'in_doubt' UNION ALL SELECT 1 FROM repayments WHERE state = 'in_doubt'
UNION ALL SELECT 1 FROM alerts WHERE state = 'open' AND kind IN ('payment_in_doubt', 'payment_undecided') LIMIT 1;

-- name: unalerted
SELECT i.end_to_end_id AS reference, i.kind, i.bank_id, i.rail, i.bank_reference, i.currency, i.amount, i.drawdown_id,
    i.repayment_id, d.state_at AS since_at, NULL AS proposed, NULL AS proposed_by
FROM drawdowns d JOIN instructions i ON i.end_to_end_id = d.end_to_end_id
WHERE d.state = 'in_doubt' AND d.state_at <= :before_at AND NOT EXISTS (
    SELECT 1 FROM alerts a WHERE a.kind = :kind AND a.subject = i.end_to_end_id AND a.state = 'open')
UNION ALL
SELECT i.end_to_end_id, i.kind, i.bank_id, i.rail, i.bank_reference, i.currency, i.amount, i.drawdown_id,
    i.repayment_id, r.state_at, NULL, NULL
FROM repayments r JOIN instructions i ON i.end_to_end_id = r.end_to_end_id
WHERE r.state = 'in_doubt' AND r.state_at <= :before_at AND NOT EXISTS (
    SELECT 1 FROM alerts a WHERE a.kind = :kind AND a.subject = i.end_to_end_id AND a.state = 'open')
LIMIT 256;

-- name: told
SELECT a.subject FROM alerts a
WHERE a.kind = :kind AND a.state = 'open'
    AND NOT EXISTS (SELECT 1 FROM drawdowns d WHERE d.end_to_end_id = a.subject AND d.state = 'in_doubt')
    AND NOT EXISTS (SELECT 1 FROM repayments r WHERE r.end_to_end_id = a.subject AND r.state = 'in_doubt')
ORDER BY a.subject LIMIT 256;

-- name: propose
INSERT INTO doubts (end_to_end_id, doubted_at, verdict, reason, proposed_by, proposed_at)
VALUES (:end_to_end_id, :doubted_at, :verdict, :reason, :proposed_by, :proposed_at)
ON CONFLICT (end_to_end_id, doubted_at) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason,
    proposed_by = excluded.proposed_by, proposed_at = excluded.proposed_at;

-- name: approve
UPDATE doubts SET approved_by = :approved_by, approved_at = :approved_at
WHERE end_to_end_id = :end_to_end_id AND doubted_at = :doubted_at;

-- name: proposal
SELECT end_to_end_id, doubted_at, verdict, reason, proposed_by, proposed_at, approved_by, approved_at
FROM doubts WHERE end_to_end_id = :end_to_end_id AND doubted_at = :doubted_at;
