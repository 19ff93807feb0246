-- name: add
INSERT INTO notices (id, merchant_id, kind, state, currency, before_amount, after_amount, decision_ids_json,
    reasons_json, opened_at, due_at, send_at, state_at)
VALUES (:id, :merchant_id, :kind, 'open', :currency, :before_amount, :after_amount, :decision_ids_json,
    :reasons_json, :opened_at, :due_at, :send_at, :opened_at);

-- name: open
SELECT id, merchant_id, before_amount, decision_ids_json, reasons_json, opened_at, send_at
FROM notices WHERE state = 'open' AND merchant_id IN (SELECT value FROM json_each(:merchant_ids_json))
ORDER BY merchant_id;

-- name: open (postgres)
SELECT id, merchant_id, before_amount, decision_ids_json, reasons_json, opened_at, send_at
FROM notices WHERE state = 'open'
    AND merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
ORDER BY merchant_id FOR UPDATE;

-- name: join
UPDATE notices SET decision_ids_json = :decision_ids_json, reasons_json = :reasons_json, after_amount = :after_amount,
    send_at = :send_at
WHERE id = :id AND state = 'open';

-- name: move
UPDATE notices SET state = :target, state_at = :state_at, sent_at = :sent_at WHERE id = :id AND state = :source;

-- name: find
SELECT n.id, n.merchant_id, m.partner_id, n.kind, n.state, n.currency, n.before_amount, n.after_amount,
    n.decision_ids_json, n.reasons_json, n.opened_at, n.due_at, n.send_at, n.sent_at
FROM notices n JOIN merchants m ON m.id = n.merchant_id WHERE n.id = :id;

-- name: held
SELECT n.id, n.merchant_id, m.partner_id, n.kind, n.state, n.currency, n.before_amount, n.after_amount,
    n.decision_ids_json, n.reasons_json, n.opened_at, n.due_at, n.send_at, n.sent_at
FROM notices n JOIN merchants m ON m.id = n.merchant_id WHERE n.id = :id;

-- name: held (postgres)
SELECT n.id, n.merchant_id, m.partner_id, n.kind, n.state, n.currency, n.before_amount, n.after_amount,
    n.decision_ids_json, n.reasons_json, n.opened_at, n.due_at, n.send_at, n.sent_at
FROM notices n JOIN merchants m ON m.id = n.merchant_id WHERE n.id = :id FOR UPDATE OF n;

-- name: page
SELECT n.id, n.merchant_id, m.partner_id, n.kind, n.state, n.currency, n.before_amount, n.after_amount,
    n.decision_ids_json, n.reasons_json, n.opened_at, n.due_at, n.send_at, n.sent_at
FROM notices n JOIN merchants m ON m.id = n.merchant_id
WHERE n.merchant_id = :merchant_id AND n.id > :after ORDER BY n.id LIMIT :limit;

-- name: to_send
SELECT n.id FROM notices n JOIN merchants m ON m.id = n.merchant_id
WHERE n.state = 'open' AND n.send_at <= :now_at AND m.contact IS NOT NULL ORDER BY n.send_at LIMIT 256;
