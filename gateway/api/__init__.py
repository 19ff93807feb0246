"""The edge: HTTP in, use cases called, RFC 9457 out. The only ring that knows litestar."""
