-- name: last
SELECT step, dial_bps, made_on FROM governance ORDER BY number DESC LIMIT 1;

-- name: add
INSERT INTO governance (number, step, dial_bps, made_by, reason, made_on, made_at)
VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM governance), :step, :dial_bps, :made_by, :reason, :made_on, :made_at);
