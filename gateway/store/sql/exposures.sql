-- name: find
SELECT amount FROM exposures WHERE scope = :scope;

-- name: open
INSERT INTO exposures (scope, amount) VALUES (:scope, 0) ON CONFLICT DO NOTHING;

-- name: guard
UPDATE exposures SET amount = amount + :amount WHERE scope = :scope AND amount + :amount <= :cap_amount;

-- name: release
UPDATE exposures SET amount = amount - :amount WHERE scope = :scope;

-- name: take_back
UPDATE exposures SET amount = amount + :amount WHERE scope = :scope;
