-- One text for SQLite and PostgreSQL: TEXT, BIGINT, BYTEA. `_at` is microseconds since 1970, `_on` an ISO date,
-- `_json` JSON text, `_amount` integer minor units.

CREATE TABLE clock (id BIGINT PRIMARY KEY, ahead_micros BIGINT NOT NULL);

CREATE TABLE partners (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, created_at BIGINT NOT NULL);

CREATE TABLE clients (
    id TEXT PRIMARY KEY, partner_id TEXT NOT NULL REFERENCES partners (id), name TEXT NOT NULL, jwks_json TEXT NOT NULL,
    rights_json TEXT NOT NULL, disabled BIGINT NOT NULL DEFAULT 0, created_at BIGINT NOT NULL
);

CREATE TABLE assertions (
    client_id TEXT NOT NULL, jti TEXT NOT NULL, expires_at BIGINT NOT NULL, PRIMARY KEY (client_id, jti)
);
CREATE INDEX assertions_by_expiry ON assertions (expires_at);

CREATE TABLE tokens (
    hash TEXT PRIMARY KEY, client_id TEXT NOT NULL REFERENCES clients (id), partner_id TEXT NOT NULL,
    rights_json TEXT NOT NULL, issued_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
);
CREATE INDEX tokens_by_expiry ON tokens (expires_at);

CREATE TABLE idempotency (
    client_id TEXT NOT NULL, scope TEXT NOT NULL, key TEXT NOT NULL, body_hash TEXT NOT NULL,
    status BIGINT NOT NULL, body TEXT NOT NULL, created_at BIGINT NOT NULL, PRIMARY KEY (client_id, scope, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

CREATE TABLE merchants (
    id TEXT PRIMARY KEY, partner_id TEXT NOT NULL REFERENCES partners (id), partner_reference TEXT, state TEXT NOT NULL,
    legal_name TEXT NOT NULL, company_json TEXT, country TEXT NOT NULL, currency TEXT NOT NULL, timezone TEXT NOT NULL,
    day_cutoff TEXT NOT NULL, mcc TEXT, payout_account BYTEA, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL
);
CREATE INDEX merchants_by_partner ON merchants (partner_id, id);
CREATE UNIQUE INDEX merchants_by_reference ON merchants (partner_id, partner_reference);

CREATE TABLE sales (
    merchant_id TEXT NOT NULL, source TEXT NOT NULL, sale_id TEXT NOT NULL, version BIGINT NOT NULL,
    row_id TEXT NOT NULL, kind TEXT NOT NULL, business_on TEXT NOT NULL, occurred_at BIGINT NOT NULL,
    amount BIGINT NOT NULL, net_amount BIGINT NOT NULL, refund_of TEXT, refunded_amount BIGINT NOT NULL DEFAULT 0,
    detail_json TEXT NOT NULL, received_at BIGINT NOT NULL, PRIMARY KEY (merchant_id, source, sale_id)
);

CREATE TABLE days (
    merchant_id TEXT NOT NULL, business_on TEXT NOT NULL, sales_amount BIGINT NOT NULL, refunds_amount BIGINT NOT NULL,
    voids_amount BIGINT NOT NULL, net_amount BIGINT NOT NULL, tickets_count BIGINT NOT NULL, closed_at BIGINT,
    PRIMARY KEY (merchant_id, business_on)
);

CREATE TABLE positions (
    merchant_id TEXT PRIMARY KEY REFERENCES merchants (id), version BIGINT NOT NULL, exposure_amount BIGINT NOT NULL,
    started_on TEXT, closed_through_on TEXT, closes_at BIGINT, data_at BIGINT, scores_json TEXT, offered_json TEXT,
    verdict_json TEXT
);
CREATE INDEX positions_by_close ON positions (closes_at);

CREATE TABLE exposures (scope TEXT PRIMARY KEY, amount BIGINT NOT NULL);

CREATE TABLE decisions (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, outcome TEXT NOT NULL, limit_amount BIGINT NOT NULL,
    inputs_json TEXT NOT NULL, scores_json TEXT, terms_json TEXT NOT NULL, reasons_json TEXT NOT NULL,
    programme_json TEXT NOT NULL, decided_at BIGINT NOT NULL, data_at BIGINT
);
CREATE INDEX decisions_by_merchant ON decisions (merchant_id, id);

CREATE TABLE offers (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, decision_id TEXT NOT NULL, state TEXT NOT NULL,
    commitment TEXT NOT NULL, currency TEXT NOT NULL, limit_amount BIGINT NOT NULL, terms_json TEXT NOT NULL,
    price_json TEXT NOT NULL, reasons_json TEXT NOT NULL, programme_json TEXT NOT NULL, data_at BIGINT,
    created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL, frozen_at BIGINT, delivered_at BIGINT,
    replaces_id TEXT, replaced_by_id TEXT
);
CREATE INDEX offers_by_merchant ON offers (merchant_id, id);
CREATE INDEX offers_by_expiry ON offers (expires_at) WHERE state IN ('undelivered', 'delivered');

CREATE TABLE quotes (
    id TEXT PRIMARY KEY, offer_id TEXT NOT NULL, merchant_id TEXT NOT NULL, currency TEXT NOT NULL,
    amount BIGINT NOT NULL, fee_amount BIGINT NOT NULL, withhold_bps BIGINT NOT NULL, minimum_amount BIGINT NOT NULL,
    estimated_payoff_on TEXT NOT NULL, final_due_on TEXT NOT NULL, apr_bps BIGINT NOT NULL,
    assumptions_json TEXT NOT NULL, partner_revenue_share_amount BIGINT NOT NULL, bank_id TEXT NOT NULL,
    terms_version TEXT NOT NULL, terms_hash TEXT NOT NULL, created_at BIGINT NOT NULL, expires_at BIGINT NOT NULL
);

CREATE TABLE drawdowns (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL, partner_id TEXT NOT NULL, quote_id TEXT NOT NULL UNIQUE,
    offer_id TEXT NOT NULL, bank_id TEXT NOT NULL, programme_id TEXT NOT NULL, state TEXT NOT NULL,
    currency TEXT NOT NULL, amount BIGINT NOT NULL, fee_amount BIGINT NOT NULL, withhold_bps BIGINT NOT NULL,
    minimum_amount BIGINT NOT NULL, final_due_on TEXT NOT NULL, terms_hash TEXT NOT NULL, evidence_json TEXT,
    end_to_end_id TEXT UNIQUE, bank_reference TEXT, active_on TEXT, reason TEXT, carried_net_amount BIGINT NOT NULL,
    state_at BIGINT NOT NULL, created_at BIGINT NOT NULL
);
CREATE INDEX drawdowns_by_merchant ON drawdowns (merchant_id, id);
CREATE INDEX drawdowns_by_state ON drawdowns (state, state_at);

CREATE TABLE instructions (
    end_to_end_id TEXT PRIMARY KEY, message_id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, bank_id TEXT NOT NULL,
    merchant_id TEXT NOT NULL, drawdown_id TEXT NOT NULL, repayment_id TEXT, currency TEXT NOT NULL,
    amount BIGINT NOT NULL, body BYTEA NOT NULL, sent_at BIGINT, created_at BIGINT NOT NULL
);

CREATE TABLE repayments (
    id TEXT PRIMARY KEY, drawdown_id TEXT NOT NULL REFERENCES drawdowns (id), merchant_id TEXT NOT NULL,
    business_on TEXT NOT NULL, state TEXT NOT NULL, currency TEXT NOT NULL, amount BIGINT NOT NULL,
    principal_amount BIGINT NOT NULL, fee_amount BIGINT NOT NULL, end_to_end_id TEXT UNIQUE, collect_on TEXT,
    settled_on TEXT, reason TEXT, state_at BIGINT NOT NULL, created_at BIGINT NOT NULL,
    UNIQUE (drawdown_id, business_on)
);
CREATE INDEX repayments_by_state ON repayments (state, state_at);

CREATE TABLE entries (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, reference TEXT NOT NULL, drawdown_id TEXT NOT NULL, bank_id TEXT NOT NULL,
    currency TEXT NOT NULL, occurred_at BIGINT NOT NULL, UNIQUE (kind, reference)
);
CREATE INDEX entries_by_drawdown ON entries (drawdown_id);
CREATE TABLE postings (
    entry_id TEXT NOT NULL REFERENCES entries (id), line BIGINT NOT NULL, account TEXT NOT NULL, amount BIGINT NOT NULL,
    PRIMARY KEY (entry_id, line)
);
CREATE INDEX postings_by_account ON postings (account);

CREATE TABLE bank_messages (
    bank_id TEXT NOT NULL, message_id TEXT NOT NULL, body BYTEA NOT NULL, state TEXT NOT NULL, problem TEXT,
    received_at BIGINT NOT NULL, PRIMARY KEY (bank_id, message_id)
);
CREATE INDEX bank_messages_by_state ON bank_messages (state, received_at);

CREATE TABLE events (
    id TEXT PRIMARY KEY, noun TEXT NOT NULL, noun_id TEXT NOT NULL, sequence BIGINT NOT NULL, type TEXT NOT NULL,
    merchant_id TEXT NOT NULL, partner_id TEXT NOT NULL, data_json TEXT NOT NULL, occurred_at BIGINT NOT NULL,
    position BIGINT, UNIQUE (noun_id, sequence)
);
CREATE UNIQUE INDEX events_by_position ON events (partner_id, position);
CREATE INDEX events_unplaced ON events (id) WHERE position IS NULL;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, subject_id TEXT NOT NULL, due_at BIGINT NOT NULL, leased_until_at BIGINT,
    fence BIGINT NOT NULL DEFAULT 0, attempts_count BIGINT NOT NULL DEFAULT 0, problem TEXT, created_at BIGINT NOT NULL,
    UNIQUE (kind, subject_id)
);
CREATE INDEX jobs_by_due ON jobs (due_at);

CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_at BIGINT NOT NULL);
