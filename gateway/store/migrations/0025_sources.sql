-- A shop's accounts at platforms that call us. `secret` checks their signatures and is sealed; null until it is told.
CREATE TABLE connections (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL,
    client_id TEXT NOT NULL, platform TEXT NOT NULL, account_id TEXT NOT NULL, state TEXT NOT NULL, secret BYTEA,
    created_at BIGINT NOT NULL, state_at BIGINT NOT NULL
);
CREATE INDEX connections_of_merchant ON connections (merchant_id, id);
CREATE UNIQUE INDEX connections_in_use ON connections (merchant_id, platform, account_id) WHERE state <> 'removed';

-- What platforms told us, once each. `body` is sealed, and gone once nobody needs to read it again.
CREATE TABLE platform_events (
    connection_id TEXT NOT NULL, event_id TEXT NOT NULL, merchant_id TEXT NOT NULL, platform TEXT NOT NULL,
    kind TEXT NOT NULL, state TEXT NOT NULL, body BYTEA, problem TEXT, received_at BIGINT NOT NULL,
    PRIMARY KEY (connection_id, event_id)
);
CREATE INDEX platform_events_parked ON platform_events (received_at) WHERE state = 'parked';
CREATE INDEX platform_events_by_age ON platform_events (received_at);
CREATE INDEX platform_events_of_merchant ON platform_events (merchant_id);

-- Files that an operator brings in. `taken_count` of the file's entries are done with; it commits with them.
CREATE TABLE imports (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, grant_id TEXT NOT NULL, source TEXT NOT NULL,
    datatype TEXT NOT NULL, file_hash TEXT NOT NULL, digest TEXT NOT NULL, begun_by TEXT NOT NULL,
    begun_at BIGINT NOT NULL, taken_at BIGINT NOT NULL, ended_at BIGINT, taken_count BIGINT NOT NULL,
    accepted_count BIGINT NOT NULL, duplicates_count BIGINT NOT NULL, rejected_count BIGINT NOT NULL
);
CREATE UNIQUE INDEX imports_by_file ON imports (merchant_id, file_hash, digest);

-- The entries of a file that were not taken, by their number in it from 0; what they said stays in the file.
CREATE TABLE import_rejects (
    import_id TEXT NOT NULL, number BIGINT NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
    PRIMARY KEY (import_id, number)
);
