"""Documents in; passages, evidence and prompts out. Knows nothing of Slack, votes or training."""
