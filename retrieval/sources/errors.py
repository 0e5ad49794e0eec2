"""Errors of a source as a whole. The message tells the person who keeps the documents what to do."""


class SourceError(Exception):
    """A source that cannot be added or read as it is. Nothing that is indexed was lost."""
