"""What an operator asks and changes by `gateway …`: a module a noun, with its arguments and what it asks `control`."""
