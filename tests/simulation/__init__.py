"""A deterministic simulator of the money core: one seed is one life of a gateway, its shops and its bank.

The use cases, the SQL and the committer are the real ones; time, chance, the database's threads and the bank are ours.
A run is the same on every machine: its trace has a hash, and a failing seed replays exactly.
"""
