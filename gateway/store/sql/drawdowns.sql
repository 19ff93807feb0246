-- name: add
INSERT INTO drawdowns (id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency, amount,
    fee_amount, withhold_bps, minimum_amount, final_due_on, terms_hash, collection, interval_days, all_in_cap_bps,
    early_rebate_bps, refinances, refinanced_amount, refinanced_fee_amount, carried_net_amount, state_at, created_at)
VALUES (:id, :merchant_id, :partner_id, :quote_id, :offer_id, :bank_id, :programme_id, :state, :currency, :amount,
    :fee_amount, :withhold_bps, :minimum_amount, :final_due_on, :terms_hash, :collection, :interval_days, :all_in_cap_bps,
    :early_rebate_bps, :refinances, :refinanced_amount, :refinanced_fee_amount, 0, :created_at, :created_at)
ON CONFLICT (quote_id) DO NOTHING;

-- name: find
SELECT id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency, amount, fee_amount,
    withhold_bps, minimum_amount, final_due_on, terms_hash, evidence_json, end_to_end_id, bank_reference, active_on,
    reason, collection, interval_days, all_in_cap_bps, early_rebate_bps, refinances, refinanced_amount,
    refinanced_fee_amount, carried_net_amount, state_at, created_at
FROM drawdowns WHERE id = :drawdown_id;

-- name: lock
SELECT id FROM drawdowns WHERE id = :drawdown_id;

-- name: lock (postgres)
SELECT id FROM drawdowns WHERE id = :drawdown_id FOR UPDATE;

-- name: active_of
SELECT id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency, amount, fee_amount,
    withhold_bps, minimum_amount, final_due_on, terms_hash, evidence_json, end_to_end_id, bank_reference, active_on,
    reason, collection, interval_days, all_in_cap_bps, early_rebate_bps, refinances, refinanced_amount,
    refinanced_fee_amount, carried_net_amount, state_at, created_at
FROM drawdowns WHERE merchant_id = :merchant_id AND state = 'active' ORDER BY id LIMIT 100;

-- name: active_of (postgres)
SELECT id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency, amount, fee_amount,
    withhold_bps, minimum_amount, final_due_on, terms_hash, evidence_json, end_to_end_id, bank_reference, active_on,
    reason, collection, interval_days, all_in_cap_bps, early_rebate_bps, refinances, refinanced_amount,
    refinanced_fee_amount, carried_net_amount, state_at, created_at
FROM drawdowns WHERE merchant_id = :merchant_id AND state = 'active' ORDER BY id LIMIT 100 FOR UPDATE;

-- name: move
UPDATE drawdowns SET state = :target, state_at = :state_at, reason = :reason
WHERE id = :drawdown_id AND state = :source;

-- name: confirm
UPDATE drawdowns SET evidence_json = :evidence_json WHERE id = :drawdown_id;

-- name: refer
UPDATE drawdowns SET end_to_end_id = :end_to_end_id WHERE id = :drawdown_id;

-- name: activate
UPDATE drawdowns SET active_on = :active_on, bank_reference = :bank_reference WHERE id = :drawdown_id;

-- name: carry
UPDATE drawdowns SET carried_net_amount = :carried_net_amount WHERE id = :drawdown_id;

-- name: add_carried
UPDATE drawdowns SET carried_net_amount = carried_net_amount + :amount WHERE id = :drawdown_id;

-- name: to_expire
SELECT d.id FROM drawdowns d JOIN quotes q ON q.id = d.quote_id
WHERE d.state = 'awaiting_confirmation' AND q.expires_at <= :now_at ORDER BY d.id LIMIT 256;

-- name: to_doubt
SELECT end_to_end_id FROM drawdowns
WHERE (state = 'submitted' AND state_at <= :submitted_before_at) OR (state = 'pending' AND state_at <= :pending_before_at)
ORDER BY state_at LIMIT 256;

-- name: all_ids
SELECT id FROM drawdowns WHERE id > :after ORDER BY id LIMIT 500;

-- name: paid_out_to
SELECT id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency, amount, fee_amount,
    withhold_bps, minimum_amount, final_due_on, terms_hash, evidence_json, end_to_end_id, bank_reference, active_on,
    reason, collection, interval_days, all_in_cap_bps, early_rebate_bps, refinances, refinanced_amount,
    refinanced_fee_amount, carried_net_amount, state_at, created_at
FROM drawdowns WHERE merchant_id = :merchant_id AND active_on IS NOT NULL ORDER BY id DESC LIMIT 50;

-- name: open_of
SELECT id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency, amount, fee_amount,
    withhold_bps, minimum_amount, final_due_on, terms_hash, evidence_json, end_to_end_id, bank_reference, active_on,
    reason, collection, interval_days, all_in_cap_bps, early_rebate_bps, refinances, refinanced_amount,
    refinanced_fee_amount, carried_net_amount, state_at, created_at
FROM drawdowns WHERE merchant_id = :merchant_id AND state IN ('awaiting_confirmation', 'requested', 'reviewing',
    'approved', 'submitted', 'pending', 'in_doubt', 'active', 'returned', 'charged_off') ORDER BY id DESC LIMIT 50;

-- name: page
SELECT id, merchant_id, partner_id, quote_id, offer_id, bank_id, programme_id, state, currency, amount, fee_amount,
    withhold_bps, minimum_amount, final_due_on, terms_hash, evidence_json, end_to_end_id, bank_reference, active_on,
    reason, collection, interval_days, all_in_cap_bps, early_rebate_bps, refinances, refinanced_amount,
    refinanced_fee_amount, carried_net_amount, state_at, created_at
FROM drawdowns WHERE merchant_id = :merchant_id AND id > :after ORDER BY id LIMIT :limit;

-- name: steps
SELECT type, occurred_at FROM events WHERE noun_id = :drawdown_id AND noun = 'drawdown' ORDER BY sequence LIMIT 50;
