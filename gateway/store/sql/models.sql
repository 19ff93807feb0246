-- name: generation
SELECT (SELECT COALESCE(MAX(number), 0) FROM models) AS models_number,
    (SELECT COALESCE(MAX(number), 0) FROM governance) AS governance_number;

-- name: serving
SELECT number, name, version, calibration_json, previous, made_by, reason, made_at FROM models
WHERE number IN (SELECT MAX(number) FROM models GROUP BY name) ORDER BY name LIMIT 100;

-- name: serving_of
SELECT number, name, version, calibration_json, previous, made_by, reason, made_at FROM models
WHERE name = :name ORDER BY number DESC LIMIT 1;

-- name: find
SELECT number, name, version, calibration_json, previous, made_by, reason, made_at FROM models WHERE number = :number;

-- name: add
INSERT INTO models (number, name, version, calibration_json, previous, made_by, reason, made_at)
VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM models), :name, :version, :calibration_json, :previous, :made_by,
    :reason, :made_at);

-- name: said_of_decision
SELECT scores_json FROM decisions WHERE id = :id AND scores_json IS NOT NULL;

-- name: said_of_merchant
SELECT c.scores_json FROM drawdowns d JOIN offers o ON o.id = d.offer_id JOIN decisions c ON c.id = o.decision_id
WHERE d.merchant_id = :id AND d.active_on IS NOT NULL AND c.scores_json IS NOT NULL ORDER BY d.id DESC LIMIT 1;
