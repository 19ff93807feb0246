-- name: held
SELECT r.stock_id AS id, r.version, 'stock' AS kind
FROM json_each(:ids_json) AS k CROSS JOIN stock AS r
WHERE r.merchant_id = :merchant_id AND r.source = :source AND r.stock_id = k.value;

-- name: held (postgres)
SELECT r.stock_id AS id, r.version, 'stock' AS kind
FROM json_array_elements_text(CAST(:ids_json AS json)) AS k (value) JOIN stock AS r
ON r.merchant_id = :merchant_id AND r.source = :source AND r.stock_id = k.value;

-- name: put
INSERT INTO stock (merchant_id, source, stock_id, version, item_id, location_id, counted_at, quantity, on_order_quantity,
    unit_cost_amount, category, gtin, raw_hash, received_at)
VALUES (:merchant_id, :source, :id, :version, :item_id, :location_id, :counted_at, :quantity, :on_order_quantity,
    :unit_cost_amount, :category, :gtin, :raw_hash, :received_at)
ON CONFLICT (merchant_id, source, stock_id) DO UPDATE SET version = excluded.version, item_id = excluded.item_id,
    location_id = excluded.location_id, counted_at = excluded.counted_at, quantity = excluded.quantity,
    on_order_quantity = excluded.on_order_quantity, unit_cost_amount = excluded.unit_cost_amount,
    category = excluded.category, gtin = excluded.gtin, raw_hash = excluded.raw_hash, received_at = excluded.received_at
WHERE stock.version < excluded.version;

-- name: put (postgres)
INSERT INTO stock (merchant_id, source, stock_id, version, item_id, location_id, counted_at, quantity, on_order_quantity,
    unit_cost_amount, category, gtin, raw_hash, received_at)
SELECT * FROM unnest(:merchant_id[]::text[], :source[]::text[], :id[]::text[], :version[]::bigint[], :item_id[]::text[],
    :location_id[]::text[], :counted_at[]::bigint[], :quantity[]::text[], :on_order_quantity[]::text[],
    :unit_cost_amount[]::bigint[], :category[]::text[], :gtin[]::text[], :raw_hash[]::text[], :received_at[]::bigint[])
ON CONFLICT (merchant_id, source, stock_id) DO UPDATE SET version = excluded.version, item_id = excluded.item_id,
    location_id = excluded.location_id, counted_at = excluded.counted_at, quantity = excluded.quantity,
    on_order_quantity = excluded.on_order_quantity, unit_cost_amount = excluded.unit_cost_amount,
    category = excluded.category, gtin = excluded.gtin, raw_hash = excluded.raw_hash, received_at = excluded.received_at
WHERE stock.version < excluded.version;
