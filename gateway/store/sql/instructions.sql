-- name: add
INSERT INTO instructions (end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id,
    currency, amount, body, created_at)
VALUES (:end_to_end_id, :message_id, :kind, :bank_id, :rail, :merchant_id, :drawdown_id, :repayment_id, :currency,
    :amount, :body, :created_at);

-- name: find
SELECT end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id, currency, amount, sent_at
FROM instructions WHERE end_to_end_id = :end_to_end_id;

-- name: by_message
SELECT end_to_end_id, message_id, kind, bank_id, rail, merchant_id, drawdown_id, repayment_id, currency, amount, sent_at
FROM instructions WHERE message_id = :message_id AND bank_id = :bank_id;

-- name: body
SELECT body FROM instructions WHERE end_to_end_id = :end_to_end_id;

-- name: sending
UPDATE instructions SET sent_at = :sent_at WHERE end_to_end_id = :end_to_end_id AND sent_at IS NULL;

-- name: unsent
UPDATE instructions SET sent_at = NULL WHERE end_to_end_id = :end_to_end_id;

-- name: amount
SELECT amount FROM instructions WHERE end_to_end_id = :end_to_end_id;
