"""Errors of a source as a whole; the message tells the person who keeps the documents what to do."""


class SourceError(Exception):
    """A source that cannot be added or read as it stands; nothing of what is indexed was lost."""
