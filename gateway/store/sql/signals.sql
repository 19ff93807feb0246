-- name: held
SELECT r.signal_id AS id, r.version, r.kind
FROM json_each(:ids_json) AS k CROSS JOIN signals AS r
WHERE r.merchant_id = :merchant_id AND r.source = :source AND r.signal_id = k.value;

-- name: held (postgres)
SELECT r.signal_id AS id, r.version, r.kind
FROM json_array_elements_text(CAST(:ids_json AS json)) AS k (value) JOIN signals AS r
ON r.merchant_id = :merchant_id AND r.source = :source AND r.signal_id = k.value;

-- name: put
INSERT INTO signals (merchant_id, source, signal_id, version, kind, from_on, to_on, detail_json, raw_hash, received_at)
VALUES (:merchant_id, :source, :id, :version, :kind, :from_on, :to_on, :detail_json, :raw_hash, :received_at)
ON CONFLICT (merchant_id, source, signal_id) DO UPDATE SET version = excluded.version, from_on = excluded.from_on,
    to_on = excluded.to_on, detail_json = excluded.detail_json, raw_hash = excluded.raw_hash,
    received_at = excluded.received_at
WHERE signals.version < excluded.version;

-- name: put (postgres)
INSERT INTO signals (merchant_id, source, signal_id, version, kind, from_on, to_on, detail_json, raw_hash, received_at)
SELECT * FROM unnest(:merchant_id[]::text[], :source[]::text[], :id[]::text[], :version[]::bigint[], :kind[]::text[],
    :from_on[]::text[], :to_on[]::text[], :detail_json[]::text[], :raw_hash[]::text[], :received_at[]::bigint[])
ON CONFLICT (merchant_id, source, signal_id) DO UPDATE SET version = excluded.version, from_on = excluded.from_on,
    to_on = excluded.to_on, detail_json = excluded.detail_json, raw_hash = excluded.raw_hash,
    received_at = excluded.received_at
WHERE signals.version < excluded.version;
