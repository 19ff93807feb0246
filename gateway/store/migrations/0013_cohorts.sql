-- Shops beside each other: how each stands among its like, which are too alike, and what its shelves turn over.
CREATE TABLE alerts (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, severity TEXT NOT NULL, evidence_json TEXT NOT NULL,
    state TEXT NOT NULL, opened_at BIGINT NOT NULL, closed_at BIGINT, merchant_id TEXT, partner_id TEXT
);
CREATE UNIQUE INDEX alerts_open ON alerts (kind, subject) WHERE state = 'open';
CREATE INDEX alerts_by_merchant ON alerts (merchant_id);

-- What lines of a day's records say each category took, without tax and tip; `visits` are a day's known customers,
-- each by a hash that means nothing at any other shop.
CREATE TABLE day_categories (
    merchant_id TEXT NOT NULL, business_on TEXT NOT NULL, category TEXT NOT NULL, amount BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, business_on, category)
);
CREATE TABLE visits (
    merchant_id TEXT NOT NULL, business_on TEXT NOT NULL, customer BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, business_on, customer)
);

-- What a cohort's merchants are like, as mergeable sketches: no merchant is named, small cohorts are not kept.
CREATE TABLE peer_sketches (
    cohort TEXT NOT NULL, metric TEXT NOT NULL, built_on TEXT NOT NULL, merchants_count BIGINT NOT NULL,
    sketch BYTEA NOT NULL, PRIMARY KEY (cohort, metric)
);

-- The last business date for which a nightly piece of work was done.
CREATE TABLE nights (name TEXT PRIMARY KEY, done_on TEXT NOT NULL);
