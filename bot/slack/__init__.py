"""What Chip says to Slack and asks of it: the client, its errors, texts, files, people and channels."""
