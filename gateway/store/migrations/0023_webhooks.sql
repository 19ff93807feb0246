-- Endpoints of partners. `position` is how far the log was read for one, `version` the API's whose shapes it is sent;
-- secrets and signing key are sealed.
CREATE TABLE webhooks (
    id TEXT PRIMARY KEY, partner_id TEXT NOT NULL REFERENCES partners (id), url TEXT NOT NULL, types_json TEXT NOT NULL,
    version TEXT NOT NULL, state TEXT NOT NULL, position BIGINT NOT NULL, secret BYTEA NOT NULL, previous_secret BYTEA,
    previous_until_at BIGINT, signing_key BYTEA NOT NULL, public_key TEXT NOT NULL, failing_since_at BIGINT, resumes_at BIGINT,
    disabled_at BIGINT, reason TEXT, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
);
CREATE INDEX webhooks_by_partner ON webhooks (partner_id, id);

-- What is or was to be sent. A ping's `event_id` is of no event.
CREATE TABLE deliveries (
    id TEXT PRIMARY KEY, webhook_id TEXT NOT NULL, event_id TEXT NOT NULL, type TEXT NOT NULL, cause TEXT NOT NULL,
    state TEXT NOT NULL, attempts_count BIGINT NOT NULL DEFAULT 0, due_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
    state_at BIGINT NOT NULL
);
CREATE INDEX deliveries_by_webhook ON deliveries (webhook_id, id);
CREATE INDEX deliveries_due ON deliveries (webhook_id, due_at) WHERE state = 'pending';
CREATE INDEX deliveries_over ON deliveries (state_at) WHERE state <> 'pending';

CREATE TABLE delivery_attempts (
    webhook_id TEXT NOT NULL, delivery_id TEXT NOT NULL, number BIGINT NOT NULL, ended_at BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL, status BIGINT, code TEXT, PRIMARY KEY (webhook_id, delivery_id, number)
);

-- The end of the log is asked for with every event that is placed.
CREATE UNIQUE INDEX events_in_order ON events (position);
