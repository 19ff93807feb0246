-- name: add
INSERT INTO imports (id, merchant_id, grant_id, source, datatype, file_hash, digest, begun_by, begun_at, taken_at,
    taken_count, accepted_count, duplicates_count, rejected_count)
VALUES (:id, :merchant_id, :grant_id, :source, :datatype, :file_hash, :digest, :begun_by, :begun_at, :begun_at,
    0, 0, 0, 0)
ON CONFLICT (merchant_id, file_hash, digest) DO NOTHING;

-- name: of_file
SELECT id, merchant_id, grant_id, source, datatype, file_hash, begun_by, begun_at, taken_at, ended_at, taken_count,
    accepted_count, duplicates_count, rejected_count
FROM imports WHERE merchant_id = :merchant_id AND file_hash = :file_hash AND digest = :digest;

-- name: find
SELECT id, merchant_id, grant_id, source, datatype, file_hash, begun_by, begun_at, taken_at, ended_at, taken_count,
    accepted_count, duplicates_count, rejected_count
FROM imports WHERE id = :id;

-- name: latest
SELECT id, merchant_id, grant_id, source, datatype, file_hash, begun_by, begun_at, taken_at, ended_at, taken_count,
    accepted_count, duplicates_count, rejected_count
FROM imports ORDER BY id DESC LIMIT :limit;

-- name: count
UPDATE imports SET taken_count = taken_count + :taken, accepted_count = accepted_count + :accepted,
    duplicates_count = duplicates_count + :duplicates, rejected_count = rejected_count + :rejected,
    taken_at = :taken_at, ended_at = :ended_at
WHERE id = :id AND taken_count = :after AND ended_at IS NULL;

-- name: resume
UPDATE imports SET grant_id = :grant_id WHERE id = :id;

-- name: reject
INSERT INTO import_rejects (import_id, number, code, detail) VALUES (:import_id, :number, :code, :detail);

-- name: rejects
SELECT number, code, detail FROM import_rejects WHERE import_id = :import_id AND number > :after
ORDER BY number LIMIT :limit;

-- name: delete_rejects
DELETE FROM import_rejects WHERE import_id IN (SELECT id FROM imports WHERE merchant_id = :merchant_id);

-- name: delete
DELETE FROM imports WHERE merchant_id = :merchant_id;
