-- How a loan may end: the cap on what it costs and the rebate of paying early, bound by its quote; what it takes over.
ALTER TABLE quotes ADD COLUMN all_in_cap_bps BIGINT NOT NULL DEFAULT 2400;
ALTER TABLE quotes ADD COLUMN early_rebate_bps BIGINT NOT NULL DEFAULT 0;
ALTER TABLE quotes ADD COLUMN refinances TEXT;
ALTER TABLE quotes ADD COLUMN refinanced_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE quotes ADD COLUMN refinanced_fee_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE drawdowns ADD COLUMN all_in_cap_bps BIGINT NOT NULL DEFAULT 2400;
ALTER TABLE drawdowns ADD COLUMN early_rebate_bps BIGINT NOT NULL DEFAULT 0;
ALTER TABLE drawdowns ADD COLUMN refinances TEXT;
ALTER TABLE drawdowns ADD COLUMN refinanced_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE drawdowns ADD COLUMN refinanced_fee_amount BIGINT NOT NULL DEFAULT 0;

-- What of the fee was given up when a repayment settled; the bank's name of the entry that brought a transfer.
ALTER TABLE repayments ADD COLUMN rebate_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE repayments ADD COLUMN share_amount BIGINT NOT NULL DEFAULT 0;
ALTER TABLE repayments ADD COLUMN entry_reference TEXT;

-- What partners withheld and report, and what of it came to the bank, piece by piece.
CREATE TABLE remittances (
    id TEXT PRIMARY KEY, partner_id TEXT NOT NULL REFERENCES partners (id), reference TEXT NOT NULL,
    bank_id TEXT NOT NULL, currency TEXT NOT NULL, amount BIGINT NOT NULL, received_amount BIGINT NOT NULL,
    state TEXT NOT NULL, end_to_end_id TEXT NOT NULL UNIQUE, entries_json TEXT NOT NULL, created_at BIGINT NOT NULL,
    state_at BIGINT NOT NULL, UNIQUE (partner_id, reference)
);
CREATE INDEX remittances_by_state ON remittances (state, created_at);
CREATE TABLE remittance_lines (
    repayment_id TEXT PRIMARY KEY, remittance_id TEXT NOT NULL REFERENCES remittances (id), number BIGINT NOT NULL,
    drawdown_id TEXT NOT NULL, amount BIGINT NOT NULL, received_amount BIGINT NOT NULL
);
CREATE INDEX remittance_lines_of ON remittance_lines (remittance_id, number);
CREATE TABLE remittance_pieces (
    repayment_id TEXT NOT NULL, number BIGINT NOT NULL, drawdown_id TEXT NOT NULL, amount BIGINT NOT NULL,
    PRIMARY KEY (repayment_id, number)
);
CREATE INDEX remittance_pieces_of ON remittance_pieces (drawdown_id);

-- What a drawdown took over of the one it refinances, on the day its money went, and what was given up of that one.
CREATE TABLE refinancings (
    into_drawdown_id TEXT PRIMARY KEY REFERENCES drawdowns (id), drawdown_id TEXT NOT NULL REFERENCES drawdowns (id),
    principal_amount BIGINT NOT NULL, fee_amount BIGINT NOT NULL, rebate_amount BIGINT NOT NULL,
    given_back_amount BIGINT NOT NULL, refinanced_on TEXT NOT NULL
);
CREATE INDEX refinancings_of ON refinancings (drawdown_id);
