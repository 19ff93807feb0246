"""Restock: an embedded open-banking lending gateway. `ls gateway` is the architecture; see README.md here."""

__version__ = "0.1.0"
