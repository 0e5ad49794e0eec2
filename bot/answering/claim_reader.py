"""Splits a model's text, as it arrives, into sentences with the numbers of the evidence that they cite.

Knows the marker "[2] " that precedes the text it belongs to. Knows nothing of Slack.
"""

import re

from bot.slack.markdown import find_open_code
from retrieval.english.sentences import ends_sentence
from retrieval.layout import is_fence, mask, mask_code
from retrieval.passage import NUMBERED_MARKER
from retrieval.passage_reader import Sentence

_MARKER = re.compile(rf"{NUMBERED_MARKER} ?")
# The beginning of a marker.
_OPEN_MARKER = re.compile(r"\[\d{0,2}\]?$")
_ITEM_NUMBER = re.compile(r"\s*\d{1,3}\.")
_MARK = re.compile(r"[.!?]\)?\s*")
_SENTENCE_END = re.compile(r"[.!?]\)?(?=\s)|\n")


class ClaimReader:
    """Takes pieces of text and returns each sentence once it is complete.

    Lines and spans of code are never split, and markers in them do not count."""

    def __init__(self) -> None:
        self._rest = ""
        self._is_at_line_start = True
        self._in_code = False
        self._number: int | None = None
        self._breaks = ""

    def feed(self, piece: str) -> list[Sentence]:
        """Return the sentences that this piece completes."""
        *lines, self._rest = (self._rest + piece).split("\n")
        sentences = [sentence for line in lines for sentence in self._read_line(f"{line}\n")]
        return sentences if self._in_code else sentences + self._read_beginning()

    def finish(self, *, is_cut: bool = False) -> list[Sentence]:
        """Return the rest when the model has stopped. If the text was cut off, drop the last word or command."""
        rest, self._rest = self._rest, ""
        if is_cut:
            rest = "" if self._in_code else rest.rpartition(" ")[0]
        return self._read_line(rest)

    def _read_line(self, line: str) -> list[Sentence]:
        """Return the sentences of a line, or of its rest. Every line but the last includes its line break."""
        marker = _MARKER.match(line)
        opened = line[marker.end() :] if marker and not self._in_code else line
        is_frame = self._is_at_line_start and is_fence(opened)
        self._is_at_line_start = True
        if is_frame and marker and not self._in_code:
            self._number = int(marker.group(1))
        if is_frame or self._in_code:
            self._in_code ^= is_frame
            return self._build_all([opened])
        return self._read(line)[0]

    def _read_beginning(self) -> list[Sentence]:
        """Return the complete sentences of an unfinished line, up to unfinished code. The rest is kept."""
        place = find_open_code(self._rest)
        known, open_code = self._rest[:place], self._rest[place:]
        marker = _OPEN_MARKER.search(known)
        held = known[marker.start() :] if marker else ""
        sentences, rest = self._read(known.removesuffix(held), whole=False)
        self._rest = rest + held + open_code
        self._is_at_line_start &= not sentences
        return sentences

    def _read(self, text: str, *, whole: bool = True) -> tuple[list[Sentence], str]:
        """Return the sentences, and the unfinished rest."""
        sentences, start, masked = [], 0, mask_code(text)
        for marker in _MARKER.finditer(masked):
            sentences += self._cut(text[start : marker.start()], whole=True)[0]
            self._number, start = int(marker.group(1)), marker.end()
        found, rest = self._cut(text[start:], whole=whole)
        return sentences + found, rest

    def _cut(self, text: str, *, whole: bool) -> tuple[list[Sentence], str]:
        sentences, start = [], 0
        masked = mask(mask_code(text))
        for end in _SENTENCE_END.finditer(masked):
            if _ITEM_NUMBER.fullmatch(text[start : end.end()]) or _goes_on(text, start, end):
                continue
            sentences.append(text[start : end.end()])
            start = end.end()
        if whole:
            sentences.append(text[start:])
        return self._build_all(sentences), "" if whole else text[start:]

    def _build_all(self, sentences: list[str]) -> list[Sentence]:
        return [found for sentence in sentences if (found := self._build(sentence)) is not None]

    def _build(self, text: str) -> Sentence | None:
        """Return the sentence, or None for white space. Line breaks after it are put before the next sentence."""
        said = text.strip()
        if not said:
            self._breaks += text if "\n" in text else ""
            return None
        start = text.index(said)
        before, self._breaks = self._breaks + text[:start], text[start + len(said) :]
        if "\n" not in self._breaks:
            self._breaks = ""
        return Sentence(said, before, self._number)


def _goes_on(text: str, start: int, end: re.Match[str]) -> bool:
    """Whether a full stop belongs to an abbreviation ("i.e. this") or to the number of a step."""
    mark = _MARK.match(text, end.start())
    return "\n" not in end.group() and mark is not None and not ends_sentence(text, start, mark)
