-- name: add
INSERT INTO webhooks (id, partner_id, url, types_json, version, state, position, secret, signing_key, public_key,
    created_at, updated_at)
VALUES (:id, :partner_id, :url, :types_json, :version, 'enabled', :position, :secret, :signing_key, :public_key,
    :created_at, :created_at);

-- name: hold_partner
SELECT id FROM partners WHERE id = :partner_id;

-- name: hold_partner (postgres)
SELECT id FROM partners WHERE id = :partner_id FOR UPDATE;

-- name: count
SELECT COUNT(*) FROM webhooks WHERE partner_id = :partner_id;

-- name: find
SELECT id, partner_id, url, types_json, version, state, position, secret, previous_secret, previous_until_at, signing_key,
    public_key, failing_since_at, resumes_at, disabled_at, reason, created_at, updated_at
FROM webhooks WHERE id = :id;

-- name: hold
SELECT id, partner_id, url, types_json, version, state, position, secret, previous_secret, previous_until_at, signing_key,
    public_key, failing_since_at, resumes_at, disabled_at, reason, created_at, updated_at
FROM webhooks WHERE id = :id;

-- name: hold (postgres)
SELECT id, partner_id, url, types_json, version, state, position, secret, previous_secret, previous_until_at, signing_key,
    public_key, failing_since_at, resumes_at, disabled_at, reason, created_at, updated_at
FROM webhooks WHERE id = :id FOR UPDATE;

-- name: page
SELECT id, partner_id, url, types_json, version, state, position, secret, previous_secret, previous_until_at, signing_key,
    public_key, failing_since_at, resumes_at, disabled_at, reason, created_at, updated_at
FROM webhooks WHERE partner_id = :partner_id AND id > :after ORDER BY id LIMIT :limit;

-- name: change
UPDATE webhooks SET url = :url, types_json = :types_json, updated_at = :updated_at WHERE id = :id;

-- name: rotate
UPDATE webhooks SET secret = :secret, previous_secret = :previous_secret, previous_until_at = :previous_until_at,
    updated_at = :updated_at
WHERE id = :id;

-- name: enable
UPDATE webhooks SET state = 'enabled', position = :position, failing_since_at = NULL, resumes_at = NULL,
    disabled_at = NULL, reason = NULL, updated_at = :updated_at
WHERE id = :id AND state = 'disabled';

-- name: disable
UPDATE webhooks SET state = 'disabled', disabled_at = :disabled_at, reason = :reason, updated_at = :disabled_at
WHERE id = :id AND state = 'enabled';

-- name: fail
UPDATE webhooks SET failing_since_at = COALESCE(failing_since_at, :failed_at),
    resumes_at = COALESCE(:resumes_at, resumes_at)
WHERE id = :id;

-- name: recover
UPDATE webhooks SET failing_since_at = NULL, resumes_at = NULL WHERE id = :id AND failing_since_at IS NOT NULL;

-- name: delete
DELETE FROM webhooks WHERE id = :id;

-- name: busy
SELECT id FROM webhooks
WHERE state = 'enabled' AND id > :after AND (resumes_at IS NULL OR resumes_at <= :now_at) AND (
    EXISTS (SELECT 1 FROM deliveries WHERE webhook_id = webhooks.id AND state = 'pending' AND due_at <= :now_at)
    OR EXISTS (SELECT 1 FROM events WHERE partner_id = webhooks.partner_id AND events.position > webhooks.position))
ORDER BY id LIMIT :limit;

-- name: read_on
UPDATE webhooks SET position = :position WHERE id = :id AND position = :from_position AND state = 'enabled';
