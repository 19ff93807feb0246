-- name: find
SELECT t.client_id, t.partner_id, t.rights_json, t.expires_at, t.grant_id, t.merchant_id, t.jkt, t.user_id, c.version,
    t.page_origin
FROM tokens t JOIN clients c ON c.id = t.client_id
WHERE t.hash = :hash AND c.disabled = 0;

-- name: revoke_of_client
DELETE FROM tokens WHERE client_id = :client_id;

-- name: forget
DELETE FROM tokens WHERE expires_at < :now_at;
