-- name: push
INSERT INTO pushed_requests (handle_hash, client_id, merchant_id, parameters_json, dpop_jkt, expires_at)
VALUES (:handle_hash, :client_id, :merchant_id, :parameters_json, :dpop_jkt, :expires_at);

-- name: pushed
SELECT p.handle_hash, p.client_id, c.partner_id, c.name AS client_name, p.merchant_id, p.parameters_json, p.dpop_jkt,
    p.expires_at
FROM pushed_requests p JOIN clients c ON c.id = p.client_id
WHERE p.handle_hash = :handle_hash AND p.ended_at IS NULL AND c.disabled = 0;

-- name: end_pushed
UPDATE pushed_requests SET ended_at = :now_at
WHERE handle_hash = :handle_hash AND client_id = :client_id AND ended_at IS NULL AND expires_at > :now_at;

-- name: add_code
INSERT INTO codes (hash, client_id, grant_id, redirect_uri, code_challenge, dpop_jkt, scope, expires_at)
VALUES (:hash, :client_id, :grant_id, :redirect_uri, :code_challenge, :dpop_jkt, :scope, :expires_at);

-- name: code
SELECT hash, client_id, grant_id, redirect_uri, code_challenge, dpop_jkt, scope, expires_at, used_at FROM codes
WHERE hash = :hash;

-- name: use_code
UPDATE codes SET used_at = :now_at WHERE hash = :hash AND used_at IS NULL AND expires_at > :now_at;

-- name: add_refresh_token
INSERT INTO refresh_tokens (hash, client_id, grant_id, code_hash, scope, created_at)
VALUES (:hash, :client_id, :grant_id, :code_hash, :scope, :created_at);

-- name: refresh_token
SELECT hash, client_id, grant_id, code_hash, scope, created_at FROM refresh_tokens
WHERE hash = :hash AND revoked_at IS NULL;

-- name: hold_refresh_token
SELECT hash, client_id, grant_id, code_hash, scope, created_at FROM refresh_tokens
WHERE hash = :hash AND revoked_at IS NULL;

-- name: hold_refresh_token (postgres)
SELECT hash, client_id, grant_id, code_hash, scope, created_at FROM refresh_tokens
WHERE hash = :hash AND revoked_at IS NULL FOR SHARE;

-- name: end_refresh_tokens_of_code
UPDATE refresh_tokens SET revoked_at = :now_at WHERE code_hash = :code_hash AND revoked_at IS NULL;

-- name: end_access_tokens_of_code
DELETE FROM tokens WHERE code_hash = :code_hash;

-- name: add_token
INSERT INTO tokens (hash, client_id, partner_id, rights_json, issued_at, expires_at, grant_id, jkt, details_json,
    merchant_id, code_hash, user_id, page_origin)
VALUES (:hash, :client_id, :partner_id, :rights_json, :issued_at, :expires_at, :grant_id, :jkt, :details_json,
    :merchant_id, :code_hash, :user_id, :page_origin);

-- name: token
SELECT client_id, partner_id, rights_json, issued_at, expires_at, grant_id, jkt, details_json, merchant_id FROM tokens
WHERE hash = :hash;

-- name: revoke_token
DELETE FROM tokens WHERE hash = :hash AND client_id = :client_id;

-- name: forget_pushed
DELETE FROM pushed_requests WHERE expires_at < :now_at;

-- name: forget_codes
DELETE FROM codes WHERE expires_at < :now_at;

-- name: see_proof
INSERT INTO proofs (hash, expires_at) VALUES (:hash, :expires_at) ON CONFLICT DO NOTHING;

-- name: forget_proofs
DELETE FROM proofs WHERE expires_at < :now_at;

-- name: standing
SELECT c.grant_id, c.client_id, c.partner_id, c.merchant_id, c.state, c.version, c.expires_at, c.created_at,
    v.details_json
FROM consents c JOIN consent_versions v ON v.grant_id = c.grant_id AND v.version = c.version
WHERE c.grant_id = :grant_id;

-- name: hold_grant
SELECT grant_id FROM consents WHERE grant_id = :grant_id;

-- name: hold_grant (postgres)
SELECT grant_id FROM consents WHERE grant_id = :grant_id FOR NO KEY UPDATE;
