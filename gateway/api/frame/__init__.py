"""What `npm run build` in sdk_js makes for the gateway to serve, and the style sheet of its page."""
