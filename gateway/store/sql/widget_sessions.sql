-- name: add
INSERT INTO widget_sessions (id, secret_hash, client_id, partner_id, merchant_id, grant_id, user_id, user_sealed,
    components_json, origins_json, created_at, expires_at)
VALUES (:id, :secret_hash, :client_id, :partner_id, :merchant_id, :grant_id, :user_id, :user_sealed,
    :components_json, :origins_json, :created_at, :expires_at);

-- name: by_secret
SELECT id, client_id, partner_id, merchant_id, grant_id, user_id, user_sealed, components_json, origins_json, expires_at,
    exchanged_at
FROM widget_sessions WHERE secret_hash = :secret_hash;

-- name: find
SELECT id, client_id, partner_id, merchant_id, grant_id, user_id, user_sealed, components_json, origins_json, expires_at,
    exchanged_at
FROM widget_sessions WHERE id = :id;

-- name: spend
UPDATE widget_sessions SET exchanged_at = :now_at
WHERE secret_hash = :secret_hash AND exchanged_at IS NULL AND expires_at > :now_at;

-- name: end
UPDATE widget_sessions SET exchanged_at = COALESCE(exchanged_at, :now_at), expires_at = :now_at
WHERE id = :id AND partner_id = :partner_id;

-- name: end_tokens
DELETE FROM tokens WHERE grant_id = :grant_id
AND code_hash = (SELECT secret_hash FROM widget_sessions WHERE id = :id);

-- name: forget
DELETE FROM widget_sessions WHERE expires_at < :before_at;
