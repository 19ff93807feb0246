-- name: insert
INSERT INTO sales (merchant_id, source, sale_id, version, row_id, kind, business_on, occurred_at, amount, net_amount,
    refund_of, detail_json, received_at)
VALUES (:merchant_id, :source, :sale_id, :version, :row_id, :kind, :business_on, :occurred_at, :amount, :net_amount,
    :refund_of, :detail_json, :received_at)
ON CONFLICT DO NOTHING;

-- name: insert (postgres)
INSERT INTO sales (merchant_id, source, sale_id, version, row_id, kind, business_on, occurred_at, amount, net_amount,
    refund_of, detail_json, received_at)
SELECT * FROM unnest(:merchant_id[]::text[], :source[]::text[], :sale_id[]::text[], :version[]::bigint[],
    :row_id[]::text[], :kind[]::text[], :business_on[]::text[], :occurred_at[]::bigint[], :amount[]::bigint[],
    :net_amount[]::bigint[], :refund_of[]::text[], :detail_json[]::text[], :received_at[]::bigint[])
ON CONFLICT DO NOTHING;

-- name: held
SELECT s.merchant_id, s.source, s.sale_id, s.row_id, s.version, s.kind, s.business_on, s.amount, s.net_amount, s.refund_of,
    s.refunded_amount
FROM json_each(:keys_json) AS k CROSS JOIN sales AS s
WHERE s.merchant_id = json_extract(k.value, '$[0]') AND s.source = json_extract(k.value, '$[1]')
AND s.sale_id = json_extract(k.value, '$[2]');

-- name: held (postgres)
SELECT s.merchant_id, s.source, s.sale_id, s.row_id, s.version, s.kind, s.business_on, s.amount, s.net_amount, s.refund_of,
    s.refunded_amount
FROM json_array_elements(CAST(:keys_json AS json)) AS k JOIN sales AS s
ON s.merchant_id = k ->> 0 AND s.source = k ->> 1 AND s.sale_id = k ->> 2;

-- name: correct
UPDATE sales SET version = :version, row_id = :row_id, business_on = :business_on, occurred_at = :occurred_at,
    amount = :amount, net_amount = :net_amount, detail_json = :detail_json, received_at = :received_at
WHERE merchant_id = :merchant_id AND source = :source AND sale_id = :sale_id AND version < :version
AND refunded_amount <= :amount;

-- name: refunded
UPDATE sales SET refunded_amount = :refunded_amount
WHERE merchant_id = :merchant_id AND source = :source AND sale_id = :sale_id;
