"""What can be done: a verb is an async function that loads, calls a pure rule, and saves and emits in one unit."""
