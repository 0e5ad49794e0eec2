"""Checks the sentences of a base that reads passages: a passage must hold each of them, in its words or its meaning.

The passage must hold exact values (numbers, codes, commands, addresses) unchanged. Knows nothing of models.
"""

import re
from collections.abc import Sequence

from retrieval.encoders.entailment import EntailmentModel
from retrieval.english.sentences import split_units
from retrieval.english.terms import tokenise
from retrieval.factcheck.check import Checked, check_claim, is_courtesy
from retrieval.factcheck.quotes import mend_quote
from retrieval.layout import ADDRESS, CODE_SPAN, flatten
from retrieval.passage import EvidenceLine
from retrieval.prompt import is_refusal

# A sentence of whose words a passage holds less says something else, however near its meaning is.
LEAST_SHARED = 0.6
_VALUE = re.compile(rf"{CODE_SPAN.pattern}|{ADDRESS}|[\w./:-]*\d[\w./:-]*|\b\w+(?:[_./]\w+)+\b", re.IGNORECASE)
_BARE = re.compile(r"^(?:yes|no)\b[,.!]?\s*", re.IGNORECASE)
_ITEM_NUMBER = re.compile(r"^\s*\d{1,3}[.)] ")


class PassageCheck:
    """Checks the sentences of one answer against its passages, line by line."""

    def __init__(self, passages: Sequence[EvidenceLine], model: EntailmentModel | None = None) -> None:
        self._model = model
        self._passages = {passage.number: passage for passage in passages}
        self._lines = [
            EvidenceLine(passage.number, unit.text, passage.heading, passage.passage_id)
            for passage in passages
            for unit in split_units(passage.text)
        ]

    def check(self, text: str, cited: EvidenceLine | None, asked: str, lessons: Sequence[str]) -> Checked:
        """Return the text to show for a sentence (None: nothing), with the passage that supports it."""
        if is_refusal(text) or is_courtesy(text):
            return Checked(text, None)
        number = cited.number if cited else None
        if (quoted := self._find_quoted(text, number)) is not None:
            return Checked(text, quoted)
        if any(mend_quote(text, lesson) for lesson in lessons):
            return Checked(text, None)
        claim = _BARE.sub("", text) or text
        checked = check_claim(claim, self._lines, cited=number, model=self._model)
        if checked.text is None or checked.line is None:
            return Checked(None, None, checked.reason)
        passage = self._passages[checked.line.number]
        source = f"{passage.heading} {passage.text} {asked}"
        if missing := _find_missing(text, source):
            return Checked(None, None, f"{missing!r} stands in no passage")
        if _share_words(claim, source) < LEAST_SHARED:
            return Checked(None, None, "words of its own")
        return Checked(text if checked.text == claim else checked.text, passage)

    def _find_quoted(self, text: str, number: int | None) -> EvidenceLine | None:
        """Return a passage that holds the text word for word, preferably the cited one."""
        words = flatten(text).strip(" .") or "```"
        holding = [one for one in self._passages.values() if words and words in flatten(one.text)]
        return min(holding, key=lambda one: one.number != number, default=None)


def _share_words(text: str, source: str) -> float:
    """Return the share of a text's words that its source holds, in any inflection."""
    words = set(tokenise(flatten(text)))
    return len(words & set(tokenise(flatten(source)))) / len(words) if words else 0.0


def _find_missing(text: str, source: str) -> str:
    """Return the first exact value of a text that its source lacks; "" if it holds them all."""
    held = source.casefold()
    values = (match.group().strip("`.,:;/-") for match in _VALUE.finditer(_ITEM_NUMBER.sub("", text)))
    return next((value for value in values if value and value.casefold() not in held), "")
