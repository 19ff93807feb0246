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
