"""The widget in a real Chromium, at really running gateways: unlucky and hostile pages, and the README's own steps."""
