-- name: add
INSERT INTO repayments (id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount,
    principal_amount, fee_amount, suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id,
    collect_on, part, retry_of, attempts_count, state_at, created_at)
VALUES (:id, :drawdown_id, :merchant_id, :kind, :channel, :business_on, :state, :currency, :amount, :principal_amount,
    :fee_amount, :suspense_amount, :recovered_amount, :rebate_amount, :share_amount, :end_to_end_id, :collect_on,
    :part, :retry_of, :attempts_count, :created_at, :created_at)
ON CONFLICT DO NOTHING;

-- name: find
SELECT id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount, principal_amount, fee_amount,
    suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id, collect_on, settled_on, reason,
    entry_reference, part, retry_of, attempts_count, state_at, created_at
FROM repayments WHERE id = :repayment_id;

-- name: open_amounts
SELECT CAST(COALESCE(SUM(principal_amount), 0) AS BIGINT),
    CAST(COALESCE(SUM(fee_amount + rebate_amount), 0) AS BIGINT) FROM repayments
WHERE drawdown_id = :drawdown_id AND state IN ('scheduled', 'initiated', 'pending', 'in_doubt')
    AND channel <> 'transfer';

-- name: settled_amount
SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT), CAST(COALESCE(SUM(rebate_amount), 0) AS BIGINT) FROM repayments
WHERE drawdown_id = :drawdown_id AND state = 'settled' AND channel <> 'payout';

-- name: transfer
SELECT id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount, principal_amount, fee_amount,
    suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id, collect_on, settled_on, reason,
    entry_reference, part, retry_of, attempts_count, state_at, created_at
FROM repayments WHERE end_to_end_id = :end_to_end_id AND channel = 'transfer';

-- name: open_early
SELECT COUNT(*) FROM repayments
WHERE drawdown_id = :drawdown_id AND kind = 'early' AND state IN ('scheduled', 'initiated', 'pending', 'in_doubt');

-- name: paid
SELECT settled_on, CAST(SUM(principal_amount) AS BIGINT) AS principal_amount,
    CAST(SUM(fee_amount) AS BIGINT) AS fee_amount, CAST(SUM(rebate_amount) AS BIGINT) AS rebate_amount FROM repayments
WHERE drawdown_id = :drawdown_id AND state = 'settled' GROUP BY settled_on ORDER BY settled_on LIMIT 10000;

-- name: fees
SELECT CAST(COALESCE(SUM(fee_amount), 0) AS BIGINT), CAST(COALESCE(SUM(share_amount), 0) AS BIGINT) FROM repayments
WHERE drawdown_id = :drawdown_id AND state = 'settled';

-- name: of
SELECT id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount, principal_amount, fee_amount,
    suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id, collect_on, settled_on, reason,
    entry_reference, part, retry_of, attempts_count, state_at, created_at
FROM repayments WHERE drawdown_id = :drawdown_id ORDER BY id LIMIT 10000;

-- name: scheduled_of
SELECT id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount, principal_amount, fee_amount,
    suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id, collect_on, settled_on, reason,
    entry_reference, part, retry_of, attempts_count, state_at, created_at
FROM repayments WHERE drawdown_id = :drawdown_id AND state = 'scheduled' ORDER BY id LIMIT 1000;

-- name: page
SELECT id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount, principal_amount, fee_amount,
    suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id, collect_on, settled_on, reason,
    entry_reference, part, retry_of, attempts_count, state_at, created_at
FROM repayments WHERE drawdown_id = :drawdown_id AND id > :after ORDER BY id LIMIT :limit;

-- name: allocate
UPDATE repayments SET amount = :amount, principal_amount = :principal_amount, fee_amount = :fee_amount,
    suspense_amount = :suspense_amount, recovered_amount = :recovered_amount, rebate_amount = :rebate_amount,
    share_amount = :share_amount, entry_reference = :entry_reference WHERE id = :repayment_id;

-- name: move
UPDATE repayments SET state = :target, state_at = :state_at, reason = :reason,
    settled_on = COALESCE(:settled_on, settled_on)
WHERE id = :repayment_id AND state = :source;

-- name: refer
UPDATE repayments SET end_to_end_id = :end_to_end_id WHERE id = :repayment_id;

-- name: explain
UPDATE repayments SET reason = :reason WHERE id = :repayment_id AND state = 'returned' AND reason IS NULL;

-- name: to_doubt
SELECT end_to_end_id FROM repayments
WHERE channel IN ('debit', 'payout') AND end_to_end_id IS NOT NULL AND (
    (state = 'initiated' AND state_at <= :initiated_before_at AND (collect_on IS NULL OR collect_on <= :initiated_on))
    OR (state = 'pending' AND state_at <= :pending_before_at AND (collect_on IS NULL OR collect_on <= :pending_on)))
ORDER BY state_at LIMIT 256;

-- name: unsent
SELECT id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount, principal_amount, fee_amount,
    suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id, collect_on, settled_on, reason,
    entry_reference, part, retry_of, attempts_count, state_at, created_at
FROM repayments r WHERE r.drawdown_id = :drawdown_id AND r.state = 'scheduled' AND r.channel = :channel
    AND NOT EXISTS (SELECT 1 FROM instructions i WHERE i.repayment_id = r.id
        AND i.sent_at IS NOT NULL)
ORDER BY id LIMIT 10000;

-- name: recovered_amount
SELECT CAST(COALESCE(SUM(recovered_amount), 0) AS BIGINT) FROM repayments
WHERE drawdown_id = :drawdown_id AND state = 'settled';

-- name: asked
SELECT id, drawdown_id, merchant_id, kind, channel, business_on, state, currency, amount, principal_amount, fee_amount,
    suspense_amount, recovered_amount, rebate_amount, share_amount, end_to_end_id, collect_on, settled_on, reason,
    entry_reference, part, retry_of, attempts_count, state_at, created_at
FROM repayments WHERE drawdown_id = :drawdown_id AND channel = 'transfer' AND state = 'scheduled' AND kind <> 'early'
ORDER BY id DESC LIMIT 1;

-- name: going_back
SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM repayments
WHERE drawdown_id = :drawdown_id AND channel = 'payout' AND state IN ('scheduled', 'initiated', 'pending', 'in_doubt');

-- name: came
SELECT entry_reference, settled_on, amount FROM repayments
WHERE drawdown_id = :drawdown_id AND channel = 'transfer' AND settled_on IS NOT NULL ORDER BY id LIMIT 10000;
