"""The authorization server: one test a rule of its specifications."""
