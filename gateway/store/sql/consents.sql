-- name: add
INSERT INTO consents (grant_id, merchant_id, partner_id, client_id, state, version, expires_at, created_at, state_at)
VALUES (:grant_id, :merchant_id, :partner_id, :client_id, :state, :version, :expires_at, :created_at, :created_at);

-- name: add_version
INSERT INTO consent_versions (grant_id, version, shown_json, shown_hash, details_json, details_hash, locale,
    text_version, granted_by, method, remote_address, granted_at)
VALUES (:grant_id, :version, :shown_json, :shown_hash, :details_json, :details_hash, :locale, :text_version,
    :granted_by, :method, :remote_address, :granted_at);

-- name: find
SELECT grant_id, merchant_id, partner_id, client_id, state, version, expires_at, created_at, state_at, last_used_at
FROM consents WHERE grant_id = :grant_id;

-- name: hold
SELECT grant_id, merchant_id, partner_id, client_id, state, version, expires_at, created_at, state_at, last_used_at
FROM consents WHERE grant_id = :grant_id;

-- name: hold (postgres)
SELECT grant_id, merchant_id, partner_id, client_id, state, version, expires_at, created_at, state_at, last_used_at
FROM consents WHERE grant_id = :grant_id FOR UPDATE;

-- name: hold_merchant
SELECT id FROM merchants WHERE id = :merchant_id;

-- name: hold_merchant (postgres)
SELECT id FROM merchants WHERE id = :merchant_id FOR NO KEY UPDATE;

-- name: in_force
SELECT grant_id FROM consents WHERE client_id = :client_id AND merchant_id = :merchant_id AND state = 'authorised';

-- name: of_merchant
SELECT grant_id, merchant_id, partner_id, client_id, state, version, expires_at, created_at, state_at, last_used_at
FROM consents WHERE merchant_id = :merchant_id AND state <> 'rejected'
ORDER BY CASE WHEN state = 'authorised' THEN 0 ELSE 1 END, grant_id DESC LIMIT :limit;

-- name: in_force_of
SELECT c.merchant_id, c.grant_id, c.client_id, c.version, c.expires_at, v.details_json
FROM consents c JOIN consent_versions v ON v.grant_id = c.grant_id AND v.version = c.version
WHERE c.state = 'authorised' AND c.merchant_id IN (SELECT value FROM json_each(:merchant_ids_json))
ORDER BY c.grant_id;

-- name: in_force_of (postgres)
SELECT c.merchant_id, c.grant_id, c.client_id, c.version, c.expires_at, v.details_json
FROM consents c JOIN consent_versions v ON v.grant_id = c.grant_id AND v.version = c.version
WHERE c.state = 'authorised'
    AND c.merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
ORDER BY c.grant_id;

-- name: version
SELECT grant_id, version, shown_json, shown_hash, details_json, details_hash, locale, text_version, granted_by, method,
    remote_address, granted_at
FROM consent_versions WHERE grant_id = :grant_id AND version = :version;

-- name: versions
SELECT grant_id, version, shown_json, shown_hash, details_json, details_hash, locale, text_version, granted_by, method,
    remote_address, granted_at
FROM consent_versions WHERE grant_id = :grant_id ORDER BY version DESC LIMIT :limit;

-- name: renew
UPDATE consents SET version = version + 1, expires_at = :expires_at, reminded_days = NULL
WHERE grant_id = :grant_id AND version = :version AND state = 'authorised';

-- name: end
UPDATE consents SET state = :state, state_at = :state_at WHERE grant_id = :grant_id AND state = 'authorised';

-- name: use
UPDATE consents SET last_used_at = :now_at
WHERE grant_id = :grant_id AND (last_used_at IS NULL OR last_used_at <= :before_at);

-- name: to_expire
SELECT grant_id FROM consents WHERE state = 'authorised' AND expires_at <= :now_at ORDER BY expires_at LIMIT 256;

-- name: to_remind
SELECT grant_id FROM consents
WHERE state = 'authorised' AND expires_at > :now_at AND expires_at <= :until_at
    AND (reminded_days IS NULL OR reminded_days > :days)
ORDER BY expires_at LIMIT 256;

-- name: remind
UPDATE consents SET reminded_days = :days
WHERE grant_id = :grant_id AND state = 'authorised' AND (reminded_days IS NULL OR reminded_days > :days);

-- name: end_tokens
DELETE FROM tokens WHERE grant_id = :grant_id;

-- name: end_codes
DELETE FROM codes WHERE grant_id = :grant_id;

-- name: end_refresh_tokens
UPDATE refresh_tokens SET revoked_at = :now_at WHERE grant_id = :grant_id AND revoked_at IS NULL;
