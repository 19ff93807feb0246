"""How banks are asked for their own credit decision."""
