"""The authorization server's rules over plain values: no store, HTTP or clock. Sole importer of authlib and joserfc.

`forms` reads a request, `assertions` proves who sent it, `keys` is what a client registers, `scopes` what it may
have, `tokens` makes the secret, `errors` says no (RFC 6749). Loading, saving and single use are the use cases'.
"""
