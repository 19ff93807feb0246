-- name: add_entry
INSERT INTO entries (id, kind, reference, drawdown_id, bank_id, currency, occurred_at)
VALUES (:id, :kind, :reference, :drawdown_id, :bank_id, :currency, :occurred_at) ON CONFLICT (kind, reference) DO NOTHING;

-- name: add_posting
INSERT INTO postings (entry_id, line, account, amount) VALUES (:entry_id, :line, :account, :amount);

-- name: balance
SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM postings WHERE account = :account;

-- name: unbalanced
SELECT entry_id, CAST(SUM(amount) AS BIGINT) FROM postings GROUP BY entry_id HAVING SUM(amount) <> 0
ORDER BY entry_id LIMIT 100;

-- name: bank_sums
SELECT e.bank_id, e.currency, CAST(SUM(p.amount) AS BIGINT) FROM entries e JOIN postings p ON p.entry_id = e.id
GROUP BY e.bank_id, e.currency ORDER BY e.bank_id, e.currency LIMIT 1000;

-- name: stray
SELECT id, drawdown_id FROM entries WHERE NOT EXISTS (SELECT 1 FROM drawdowns WHERE id = entries.drawdown_id) LIMIT 100;

-- name: of_drawdown
SELECT e.kind, e.reference, e.bank_id, e.currency, p.account, p.amount
FROM entries e JOIN postings p ON p.entry_id = e.id WHERE e.drawdown_id = :drawdown_id ORDER BY e.id, p.line LIMIT 100000;

-- name: last_event
SELECT type FROM events WHERE noun_id = :noun_id AND noun = :noun ORDER BY sequence DESC LIMIT 1;

-- name: scopes
SELECT scope, amount FROM exposures WHERE scope > :after ORDER BY scope LIMIT 500;

-- name: held_by_scope
SELECT scope, amount FROM (
    SELECT 'programme:' || programme_id || ':' || currency AS scope, CAST(SUM(amount - refinanced_amount) AS BIGINT) AS amount FROM drawdowns
    WHERE state IN ('requested', 'reviewing') GROUP BY programme_id, currency
    UNION ALL
    SELECT 'partner:' || partner_id || ':' || currency, CAST(SUM(amount - refinanced_amount) AS BIGINT) FROM drawdowns
    WHERE state IN ('requested', 'reviewing') GROUP BY partner_id, currency
) AS held WHERE scope > :after ORDER BY scope LIMIT 500;

-- name: lent_by_scope
SELECT scope, amount FROM (
    SELECT 'programme:' || d.programme_id || ':' || d.currency AS scope, CAST(SUM(p.amount) AS BIGINT) AS amount
    FROM drawdowns d JOIN postings p ON p.account = 'drawdown:' || d.id || ':principal'
    GROUP BY d.programme_id, d.currency
    UNION ALL
    SELECT 'partner:' || d.partner_id || ':' || d.currency, CAST(SUM(p.amount) AS BIGINT)
    FROM drawdowns d JOIN postings p ON p.account = 'drawdown:' || d.id || ':principal'
    GROUP BY d.partner_id, d.currency
) AS lent WHERE scope > :after ORDER BY scope LIMIT 500;

-- name: counts
SELECT (SELECT COUNT(*) FROM entries), (SELECT COUNT(*) FROM postings);

-- name: empty_entries
SELECT id FROM entries WHERE NOT EXISTS (SELECT 1 FROM postings WHERE entry_id = entries.id) LIMIT 100;

-- name: exposures
SELECT p.merchant_id, p.exposure_amount FROM positions p WHERE p.merchant_id > :after ORDER BY p.merchant_id LIMIT 500;

-- name: held_before_ledger
SELECT CAST(COALESCE(SUM(amount - refinanced_amount), 0) AS BIGINT) FROM drawdowns
WHERE merchant_id = :merchant_id AND state IN ('requested', 'reviewing');

-- name: principal_of
SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM drawdowns d JOIN postings p
ON p.account = 'drawdown:' || d.id || ':principal' WHERE d.merchant_id = :merchant_id;

-- name: await_chain
INSERT INTO unchained (entry_id) VALUES (:entry_id);

-- name: unchained
SELECT e.id, e.kind, e.reference, e.drawdown_id, e.bank_id, e.currency, p.account, p.amount
FROM (SELECT entry_id FROM unchained ORDER BY entry_id LIMIT 256) u
JOIN entries e ON e.id = u.entry_id JOIN postings p ON p.entry_id = e.id ORDER BY e.id, p.line LIMIT 5000;

-- name: last_link
SELECT position, entry_id, hash FROM ledger_chain ORDER BY position DESC LIMIT 1;

-- name: link
INSERT INTO ledger_chain (position, entry_id, hash) VALUES (:position, :entry_id, :hash);

-- name: linked
DELETE FROM unchained WHERE entry_id = :entry_id;

-- name: links
SELECT position, entry_id, hash FROM ledger_chain WHERE position > :after ORDER BY position LIMIT 500;

-- name: chained
SELECT e.id, e.kind, e.reference, e.drawdown_id, e.bank_id, e.currency, p.account, p.amount
FROM ledger_chain c JOIN entries e ON e.id = c.entry_id JOIN postings p ON p.entry_id = e.id
WHERE c.position > :after AND c.position <= :through ORDER BY e.id, p.line LIMIT 10000;

-- name: loose
SELECT id FROM entries e WHERE NOT EXISTS (SELECT 1 FROM ledger_chain c WHERE c.entry_id = e.id)
    AND NOT EXISTS (SELECT 1 FROM unchained u WHERE u.entry_id = e.id) ORDER BY id LIMIT 100;

-- name: statement_of
SELECT e.id, e.kind, e.reference, e.occurred_at, p.account, p.amount
FROM entries e JOIN postings p ON p.entry_id = e.id WHERE e.drawdown_id = :drawdown_id ORDER BY e.id, p.line LIMIT 100000;
