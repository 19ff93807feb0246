-- Several programmes, each with its own versions; which of them a quote is of, and how a decision chose among them.
CREATE TABLE programme_versions (
    id TEXT NOT NULL, version BIGINT NOT NULL, body_json TEXT NOT NULL, hash TEXT NOT NULL,
    applied_by TEXT NOT NULL, applied_at BIGINT NOT NULL, withdrawn_by TEXT, withdrawn_at BIGINT,
    PRIMARY KEY (id, version)
);
INSERT INTO programme_versions (id, version, body_json, hash, applied_by, applied_at)
SELECT id, version, body_json, hash, applied_by, applied_at FROM programmes;
DROP TABLE programmes;
ALTER TABLE programme_versions RENAME TO programmes;

-- Until now there was one programme, and a drawdown says which; 0 = a version that was not kept.
ALTER TABLE quotes ADD COLUMN programme_id TEXT NOT NULL DEFAULT 'prg_inventory';
ALTER TABLE quotes ADD COLUMN programme_version BIGINT NOT NULL DEFAULT 0;

ALTER TABLE decisions ADD COLUMN route_json TEXT;
