"""From a Slack event to a reply: Slack, answers, the engine, learning, the local workspace, the command line."""
