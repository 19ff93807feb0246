"""Messengers: how a notice reaches a merchant."""
