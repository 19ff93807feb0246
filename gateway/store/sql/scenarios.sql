-- name: put
INSERT INTO scenarios (merchant_id, kind, seed, daily_amount, since_on, told_at, connection_id)
VALUES (:merchant_id, :kind, :seed, :daily_amount, :since_on, :told_at, :connection_id)
ON CONFLICT (merchant_id) DO UPDATE SET kind = excluded.kind, seed = excluded.seed,
    daily_amount = excluded.daily_amount, since_on = excluded.since_on, told_at = excluded.told_at,
    connection_id = excluded.connection_id;

-- name: find
SELECT merchant_id, kind, seed, daily_amount, since_on, told_at, connection_id FROM scenarios WHERE merchant_id = :merchant_id;

-- name: due
SELECT merchant_id, kind, seed, daily_amount, since_on, told_at, connection_id FROM scenarios WHERE told_at <= :until_at
ORDER BY told_at, merchant_id LIMIT 100;

-- name: tell
UPDATE scenarios SET told_at = :told_at WHERE merchant_id = :merchant_id AND told_at = :before_at;

-- name: remove
DELETE FROM scenarios WHERE merchant_id = :merchant_id;
