-- name: ahead
SELECT ahead_micros FROM clock WHERE id = 1;

-- name: set
INSERT INTO clock (id, ahead_micros) VALUES (1, :ahead_micros)
ON CONFLICT (id) DO UPDATE SET ahead_micros = excluded.ahead_micros;
