-- name: add
INSERT INTO platform_events (connection_id, event_id, merchant_id, platform, kind, state, body, problem, received_at)
VALUES (:connection_id, :event_id, :merchant_id, :platform, :kind, :state, :body, :problem, :received_at)
ON CONFLICT DO NOTHING;

-- name: find
SELECT connection_id, event_id, kind, state, body FROM platform_events
WHERE connection_id = :connection_id AND event_id = :event_id;

-- name: settle
UPDATE platform_events SET state = :state, problem = :problem, body = NULL
WHERE connection_id = :connection_id AND event_id = :event_id AND state = 'stored';

-- name: park
UPDATE platform_events SET state = 'parked', problem = :problem
WHERE connection_id = :connection_id AND event_id = :event_id AND state = 'stored';

-- name: parked_count
SELECT COUNT(*) FROM platform_events WHERE connection_id = :connection_id AND state = 'parked';

-- name: parked
SELECT connection_id AS bank_id, platform AS rail, event_id AS message_id, problem, received_at FROM platform_events
WHERE state = 'parked' ORDER BY received_at, connection_id, event_id LIMIT 1000;

-- name: body
SELECT body FROM platform_events WHERE connection_id = :bank_id AND event_id = :message_id AND body IS NOT NULL;

-- name: read_again
UPDATE platform_events SET state = 'stored' WHERE connection_id = :bank_id AND event_id = :message_id AND state = 'parked';

-- name: put_away
UPDATE platform_events SET state = 'handled', body = NULL
WHERE connection_id = :bank_id AND event_id = :message_id AND state = 'parked';

-- name: erase
UPDATE platform_events SET state = 'handled', body = NULL WHERE merchant_id = :merchant_id AND body IS NOT NULL;

-- name: forget
DELETE FROM platform_events WHERE (connection_id, event_id) IN (
    SELECT connection_id, event_id FROM platform_events
    WHERE received_at < :before_at AND state NOT IN ('stored', 'parked') ORDER BY received_at LIMIT 1000);
