-- A stream begins with what its merchant missed.
CREATE INDEX events_by_merchant ON events (merchant_id, position);

-- The pages on which a client may show the widget, and call from; and the page that exchanged a secret, where it was not
-- the gateway's own frame: what is done under such a token is no person's click that anybody could vouch for.
ALTER TABLE clients ADD COLUMN origins_json TEXT NOT NULL DEFAULT '[]';
ALTER TABLE tokens ADD COLUMN page_origin TEXT;

-- When the merchant itself asked for it; an officer makes it a proposal of theirs, another one approves.
ALTER TABLE arrangements ADD COLUMN requested_at BIGINT;
