"""Typed settings with their defaults, the Slack app manifest and the sample company."""
