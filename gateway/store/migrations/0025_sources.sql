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

