-- name: add
INSERT INTO offers (id, merchant_id, decision_id, state, commitment, currency, limit_amount, terms_json, price_json,
    reasons_json, programme_json, data_at, findings_json, created_at, expires_at, replaces_id)
VALUES (:id, :merchant_id, :decision_id, :state, :commitment, :currency, :limit_amount, :terms_json, :price_json,
    :reasons_json, :programme_json, :data_at, :findings_json, :created_at, :expires_at, :replaces_id);

-- name: replace
UPDATE offers SET state = 'replaced', replaced_by_id = :replaced_by_id
WHERE id = :id AND state IN ('undelivered', 'delivered');

-- name: cancel
UPDATE offers SET state = 'canceled' WHERE id = :id AND state IN ('undelivered', 'delivered');

-- name: freeze
UPDATE offers SET frozen_at = :frozen_at WHERE id = :id AND state IN ('undelivered', 'delivered');

-- name: deliver
UPDATE offers SET state = 'delivered', delivered_at = :delivered_at WHERE id = :id AND state = 'undelivered';

-- name: to_expire
SELECT o.id, o.merchant_id, m.partner_id FROM offers o JOIN merchants m ON m.id = o.merchant_id
WHERE o.expires_at <= :now_at AND o.state IN ('undelivered', 'delivered') ORDER BY o.expires_at LIMIT 256;

-- name: expire
UPDATE offers SET state = 'expired' WHERE id = :id AND state IN ('undelivered', 'delivered');

-- name: find
SELECT o.id, o.merchant_id, o.decision_id, o.state, o.commitment, o.currency, o.limit_amount, o.terms_json,
    o.price_json, o.reasons_json, o.programme_json, o.data_at, o.findings_json, o.created_at, o.expires_at, o.frozen_at, o.delivered_at,
    o.replaces_id, o.replaced_by_id
FROM offers o JOIN merchants m ON m.id = o.merchant_id
WHERE o.id = :offer_id AND m.partner_id = :partner_id;

-- name: change
SELECT o.limit_amount - b.limit_amount AS amount, b.limit_amount AS limit_before_amount, o.created_at AS changed_at
FROM offers o JOIN offers b ON b.id = o.replaces_id WHERE o.id = :offer_id;
