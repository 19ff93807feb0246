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
SELECT sale_id, row_id, version, kind, business_on, amount, net_amount, refund_of, refunded_amount
FROM sales WHERE merchant_id = :merchant_id AND source = :source
AND sale_id IN (SELECT value FROM json_each(:sale_ids_json));

-- name: held (postgres)
SELECT sale_id, row_id, version, kind, business_on, amount, net_amount, refund_of, refunded_amount
FROM sales WHERE merchant_id = :merchant_id AND source = :source
AND sale_id IN (SELECT json_array_elements_text(CAST(:sale_ids_json AS json)));

-- name: correct
UPDATE sales SET version = :version, row_id = :row_id, business_on = :business_on, occurred_at = :occurred_at,
    amount = :amount, net_amount = :net_amount, detail_json = :detail_json, received_at = :received_at
WHERE merchant_id = :merchant_id AND source = :source AND sale_id = :sale_id AND version < :version
AND refunded_amount <= :amount;

-- name: refund
UPDATE sales SET refunded_amount = refunded_amount + :amount
WHERE merchant_id = :merchant_id AND source = :source AND sale_id = :sale_id AND kind = 'sale'
AND refunded_amount + :amount <= amount;

-- name: remove
DELETE FROM sales WHERE merchant_id = :merchant_id AND source = :source AND sale_id = :sale_id AND row_id = :row_id;
