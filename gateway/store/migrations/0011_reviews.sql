-- What goes to a person: draws that are large or flagged, and decisions that their merchant contests. The merchant's
-- statement and the person's reason are sealed; the statement goes when the merchant's data is erased.
CREATE TABLE reviews (
    id TEXT PRIMARY KEY, merchant_id TEXT NOT NULL REFERENCES merchants (id), partner_id TEXT NOT NULL,
    kind TEXT NOT NULL, subject_id TEXT NOT NULL, reasons_json TEXT NOT NULL, state TEXT NOT NULL, statement BYTEA,
    reason BYTEA, decided_by TEXT, opened_at BIGINT NOT NULL, due_at BIGINT NOT NULL, decided_at BIGINT
);
CREATE UNIQUE INDEX reviews_open ON reviews (subject_id) WHERE state = 'open';
CREATE INDEX reviews_by_subject ON reviews (subject_id, id);
CREATE INDEX reviews_by_merchant ON reviews (merchant_id, id);
CREATE INDEX reviews_by_state ON reviews (state, id);
