"""The widget in pages of other origins, in a real Chromium."""
