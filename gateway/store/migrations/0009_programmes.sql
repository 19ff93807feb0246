-- The versions of the programme that were applied, and how much each partner's merchants owe together.
CREATE TABLE programmes (
    version BIGINT PRIMARY KEY, id TEXT NOT NULL, body_json TEXT NOT NULL, hash TEXT NOT NULL,
    applied_by TEXT NOT NULL, applied_at BIGINT NOT NULL
);

INSERT INTO exposures (scope, amount)
SELECT 'partner:' || m.partner_id || ':' || m.currency, CAST(SUM(p.exposure_amount) AS BIGINT)
FROM positions p JOIN merchants m ON m.id = p.merchant_id
WHERE p.exposure_amount <> 0 GROUP BY m.partner_id, m.currency;
