-- name: add
INSERT INTO agreements (id, merchant_id, partner_id, bank_id, programme_id, version, language, hash, document, state, signed_by_id, method,
    signed_at, state_at)
VALUES (:id, :merchant_id, :partner_id, :bank_id, :programme_id, :version, :language, :hash, :document, :state,
    :signed_by_id, :method, :signed_at, :state_at);

-- name: find
SELECT id, merchant_id, partner_id, bank_id, programme_id, version, language, hash, document, state, signed_by_id, method,
    signed_at, state_at
FROM agreements WHERE id = :agreement_id AND merchant_id = :merchant_id;

-- name: active
SELECT id, merchant_id, partner_id, bank_id, programme_id, version, language, hash, document, state, signed_by_id, method,
    signed_at, state_at
FROM agreements
WHERE merchant_id = :merchant_id AND bank_id = :bank_id AND programme_id = :programme_id AND state = 'active';

-- name: page
SELECT id, merchant_id, partner_id, bank_id, programme_id, version, language, hash, document, state, signed_by_id, method,
    signed_at, state_at
FROM agreements WHERE merchant_id = :merchant_id AND id > :after ORDER BY id LIMIT :limit;

-- name: move
UPDATE agreements SET state = :target, state_at = :state_at WHERE id = :agreement_id AND state = :source;

-- name: in_use
SELECT id FROM drawdowns
WHERE merchant_id = :merchant_id AND bank_id = :bank_id AND programme_id = :programme_id
    AND state IN ('requested', 'reviewing', 'approved', 'submitted', 'pending', 'in_doubt', 'active', 'charged_off')
LIMIT 1;
