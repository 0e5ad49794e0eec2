"""Cuts the text of a base that reads passages, as it arrives, into sentences, each with the passage named after it.

"It folds. It floats. [2]" cites for its last sentence alone; whether others are supported is for the check to find.
A code block is handed out as one, once it is closed. Knows nothing of Slack.
"""

import re
from dataclasses import dataclass

from retrieval.english.sentences import split_sentences
from retrieval.layout import ITEM, is_fence, mask_code
from retrieval.passage import MARKER, NUMBERED_MARKER

_MARKER = re.compile(rf"\s*{NUMBERED_MARKER}(?:\s*(?:,|and)?\s*{MARKER})*([.!?:;,])?")

_BARE = re.compile(r"(?:yes|no)[.!,]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finished sentence, the white space that stood before it, and the evidence that it cites (None: none)."""

    text: str
    before: str
    number: int | None


def read_cited(answer: str) -> list[Sentence]:
    """Return the sentences of a whole answer."""
    reader = PassageReader()
    return [*reader.feed(answer), *reader.finish()]


class PassageReader:
    """Feed it pieces; it hands out the sentences before each marker, and those of each line that has ended."""

    def __init__(self) -> None:
        self._rest = ""
        self._before = ""
        self._code: list[str] = []

    def feed(self, piece: str) -> list[Sentence]:
        """Return the sentences that this piece finished."""
        self._rest += piece
        *lines, self._rest = self._rest.split("\n")
        found = [sentence for line in lines for sentence in self._read_line(line)]
        return found if self._code or is_fence(self._rest) else found + self._read_cited()

    def finish(self, *, is_cut: bool = False) -> list[Sentence]:
        """Return what is left when the model has stopped; if it was cut, without the last word or command."""
        rest, self._rest = self._rest, ""
        if is_cut:
            rest = rest.rpartition(" ")[0]
        found = self._read_line(rest)
        self._code = []
        return found

    def _read_line(self, line: str) -> list[Sentence]:
        """Return the sentences of a whole line; what follows begins a new one."""
        if self._code or is_fence(line):
            self._code.append(line)
            if len(self._code) == 1 or not is_fence(line):
                return []
            found = [Sentence("\n".join(self._code), self._before, None)]
            self._code = []
        else:
            found = self._read_text(line)
        self._before = "\n" if found else self._before + "\n"
        return found

    def _read_cited(self) -> list[Sentence]:
        """Return the sentences of the line so far, up to its last marker that cannot grow any more."""
        markers = list(_MARKER.finditer(mask_code(self._rest)))
        ends = [marker.end() for marker in markers if marker.end() < len(self._rest)]
        if not ends:
            return []
        text, self._rest = self._rest[: ends[-1]], self._rest[ends[-1] :]
        found = self._read_text(text)
        self._before = "" if found else self._before
        return found

    def _read_text(self, text: str) -> list[Sentence]:
        found: list[Sentence] = []
        start = 0
        for marker in _MARKER.finditer(mask_code(text)):
            said = text[start : marker.start()] + (marker.group(2) or "")
            found += self._build(said, int(marker.group(1)), is_first=not found)
            start = marker.end()
        return found + self._build(text[start:], None, is_first=not found)

    def _build(self, text: str, number: int | None, *, is_first: bool) -> list[Sentence]:
        sentences = [text.strip()] if ITEM.match(text.lstrip()) else split_sentences(text)
        sentences = [sentence for sentence in sentences if any(map(str.isalnum, sentence))]
        if len(sentences) > 1 and _BARE.fullmatch(sentences[0]):
            sentences[:2] = [f"{sentences[0]} {sentences[1]}"]
        last = len(sentences) - 1
        before = self._before if is_first else " "
        return [
            Sentence(said, before if place == 0 else " ", number if place == last else None)
            for place, said in enumerate(sentences)
        ]
