-- name: shops
SELECT m.id AS merchant_id, m.partner_id, m.country, m.mcc, m.currency, p.started_on, p.closed_through_on, p.flags_json,
    p.findings_json
FROM merchants m JOIN positions p ON p.merchant_id = m.id
WHERE (m.partner_id, m.id) > (:after_partner_id, :after_merchant_id) AND p.closed_through_on >= :fresh_on
ORDER BY m.partner_id, m.id LIMIT :limit;

-- name: days
SELECT merchant_id, business_on, net_amount, refunds_amount + voids_amount AS back_amount, tickets_count FROM days
WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json))
    AND business_on > :after_on AND business_on <= :through_on
ORDER BY merchant_id, business_on LIMIT :limit;

-- name: days (postgres)
SELECT merchant_id, business_on, net_amount, refunds_amount + voids_amount AS back_amount, tickets_count FROM days
WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
    AND business_on > :after_on AND business_on <= :through_on
ORDER BY merchant_id, business_on LIMIT :limit;

-- name: visits
SELECT merchant_id, COUNT(*) AS customers_count, CAST(SUM(again) AS BIGINT) AS again_count
FROM (
    SELECT merchant_id, CASE WHEN COUNT(*) > 1 THEN 1 ELSE 0 END AS again FROM visits
    WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json)) AND business_on > :after_on
    GROUP BY merchant_id, customer
) AS customers
GROUP BY merchant_id ORDER BY merchant_id LIMIT 1000;

-- name: visits (postgres)
SELECT merchant_id, COUNT(*) AS customers_count, CAST(SUM(again) AS BIGINT) AS again_count
FROM (
    SELECT merchant_id, CASE WHEN COUNT(*) > 1 THEN 1 ELSE 0 END AS again FROM visits
    WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
        AND business_on > :after_on
    GROUP BY merchant_id, customer
) AS customers
GROUP BY merchant_id ORDER BY merchant_id LIMIT 1000;

-- name: forget_visits
DELETE FROM visits WHERE merchant_id = :merchant_id AND business_on <= :before_on;

-- name: keep
INSERT INTO peer_sketches (cohort, metric, built_on, merchants_count, sketch)
VALUES (:cohort, :metric, :built_on, :merchants_count, :sketch)
ON CONFLICT (cohort, metric) DO UPDATE SET built_on = excluded.built_on, merchants_count = excluded.merchants_count,
    sketch = excluded.sketch;

-- name: forget
DELETE FROM peer_sketches WHERE built_on <> :built_on;

-- name: of
SELECT metric, built_on, merchants_count, sketch FROM peer_sketches
WHERE cohort = :cohort AND built_on >= :fresh_on ORDER BY metric LIMIT 16;

-- name: night
SELECT done_on FROM nights WHERE name = :name;

-- name: end_night
INSERT INTO nights (name, done_on) VALUES (:name, :done_on)
ON CONFLICT (name) DO UPDATE SET done_on = excluded.done_on;
