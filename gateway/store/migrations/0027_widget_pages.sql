-- A stream begins with what its merchant missed.
CREATE INDEX events_by_merchant ON events (merchant_id, position);
