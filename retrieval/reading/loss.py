"""Counts how many of the words that a person sees in a document are in none of its passages.

Ignores layout, because it should only notice what a reader of documents loses silently. Knows nothing of formats except
which markup of Markdown is no text.
"""

import html
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from retrieval.passage import Passage
from retrieval.reading.documents import Document, DocumentKind

MOST_LOST = 0.1
"""From this share on, a document has lost so many of its words that somebody should look at it."""

_WORD = re.compile(r"[^\W_]+")
# The address of a link holds brackets in pairs: [it](a_(b).html).
_ADDRESS = r"\((?:[^()\n]|\([^()\n]{0,500}\)){0,2000}\)"
_MARKUP = re.compile(
    rf"</?[A-Za-z][^<>]{{0,2000}}>|!\[[^\]\n]*\](?:{_ADDRESS})?|\]{_ADDRESS}|"
    r"\]\[[^\]\n]*\]|"
    r"^ {0,3}\[[^\]\n]+\]:|\{%[^\n{}]*%\}|\{\{[^\n{}]*\}\}|\{[:#.][^}\n]*\}|~~[^\n]*?~~|^[ \t>]*\d{1,9}[.)] |"
    r"^(?:import|export) [^\n]*$|^[ \t]*(?:```|~~~|:::|!!!|\?\?\?|===)[^\n]*$|https?://\S+",
    re.MULTILINE,
)
_BETWEEN = (("<!--", "-->"), ("<script", "</script>"), ("<style", "</style>"), ("<svg", "</svg>"))


@dataclass(frozen=True, slots=True)
class Loss:
    """Of `words` that a person sees in the document `source`, `lost` are in none of its passages."""

    source: str
    words: int
    lost: int
    passages: int

    @property
    def is_worth_a_look(self) -> bool:
        """Whether the document gave no passage or lost more than its share of words."""
        return not self.passages or self.lost > MOST_LOST * self.words


def measure_loss(document: Document, passages: Sequence[Passage]) -> Loss:
    """Return what a document's passages do not hold of it."""
    is_markdown = document.kind is DocumentKind.MARKDOWN
    seen = _count_words([document.seen or (strip_markup(document.text) if is_markdown else document.text)])
    kept = _count_words(part for passage in passages for part in (passage.heading, passage.text))
    return Loss(document.source, seen.total(), (seen - kept).total(), len(passages))


def strip_markup(text: str) -> str:
    """Return Markdown of any dialect without its markup."""
    for start, end in _BETWEEN:
        while (first := text.find(start)) >= 0 and (last := text.find(end, first)) >= 0:
            text = f"{text[:first]} {text[last + len(end) :]}"
    return html.unescape(_MARKUP.sub(" ", text))


def _count_words(texts: Iterable[str]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for text in texts:
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text).replace("\u00ad", "")
        counted.update(_WORD.findall(plain.casefold()))
    return counted
