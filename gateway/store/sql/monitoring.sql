-- name: scored_count
SELECT COUNT(*) FROM positions WHERE scores_json IS NOT NULL;

-- name: scored
SELECT merchant_id, scores_json FROM positions
WHERE merchant_id > :after AND merchant_id LIKE :ending AND scores_json IS NOT NULL ORDER BY merchant_id LIMIT :limit;

-- name: last_on
SELECT MAX(business_on) FROM monitor_readings;

-- name: add
INSERT INTO monitor_readings (business_on, monitor, level, value, bound, rows_count, detail_json)
VALUES (:business_on, :monitor, :level, :value, :bound, :rows_count, :detail_json)
ON CONFLICT (business_on, monitor) DO NOTHING;

-- name: worse
SELECT business_on, monitor, level, value, bound, rows_count, detail_json FROM monitor_readings
WHERE business_on >= :from_on AND level <> 'ok' ORDER BY business_on DESC, monitor LIMIT 5000;

-- name: lately
SELECT business_on, monitor, level, value, bound, rows_count, detail_json FROM monitor_readings
WHERE monitor = :monitor AND business_on >= :from_on ORDER BY business_on DESC LIMIT 100;

-- name: of_day
SELECT business_on, monitor, level, value, bound, rows_count, detail_json FROM monitor_readings
WHERE business_on = :business_on ORDER BY monitor LIMIT 1000;

-- name: forget
DELETE FROM monitor_readings WHERE business_on < :before_on;

-- name: vintages
SELECT substr(d.active_on, 1, 7) AS vintage, COUNT(*) AS loans_count,
    SUM(CASE WHEN d.state = 'charged_off' OR (d.state = 'active' AND d.final_due_on < :late_on) THEN 1 ELSE 0 END)
        AS defaulted_count,
    SUM(CAST(json_extract(c.scores_json, '$.pd') AS BIGINT)) AS expected_micros
FROM drawdowns d JOIN offers o ON o.id = d.offer_id JOIN decisions c ON c.id = o.decision_id
WHERE d.active_on >= :from_on AND c.scores_json IS NOT NULL
GROUP BY substr(d.active_on, 1, 7) ORDER BY vintage DESC LIMIT 40;

-- name: vintages (postgres)
SELECT substr(d.active_on, 1, 7) AS vintage, COUNT(*) AS loans_count,
    SUM(CASE WHEN d.state = 'charged_off' OR (d.state = 'active' AND d.final_due_on < :late_on) THEN 1 ELSE 0 END)
        AS defaulted_count,
    CAST(SUM(CAST(CAST(c.scores_json AS json) ->> 'pd' AS BIGINT)) AS BIGINT) AS expected_micros
FROM drawdowns d JOIN offers o ON o.id = d.offer_id JOIN decisions c ON c.id = o.decision_id
WHERE d.active_on >= :from_on AND c.scores_json IS NOT NULL
GROUP BY substr(d.active_on, 1, 7) ORDER BY vintage DESC LIMIT 40;

-- name: reference
SELECT reference_json, version FROM monitor_references WHERE name = :name ORDER BY number DESC LIMIT 1;

-- name: adopt
INSERT INTO monitor_references (number, name, version, reference_json, made_by, reason, made_at)
VALUES ((SELECT COALESCE(MAX(number), 0) + 1 FROM monitor_references), :name, :version, :reference_json, :made_by,
    :reason, :made_at);
