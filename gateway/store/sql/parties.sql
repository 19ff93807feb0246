-- name: put
INSERT INTO parties (id, merchant_id, partner_id, role, kind, name, reference_hash, share_bps, created_at, updated_at)
VALUES (:id, :merchant_id, :partner_id, :role, :kind, :name, :reference_hash, :share_bps, :updated_at, :updated_at)
ON CONFLICT (merchant_id, role, reference_hash) DO UPDATE SET kind = excluded.kind, name = excluded.name,
    share_bps = excluded.share_bps, updated_at = excluded.updated_at;

-- name: known
SELECT id FROM parties WHERE merchant_id = :merchant_id AND role = :role AND reference_hash = :reference_hash;

-- name: of
SELECT p.id, p.merchant_id, p.role, p.kind, p.name, p.share_bps, p.created_at, p.updated_at,
    (SELECT COUNT(DISTINCT o.merchant_id) FROM parties o
        WHERE o.partner_id = p.partner_id AND o.reference_hash = p.reference_hash AND o.merchant_id <> p.merchant_id)
        AS elsewhere_count
FROM parties p WHERE p.merchant_id = :merchant_id ORDER BY p.id LIMIT 100;

-- name: count
SELECT COUNT(*) FROM parties WHERE merchant_id = :merchant_id;

-- name: remove
DELETE FROM parties WHERE id = :id AND merchant_id = :merchant_id;

-- name: group_of
SELECT DISTINCT o.merchant_id FROM parties p JOIN parties o
ON o.partner_id = p.partner_id AND o.reference_hash = p.reference_hash
WHERE p.merchant_id = :merchant_id AND o.merchant_id <> p.merchant_id ORDER BY o.merchant_id LIMIT 1000;

-- name: erase
DELETE FROM parties WHERE merchant_id = :merchant_id;
