-- What answers and how carefully: versions and calibrations of models, what monitoring did, and what it read.
CREATE TABLE models (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, version BIGINT, calibration_json TEXT, previous BIGINT,
    made_by TEXT NOT NULL, reason TEXT NOT NULL, made_at BIGINT NOT NULL
);
CREATE INDEX models_by_name ON models (name, number);

CREATE TABLE governance (
    number BIGINT PRIMARY KEY, step TEXT NOT NULL, dial_bps BIGINT NOT NULL, made_by TEXT NOT NULL,
    reason TEXT NOT NULL, made_on TEXT NOT NULL, made_at BIGINT NOT NULL
);

-- One row a monitor and business day. `value` and `bound` are in 1e-6; `detail_json` holds counts only.
CREATE TABLE monitor_readings (
    business_on TEXT NOT NULL, monitor TEXT NOT NULL, level TEXT NOT NULL, value BIGINT NOT NULL, bound BIGINT NOT NULL,
    rows_count BIGINT NOT NULL, detail_json TEXT NOT NULL, PRIMARY KEY (business_on, monitor)
);

-- What a model's population looked like on the day a person took it for the usual one.
CREATE TABLE monitor_references (
    number BIGINT PRIMARY KEY, name TEXT NOT NULL, version BIGINT NOT NULL, reference_json TEXT NOT NULL,
    made_by TEXT NOT NULL, reason TEXT NOT NULL, made_at BIGINT NOT NULL
);
