-- The sandbox plays a platform: what happens at the shop is told as that platform's signed events, by this connection.
ALTER TABLE scenarios ADD COLUMN connection_id TEXT;

-- A range of times is replayed from the positions it spans.
CREATE INDEX events_by_time ON events (partner_id, occurred_at, position);
