-- Before money moves: every answer the bank gave about a draw, the first one first.
CREATE TABLE bank_decisions (
    drawdown_id TEXT NOT NULL REFERENCES drawdowns (id), number BIGINT NOT NULL, bank_id TEXT NOT NULL,
    source TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT, bank_reference TEXT, decided_by TEXT,
    decided_at BIGINT NOT NULL, recorded_at BIGINT NOT NULL,
    PRIMARY KEY (drawdown_id, number)
);

-- What may be debited: one mandate of a merchant for each bank, and which instruction went out under which.
CREATE TABLE mandates (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL,
    bank_id TEXT NOT NULL, scheme TEXT NOT NULL, reference TEXT NOT NULL, creditor_scheme_id TEXT NOT NULL,
    account_hash TEXT NOT NULL, account_ending TEXT NOT NULL, state TEXT NOT NULL, reason TEXT,
    signed_by_id TEXT NOT NULL, uses_count BIGINT NOT NULL, signed_at BIGINT NOT NULL, state_at BIGINT NOT NULL,
    told_at BIGINT
);
CREATE UNIQUE INDEX mandates_by_reference ON mandates (bank_id, reference);
CREATE UNIQUE INDEX mandates_live ON mandates (merchant_id, bank_id) WHERE state IN ('pending', 'active', 'suspended');
CREATE INDEX mandates_by_merchant ON mandates (merchant_id, id);
CREATE INDEX mandates_to_tell ON mandates (told_at) WHERE state = 'active';
CREATE TABLE mandate_uses (
    end_to_end_id TEXT PRIMARY KEY, mandate_id TEXT NOT NULL REFERENCES mandates (id), repayment_id TEXT NOT NULL,
    used_at BIGINT NOT NULL
);
CREATE INDEX mandate_uses_by_mandate ON mandate_uses (mandate_id, used_at);

-- What a merchant signed with a bank under a programme: its text, sealed, and the draw whose confirmation signed it.
CREATE TABLE agreements (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL,
    bank_id TEXT NOT NULL, programme_id TEXT NOT NULL, version TEXT NOT NULL, language TEXT NOT NULL, hash TEXT NOT NULL,
    document BYTEA NOT NULL, state TEXT NOT NULL, signed_by_id TEXT NOT NULL, method TEXT NOT NULL,
    signed_at BIGINT NOT NULL, state_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX agreements_active ON agreements (merchant_id, bank_id, programme_id) WHERE state = 'active';
CREATE INDEX agreements_by_merchant ON agreements (merchant_id, id);

-- Who a merchant was found to be: every answer, its evidence sealed; and when it is asked (again).
CREATE TABLE verifications (
    merchant_id TEXT NOT NULL REFERENCES merchants (id), number BIGINT NOT NULL, outcome TEXT NOT NULL,
    reasons_json TEXT NOT NULL, reference TEXT, evidence BYTEA NOT NULL, recorded_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, number)
);
ALTER TABLE merchants ADD COLUMN verify_at BIGINT;
UPDATE merchants SET verify_at = 0 WHERE state = 'created';
CREATE INDEX merchants_to_verify ON merchants (verify_at) WHERE verify_at IS NOT NULL;
