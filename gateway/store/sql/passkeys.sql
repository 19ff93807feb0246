-- name: add
INSERT INTO passkeys (id, merchant_id, credential_id, public_key, sign_count, name, state, created_at, state_at)
VALUES (:id, :merchant_id, :credential_id, :public_key, :sign_count, :name, 'active', :created_at, :created_at)
ON CONFLICT (credential_id) DO NOTHING;

-- name: held
SELECT id, merchant_id, credential_id, public_key, sign_count, name, state, created_at, last_used_at FROM passkeys
WHERE merchant_id = :merchant_id AND state <> 'removed' ORDER BY id LIMIT 100;

-- name: use
UPDATE passkeys SET sign_count = :sign_count, last_used_at = :used_at
WHERE id = :id AND state = 'active' AND sign_count = :before_count;

-- name: end
UPDATE passkeys SET state = :state, state_at = :state_at WHERE id = :id AND state = :before;

-- name: end_sessions
DELETE FROM page_sessions WHERE passkey_id = :passkey_id;

-- name: answer
INSERT INTO passkey_answers
    (intent_hash, passkey_id, merchant_id, deed, intent, response, answered_at, expires_at)
VALUES (:intent_hash, :passkey_id, :merchant_id, :deed, :intent, :response, :answered_at, :expires_at)
ON CONFLICT (intent_hash) DO NOTHING;

-- name: answered
SELECT passkey_id, merchant_id, intent, response, answered_at FROM passkey_answers WHERE intent_hash = :intent_hash;

-- name: forget_sign_ins
DELETE FROM passkey_answers WHERE deed = 'sign_in' AND expires_at <= :now_at;
