-- name: add
INSERT INTO connections (id, merchant_id, partner_id, client_id, platform, account_id, state, secret, created_at, state_at)
VALUES (:id, :merchant_id, :partner_id, :client_id, :platform, :account_id, :state, :secret, :created_at, :created_at)
ON CONFLICT DO NOTHING;

-- name: find
SELECT id, merchant_id, partner_id, client_id, platform, account_id, state, created_at, state_at
FROM connections WHERE id = :connection_id AND merchant_id = :merchant_id AND partner_id = :partner_id;

-- name: page
SELECT id, merchant_id, partner_id, client_id, platform, account_id, state, created_at, state_at
FROM connections WHERE merchant_id = :merchant_id AND partner_id = :partner_id AND id > :after ORDER BY id LIMIT :limit;

-- name: called
SELECT id, merchant_id, partner_id, client_id, platform, account_id, state, created_at, state_at
FROM connections WHERE id = :connection_id;

-- name: secret
SELECT secret FROM connections WHERE id = :connection_id AND state = 'active';

-- name: move
UPDATE connections SET state = :target, secret = :secret, state_at = :state_at
WHERE id = :connection_id AND state = :source;
