-- name: add
INSERT INTO day_categories (merchant_id, business_on, category, amount)
VALUES (:merchant_id, :business_on, :category, :amount)
ON CONFLICT (merchant_id, business_on, category) DO UPDATE SET amount = day_categories.amount + excluded.amount;

-- name: add (postgres)
INSERT INTO day_categories (merchant_id, business_on, category, amount)
SELECT * FROM unnest(:merchant_id[]::text[], :business_on[]::text[], :category[]::text[], :amount[]::bigint[])
ON CONFLICT (merchant_id, business_on, category) DO UPDATE SET amount = day_categories.amount + excluded.amount;

-- name: known
SELECT c.merchant_id, c.business_on, c.category
FROM json_each(:days_json) AS k CROSS JOIN day_categories AS c
WHERE c.merchant_id = json_extract(k.value, '$[0]') AND c.business_on = json_extract(k.value, '$[1]');

-- name: known (postgres)
SELECT c.merchant_id, c.business_on, c.category
FROM json_array_elements(CAST(:days_json AS json)) AS k JOIN day_categories AS c
ON c.merchant_id = k ->> 0 AND c.business_on = k ->> 1;

-- name: sold
SELECT category, CAST(SUM(amount) AS BIGINT) AS amount FROM day_categories
WHERE merchant_id = :merchant_id AND business_on > :after_on AND business_on <= :through_on
GROUP BY category ORDER BY 2 DESC, category LIMIT 2000;

-- name: replaced
SELECT s.merchant_id, s.source, s.sale_id, s.kind, s.business_on, s.net_amount, s.detail_json
FROM json_each(:keys_json) AS k CROSS JOIN sales AS s
WHERE s.merchant_id = json_extract(k.value, '$[0]') AND s.source = json_extract(k.value, '$[1]')
AND s.sale_id = json_extract(k.value, '$[2]');

-- name: replaced (postgres)
SELECT s.merchant_id, s.source, s.sale_id, s.kind, s.business_on, s.net_amount, s.detail_json
FROM json_array_elements(CAST(:keys_json AS json)) AS k JOIN sales AS s
ON s.merchant_id = k ->> 0 AND s.source = k ->> 1 AND s.sale_id = k ->> 2;

-- name: visit
INSERT INTO visits (merchant_id, business_on, customer) VALUES (:merchant_id, :business_on, :customer)
ON CONFLICT DO NOTHING;

-- name: visit (postgres)
INSERT INTO visits (merchant_id, business_on, customer)
SELECT * FROM unnest(:merchant_id[]::text[], :business_on[]::text[], :customer[]::bigint[])
ON CONFLICT DO NOTHING;
