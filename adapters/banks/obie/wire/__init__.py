"""Read/Write API shapes to and from the gateway's own. Pure: no I/O, no clock, no state, no keys.

`orders` writes payouts and collections as stored bytes, `consents` reads a consent and judges a payment by its limits,
`answers` reads what the bank says of an order, a consent or an event, `shapes` is what they share.
"""
