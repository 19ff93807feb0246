"""UK Open Banking Read/Write API v4.0: payouts as domestic payments, collections as variable recurring payments.

`wire` converts (pure), `signatures` signs and proves, `client` talks.
"""
