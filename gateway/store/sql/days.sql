-- name: add
INSERT INTO days (merchant_id, business_on, sales_amount, refunds_amount, voids_amount, net_amount, tickets_count)
VALUES (:merchant_id, :business_on, :sales_amount, :refunds_amount, :voids_amount, :net_amount, :tickets_count)
ON CONFLICT (merchant_id, business_on) DO UPDATE SET
    sales_amount = days.sales_amount + excluded.sales_amount,
    refunds_amount = days.refunds_amount + excluded.refunds_amount,
    voids_amount = days.voids_amount + excluded.voids_amount,
    net_amount = days.net_amount + excluded.net_amount,
    tickets_count = days.tickets_count + excluded.tickets_count;

-- name: add (postgres)
INSERT INTO days (merchant_id, business_on, sales_amount, refunds_amount, voids_amount, net_amount, tickets_count)
SELECT * FROM unnest(:merchant_id[]::text[], :business_on[]::text[], :sales_amount[]::bigint[],
    :refunds_amount[]::bigint[], :voids_amount[]::bigint[], :net_amount[]::bigint[], :tickets_count[]::bigint[])
ON CONFLICT (merchant_id, business_on) DO UPDATE SET
    sales_amount = days.sales_amount + excluded.sales_amount,
    refunds_amount = days.refunds_amount + excluded.refunds_amount,
    voids_amount = days.voids_amount + excluded.voids_amount,
    net_amount = days.net_amount + excluded.net_amount,
    tickets_count = days.tickets_count + excluded.tickets_count;

-- name: since
SELECT business_on, sales_amount, refunds_amount, voids_amount, net_amount, tickets_count, closed_at
FROM days WHERE merchant_id = :merchant_id AND business_on >= :from_on ORDER BY business_on LIMIT 2000;

-- name: close
INSERT INTO days (merchant_id, business_on, sales_amount, refunds_amount, voids_amount, net_amount, tickets_count,
    closed_at)
VALUES (:merchant_id, :business_on, 0, 0, 0, 0, 0, :closed_at)
ON CONFLICT (merchant_id, business_on) DO UPDATE SET closed_at = COALESCE(days.closed_at, excluded.closed_at);

-- name: close (postgres)
INSERT INTO days (merchant_id, business_on, sales_amount, refunds_amount, voids_amount, net_amount, tickets_count,
    closed_at)
SELECT m, d, 0, 0, 0, 0, 0, c
FROM unnest(:merchant_id[]::text[], :business_on[]::text[], :closed_at[]::bigint[]) AS row (m, d, c)
ON CONFLICT (merchant_id, business_on) DO UPDATE SET closed_at = COALESCE(days.closed_at, excluded.closed_at);
