-- name: add
INSERT INTO jobs (id, kind, subject_id, due_at, created_at) VALUES (:id, :kind, :subject_id, :due_at, :created_at)
ON CONFLICT (kind, subject_id) DO NOTHING;

-- name: claim
UPDATE jobs SET leased_until_at = :leased_until_at, fence = fence + 1, attempts_count = attempts_count + 1
WHERE id = (SELECT id FROM jobs WHERE due_at <= :business_at AND (leased_until_at IS NULL OR leased_until_at < :system_at)
            ORDER BY due_at LIMIT 1)
RETURNING id, kind, subject_id, due_at, fence, attempts_count;

-- name: claim (postgres)
UPDATE jobs SET leased_until_at = :leased_until_at, fence = fence + 1, attempts_count = attempts_count + 1
WHERE id = (SELECT id FROM jobs WHERE due_at <= :business_at AND (leased_until_at IS NULL OR leased_until_at < :system_at)
            ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id, kind, subject_id, due_at, fence, attempts_count;

-- name: hold
UPDATE jobs SET leased_until_at = :leased_until_at WHERE id = :id AND fence = :fence AND leased_until_at IS NOT NULL;

-- name: done
DELETE FROM jobs WHERE id = :id AND fence = :fence;

-- name: retry
UPDATE jobs SET due_at = :due_at, leased_until_at = NULL, problem = :problem WHERE id = :id AND fence = :fence;

-- name: reclaim
UPDATE jobs SET leased_until_at = NULL WHERE leased_until_at IS NOT NULL;

-- name: held
SELECT COUNT(*) FROM jobs WHERE due_at <= :business_at;

-- name: hurry
UPDATE jobs SET due_at = :due_at WHERE problem = :problem AND due_at > :due_at;

-- name: hasten
UPDATE jobs SET due_at = :due_at
WHERE kind = :kind AND subject_id = :subject_id AND due_at > :due_at AND leased_until_at IS NULL;

-- name: due
SELECT due_at FROM jobs WHERE kind = :kind AND subject_id = :subject_id;
