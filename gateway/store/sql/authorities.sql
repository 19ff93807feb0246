-- name: add
INSERT INTO authorities (id, merchant_id, partner_id, state, users_json, caps_json, created_at, expires_at, state_at)
VALUES (:id, :merchant_id, :partner_id, 'proposed', :users_json, :caps_json, :created_at, :expires_at, :created_at);

-- name: find
SELECT id, merchant_id, partner_id, state, users_json, caps_json, approval_json, created_at, expires_at, state_at
FROM authorities WHERE id = :authority_id;

-- name: proposed
SELECT id, merchant_id, partner_id, state, users_json, caps_json, approval_json, created_at, expires_at, state_at
FROM authorities WHERE merchant_id = :merchant_id AND state = 'proposed';

-- name: active
SELECT id, merchant_id, partner_id, state, users_json, caps_json, approval_json, created_at, expires_at, state_at
FROM authorities WHERE merchant_id = :merchant_id AND state = 'active';

-- name: in_force
SELECT id, merchant_id, partner_id, state, users_json, caps_json, approval_json, created_at, expires_at, state_at
FROM authorities WHERE merchant_id = :merchant_id AND state = 'active'
    AND passkey_id IN (SELECT id FROM passkeys WHERE passkeys.merchant_id = :merchant_id AND passkeys.state = 'active');

-- name: move
UPDATE authorities SET state = :target, state_at = :state_at WHERE id = :authority_id AND state = :source;

-- name: approve
UPDATE authorities SET approval_json = :approval_json, passkey_id = :passkey_id
WHERE id = :authority_id AND approval_json IS NULL;

-- name: to_expire
SELECT id, merchant_id FROM authorities WHERE state = 'proposed' AND expires_at <= :now_at ORDER BY id LIMIT 256;

-- name: ever_active
SELECT id FROM drawdowns WHERE merchant_id = :merchant_id AND active_on IS NOT NULL LIMIT 1;

-- name: drawn
SELECT CAST(COALESCE(SUM(CASE WHEN confirmed_at > :day_at THEN amount ELSE 0 END), 0) AS BIGINT) AS per_24h_amount,
    CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS per_30d_amount
FROM drawdowns WHERE merchant_id = :merchant_id AND confirmed_at > :month_at;

-- name: hold_partner
SELECT id FROM partners WHERE id = :partner_id;

-- name: hold_partner (postgres)
SELECT id FROM partners WHERE id = :partner_id FOR NO KEY UPDATE;

-- name: merchant_confirmed
SELECT COUNT(*) AS draws_count, CAST(COALESCE(SUM(amount), 0) AS BIGINT) AS amount, MIN(confirmed_at) AS oldest_at
FROM drawdowns WHERE merchant_id = :merchant_id AND confirmed_at > :since_at;

-- name: partner_confirmed
SELECT COUNT(*) AS draws_count,
    CAST(COALESCE(SUM(CASE WHEN currency = :currency THEN amount ELSE 0 END), 0) AS BIGINT) AS amount,
    MIN(confirmed_at) AS oldest_at
FROM drawdowns WHERE partner_id = :partner_id AND confirmed_at > :since_at;

-- name: confirmed
UPDATE drawdowns SET confirmed_at = :confirmed_at, payee_hash = :payee_hash
WHERE id = :drawdown_id AND confirmed_at IS NULL;

-- name: payee_of
SELECT payee_hash FROM drawdowns WHERE id = :drawdown_id;

-- name: paid_to
SELECT id FROM drawdowns WHERE merchant_id = :merchant_id AND payee_hash = :payee_hash AND confirmed_at IS NOT NULL
LIMIT 1;

-- name: partner_name
SELECT name FROM partners WHERE id = :partner_id;
