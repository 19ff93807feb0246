"""House rules as small scripts: each module has `faults()`, a list of sentences, empty when all is well."""
