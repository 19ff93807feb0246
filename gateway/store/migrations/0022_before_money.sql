-- Before money moves: every answer the bank gave about a draw, the first one first.
CREATE TABLE bank_decisions (
    drawdown_id TEXT NOT NULL REFERENCES drawdowns (id), number BIGINT NOT NULL, bank_id TEXT NOT NULL,
    source TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT, bank_reference TEXT, decided_by TEXT,
    decided_at BIGINT NOT NULL, recorded_at BIGINT NOT NULL,
    PRIMARY KEY (drawdown_id, number)
);
