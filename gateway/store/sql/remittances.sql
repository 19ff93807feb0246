-- name: add
INSERT INTO remittances (id, partner_id, reference, bank_id, currency, amount, received_amount, state, end_to_end_id,
    entries_json, created_at, state_at)
VALUES (:id, :partner_id, :reference, :bank_id, :currency, :amount, 0, 'announced', :end_to_end_id, :entries_json,
    :created_at, :created_at)
ON CONFLICT DO NOTHING;

-- name: settle_terms
UPDATE remittances SET amount = :amount, bank_id = :bank_id WHERE id = :id AND state = 'announced';

-- name: find
SELECT id, partner_id, reference, bank_id, currency, amount, received_amount, state, end_to_end_id, entries_json,
    created_at, state_at
FROM remittances WHERE id = :id;

-- name: by_reference
SELECT id, partner_id, reference, bank_id, currency, amount, received_amount, state, end_to_end_id, entries_json,
    created_at, state_at
FROM remittances WHERE end_to_end_id = :end_to_end_id;

-- name: by_reference (postgres)
SELECT id, partner_id, reference, bank_id, currency, amount, received_amount, state, end_to_end_id, entries_json,
    created_at, state_at
FROM remittances WHERE end_to_end_id = :end_to_end_id FOR UPDATE;

-- name: page
SELECT id, partner_id, reference, bank_id, currency, amount, received_amount, state, end_to_end_id, entries_json,
    created_at, state_at
FROM remittances WHERE partner_id = :partner_id AND id > :after ORDER BY id LIMIT :limit;

-- name: add_line
INSERT INTO remittance_lines (repayment_id, remittance_id, number, drawdown_id, amount, received_amount)
VALUES (:repayment_id, :remittance_id, :number, :drawdown_id, :amount, 0);

-- name: lines
SELECT repayment_id, drawdown_id, amount, received_amount FROM remittance_lines
WHERE remittance_id = :remittance_id ORDER BY number LIMIT 1000;

-- name: pay_line
UPDATE remittance_lines SET received_amount = received_amount + :amount WHERE repayment_id = :repayment_id;

-- name: add_piece
INSERT INTO remittance_pieces (repayment_id, number, drawdown_id, amount)
VALUES (:repayment_id, :number, :drawdown_id, :amount);

-- name: pieces
SELECT repayment_id, number, amount FROM remittance_pieces WHERE drawdown_id = :drawdown_id
ORDER BY repayment_id, number LIMIT 10000;

-- name: receive
UPDATE remittances SET received_amount = received_amount + :amount, state = :target, entries_json = :entries_json,
    state_at = :state_at
WHERE id = :id AND received_amount + :amount <= amount;

-- name: due
SELECT r.id FROM repayments r JOIN drawdowns d ON d.id = r.drawdown_id
WHERE r.drawdown_id = :drawdown_id AND r.business_on = :business_on AND r.channel = 'withheld' AND r.kind = 'share'
    AND d.partner_id = :partner_id ORDER BY r.id LIMIT 1;

-- name: late
SELECT id, partner_id, currency, amount - received_amount AS amount FROM remittances
WHERE state IN ('announced', 'short') AND created_at <= :before_at
    AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.kind = :kind AND a.subject = remittances.id AND a.state = 'open')
ORDER BY created_at LIMIT 100;

-- name: unreported
SELECT d.partner_id, r.currency, CAST(COUNT(*) AS BIGINT) AS count, CAST(SUM(r.amount) AS BIGINT) AS amount,
    MIN(r.business_on) AS oldest_on
FROM repayments r JOIN drawdowns d ON d.id = r.drawdown_id
WHERE r.channel = 'withheld' AND r.state = 'scheduled' AND r.collect_on <= :before_on
    AND NOT EXISTS (SELECT 1 FROM alerts a WHERE a.kind = :kind AND a.subject = d.partner_id AND a.state = 'open')
GROUP BY d.partner_id, r.currency ORDER BY d.partner_id LIMIT 100;

-- name: reported
SELECT a.subject FROM alerts a WHERE a.kind = :kind AND a.state = 'open' AND NOT EXISTS (
    SELECT 1 FROM repayments r JOIN drawdowns d ON d.id = r.drawdown_id
    WHERE d.partner_id = a.subject AND r.channel = 'withheld' AND r.state = 'scheduled' AND r.collect_on <= :before_on)
ORDER BY a.subject LIMIT 100;

-- name: unequal
SELECT r.id FROM remittances r
LEFT JOIN (SELECT remittance_id, SUM(amount) AS amount, SUM(received_amount) AS received_amount FROM remittance_lines
    GROUP BY remittance_id) l ON l.remittance_id = r.id
WHERE r.amount <> COALESCE(l.amount, 0) OR r.received_amount <> COALESCE(l.received_amount, 0)
    OR r.state <> CASE WHEN r.received_amount = r.amount THEN 'received' WHEN r.received_amount = 0 THEN 'announced'
        ELSE 'short' END
ORDER BY r.id LIMIT 1000;

-- name: unequal_lines
SELECT l.repayment_id FROM remittance_lines l LEFT JOIN repayments r ON r.id = l.repayment_id
LEFT JOIN (SELECT repayment_id, SUM(amount) AS amount FROM remittance_pieces GROUP BY repayment_id) p
    ON p.repayment_id = l.repayment_id
WHERE r.id IS NULL OR l.amount <> r.amount OR l.received_amount <> COALESCE(p.amount, 0)
ORDER BY l.repayment_id LIMIT 1000;
