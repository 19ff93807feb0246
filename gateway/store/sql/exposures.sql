-- name: open
INSERT INTO exposures (scope, amount) VALUES (:scope, 0) ON CONFLICT DO NOTHING;

-- name: guard
UPDATE exposures SET amount = amount + :amount WHERE scope = :scope AND amount + :amount <= :cap_amount;

-- name: release
UPDATE exposures SET amount = amount - :amount WHERE scope = :scope;

-- name: take_back
UPDATE exposures SET amount = amount + :amount WHERE scope = :scope;

-- name: of
SELECT scope, amount FROM exposures WHERE scope IN (SELECT value FROM json_each(:scopes_json)) ORDER BY scope;

-- name: of (postgres)
SELECT scope, amount FROM exposures
WHERE scope IN (SELECT json_array_elements_text(CAST(:scopes_json AS json))) ORDER BY scope;
