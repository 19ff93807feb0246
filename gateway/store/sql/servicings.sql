-- name: add
INSERT INTO servicings (drawdown_id, merchant_id, health, serviced_on, reminders_count, service_at)
VALUES (:drawdown_id, :merchant_id, 'current', :serviced_on, 0, :service_at) ON CONFLICT (drawdown_id) DO NOTHING;

-- name: find
SELECT drawdown_id, merchant_id, health, serviced_on, expected_amount, asked_on, announced_on, warned_on, stopped_code,
    held_until_on, reminders_count, reminded_at, remind_at, service_at
FROM servicings WHERE drawdown_id = :drawdown_id;

-- name: due
SELECT service_at, drawdown_id FROM servicings
WHERE service_at <= :now_at AND (service_at > :after_at OR (service_at = :after_at AND drawdown_id > :after_id))
ORDER BY service_at, drawdown_id LIMIT :limit;

-- name: save
UPDATE servicings SET health = :health, serviced_on = :serviced_on, expected_amount = :expected_amount,
    asked_on = :asked_on, announced_on = :announced_on, warned_on = :warned_on, stopped_code = :stopped_code,
    held_until_on = :held_until_on, reminders_count = :reminders_count,
    reminded_at = :reminded_at, remind_at = :remind_at, service_at = :service_at
WHERE drawdown_id = :drawdown_id;

-- name: held
SELECT drawdown_id FROM servicings WHERE merchant_id = :merchant_id
    AND (stopped_code IS NOT NULL OR held_until_on > :business_on) ORDER BY drawdown_id LIMIT 100;

-- name: overdue_count
SELECT COUNT(*) FROM servicings WHERE merchant_id = :merchant_id AND health IN ('late', 'defaulted', 'charged_off');

-- name: to_remind
SELECT drawdown_id FROM servicings WHERE remind_at <= :now_at ORDER BY remind_at LIMIT 256;

-- name: stopped_of
SELECT drawdown_id FROM servicings WHERE merchant_id = :merchant_id AND stopped_code IS NOT NULL
ORDER BY drawdown_id LIMIT 100;

-- name: coming
SELECT amount, business_on, collect_on, retry_of FROM repayments
WHERE drawdown_id = :drawdown_id AND channel <> 'transfer'
    AND state NOT IN ('settled', 'failed', 'returned', 'reversed', 'canceled')
ORDER BY id LIMIT 10000;
