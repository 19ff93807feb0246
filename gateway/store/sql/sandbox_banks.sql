-- name: books
SELECT books, version FROM sandbox_banks WHERE bank_id = :bank_id;

-- name: open
INSERT INTO sandbox_banks (bank_id, version, books) VALUES (:bank_id, 1, :books) ON CONFLICT (bank_id) DO NOTHING;

-- name: save
UPDATE sandbox_banks SET books = :books, version = version + 1 WHERE bank_id = :bank_id AND version = :version;

-- name: behave
INSERT INTO bank_behaviours (merchant_id, decides, payouts, debits, tells, return_days)
VALUES (:merchant_id, :decides, :payouts, :debits, :tells, :return_days)
ON CONFLICT (merchant_id) DO UPDATE SET decides = excluded.decides, payouts = excluded.payouts,
    debits = excluded.debits, tells = excluded.tells, return_days = excluded.return_days;

-- name: behaviour
SELECT decides, payouts, debits, tells, return_days FROM bank_behaviours WHERE merchant_id = :merchant_id;

-- name: behaviours
SELECT i.end_to_end_id, b.decides, b.payouts, b.debits, b.tells, b.return_days, s.kind
FROM instructions AS i LEFT JOIN bank_behaviours AS b ON b.merchant_id = i.merchant_id
LEFT JOIN scenarios AS s ON s.merchant_id = i.merchant_id AND s.kind = 'closed_shop'
WHERE i.end_to_end_id IN (SELECT value FROM json_each(:references_json))
    AND (b.merchant_id IS NOT NULL OR s.merchant_id IS NOT NULL)
ORDER BY i.end_to_end_id LIMIT 100000;

-- name: behaviours (postgres)
SELECT i.end_to_end_id, b.decides, b.payouts, b.debits, b.tells, b.return_days, s.kind
FROM instructions AS i LEFT JOIN bank_behaviours AS b ON b.merchant_id = i.merchant_id
LEFT JOIN scenarios AS s ON s.merchant_id = i.merchant_id AND s.kind = 'closed_shop'
WHERE i.end_to_end_id IN (SELECT json_array_elements_text(CAST(:references_json AS json)))
    AND (b.merchant_id IS NOT NULL OR s.merchant_id IS NOT NULL)
ORDER BY i.end_to_end_id LIMIT 100000;
