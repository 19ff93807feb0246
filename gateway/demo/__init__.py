"""The demo: a partner's software as we imagine it, talking to a gateway over HTTP and knowing nothing of its inside."""
