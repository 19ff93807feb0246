-- name: add
INSERT INTO decisions (id, merchant_id, outcome, limit_amount, inputs_json, scores_json, against_json, terms_json,
    reasons_json, programme_json, route_json, bases_json, decided_at, data_at)
VALUES (:id, :merchant_id, :outcome, :limit_amount, :inputs_json, :scores_json, :against_json, :terms_json,
    :reasons_json, :programme_json, :route_json, :bases_json, :decided_at, :data_at);

-- name: find
SELECT d.id, d.merchant_id, d.outcome, d.limit_amount, d.inputs_json, d.scores_json, d.terms_json, d.reasons_json,
    d.programme_json, d.route_json, d.bases_json, d.decided_at, d.data_at,
    d.sealed IS NOT NULL AS sealed
FROM decisions d JOIN merchants m ON m.id = d.merchant_id
WHERE d.id = :decision_id AND m.partner_id = :partner_id;

-- name: stored
SELECT id, merchant_id, outcome, limit_amount, inputs_json, scores_json, against_json, terms_json, reasons_json,
    programme_json, route_json, bases_json, decided_at, data_at, sealed IS NOT NULL AS sealed, sealed AS envelope
FROM decisions WHERE id = :decision_id;

-- name: page
SELECT id, merchant_id, outcome, limit_amount, inputs_json, scores_json, terms_json, reasons_json, programme_json,
    route_json, bases_json, decided_at, data_at, sealed IS NOT NULL AS sealed
FROM decisions WHERE merchant_id = :merchant_id AND id > :after ORDER BY id LIMIT :limit;

-- name: under
SELECT programme_json FROM decisions WHERE id = :id;
