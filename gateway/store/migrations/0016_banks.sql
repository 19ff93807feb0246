-- Whether a bank answers, by what is tried of it; and what a person stopped there: those rows are only ever added.
CREATE TABLE bank_breakers (
    bank_id TEXT NOT NULL, rail TEXT NOT NULL, way TEXT NOT NULL, failures_count BIGINT NOT NULL,
    pauses_count BIGINT NOT NULL, retry_at BIGINT, problem TEXT, state_at BIGINT NOT NULL,
    PRIMARY KEY (bank_id, rail, way)
);
CREATE TABLE bank_switches (
    number BIGINT PRIMARY KEY, bank_id TEXT NOT NULL, stopped TEXT NOT NULL, made_by TEXT NOT NULL,
    reason TEXT NOT NULL, made_at BIGINT NOT NULL
);
CREATE INDEX bank_switches_by_bank ON bank_switches (bank_id, number);
