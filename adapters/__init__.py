"""The world: what turns banks, tills and messengers into the ports the gateway's core asks for."""
