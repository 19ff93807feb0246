-- name: add
INSERT INTO events (id, noun, noun_id, sequence, type, merchant_id, partner_id, data_json, occurred_at)
VALUES (:id, :noun, :noun_id,
    (SELECT COALESCE(MAX(sequence), 0) + 1 FROM events WHERE noun_id = :noun_id),
    :type, :merchant_id, :partner_id, :data_json, :occurred_at);

-- name: unplaced
SELECT id FROM events WHERE position IS NULL ORDER BY id LIMIT 500;

-- name: last_position
SELECT COALESCE(MAX(position), 0) FROM events;

-- name: place
UPDATE events SET position = :position WHERE id = :id AND position IS NULL;

-- name: after
SELECT id, type, merchant_id, sequence, position, data_json, occurred_at FROM events
WHERE partner_id = :partner_id AND position > :after ORDER BY position LIMIT :limit;

-- name: since
SELECT id, type, merchant_id, sequence, position, data_json, occurred_at FROM events
WHERE position > :after ORDER BY position LIMIT :limit;

-- name: about
SELECT id, type, merchant_id, sequence, position, data_json, occurred_at FROM events
WHERE merchant_id = :merchant_id AND position > :after ORDER BY position LIMIT :limit;

-- name: between
SELECT id, type, merchant_id, sequence, position, data_json, occurred_at FROM events
WHERE partner_id = :partner_id AND position >= :from_position AND position <= :to_position
    AND occurred_at >= :from_at AND occurred_at <= :to_at
ORDER BY position LIMIT :limit;

-- name: span
SELECT COALESCE(MIN(position), 0), COALESCE(MAX(position), -1) FROM events
WHERE partner_id = :partner_id AND occurred_at >= :from_at AND occurred_at <= :to_at;

-- name: placed
SELECT id, type, merchant_id, sequence, position, data_json, occurred_at FROM events
WHERE partner_id = :partner_id AND id = :id AND position IS NOT NULL;

-- name: page
SELECT id, type, merchant_id, sequence, position, data_json, occurred_at FROM events
WHERE partner_id = :partner_id AND position > :after
    AND (:type = '' OR type = :type) AND (:merchant_id = '' OR merchant_id = :merchant_id)
ORDER BY position LIMIT :limit;
