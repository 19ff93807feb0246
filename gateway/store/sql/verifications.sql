-- name: add
INSERT INTO verifications (merchant_id, number, outcome, reasons_json, reference, evidence, recorded_at)
VALUES (:merchant_id, :number, :outcome, :reasons_json, :reference, :evidence, :recorded_at);

-- name: latest
SELECT merchant_id, number, outcome, reasons_json, reference, evidence, recorded_at
FROM verifications WHERE merchant_id = :merchant_id ORDER BY number DESC LIMIT 1;

-- name: subject
SELECT id, partner_id, state, legal_name, country, company_json, registered_on, payout_account, contact, verify_at
FROM merchants WHERE id = :merchant_id;

-- name: due
SELECT m.id FROM merchants m
WHERE m.verify_at <= :now_at AND m.state <> 'closed'
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = :kind AND j.subject_id = m.id)
ORDER BY m.verify_at LIMIT 256;

-- name: ask
UPDATE merchants SET verify_at = :verify_at WHERE id = :merchant_id;

-- name: move
UPDATE merchants SET state = :target, updated_at = :updated_at WHERE id = :merchant_id AND state = :source;
