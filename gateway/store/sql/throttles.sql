-- name: counted
SELECT key, failures_count, until_at FROM lockouts WHERE key IN (:first, :second) AND until_at > :now_at LIMIT 2;

-- name: count
INSERT INTO lockouts (key, failures_count, until_at) VALUES (:key, 1, :until_at)
ON CONFLICT (key) DO UPDATE SET until_at = :until_at,
    failures_count = CASE WHEN lockouts.until_at <= :now_at THEN 1 ELSE lockouts.failures_count + 1 END
RETURNING failures_count;

-- name: clear
DELETE FROM lockouts WHERE key = :key;

-- name: locked
SELECT key FROM lockouts WHERE key = :key AND failures_count >= :most AND until_at > :now_at;

-- name: forget
DELETE FROM lockouts WHERE until_at <= :now_at;
