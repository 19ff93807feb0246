"""`make fuzz`: the whole API under requests nobody would write, 0 of which may fail or answer what is not described."""
