"""The local workspace: a small Slack for development and tests, over the same protocol. Imports nothing else of bot."""
