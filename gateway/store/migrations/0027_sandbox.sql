-- The sandbox's simulated tills: what runs at a shop, and the instant up to which its records were pushed.
CREATE TABLE scenarios (
    merchant_id TEXT PRIMARY KEY, kind TEXT NOT NULL, seed BIGINT NOT NULL, daily_amount BIGINT NOT NULL,
    since_on TEXT NOT NULL, told_at BIGINT NOT NULL
);
CREATE INDEX scenarios_by_told ON scenarios (told_at);
