"""A model's text as it arrives, cut into finished sentences that carry the number of the evidence that they cite.

Knows the marker "[2] " that precedes what it cites; knows nothing of Slack.
"""

import re
from dataclasses import dataclass

_MARKER = re.compile(r"\[(\d{1,2})\] ?")
_OPEN_MARKER = re.compile(r"\[\d{0,2}\]?$")
_ITEM_NUMBER = re.compile(r"\s*\d{1,3}\.")
_SENTENCE_END = re.compile(r"[.!?]\)?(?=\s)|\n")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A finished sentence, the white space that stood before it, and the evidence that it cites (None: none)."""

    text: str
    before: str
    number: int | None


class ClaimReader:
    """Feed it pieces; it hands out each sentence once it is whole."""

    def __init__(self) -> None:
        self._rest = ""
        self._number: int | None = None
        self._breaks = ""

    def feed(self, piece: str) -> list[Sentence]:
        """Return the sentences that this piece finished."""
        self._rest += piece
        return self._take(final=False)

    def finish(self) -> list[Sentence]:
        """Return what is left when the model has stopped."""
        return self._take(final=True)

    def _take(self, *, final: bool) -> list[Sentence]:
        sentences: list[Sentence] = []
        while marker := _MARKER.search(self._rest):
            if not final and marker.end() == len(self._rest) and not marker.group().endswith(" "):
                break
            sentences += self._cut(self._rest[: marker.start()], whole=True)
            self._number = int(marker.group(1))
            self._rest = self._rest[marker.end() :]
        if final or not _OPEN_MARKER.search(self._rest):
            text, self._rest = self._rest, ""
            sentences += self._cut(text, whole=final)
        return sentences

    def _cut(self, text: str, *, whole: bool) -> list[Sentence]:
        sentences, start = [], 0
        for end in _SENTENCE_END.finditer(text):
            if _ITEM_NUMBER.fullmatch(text[start : end.end()]):
                continue
            sentences.append(text[start : end.end()])
            start = end.end()
        if whole:
            sentences.append(text[start:])
        else:
            self._rest = text[start:]
        return [found for sentence in sentences if (found := self._build(sentence)) is not None]

    def _build(self, text: str) -> Sentence | None:
        """Return the sentence; line breaks after it, or where there is none, stand before the next one."""
        said = text.strip()
        if not said:
            self._breaks += text if "\n" in text else ""
            return None
        start = text.index(said)
        before, self._breaks = self._breaks + text[:start], text[start + len(said) :]
        if "\n" not in self._breaks:
            self._breaks = ""
        return Sentence(said, before, self._number)
