"""A bank inside the sandbox's own process, so that one command is a gateway with a bank; see docs/sandbox.md.

`machine` is the bank, a value and what a day makes of it; `wire` is its language; `client` is the rail to it.
"""
