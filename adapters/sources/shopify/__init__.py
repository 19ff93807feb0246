"""Shopify: orders with their refunds, and stock of a shop, by its signed webhooks."""
