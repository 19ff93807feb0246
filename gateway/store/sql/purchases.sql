-- name: held
SELECT r.purchase_id AS id, r.version, r.kind
FROM json_each(:ids_json) AS k CROSS JOIN purchases AS r
WHERE r.merchant_id = :merchant_id AND r.source = :source AND r.purchase_id = k.value;

-- name: held (postgres)
SELECT r.purchase_id AS id, r.version, r.kind
FROM json_array_elements_text(CAST(:ids_json AS json)) AS k (value) JOIN purchases AS r
ON r.merchant_id = :merchant_id AND r.source = :source AND r.purchase_id = k.value;

-- name: put
INSERT INTO purchases (merchant_id, source, purchase_id, version, kind, issued_on, due_on, amount, tax_amount,
    supplier_ref, refers_to, lines_json, raw_hash, received_at)
VALUES (:merchant_id, :source, :id, :version, :kind, :issued_on, :due_on, :amount, :tax_amount, :supplier_ref, :refers_to,
    :lines_json, :raw_hash, :received_at)
ON CONFLICT (merchant_id, source, purchase_id) DO UPDATE SET version = excluded.version, issued_on = excluded.issued_on,
    due_on = excluded.due_on, amount = excluded.amount, tax_amount = excluded.tax_amount,
    supplier_ref = excluded.supplier_ref, refers_to = excluded.refers_to, lines_json = excluded.lines_json,
    raw_hash = excluded.raw_hash, received_at = excluded.received_at
WHERE purchases.version < excluded.version;

-- name: put (postgres)
INSERT INTO purchases (merchant_id, source, purchase_id, version, kind, issued_on, due_on, amount, tax_amount,
    supplier_ref, refers_to, lines_json, raw_hash, received_at)
SELECT * FROM unnest(:merchant_id[]::text[], :source[]::text[], :id[]::text[], :version[]::bigint[], :kind[]::text[],
    :issued_on[]::text[], :due_on[]::text[], :amount[]::bigint[], :tax_amount[]::bigint[], :supplier_ref[]::text[],
    :refers_to[]::text[], :lines_json[]::text[], :raw_hash[]::text[], :received_at[]::bigint[])
ON CONFLICT (merchant_id, source, purchase_id) DO UPDATE SET version = excluded.version, issued_on = excluded.issued_on,
    due_on = excluded.due_on, amount = excluded.amount, tax_amount = excluded.tax_amount,
    supplier_ref = excluded.supplier_ref, refers_to = excluded.refers_to, lines_json = excluded.lines_json,
    raw_hash = excluded.raw_hash, received_at = excluded.received_at
WHERE purchases.version < excluded.version;
