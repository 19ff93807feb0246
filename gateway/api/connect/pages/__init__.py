"""The hosted pages as HTML: pure functions of what they show. No inline script or style, everything escaped."""
