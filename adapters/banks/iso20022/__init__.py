"""A bank that takes ISO 20022 payment files over HTTP and answers through a mailbox.

`wire` converts (pure), `client` talks, `sandbox` steers the mock bank that stands in for a real one.
"""
