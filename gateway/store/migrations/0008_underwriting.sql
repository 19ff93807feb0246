-- What a limit also rests on: how wide each merchant's intervals must be, what somebody saw, what somebody decided,
-- and how far the source of its sales is trusted.
ALTER TABLE positions ADD COLUMN tracks_json TEXT;
ALTER TABLE positions ADD COLUMN flags_json TEXT NOT NULL DEFAULT '[]';
ALTER TABLE positions ADD COLUMN override_json TEXT;
ALTER TABLE partners ADD COLUMN tier TEXT NOT NULL DEFAULT 'declared';
ALTER TABLE merchants ADD COLUMN registered_on TEXT;
