"""Square: payments, refunds and stock of a seller, by its signed webhooks."""
