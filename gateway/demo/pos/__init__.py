"""A partner's till as its own small site and server: a process of its own, with a client of its own.

It meets the gateway as any partner does, over HTTP and webhooks, and shows its widget by the published script alone.
"""
