"""The plain pages of the gateway: HTML made on the server, no script, no foreign address."""
