"""What people asked and what they said of the answers. Knows nothing of Slack's API or of models."""
