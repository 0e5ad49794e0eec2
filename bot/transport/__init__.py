"""The way from Slack to the apps: Socket Mode or HTTP, storing what was delivered, and retries."""
