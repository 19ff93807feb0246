"""A bank's PSD2 interface in the Berlin Group's manner: NextGenPSD2 XS2A Framework 1.3.

`wire` converts (pure), `client` talks.
"""
