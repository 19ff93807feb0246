"""The business, pure: stdlib and msgspec (numpy in features.py); no I/O, no clock, no randomness, no logging."""
