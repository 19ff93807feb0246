-- name: add
INSERT INTO merchants (id, partner_id, partner_reference, state, legal_name, company_json, country, currency, timezone,
    day_cutoff, mcc, registered_on, payout_account, contact, created_at, updated_at)
VALUES (:id, :partner_id, :partner_reference, :state, :legal_name, :company_json, :country, :currency, :timezone,
    :day_cutoff, :mcc, :registered_on, :payout_account, :contact, :created_at, :created_at)
ON CONFLICT (partner_id, partner_reference) DO NOTHING;

-- name: find
SELECT id, partner_id, state, legal_name, country, currency, timezone, day_cutoff, partner_reference, company_json, mcc,
    registered_on, created_at, updated_at
FROM merchants WHERE id = :merchant_id AND partner_id = :partner_id;

-- name: page
SELECT id, partner_id, state, legal_name, country, currency, timezone, day_cutoff, partner_reference, company_json, mcc,
    registered_on, created_at, updated_at
FROM merchants WHERE partner_id = :partner_id AND id > :after ORDER BY id LIMIT :limit;

-- name: change
UPDATE merchants SET legal_name = :legal_name, company_json = :company_json, mcc = :mcc,
    registered_on = :registered_on, updated_at = :updated_at
WHERE id = :merchant_id AND partner_id = :partner_id;

-- name: payee
SELECT legal_name, payout_account FROM merchants WHERE id = :merchant_id;
