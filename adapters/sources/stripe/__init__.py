"""Stripe: charges and refunds of an account, by its signed webhooks."""
