"""How merchants are verified: by the sandbox's rule, or by a bank's or partner's KYB over HTTP."""
