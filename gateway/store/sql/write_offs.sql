-- name: add
INSERT INTO write_offs (reference, drawdown_id, principal_amount, fee_amount, written_off_on)
VALUES (:reference, :drawdown_id, :principal_amount, :fee_amount, :written_off_on);

-- name: of
SELECT reference, drawdown_id, principal_amount, fee_amount, written_off_on FROM write_offs
WHERE drawdown_id = :drawdown_id ORDER BY reference LIMIT 10000;
