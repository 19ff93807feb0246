-- name: add_partner
INSERT INTO partners (id, name, tier, created_at) VALUES (:id, :name, :tier, :created_at) ON CONFLICT DO NOTHING;

-- name: partner_named
SELECT id FROM partners WHERE name = :name;

-- name: add
INSERT INTO clients (id, partner_id, name, jwks_json, rights_json, created_at, version, origins_json)
VALUES (:id, :partner_id, :name, :jwks_json, :rights_json, :created_at, :version, :origins_json);

-- name: find
SELECT id, partner_id, name, jwks_json, rights_json, disabled, created_at, version, origins_json
FROM clients WHERE id = :client_id;

-- name: hold
SELECT id, partner_id, name, jwks_json, rights_json, disabled, created_at, version, origins_json
FROM clients WHERE id = :client_id;

-- name: hold (postgres)
SELECT id, partner_id, name, jwks_json, rights_json, disabled, created_at, version, origins_json
FROM clients WHERE id = :client_id FOR SHARE;

-- name: page
SELECT id, partner_id, name, jwks_json, rights_json, disabled, created_at, version, origins_json
FROM clients
WHERE id > :after_id ORDER BY id LIMIT :limit;

-- name: rotate
UPDATE clients SET jwks_json = :jwks_json WHERE id = :client_id;

-- name: place
UPDATE clients SET origins_json = :origins_json WHERE id = :client_id;

-- name: with_origin
SELECT id FROM clients WHERE disabled = 0 AND origins_json LIKE :quoted LIMIT 1;

-- name: disable
UPDATE clients SET disabled = 1 WHERE id = :client_id;

-- name: end_widget_secrets
UPDATE widget_sessions SET expires_at = :now_at
WHERE client_id = :client_id AND exchanged_at IS NULL AND expires_at > :now_at;

-- name: spend_assertion
INSERT INTO assertions (client_id, jti, expires_at) VALUES (:client_id, :jti, :expires_at) ON CONFLICT DO NOTHING;

-- name: forget_assertions
DELETE FROM assertions WHERE expires_at < :now_at;
