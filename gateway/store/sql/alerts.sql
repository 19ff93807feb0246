-- name: add
INSERT INTO alerts (id, kind, subject, severity, evidence_json, state, opened_at, merchant_id, partner_id)
VALUES (:id, :kind, :subject, :severity, :evidence_json, 'open', :opened_at, :merchant_id, :partner_id)
ON CONFLICT (kind, subject) WHERE state = 'open' DO NOTHING;

-- name: close
UPDATE alerts SET state = 'closed', closed_at = :closed_at WHERE id = :id AND state = 'open';

-- name: open_about
SELECT id, kind, subject, severity, evidence_json, state, opened_at, closed_at, merchant_id, partner_id
FROM alerts WHERE kind = :kind AND subject = :subject AND state = 'open';

-- name: open_of
SELECT id, kind, subject, severity, evidence_json, state, opened_at, closed_at, merchant_id, partner_id
FROM alerts WHERE kind = :kind AND state = 'open' AND subject > :after ORDER BY subject LIMIT :limit;

-- name: open_page
SELECT id, kind, subject, severity, evidence_json, state, opened_at, closed_at, merchant_id, partner_id
FROM alerts WHERE state = 'open' ORDER BY id LIMIT :limit;
