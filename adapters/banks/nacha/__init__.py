"""A US bank that takes ACH files (Nacha Operating Rules, Appendix Three) over HTTP and answers through a mailbox.

`wire` converts (pure), `client` talks.
"""
