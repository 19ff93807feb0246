-- name: merchant
SELECT id, legal_name, state, contact FROM merchants WHERE id = :merchant_id;

-- name: client
SELECT c.name AS client_name, p.name AS partner_name FROM clients c JOIN partners p ON p.id = c.partner_id
WHERE c.id = :client_id;

-- name: open_session
INSERT INTO page_sessions (hash, merchant_id, signed_in_at, method, passkey_id, created_at, expires_at)
VALUES (:hash, :merchant_id, :signed_in_at, :method, :passkey_id, :created_at, :expires_at)
ON CONFLICT (hash) DO UPDATE SET merchant_id = :merchant_id, signed_in_at = NULL, method = NULL, passkey_id = NULL,
    expires_at = :expires_at;

-- name: session
SELECT merchant_id, signed_in_at, expires_at, method, passkey_id FROM page_sessions WHERE hash = :hash AND expires_at > :now_at;

-- name: end_session
DELETE FROM page_sessions WHERE hash = :hash;

-- name: forget_sessions
DELETE FROM page_sessions WHERE expires_at <= :now_at;

-- name: put_code
INSERT INTO one_time_codes (session_hash, merchant_id, code_hash, attempts_count, expires_at)
VALUES (:session_hash, :merchant_id, :code_hash, 0, :expires_at)
ON CONFLICT (session_hash) DO UPDATE SET merchant_id = :merchant_id, code_hash = :code_hash, attempts_count = 0,
    expires_at = :expires_at;

-- name: try_code
UPDATE one_time_codes SET attempts_count = attempts_count + 1
WHERE session_hash = :session_hash AND attempts_count < :most
RETURNING merchant_id, code_hash, attempts_count, expires_at;

-- name: spend_code
DELETE FROM one_time_codes WHERE session_hash = :session_hash;

-- name: forget_codes
DELETE FROM one_time_codes WHERE expires_at <= :now_at;
