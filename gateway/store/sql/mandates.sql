-- name: add
INSERT INTO mandates (id, merchant_id, partner_id, bank_id, scheme, reference, creditor_scheme_id, account_hash, account_ending, state,
    reason, signed_by_id, uses_count, signed_at, state_at)
VALUES (:id, :merchant_id, :partner_id, :bank_id, :scheme, :reference, :creditor_scheme_id, :account_hash,
    :account_ending, :state, :reason, :signed_by_id, 0, :signed_at, :state_at);

-- name: find
SELECT id, merchant_id, partner_id, bank_id, scheme, reference, creditor_scheme_id, account_hash, account_ending, state,
    reason, signed_by_id, uses_count, signed_at, state_at
FROM mandates WHERE id = :mandate_id AND merchant_id = :merchant_id;

-- name: live
SELECT id, merchant_id, partner_id, bank_id, scheme, reference, creditor_scheme_id, account_hash, account_ending, state,
    reason, signed_by_id, uses_count, signed_at, state_at
FROM mandates WHERE merchant_id = :merchant_id AND bank_id = :bank_id AND state IN ('pending', 'active', 'suspended');

-- name: live_of
SELECT id, merchant_id, partner_id, bank_id, scheme, reference, creditor_scheme_id, account_hash, account_ending, state,
    reason, signed_by_id, uses_count, signed_at, state_at
FROM mandates WHERE merchant_id = :merchant_id AND state IN ('pending', 'active', 'suspended') ORDER BY id LIMIT 100;

-- name: page
SELECT id, merchant_id, partner_id, bank_id, scheme, reference, creditor_scheme_id, account_hash, account_ending, state,
    reason, signed_by_id, uses_count, signed_at, state_at
FROM mandates WHERE merchant_id = :merchant_id AND id > :after ORDER BY id LIMIT :limit;

-- name: ever
SELECT id FROM mandates WHERE merchant_id = :merchant_id AND bank_id = :bank_id ORDER BY id LIMIT 1;

-- name: move
UPDATE mandates SET state = :target, reason = :reason, state_at = :state_at
WHERE id = :mandate_id AND state = :source;

-- name: use
UPDATE mandates SET uses_count = uses_count + 1
WHERE id = :mandate_id AND state = 'active' AND uses_count = :uses_count;

-- name: note_use
INSERT INTO mandate_uses (end_to_end_id, mandate_id, repayment_id, used_at)
VALUES (:end_to_end_id, :mandate_id, :repayment_id, :used_at);

-- name: refundable
SELECT CAST(COALESCE(SUM(r.amount), 0) AS BIGINT) AS amount FROM mandate_uses u JOIN repayments r ON r.id = u.repayment_id
WHERE u.mandate_id = :mandate_id AND r.state = 'settled' AND r.settled_on > :settled_after_on;

-- name: to_tell
SELECT id, merchant_id FROM mandates WHERE state = 'active' AND told_at <= :told_before_at ORDER BY told_at LIMIT 100;

-- name: told
UPDATE mandates SET told_at = :told_at WHERE id = :mandate_id;

-- name: debited_since
SELECT COUNT(*) AS count, CAST(COALESCE(SUM(r.amount), 0) AS BIGINT) AS amount, MIN(r.currency) AS currency
FROM mandates m JOIN mandate_uses u ON u.mandate_id = m.id JOIN repayments r ON r.id = u.repayment_id
WHERE m.id = :mandate_id AND u.used_at > m.told_at;

-- name: of_id
SELECT id, merchant_id, partner_id, bank_id, scheme, reference, creditor_scheme_id, account_hash, account_ending, state,
    reason, signed_by_id, uses_count, signed_at, state_at
FROM mandates WHERE id = :mandate_id;

-- name: refer
UPDATE mandates SET reference = :reference WHERE id = :mandate_id AND reference = :was AND state = 'pending';

-- name: taken
SELECT CAST(COALESCE(SUM(i.amount), 0) AS BIGINT) AS amount
FROM mandates m JOIN mandate_uses u ON u.mandate_id = m.id JOIN instructions i ON i.end_to_end_id = u.end_to_end_id
JOIN repayments r ON r.id = u.repayment_id
WHERE m.reference = :reference AND u.used_at >= :from_at AND u.used_at < :until_at AND u.end_to_end_id <> :but
    AND r.state NOT IN ('failed', 'canceled');
