-- name: add
INSERT INTO notices (id, merchant_id, kind, body, created_at) VALUES (:id, :merchant_id, :kind, :body, :created_at)
ON CONFLICT (id) DO NOTHING;

-- name: latest
SELECT id, body FROM notices ORDER BY id DESC LIMIT :limit;

-- name: addressee
SELECT legal_name, country, contact FROM merchants WHERE id = :merchant_id;

-- name: hand_in
INSERT INTO waiting_notices (id, body, created_at) VALUES (:id, :body, :created_at);

-- name: waiting
SELECT body FROM waiting_notices WHERE id = :id;

-- name: delivered
DELETE FROM waiting_notices WHERE id = :id;
