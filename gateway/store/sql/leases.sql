-- name: take
INSERT INTO leases (name, holder, until_at) VALUES (:name, :holder, :until_at)
ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at
WHERE leases.holder = excluded.holder OR leases.until_at < :now_at;

-- name: release
DELETE FROM leases WHERE name = :name AND holder = :holder;
