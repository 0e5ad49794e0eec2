"""Markup: Markdown of many dialects and HTML, turned into the plain CommonMark that a reader of it sees."""
