"""Passages and questions in one form, whatever set they come from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """A passage: its heading path and its lines."""

    heading: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, the number of the page that answers (None: no page does) and the lines of it that do."""

    question: str
    page: int | None
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Pages that are searched together, as the documents of one company are."""

    name: str
    pages: tuple[Page, ...]
    asked: tuple[Asked, ...]
