-- What a shop's software tells beside sales. `raw_hash` is the SHA-256 of the record in its canonical JSON.
CREATE TABLE stock (
    merchant_id TEXT NOT NULL, source TEXT NOT NULL, stock_id TEXT NOT NULL, version BIGINT NOT NULL, item_id TEXT NOT NULL,
    location_id TEXT NOT NULL, counted_at BIGINT NOT NULL, quantity TEXT NOT NULL, on_order_quantity TEXT NOT NULL,
    unit_cost_amount BIGINT, category TEXT, gtin TEXT, raw_hash TEXT NOT NULL, received_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, source, stock_id)
);
CREATE INDEX stock_by_time ON stock (merchant_id, counted_at);

CREATE TABLE purchases (
    merchant_id TEXT NOT NULL, source TEXT NOT NULL, purchase_id TEXT NOT NULL, version BIGINT NOT NULL, kind TEXT NOT NULL,
    issued_on TEXT NOT NULL, due_on TEXT, amount BIGINT NOT NULL, tax_amount BIGINT NOT NULL, supplier_ref TEXT,
    refers_to TEXT, lines_json TEXT NOT NULL, raw_hash TEXT NOT NULL, received_at BIGINT NOT NULL,
    PRIMARY KEY (merchant_id, source, purchase_id)
);
CREATE INDEX purchases_by_day ON purchases (merchant_id, issued_on);

-- `from_on` and `to_on` are the same for what is of one day; `detail_json` is the record as it came.
CREATE TABLE signals (
    merchant_id TEXT NOT NULL, source TEXT NOT NULL, signal_id TEXT NOT NULL, version BIGINT NOT NULL, kind TEXT NOT NULL,
    from_on TEXT NOT NULL, to_on TEXT NOT NULL, detail_json TEXT NOT NULL, raw_hash TEXT NOT NULL,
    received_at BIGINT NOT NULL, PRIMARY KEY (merchant_id, source, signal_id)
);
CREATE INDEX signals_by_day ON signals (merchant_id, kind, to_on);

-- Whose sales count on which business day: [source, first day], oldest first. Until now there was one source.
ALTER TABLE positions ADD COLUMN leads_json TEXT NOT NULL DEFAULT '[]';
UPDATE positions SET leads_json = '[["partner","0001-01-01"]]' WHERE data_at IS NOT NULL;

-- What became of what a source told of each kind of data. Sales that count are not noted one by one: their days are.
CREATE TABLE sources (
    merchant_id TEXT NOT NULL, source TEXT NOT NULL, kind TEXT NOT NULL, first_on TEXT, last_on TEXT,
    received_at BIGINT NOT NULL, accepted_count BIGINT NOT NULL, duplicates_count BIGINT NOT NULL,
    rejected_count BIGINT NOT NULL, late_count BIGINT NOT NULL, rejects_json TEXT NOT NULL, rejected_at BIGINT,
    PRIMARY KEY (merchant_id, source, kind)
);

-- Days as sources tell of them that do not lead them: kept and compared, never added to `days`.
CREATE TABLE aside_days (
    merchant_id TEXT NOT NULL, source TEXT NOT NULL, business_on TEXT NOT NULL, net_amount BIGINT NOT NULL,
    tickets_count BIGINT NOT NULL, PRIMARY KEY (merchant_id, source, business_on)
);

-- What the data-quality gate found of a shop's data, and of the data each offer rests on.
ALTER TABLE positions ADD COLUMN findings_json TEXT NOT NULL DEFAULT '[]';
ALTER TABLE offers ADD COLUMN findings_json TEXT NOT NULL DEFAULT '[]';
CREATE INDEX sales_unlinked ON sales (merchant_id, business_on) WHERE kind <> 'sale' AND refund_of IS NULL;

-- Who stands behind a shop. `name` is sealed; `reference_hash` is the same for one person or company at one partner.
CREATE TABLE parties (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL, role TEXT NOT NULL,
    kind TEXT NOT NULL, name BYTEA NOT NULL, reference_hash TEXT NOT NULL, share_bps BIGINT, created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL, UNIQUE (merchant_id, role, reference_hash)
);
CREATE INDEX parties_by_reference ON parties (partner_id, reference_hash);
