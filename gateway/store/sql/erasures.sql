-- name: add
INSERT INTO erasures (id, merchant_id, grant_id, state, due_at, created_at, state_at)
VALUES (:id, :merchant_id, :grant_id, 'scheduled', :due_at, :created_at, :created_at);

-- name: find
SELECT id, merchant_id, grant_id, state, due_at, sales_count, days_count, decisions_count, offers_count, created_at,
    state_at, superseded_at, kept_until_on
FROM erasures WHERE id = :id;

-- name: in_force
SELECT id, merchant_id, grant_id, state, due_at, sales_count, days_count, decisions_count, offers_count, created_at,
    state_at, superseded_at, kept_until_on
FROM erasures WHERE merchant_id = :merchant_id AND superseded_at IS NULL;

-- name: of_grant
SELECT id, merchant_id, grant_id, state, due_at, sales_count, days_count, decisions_count, offers_count, created_at,
    state_at, superseded_at, kept_until_on
FROM erasures WHERE merchant_id = :merchant_id AND grant_id = :grant_id ORDER BY id DESC LIMIT 1;

-- name: since
SELECT id, merchant_id, grant_id, state, due_at, sales_count, days_count, decisions_count, offers_count, created_at,
    state_at, superseded_at, kept_until_on
FROM erasures WHERE merchant_id = :merchant_id AND state <> 'canceled' AND created_at >= :from_at ORDER BY id LIMIT 1;

-- name: last_of
SELECT id, merchant_id, grant_id, state, due_at, sales_count, days_count, decisions_count, offers_count, created_at,
    state_at, superseded_at, kept_until_on
FROM erasures WHERE merchant_id = :merchant_id AND state <> 'canceled' ORDER BY id DESC LIMIT 1;

-- name: advance
UPDATE erasures SET due_at = :due_at, grant_id = :grant_id
WHERE id = :id AND state = 'scheduled' AND due_at > :due_at;

-- name: supersede
UPDATE erasures SET state = :state, state_at = CASE WHEN state = :state THEN state_at ELSE :now_at END,
    superseded_at = :now_at
WHERE id = :id AND superseded_at IS NULL;

-- name: move
UPDATE erasures SET state = :target, state_at = :state_at, kept_until_on = :kept_until_on
WHERE id = :id AND state = :source AND superseded_at IS NULL;

-- name: count
UPDATE erasures SET sales_count = sales_count + :sales_count, days_count = days_count + :days_count,
    decisions_count = decisions_count + :decisions_count, offers_count = offers_count + :offers_count
WHERE id = :id;

-- name: to_run
SELECT e.id FROM erasures e
WHERE e.superseded_at IS NULL AND e.state IN ('scheduled', 'erasing', 'partial') AND e.due_at <= :now_at
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = :kind AND j.subject_id = e.id)
    AND NOT (e.state = 'partial' AND EXISTS (
        SELECT 1 FROM drawdowns d WHERE d.merchant_id = e.merchant_id
        AND d.state IN ('requested', 'reviewing', 'approved', 'submitted', 'pending', 'in_doubt', 'active')))
ORDER BY e.due_at LIMIT 256;

-- name: to_reopen
SELECT e.id FROM erasures e JOIN positions p ON p.merchant_id = e.merchant_id
WHERE e.superseded_at IS NULL AND e.state = 'erased' AND p.data_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = :kind AND j.subject_id = e.id)
ORDER BY e.id LIMIT 256;

-- name: to_remove
SELECT e.id FROM erasures e
WHERE e.kept_until_on < :today_on
    AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.kind = :kind AND j.subject_id = e.id)
ORDER BY e.kept_until_on LIMIT 256;

-- name: open_loans
SELECT active_on, created_at FROM drawdowns
WHERE merchant_id = :merchant_id
    AND state IN ('requested', 'reviewing', 'approved', 'submitted', 'pending', 'in_doubt', 'active')
ORDER BY id LIMIT 1000;

-- name: delete_sales
DELETE FROM sales WHERE (merchant_id, source, sale_id) IN (
    SELECT merchant_id, source, sale_id FROM sales
    WHERE merchant_id = :merchant_id AND business_on < :before_on ORDER BY merchant_id, source, sale_id LIMIT :limit)
RETURNING merchant_id, source, sale_id, business_on, version, kind, net_amount, detail_json;

-- name: delete_days
DELETE FROM days WHERE merchant_id = :merchant_id AND business_on < :before_on;

-- name: delete_categories
DELETE FROM day_categories WHERE merchant_id = :merchant_id AND business_on < :before_on;

-- name: delete_visits
DELETE FROM visits WHERE merchant_id = :merchant_id AND business_on < :before_on;

-- name: delete_aside_days
DELETE FROM aside_days WHERE merchant_id = :merchant_id AND business_on < :before_on;

-- name: delete_sources
DELETE FROM sources WHERE merchant_id = :merchant_id;

-- name: delete_stock
DELETE FROM stock WHERE (merchant_id, source, stock_id) IN (
    SELECT merchant_id, source, stock_id FROM stock WHERE merchant_id = :merchant_id LIMIT :limit);

-- name: delete_purchases
DELETE FROM purchases WHERE (merchant_id, source, purchase_id) IN (
    SELECT merchant_id, source, purchase_id FROM purchases WHERE merchant_id = :merchant_id LIMIT :limit);

-- name: delete_signals
DELETE FROM signals WHERE (merchant_id, source, signal_id) IN (
    SELECT merchant_id, source, signal_id FROM signals WHERE merchant_id = :merchant_id LIMIT :limit);

-- name: beside
SELECT (SELECT COUNT(*) FROM stock WHERE merchant_id = :merchant_id)
    + (SELECT COUNT(*) FROM purchases WHERE merchant_id = :merchant_id)
    + (SELECT COUNT(*) FROM signals WHERE merchant_id = :merchant_id);

-- name: delete_alerts
DELETE FROM alerts WHERE merchant_id = :merchant_id;

-- name: unsealed
SELECT id, inputs_json AS inputs, scores_json AS scores, against_json AS against,
    route_json AS route FROM decisions
WHERE merchant_id = :merchant_id AND sealed IS NULL ORDER BY id LIMIT :limit;

-- name: seal
UPDATE decisions SET sealed = :sealed, inputs_json = 'null', scores_json = NULL, against_json = NULL,
    route_json = NULL
WHERE id = :id AND sealed IS NULL;

-- name: held
SELECT (SELECT COUNT(*) FROM sales WHERE merchant_id = :merchant_id) AS sales_count,
    (SELECT COUNT(*) FROM days WHERE merchant_id = :merchant_id) AS days_count,
    (SELECT COUNT(*) FROM decisions WHERE merchant_id = :merchant_id AND decided_at <= :before_at)
        + (SELECT COUNT(*) FROM reviews WHERE merchant_id = :merchant_id AND opened_at <= :before_at)
        + (SELECT COUNT(*) FROM notices WHERE merchant_id = :merchant_id AND opened_at <= :before_at) AS decisions_count,
    (SELECT COUNT(*) FROM offers WHERE merchant_id = :merchant_id AND created_at <= :before_at)
        + (SELECT COUNT(*) FROM quotes WHERE merchant_id = :merchant_id AND created_at <= :before_at) AS offers_count,
    (SELECT COUNT(*) FROM consents WHERE merchant_id = :merchant_id AND created_at <= :before_at) AS consents_count,
    (SELECT COUNT(*) FROM drawdowns WHERE merchant_id = :merchant_id AND created_at <= :before_at) AS loans_count,
    (SELECT COUNT(*) FROM agreements WHERE merchant_id = :merchant_id AND signed_at <= :before_at)
        + (SELECT COUNT(*) FROM mandates WHERE merchant_id = :merchant_id AND signed_at <= :before_at) AS agreements_count,
    (SELECT COUNT(*) FROM verifications WHERE merchant_id = :merchant_id AND recorded_at <= :before_at)
        AS verifications_count;

-- name: note_lapse
UPDATE consents SET assessed_until_at = :assessed_until_at WHERE grant_id = :grant_id;

-- name: to_lapse
SELECT grant_id FROM consents WHERE state = 'authorised' AND assessed_until_at <= :now_at
ORDER BY assessed_until_at LIMIT 256;

-- name: lapse
UPDATE consents SET assessed_until_at = NULL
WHERE grant_id = :grant_id AND state = 'authorised' AND assessed_until_at <= :now_at;

-- name: remove_decisions
DELETE FROM decisions WHERE id IN (
    SELECT id FROM decisions WHERE merchant_id = :merchant_id AND sealed IS NOT NULL AND decided_at <= :before_at
    ORDER BY id LIMIT :limit);

-- name: remove_quotes
DELETE FROM quotes WHERE id IN (
    SELECT q.id FROM quotes q WHERE q.merchant_id = :merchant_id AND q.created_at <= :before_at
    AND NOT EXISTS (SELECT 1 FROM drawdowns d WHERE d.quote_id = q.id) ORDER BY q.id LIMIT :limit);

-- name: remove_offers
DELETE FROM offers WHERE id IN (
    SELECT o.id FROM offers o WHERE o.merchant_id = :merchant_id AND o.created_at <= :before_at
    AND o.state NOT IN ('undelivered', 'delivered')
    AND NOT EXISTS (SELECT 1 FROM quotes q WHERE q.merchant_id = o.merchant_id AND q.offer_id = o.id)
    ORDER BY o.id LIMIT :limit);

-- name: consents_to_remove
SELECT grant_id FROM consents WHERE merchant_id = :merchant_id AND state <> 'authorised' AND state_at <= :before_at
ORDER BY grant_id LIMIT :limit;

-- name: remove_sessions
DELETE FROM widget_sessions WHERE grant_id = :grant_id;

-- name: remove_refresh_tokens
DELETE FROM refresh_tokens WHERE grant_id = :grant_id;

-- name: remove_versions
DELETE FROM consent_versions WHERE grant_id = :grant_id;

-- name: remove_consent
DELETE FROM consents WHERE grant_id = :grant_id;

-- name: remove
DELETE FROM erasures WHERE id = :id;

-- name: forget_statements
UPDATE reviews SET statement = NULL WHERE merchant_id = :merchant_id AND statement IS NOT NULL;

-- name: remove_reviews
DELETE FROM reviews WHERE id IN (
    SELECT id FROM reviews WHERE merchant_id = :merchant_id AND opened_at <= :before_at AND state <> 'open'
    ORDER BY id LIMIT :limit);

-- name: remove_verifications
DELETE FROM verifications WHERE merchant_id = :merchant_id AND number IN (
    SELECT number FROM verifications WHERE merchant_id = :merchant_id AND recorded_at <= :before_at
    ORDER BY number LIMIT :limit);

-- name: remove_connections
DELETE FROM connections WHERE id IN (
    SELECT id FROM connections WHERE merchant_id = :merchant_id AND state = 'removed' AND state_at <= :before_at
    ORDER BY id LIMIT :limit);

-- name: remove_notices
DELETE FROM notices WHERE id IN (
    SELECT id FROM notices WHERE merchant_id = :merchant_id AND opened_at <= :before_at ORDER BY id LIMIT :limit);
