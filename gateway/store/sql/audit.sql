-- name: hold
SELECT 1;

-- name: hold (postgres)
SELECT 1 FROM (SELECT pg_advisory_xact_lock(5231006)) AS held;

-- name: last
SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1;

-- name: add
INSERT INTO audit (number, occurred_at, actor, action, subject, facts_json, hash)
VALUES (:number, :occurred_at, :actor, :action, :subject, :facts_json, :hash);

-- name: after
SELECT number, occurred_at, actor, action, subject, facts_json, hash FROM audit
WHERE number > :after ORDER BY number LIMIT :limit;

-- name: at
SELECT hash FROM audit WHERE number = :number;
