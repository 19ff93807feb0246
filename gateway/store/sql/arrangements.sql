-- name: add
INSERT INTO arrangements (id, drawdown_id, merchant_id, kind, state, days, instalments_count, every_days, proposed_by,
    reason, created_at, state_at)
VALUES (:id, :drawdown_id, :merchant_id, :kind, 'proposed', :days, :instalments_count, :every_days, :proposed_by,
    :reason, :created_at, :created_at);

-- name: ask
INSERT INTO arrangements (id, drawdown_id, merchant_id, kind, state, proposed_by, reason, created_at, state_at,
    requested_at)
VALUES (:id, :drawdown_id, :merchant_id, :kind, 'proposed', :merchant_id, :reason, :created_at, :created_at,
    :created_at);

-- name: asked
SELECT id, drawdown_id, merchant_id, kind, state, days, instalments_count, every_days, from_on, paid_amount, proposed_by,
    decided_by, created_at, state_at, requested_at
FROM arrangements WHERE drawdown_id = :drawdown_id AND requested_at IS NOT NULL ORDER BY id DESC LIMIT 1;

-- name: take_up
UPDATE arrangements SET proposed_by = :proposed_by, days = :days, reason = :reason
WHERE id = :id AND state = 'proposed' AND proposed_by = merchant_id;

-- name: reason
SELECT reason FROM arrangements WHERE id = :id;

-- name: find
SELECT id, drawdown_id, merchant_id, kind, state, days, instalments_count, every_days, from_on, paid_amount, proposed_by,
    decided_by, created_at, state_at, requested_at
FROM arrangements WHERE id = :id;

-- name: approved_of
SELECT id, drawdown_id, merchant_id, kind, state, days, instalments_count, every_days, from_on, paid_amount, proposed_by,
    decided_by, created_at, state_at, requested_at
FROM arrangements WHERE drawdown_id = :drawdown_id AND state = 'approved' ORDER BY state_at, id LIMIT 1000;

-- name: page
SELECT id, drawdown_id, merchant_id, kind, state, days, instalments_count, every_days, from_on, paid_amount, proposed_by,
    decided_by, created_at, state_at, requested_at
FROM arrangements WHERE state = :state AND id > :after ORDER BY id LIMIT :limit;

-- name: decide
UPDATE arrangements SET state = :target, decided_by = :decided_by, from_on = :from_on, paid_amount = :paid_amount,
    state_at = :state_at
WHERE id = :id AND state = 'proposed';

-- name: forget_reasons
UPDATE arrangements SET reason = NULL WHERE merchant_id = :merchant_id AND reason IS NOT NULL;

-- name: by_one
SELECT id FROM arrangements WHERE state = 'approved' AND (decided_by IS NULL OR decided_by = proposed_by)
ORDER BY id LIMIT 1000;
