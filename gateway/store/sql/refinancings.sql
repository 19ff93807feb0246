-- name: add
INSERT INTO refinancings (into_drawdown_id, drawdown_id, principal_amount, fee_amount, rebate_amount, given_back_amount,
    refinanced_on)
VALUES (:into_drawdown_id, :drawdown_id, :principal_amount, :fee_amount, :rebate_amount, :given_back_amount,
    :refinanced_on);

-- name: of
SELECT into_drawdown_id, drawdown_id, principal_amount, fee_amount, rebate_amount, given_back_amount, refinanced_on
FROM refinancings WHERE into_drawdown_id = :drawdown_id OR drawdown_id = :drawdown_id
ORDER BY into_drawdown_id LIMIT 100;

-- name: under_way
SELECT id FROM drawdowns WHERE refinances = :drawdown_id AND state IN ('requested', 'reviewing', 'approved', 'submitted',
    'pending', 'in_doubt') ORDER BY id LIMIT 1;
