-- name: add
INSERT INTO sandbox_messages (id, merchant_id, kind, body, created_at) VALUES (:id, :merchant_id, :kind, :body, :created_at)
ON CONFLICT (id) DO NOTHING;

-- name: latest
SELECT id, body FROM sandbox_messages ORDER BY id DESC LIMIT :limit;

-- name: addressee
SELECT legal_name, country, contact FROM merchants WHERE id = :merchant_id;

-- name: hand_in
INSERT INTO waiting_messages (id, body, created_at) VALUES (:id, :body, :created_at);

-- name: waiting
SELECT body FROM waiting_messages WHERE id = :id;

-- name: delivered
DELETE FROM waiting_messages WHERE id = :id;
