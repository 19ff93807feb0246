-- name: newest
SELECT id, version, hash, withdrawn_at FROM programmes p
WHERE version = (SELECT MAX(version) FROM programmes WHERE id = p.id) ORDER BY id LIMIT 100;

-- name: add
INSERT INTO programmes (id, version, body_json, hash, applied_by, applied_at)
VALUES (:id, :version, :body_json, :hash, :applied_by, :applied_at) ON CONFLICT DO NOTHING;

-- name: withdraw
UPDATE programmes SET withdrawn_by = :withdrawn_by, withdrawn_at = :withdrawn_at
WHERE id = :id AND version = :version AND withdrawn_at IS NULL;

-- name: find
SELECT id, version, body_json, hash, applied_by, applied_at, withdrawn_by, withdrawn_at FROM programmes
WHERE id = :id AND version = :version;

-- name: page
SELECT id, version, hash, applied_by, applied_at, withdrawn_by, withdrawn_at FROM programmes
ORDER BY applied_at DESC, id, version DESC LIMIT :limit;
