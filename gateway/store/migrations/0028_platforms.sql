-- The sandbox plays a platform: what happens at the shop is told as that platform's signed events, by this connection.
ALTER TABLE scenarios ADD COLUMN connection_id TEXT;
