-- name: find
SELECT body_hash, status, body FROM idempotency WHERE client_id = :client_id AND scope = :scope AND key = :key;

-- name: claim
INSERT INTO idempotency (client_id, scope, key, body_hash, status, body, created_at)
VALUES (:client_id, :scope, :key, :body_hash, 0, '', :created_at) ON CONFLICT DO NOTHING;

-- name: keep
UPDATE idempotency SET status = :status, body = :body WHERE client_id = :client_id AND scope = :scope AND key = :key;

-- name: forget
DELETE FROM idempotency WHERE created_at < :before_at;
