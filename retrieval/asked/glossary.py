"""Puts the documents' words in the place of customers' words, as a glossary says. Knows nothing of learning.

Search reads the question so. What the asker sees, what is recorded and what the model reads stay in the asker's words.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from retrieval.english.terms import tokenise_with_words

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Glossary:
    """Words of customers, by their term, each with the documents' words for the same thing."""

    meanings: Mapping[str, str] = field(default_factory=dict)

    def translate(self, question: str) -> str:
        """Return the question with the documents' words in the place of the customers'."""
        return _WORD.sub(self._translate_word, question) if self.meanings else question

    def _translate_word(self, found: re.Match[str]) -> str:
        term = find_term(found.group())
        return self.meanings.get(term, found.group()) if term else found.group()


def find_term(word: str) -> str | None:
    """Return the term that a word is compared by; None for one that says nothing, or that is several."""
    terms = tokenise_with_words(word)
    return terms[0][0] if len(terms) == 1 else None
