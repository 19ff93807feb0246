-- name: newest
SELECT version, hash FROM programmes ORDER BY version DESC LIMIT 1;

-- name: add
INSERT INTO programmes (version, id, body_json, hash, applied_by, applied_at)
VALUES (:version, :id, :body_json, :hash, :applied_by, :applied_at) ON CONFLICT DO NOTHING;

-- name: find
SELECT version, id, body_json, hash, applied_by, applied_at FROM programmes WHERE version = :version;

-- name: page
SELECT version, id, hash, applied_by, applied_at FROM programmes
WHERE version < :before ORDER BY version DESC LIMIT :limit;
