"""Where the hosted pages are: they lead to one another, notices and proposals lead to them."""

from __future__ import annotations

from gateway.usecases import agreements, authorities, changes, confirmations, passkeys

SIGN_IN, SIGN_OUT = "/connect/sign-in", "/connect/sign-out"
LOANS = "/connect/loans"
CONSENT, CONSENTS = "/connect/consent", "/connect/consents"
AGREEMENTS = agreements.PAGE
AUTHORITY = authorities.PAGE
CHANGES = changes.PAGE
CONFIRM = confirmations.PAGE
PASSKEYS = passkeys.PAGE
