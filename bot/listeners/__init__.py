"""Slack listeners, a module for each kind of thing that Slack delivers. Each has one `register`."""
