-- name: add
INSERT INTO quotes (id, offer_id, merchant_id, currency, amount, fee_amount, withhold_bps, minimum_amount,
    estimated_payoff_on, final_due_on, apr_bps, assumptions_json, partner_revenue_share_amount, bank_id, terms_version,
    terms_hash, collection, interval_days, all_in_cap_bps, early_rebate_bps, refinances, refinanced_amount,
    refinanced_fee_amount, created_at, expires_at, programme_id, programme_version)
VALUES (:id, :offer_id, :merchant_id, :currency, :amount, :fee_amount, :withhold_bps, :minimum_amount,
    :estimated_payoff_on, :final_due_on, :apr_bps, :assumptions_json, :partner_revenue_share_amount, :bank_id,
    :terms_version, :terms_hash, :collection, :interval_days, :all_in_cap_bps, :early_rebate_bps, :refinances,
    :refinanced_amount, :refinanced_fee_amount, :created_at, :expires_at, :programme_id, :programme_version);

-- name: find
SELECT q.id, q.offer_id, q.merchant_id, q.currency, q.amount, q.fee_amount, q.withhold_bps, q.minimum_amount,
    q.estimated_payoff_on, q.final_due_on, q.apr_bps, q.assumptions_json, q.partner_revenue_share_amount, q.bank_id,
    q.terms_version, q.terms_hash, q.collection, q.interval_days, q.all_in_cap_bps, q.early_rebate_bps, q.refinances,
    q.refinanced_amount, q.refinanced_fee_amount, q.created_at, q.expires_at, q.programme_id, q.programme_version
FROM quotes q JOIN merchants m ON m.id = q.merchant_id
WHERE q.id = :quote_id AND m.partner_id = :partner_id;
