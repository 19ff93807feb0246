-- name: add
INSERT INTO instructions (end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id,
    currency, amount, body, created_at)
VALUES (:end_to_end_id, :message_id, :kind, :bank_id, :rail, :merchant_id, :drawdown_id, :repayment_id, :currency,
    :amount, :body, :created_at);

-- name: find
SELECT end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id, currency, amount, sent_at,
    tried_at, bank_reference, announced
FROM instructions WHERE end_to_end_id = :end_to_end_id;

-- name: by_message
SELECT end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id, currency, amount, sent_at,
    tried_at, bank_reference, announced
FROM instructions WHERE message_id = :message_id AND bank_id = :bank_id;

-- name: by_bank_reference
SELECT end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id, currency, amount, sent_at,
    tried_at, bank_reference, announced
FROM instructions WHERE bank_reference = :bank_reference AND bank_id = :bank_id ORDER BY end_to_end_id LIMIT 2;

-- name: body
SELECT body FROM instructions WHERE end_to_end_id = :end_to_end_id;

-- name: sending
UPDATE instructions SET sent_at = :sent_at, tried_at = :tried_at
WHERE end_to_end_id = :end_to_end_id AND sent_at IS NULL;

-- name: unsent
UPDATE instructions SET sent_at = NULL, tried_at = NULL WHERE end_to_end_id = :end_to_end_id;

-- name: answered
UPDATE instructions SET bank_reference = COALESCE(:bank_reference, bank_reference), detail = COALESCE(:detail, detail)
WHERE end_to_end_id = :end_to_end_id;

-- name: announce
UPDATE instructions SET announced = :reason WHERE end_to_end_id = :end_to_end_id;

-- name: number
INSERT INTO message_numbers (bank_id, given_on, given_count) VALUES (:bank_id, :given_on, 1)
ON CONFLICT (bank_id, given_on) DO UPDATE SET given_count = message_numbers.given_count + 1
RETURNING given_count;

-- name: amounts
SELECT end_to_end_id, amount FROM instructions WHERE drawdown_id = :drawdown_id ORDER BY end_to_end_id LIMIT 10000;
