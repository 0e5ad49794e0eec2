"""Finds the title in a file's properties, if it is a title and not what a program left there."""

import re

_LEFT_BY_PROGRAMS = re.compile(
    r"^(?:microsoft (?:word|powerpoint|excel)\s+-\s+.*|(?:power\s?point|slide) presentation|word document|"
    r"(?:document|dokument|presentation|pr[äa]sentation|book|mappe)\s?\d*|untitled.*|\(?anonymous\)?|unspecified|\W*)$",
    re.IGNORECASE,
)
_FILE_NAME = re.compile(
    r"^.*[\w)]\.(?:docx?|pptx?|xlsx?|odt|rtf|pdf|indd|qxd|html?|tex|dvi|md|txt|pages|p65)$", re.IGNORECASE
)


def clean_title(title: str | None) -> str | None:
    """Return the title; None if it is empty, a file's name, or the default of the program that wrote the file."""
    title = " ".join((title or "").split())
    if not title or _LEFT_BY_PROGRAMS.match(title) or _FILE_NAME.match(title):
        return None
    return title
