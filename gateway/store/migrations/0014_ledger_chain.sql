-- The ledger's chain of hashes. Entries wait in `unchained` from their commit until the sequencer has chained them.
CREATE TABLE ledger_chain (position BIGINT PRIMARY KEY, entry_id TEXT NOT NULL UNIQUE, hash TEXT NOT NULL);
CREATE TABLE unchained (entry_id TEXT PRIMARY KEY);
INSERT INTO unchained (entry_id) SELECT id FROM entries;
