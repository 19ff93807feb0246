"""The hosted pages as HTML: pure functions of what they show. No script, no inline style, everything escaped."""
