-- name: note
INSERT INTO sources (merchant_id, source, kind, first_on, last_on, received_at, accepted_count, duplicates_count,
    rejected_count, late_count, rejects_json, rejected_at)
VALUES (:merchant_id, :source, :kind, :first_on, :last_on, :received_at, :accepted_count, :duplicates_count,
    :rejected_count, :late_count, :rejects_json, :rejected_at)
ON CONFLICT (merchant_id, source, kind) DO UPDATE SET
    first_on = CASE WHEN sources.first_on IS NULL OR excluded.first_on < sources.first_on THEN excluded.first_on
        ELSE sources.first_on END,
    last_on = CASE WHEN sources.last_on IS NULL OR excluded.last_on > sources.last_on THEN excluded.last_on
        ELSE sources.last_on END,
    received_at = CASE WHEN excluded.accepted_count > 0 THEN excluded.received_at ELSE sources.received_at END,
    accepted_count = sources.accepted_count + excluded.accepted_count,
    duplicates_count = sources.duplicates_count + excluded.duplicates_count,
    rejected_count = sources.rejected_count + excluded.rejected_count,
    late_count = sources.late_count + excluded.late_count,
    rejects_json = CASE WHEN excluded.rejected_count > 0 THEN excluded.rejects_json ELSE sources.rejects_json END,
    rejected_at = COALESCE(excluded.rejected_at, sources.rejected_at);

-- name: of
SELECT source, kind, first_on, last_on, received_at, accepted_count, duplicates_count, rejected_count, late_count,
    rejects_json, rejected_at
FROM sources WHERE merchant_id = :merchant_id ORDER BY source, kind LIMIT 200;

-- name: sales_counts
SELECT source, COUNT(*) FROM sales WHERE merchant_id = :merchant_id GROUP BY source ORDER BY source LIMIT 100;

-- name: aside
INSERT INTO aside_days (merchant_id, source, business_on, net_amount, tickets_count)
VALUES (:merchant_id, :source, :business_on, :net_amount, :tickets_count)
ON CONFLICT (merchant_id, source, business_on) DO UPDATE SET
    net_amount = aside_days.net_amount + excluded.net_amount,
    tickets_count = aside_days.tickets_count + excluded.tickets_count;

-- name: aside_days
SELECT source, business_on, net_amount, tickets_count FROM aside_days
WHERE merchant_id = :merchant_id AND business_on >= :from_on ORDER BY source, business_on LIMIT 2000;

-- name: aside_of
SELECT merchant_id, source, business_on, net_amount FROM aside_days
WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json)) AND business_on >= :from_on
ORDER BY merchant_id, source, business_on LIMIT 20000;

-- name: aside_of (postgres)
SELECT merchant_id, source, business_on, net_amount FROM aside_days
WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json))) AND business_on >= :from_on
ORDER BY merchant_id, source, business_on LIMIT 20000;

-- name: unlinked
SELECT merchant_id, CAST(SUM(net_amount) AS BIGINT) AS amount FROM sales
WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json)) AND kind <> 'sale' AND refund_of IS NULL
    AND business_on >= :from_on
GROUP BY merchant_id ORDER BY merchant_id LIMIT 1000;

-- name: unlinked (postgres)
SELECT merchant_id, CAST(SUM(net_amount) AS BIGINT) AS amount FROM sales
WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json)))
    AND kind <> 'sale' AND refund_of IS NULL AND business_on >= :from_on
GROUP BY merchant_id ORDER BY merchant_id LIMIT 1000;

-- name: refused
SELECT merchant_id, rejects_json FROM sources
WHERE merchant_id IN (SELECT value FROM json_each(:merchant_ids_json)) AND rejected_at >= :since_at
ORDER BY merchant_id, source, kind LIMIT 1000;

-- name: refused (postgres)
SELECT merchant_id, rejects_json FROM sources
WHERE merchant_id IN (SELECT json_array_elements_text(CAST(:merchant_ids_json AS json))) AND rejected_at >= :since_at
ORDER BY merchant_id, source, kind LIMIT 1000;
