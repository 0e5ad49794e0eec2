"""The way from Slack to the apps: Socket Mode or HTTP, what was delivered, and what is tried again."""
