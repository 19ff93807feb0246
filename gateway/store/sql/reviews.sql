-- name: add
INSERT INTO reviews (id, merchant_id, partner_id, kind, subject_id, reasons_json, state, statement, opened_at, due_at)
VALUES (:id, :merchant_id, :partner_id, :kind, :subject_id, :reasons_json, :state, :statement, :opened_at, :due_at);

-- name: find
SELECT id, merchant_id, partner_id, kind, subject_id, reasons_json, state, statement, reason, decided_by, opened_at,
    due_at, decided_at
FROM reviews WHERE id = :review_id;

-- name: open_of
SELECT id, merchant_id, partner_id, kind, subject_id, reasons_json, state, statement, reason, decided_by, opened_at,
    due_at, decided_at
FROM reviews WHERE subject_id = :subject_id AND state = 'open';

-- name: latest_of
SELECT id, merchant_id, partner_id, kind, subject_id, reasons_json, state, statement, reason, decided_by, opened_at,
    due_at, decided_at
FROM reviews WHERE subject_id = :subject_id ORDER BY id DESC LIMIT 1;

-- name: latest_of_many
SELECT id, merchant_id, partner_id, kind, subject_id, reasons_json, state, statement, reason, decided_by, opened_at,
    due_at, decided_at
FROM reviews r
WHERE subject_id IN (SELECT value FROM json_each(:subject_ids_json))
    AND NOT EXISTS (SELECT 1 FROM reviews l WHERE l.subject_id = r.subject_id AND l.id > r.id)
ORDER BY subject_id LIMIT 200;

-- name: latest_of_many (postgres)
SELECT id, merchant_id, partner_id, kind, subject_id, reasons_json, state, statement, reason, decided_by, opened_at,
    due_at, decided_at
FROM reviews r
WHERE subject_id IN (SELECT json_array_elements_text(CAST(:subject_ids_json AS json)))
    AND NOT EXISTS (SELECT 1 FROM reviews l WHERE l.subject_id = r.subject_id AND l.id > r.id)
ORDER BY subject_id LIMIT 200;

-- name: unseen
SELECT CAST(COALESCE(SUM(d.amount), 0) AS BIGINT) AS amount FROM drawdowns d
WHERE d.merchant_id = :merchant_id
    AND d.state IN ('requested', 'reviewing', 'approved', 'submitted', 'pending', 'in_doubt', 'active')
    AND NOT EXISTS (
        SELECT 1 FROM reviews r WHERE r.merchant_id = d.merchant_id AND r.kind = 'drawdown' AND r.state = 'approved'
        AND r.decided_at >= d.confirmed_at);

-- name: page
SELECT r.id, r.merchant_id, r.partner_id, r.kind, r.subject_id, r.reasons_json, r.state, r.statement, r.reason,
    r.decided_by, r.opened_at, r.due_at, r.decided_at, d.amount, d.currency, c.outcome, c.limit_amount
FROM reviews r LEFT JOIN drawdowns d ON d.id = r.subject_id LEFT JOIN decisions c ON c.id = r.subject_id
WHERE r.state = :state AND r.id > :after ORDER BY r.id LIMIT :limit;

-- name: contests_count
SELECT COUNT(*) AS count FROM reviews WHERE merchant_id = :merchant_id AND kind = 'contest' AND state = 'open';

-- name: decide
UPDATE reviews SET state = :target, reason = :reason, decided_by = :decided_by, decided_at = :decided_at
WHERE id = :review_id AND state = 'open';

-- name: contests_of
SELECT id, merchant_id, partner_id, kind, subject_id, reasons_json, state, statement, reason, decided_by, opened_at,
    due_at, decided_at
FROM reviews WHERE merchant_id = :merchant_id AND kind = 'contest' AND state = 'open' ORDER BY id LIMIT 100;
