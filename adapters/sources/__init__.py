"""Platforms that shops sell through: each checks its own signature and turns its payloads into our records."""
