-- name: signals
SELECT merchant_id, source, kind, from_on, to_on, detail_json FROM (
    SELECT merchant_id, source, kind, from_on, to_on, detail_json, received_at,
        ROW_NUMBER() OVER (PARTITION BY merchant_id, kind ORDER BY to_on DESC) AS place
    FROM signals WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json))
    AND kind IN ('cash', 'tax', 'utility') AND to_on > :after_on) AS newest
WHERE place <= :most_count ORDER BY merchant_id, received_at LIMIT :limit;

-- name: signals (postgres)
SELECT merchant_id, source, kind, from_on, to_on, detail_json FROM (
    SELECT merchant_id, source, kind, from_on, to_on, detail_json, received_at,
        ROW_NUMBER() OVER (PARTITION BY merchant_id, kind ORDER BY to_on DESC) AS place
    FROM signals WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
    AND kind IN ('cash', 'tax', 'utility') AND to_on > :after_on) AS newest
WHERE place <= :most_count ORDER BY merchant_id, received_at LIMIT :limit;

-- name: purchases
SELECT merchant_id, source, purchase_id, kind, issued_on, due_on, amount, tax_amount, supplier_ref, refers_to, lines_json
FROM (
    SELECT merchant_id, source, purchase_id, kind, issued_on, due_on, amount, tax_amount, supplier_ref, refers_to,
        CASE WHEN kind = 'order' THEN lines_json END AS lines_json,
        ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY issued_on DESC) AS place
    FROM purchases WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json)) AND issued_on > :after_on
) AS newest
WHERE place <= :most_count ORDER BY merchant_id, issued_on, source, purchase_id LIMIT :limit;

-- name: purchases (postgres)
SELECT merchant_id, source, purchase_id, kind, issued_on, due_on, amount, tax_amount, supplier_ref, refers_to, lines_json
FROM (
    SELECT merchant_id, source, purchase_id, kind, issued_on, due_on, amount, tax_amount, supplier_ref, refers_to,
        CASE WHEN kind = 'order' THEN lines_json END AS lines_json,
        ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY issued_on DESC) AS place
    FROM purchases WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
    AND issued_on > :after_on
) AS newest
WHERE place <= :most_count ORDER BY merchant_id, issued_on, source, purchase_id LIMIT :limit;

-- name: stock
SELECT merchant_id, source, item_id, location_id, counted_at, quantity, on_order_quantity, unit_cost_amount, category
FROM (
    SELECT merchant_id, source, item_id, location_id, counted_at, quantity, on_order_quantity, unit_cost_amount, category,
        received_at, ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY counted_at DESC) AS place
    FROM (
        SELECT merchant_id, source, item_id, location_id, counted_at, quantity, on_order_quantity, unit_cost_amount,
            category, received_at, ROW_NUMBER() OVER (PARTITION BY merchant_id, item_id, location_id, source
                ORDER BY counted_at DESC, received_at DESC) AS age
        FROM stock WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json))
        AND counted_at > :after_at AND counted_at < :before_at
    ) AS counted WHERE age = 1
) AS newest
WHERE place <= :most_count ORDER BY merchant_id, counted_at, received_at LIMIT :limit;

-- name: stock (postgres)
SELECT merchant_id, source, item_id, location_id, counted_at, quantity, on_order_quantity, unit_cost_amount, category
FROM (
    SELECT merchant_id, source, item_id, location_id, counted_at, quantity, on_order_quantity, unit_cost_amount, category,
        received_at, ROW_NUMBER() OVER (PARTITION BY merchant_id ORDER BY counted_at DESC) AS place
    FROM (
        SELECT merchant_id, source, item_id, location_id, counted_at, quantity, on_order_quantity, unit_cost_amount,
            category, received_at, ROW_NUMBER() OVER (PARTITION BY merchant_id, item_id, location_id, source
                ORDER BY counted_at DESC, received_at DESC) AS age
        FROM stock WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
        AND counted_at > :after_at AND counted_at < :before_at
    ) AS counted WHERE age = 1
) AS newest
WHERE place <= :most_count ORDER BY merchant_id, counted_at, received_at LIMIT :limit;

-- name: late
SELECT d.merchant_id, CAST(COUNT(*) AS BIGINT) FROM json_each(:merchant_ids_json) AS m
CROSS JOIN drawdowns AS d ON d.merchant_id = m.value
JOIN events AS e ON e.noun_id = d.id AND e.type = 'health.late' AND e.occurred_at > :after_at
GROUP BY d.merchant_id ORDER BY d.merchant_id LIMIT :limit;

-- name: late (postgres)
SELECT d.merchant_id, COUNT(*)::bigint FROM drawdowns AS d
JOIN events AS e ON e.noun_id = d.id AND e.type = 'health.late' AND e.occurred_at > :after_at
WHERE d.merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
GROUP BY d.merchant_id ORDER BY d.merchant_id LIMIT :limit;

-- name: lent
SELECT merchant_id, active_on, amount - refinanced_amount AS amount FROM drawdowns
WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json)) AND active_on > :after_on
AND state <> 'returned' AND state <> 'canceled' ORDER BY merchant_id, id LIMIT :limit;

-- name: lent (postgres)
SELECT merchant_id, active_on, amount - refinanced_amount AS amount FROM drawdowns
WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json))) AND active_on > :after_on
AND state <> 'returned' AND state <> 'canceled' ORDER BY merchant_id, id LIMIT :limit;

-- name: repaid
SELECT r.merchant_id, r.settled_on, r.channel, CAST(SUM(r.amount) AS BIGINT) AS amount
FROM drawdowns AS d JOIN repayments AS r ON r.drawdown_id = d.id AND r.state = 'settled' AND r.settled_on > :after_on
WHERE d.merchant_id IN (SELECT value FROM json_each(:merchant_ids_json))
GROUP BY r.merchant_id, r.settled_on, r.channel ORDER BY r.merchant_id, r.settled_on, r.channel LIMIT :limit;

-- name: repaid (postgres)
SELECT r.merchant_id, r.settled_on, r.channel, CAST(SUM(r.amount) AS BIGINT) AS amount
FROM drawdowns AS d JOIN repayments AS r ON r.drawdown_id = d.id AND r.state = 'settled' AND r.settled_on > :after_on
WHERE d.merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
GROUP BY r.merchant_id, r.settled_on, r.channel ORDER BY r.merchant_id, r.settled_on, r.channel LIMIT :limit;
