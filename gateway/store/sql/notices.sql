-- name: add
INSERT INTO notices (id, merchant_id, kind, body, created_at) VALUES (:id, :merchant_id, :kind, :body, :created_at);

-- name: latest
SELECT id, body FROM notices ORDER BY id DESC LIMIT :limit;
