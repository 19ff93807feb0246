-- The sandbox's simulated tills: what runs at a shop, and the instant up to which its records were pushed.
CREATE TABLE scenarios (
    merchant_id TEXT PRIMARY KEY, kind TEXT NOT NULL, seed BIGINT NOT NULL, daily_amount BIGINT NOT NULL,
    since_on TEXT NOT NULL, told_at BIGINT NOT NULL
);
CREATE INDEX scenarios_by_told ON scenarios (told_at);

-- The built-in bank's books, its own value as JSON: references, amounts and dates, no names and no accounts.
CREATE TABLE sandbox_banks (bank_id TEXT PRIMARY KEY, version BIGINT NOT NULL, books TEXT NOT NULL);

CREATE TABLE bank_behaviours (
    merchant_id TEXT PRIMARY KEY, decides TEXT NOT NULL, payouts TEXT NOT NULL, debits TEXT NOT NULL,
    tells TEXT NOT NULL, return_days BIGINT NOT NULL
);

-- The version of the API that a client was registered with: what it gets where it names none.
ALTER TABLE clients ADD COLUMN version TEXT NOT NULL DEFAULT '2026-11-01';
