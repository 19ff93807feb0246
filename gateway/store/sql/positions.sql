-- name: add
INSERT INTO positions (merchant_id, version, exposure_amount) VALUES (:merchant_id, 1, 0);

-- name: load
SELECT p.merchant_id, m.partner_id, m.state AS merchant_state, m.currency, m.timezone, m.day_cutoff, p.version,
    p.exposure_amount, p.started_on, p.closed_through_on, p.closes_at, p.data_at, p.scores_json, p.offered_json,
    p.verdict_json, p.tracks_json, p.flags_json, p.override_json, m.country, m.mcc, m.company_json, m.registered_on,
    p.leads_json, p.findings_json, t.tier
FROM positions p JOIN merchants m ON m.id = p.merchant_id JOIN partners t ON t.id = m.partner_id
WHERE p.merchant_id IN (SELECT value FROM json_each(:merchant_ids_json)) ORDER BY p.merchant_id;

-- name: load (postgres)
SELECT p.merchant_id, m.partner_id, m.state AS merchant_state, m.currency, m.timezone, m.day_cutoff, p.version,
    p.exposure_amount, p.started_on, p.closed_through_on, p.closes_at, p.data_at, p.scores_json, p.offered_json,
    p.verdict_json, p.tracks_json, p.flags_json, p.override_json, m.country, m.mcc, m.company_json, m.registered_on,
    p.leads_json, p.findings_json, t.tier
FROM positions p JOIN merchants m ON m.id = p.merchant_id JOIN partners t ON t.id = m.partner_id
WHERE p.merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json))) ORDER BY p.merchant_id;

-- name: touch
UPDATE positions SET version = version + 1, data_at = :data_at WHERE merchant_id = :merchant_id AND version = :version;

-- name: touch (postgres)
UPDATE positions SET version = positions.version + 1, data_at = given.data_at
FROM unnest(:merchant_id[]::text[], :version[]::bigint[], :data_at[]::bigint[]) AS given (merchant_id, version, data_at)
WHERE positions.merchant_id = given.merchant_id AND positions.version = given.version;

-- name: save
UPDATE positions SET version = version + 1, started_on = :started_on, closed_through_on = :closed_through_on,
    closes_at = :closes_at, data_at = :data_at, scores_json = :scores_json, tracks_json = :tracks_json,
    offered_json = :offered_json, verdict_json = :verdict_json, leads_json = :leads_json
WHERE merchant_id = :merchant_id AND version = :version;

-- name: rescore
UPDATE positions SET version = version + 1, started_on = :started_on, closed_through_on = :closed_through_on,
    closes_at = :closes_at, data_at = :data_at, scores_json = :scores_json, tracks_json = :tracks_json
WHERE merchant_id = :merchant_id AND version = :version;

-- name: guard
UPDATE positions SET version = version + 1, exposure_amount = exposure_amount + :amount
WHERE merchant_id = :merchant_id AND exposure_amount + :amount <= :limit_amount;

-- name: release
UPDATE positions SET version = version + 1, exposure_amount = exposure_amount - :amount
WHERE merchant_id = :merchant_id;

-- name: to_close
SELECT merchant_id FROM positions WHERE closes_at <= :now_at ORDER BY closes_at LIMIT 256;

-- name: take_back
UPDATE positions SET version = version + 1, exposure_amount = exposure_amount + :amount
WHERE merchant_id = :merchant_id;

-- name: versions
SELECT merchant_id, version FROM positions WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json));

-- name: versions (postgres)
SELECT merchant_id, version FROM positions
WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)));

-- name: hold
SELECT version FROM positions WHERE merchant_id = :merchant_id;

-- name: hold (postgres)
SELECT version FROM positions WHERE merchant_id = :merchant_id FOR UPDATE;

-- name: hold_many
SELECT merchant_id, version FROM positions WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json))
ORDER BY merchant_id;

-- name: hold_many (postgres)
SELECT merchant_id, version FROM positions
WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
ORDER BY merchant_id FOR UPDATE;

-- name: renumber
UPDATE positions SET version = version + 1 WHERE merchant_id = :merchant_id;

-- name: flag
UPDATE positions SET version = version + 1, flags_json = :flags_json WHERE merchant_id = :merchant_id;

-- name: find
UPDATE positions SET version = version + 1, findings_json = :findings_json, flags_json = :flags_json
WHERE merchant_id = :merchant_id;

-- name: override
UPDATE positions SET version = version + 1, override_json = :override_json WHERE merchant_id = :merchant_id;

-- name: ids_after
SELECT merchant_id FROM positions WHERE merchant_id > :after ORDER BY merchant_id LIMIT :limit;
