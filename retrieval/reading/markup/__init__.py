"""Turns Markdown of many dialects and HTML into the plain CommonMark that a reader of it sees."""
