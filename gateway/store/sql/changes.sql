-- name: add
INSERT INTO changes (id, merchant_id, partner_id, client_id, kind, state, holder_name, value, approval_json, asked_at,
    created_at, state_at, due_at)
VALUES (:id, :merchant_id, :partner_id, :client_id, :kind, :state, :holder_name, :value, NULL, :asked_at, :created_at,
    :created_at, :due_at);

-- name: find
SELECT id, merchant_id, partner_id, client_id, kind, state, holder_name, value, approval_json, asked_at, created_at,
    state_at, due_at
FROM changes WHERE id = :change_id AND merchant_id = :merchant_id;

-- name: open
SELECT id, merchant_id, partner_id, client_id, kind, state, holder_name, value, approval_json, asked_at, created_at,
    state_at, due_at
FROM changes WHERE merchant_id = :merchant_id AND kind = :kind AND state IN ('awaiting_approval', 'waiting');

-- name: asked_since
SELECT COUNT(*) AS count FROM changes WHERE merchant_id = :merchant_id AND created_at > :since_at;

-- name: page
SELECT id, merchant_id, partner_id, client_id, kind, state, holder_name, value, approval_json, asked_at, created_at,
    state_at, due_at
FROM changes WHERE merchant_id = :merchant_id AND id > :after ORDER BY id LIMIT :limit;

-- name: latest
SELECT id, merchant_id, partner_id, client_id, kind, state, holder_name, value, approval_json, asked_at, created_at,
    state_at, due_at
FROM changes WHERE merchant_id = :merchant_id
ORDER BY CASE WHEN state IN ('awaiting_approval', 'waiting') THEN 0 ELSE 1 END, id DESC LIMIT :limit;

-- name: move
UPDATE changes SET state = :target, state_at = :state_at, due_at = :due_at
WHERE id = :change_id AND state = :source;

-- name: approve
UPDATE changes SET approval_json = :approval_json WHERE id = :change_id;

-- name: merchant
SELECT timezone, payout_account, contact FROM merchants WHERE id = :merchant_id;

-- name: put_payout_account
UPDATE merchants SET payout_account = :value, updated_at = :updated_at WHERE id = :merchant_id;

-- name: put_contact
UPDATE merchants SET contact = :value, updated_at = :updated_at WHERE id = :merchant_id;

-- name: due
SELECT c.id, c.merchant_id FROM changes c
WHERE c.due_at <= :now_at AND (c.state = 'awaiting_approval' OR (c.state = 'waiting' AND NOT (
    c.kind = 'payout_account' AND EXISTS (
        SELECT 1 FROM drawdowns d WHERE d.merchant_id = c.merchant_id
        AND d.state IN ('requested', 'reviewing', 'approved') AND d.end_to_end_id IS NULL))))
ORDER BY c.due_at LIMIT 256;

-- name: promised
SELECT id FROM drawdowns
WHERE merchant_id = :merchant_id AND state IN ('requested', 'reviewing', 'approved') AND end_to_end_id IS NULL LIMIT 1;
