"""Tests of the edge: a small application of real parts, spoken to over ASGI."""
