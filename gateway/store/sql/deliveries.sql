-- name: add
INSERT INTO deliveries (id, webhook_id, event_id, type, cause, state, due_at, created_at, state_at)
VALUES (:id, :webhook_id, :event_id, :type, :cause, 'pending', :created_at, :created_at, :created_at);

-- name: due
SELECT d.id, d.event_id, d.type, d.attempts_count, d.created_at, e.sequence, e.merchant_id, e.position, e.data_json,
    e.occurred_at
FROM deliveries AS d LEFT JOIN events AS e ON e.id = d.event_id
WHERE d.webhook_id = :webhook_id AND d.state = 'pending' AND d.due_at <= :now_at
ORDER BY d.due_at, d.id LIMIT :limit;

-- name: settle
UPDATE deliveries SET state = :state, due_at = :due_at, attempts_count = attempts_count + 1, state_at = :state_at
WHERE id = :id AND state = 'pending' AND attempts_count = :attempts_count;

-- name: cancel
UPDATE deliveries SET state = 'canceled', state_at = :state_at WHERE webhook_id = :webhook_id AND state = 'pending';

-- name: note
INSERT INTO delivery_attempts (webhook_id, delivery_id, number, ended_at, duration_ms, status, code)
VALUES (:webhook_id, :delivery_id, :number, :ended_at, :duration_ms, :status, :code);

-- name: page
SELECT id, webhook_id, event_id, type, cause, state, attempts_count, due_at, created_at FROM deliveries
WHERE webhook_id = :webhook_id AND id < :before ORDER BY id DESC LIMIT :limit;

-- name: attempts
SELECT delivery_id, number, ended_at, duration_ms, status, code FROM delivery_attempts
WHERE webhook_id = :webhook_id AND delivery_id >= :first_id AND delivery_id <= :last_id
ORDER BY delivery_id, number LIMIT :limit;

-- name: forget
DELETE FROM deliveries
WHERE id IN (SELECT id FROM deliveries WHERE state <> 'pending' AND state_at < :before_at ORDER BY state_at LIMIT :limit)
RETURNING webhook_id, id;

-- name: forget_attempts
DELETE FROM delivery_attempts WHERE webhook_id = :webhook_id AND delivery_id = :delivery_id;
