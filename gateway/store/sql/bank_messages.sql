-- name: add
INSERT INTO bank_messages (bank_id, message_id, rail, body, state, received_at)
VALUES (:bank_id, :message_id, :rail, :body, 'stored', :received_at) ON CONFLICT DO NOTHING;

-- name: unread
SELECT received_at, message_id, rail, body FROM bank_messages
WHERE bank_id = :bank_id AND state = 'stored' AND (received_at, rail, message_id) > (:after_micros, :after_rail, :after_id)
ORDER BY received_at, rail, message_id LIMIT 100;

-- name: done
UPDATE bank_messages SET state = :state, problem = :problem
WHERE bank_id = :bank_id AND rail = :rail AND message_id = :message_id AND state = 'stored';

-- name: parked
SELECT bank_id, rail, message_id, problem, received_at FROM bank_messages WHERE state = 'parked'
ORDER BY received_at, rail, message_id LIMIT 1000;

-- name: body
SELECT body FROM bank_messages WHERE bank_id = :bank_id AND rail = :rail AND message_id = :message_id;

-- name: unpark
UPDATE bank_messages SET state = :state
WHERE bank_id = :bank_id AND rail = :rail AND message_id = :message_id AND state = 'parked';
