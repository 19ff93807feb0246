-- name: breakers
SELECT bank_id, rail, way, failures_count, pauses_count, retry_at FROM bank_breakers LIMIT 1000;

-- name: breaker
SELECT bank_id, rail, way, failures_count, pauses_count, retry_at FROM bank_breakers
WHERE bank_id = :bank_id AND rail = :rail AND way = :way;

-- name: keep
INSERT INTO bank_breakers (bank_id, rail, way, failures_count, pauses_count, retry_at, problem, state_at)
VALUES (:bank_id, :rail, :way, :failures_count, :pauses_count, :retry_at, :problem, :state_at)
ON CONFLICT (bank_id, rail, way) DO UPDATE SET failures_count = excluded.failures_count,
    pauses_count = excluded.pauses_count, retry_at = excluded.retry_at, problem = excluded.problem,
    state_at = excluded.state_at;

-- name: attempt
UPDATE bank_breakers SET pauses_count = :pauses_count, retry_at = :retry_at, state_at = :state_at
WHERE bank_id = :bank_id AND rail = :rail AND way = :way AND retry_at <= :state_at;

-- name: switches
SELECT bank_id, stopped, made_by, reason, made_at FROM bank_switches
WHERE number IN (SELECT MAX(number) FROM bank_switches GROUP BY bank_id) LIMIT 1000;

-- name: switch
INSERT INTO bank_switches (number, bank_id, stopped, made_by, reason, made_at)
VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM bank_switches), :bank_id, :stopped, :made_by, :reason, :made_at);
