-- name: find
SELECT body_hash, status, body FROM idempotency WHERE client_id = :client_id AND scope = :scope AND key = :key;

-- name: hold
SELECT CAST(:identity IS NOT NULL AS BIGINT);

-- name: hold (postgres)
SELECT CAST(pg_try_advisory_xact_lock(hashtextextended(:identity, 0)) AS INT);

-- name: claim
INSERT INTO idempotency (client_id, scope, key, body_hash, status, body, created_at)
VALUES (:client_id, :scope, :key, :body_hash, 0, '', :created_at) ON CONFLICT DO NOTHING;

-- name: keep
UPDATE idempotency SET status = :status, body = :body WHERE client_id = :client_id AND scope = :scope AND key = :key;

-- name: forget
DELETE FROM idempotency WHERE created_at < :before_at;
