"""Calls to Slack: the client, its errors, texts, files, people and channels."""
