"""Puts a question and its answer in general words: no courtesies, no names, nothing that identifies one case.

What cannot be left out of an answer stays as a placeholder, such as [id 1]: a person has to reword it before it may
serve. Knows nothing of where the words come from.
"""

import re

from feedback.history.acts import asks
from feedback.history.courtesy import strip_courtesies, strip_offers
from feedback.history.phrases import split_sentences
from feedback.privacy import Masker

_PLACEHOLDER = re.compile(r"\[(?:name|email|phone|card|iban|ip|mac|url|address|serial|id|secret) \d+\]")
_NAME = r"\[name \d+\]"
_ADDRESSED = re.compile(rf"^\W*(?:(?:hi|hello|hey|dear|thanks|thank you),?\s+)?{_NAME}\s*[,!.:–—-]+\s*", re.IGNORECASE)
_SIGNED = re.compile(
    rf"(?:\n|\s[–—-]+|[,.!]\s*(?:best|cheers|regards|greetings|yours),?)\s*{_NAME}[.!]?\s*$", re.IGNORECASE
)
_BESIDE = re.compile(rf"\s*(?:[#№:=(]\s*)?(?:{_PLACEHOLDER.pattern})\s*\)?")


def generalise(question: str, answer: str, masker: Masker, *, quoted: str = "") -> tuple[str, str]:
    """Return a question and its answer in general words. What is `quoted` from the documents stays."""
    told = [strip_courtesies(question, asks=True) or question, strip_courtesies(strip_offers(answer)) or answer]
    asked, said = masker.mask_all(told, quoted=quoted)
    return _generalise_question(asked), _generalise_answer(said)


def find_placeholder(text: str) -> str | None:
    """Return the first placeholder in a text that is to serve; None if there is none."""
    found = _PLACEHOLDER.search(text)
    return found.group() if found else None


def _generalise_question(text: str) -> str:
    """Leave out the sentences that only tell who asks, and the names and numbers of the rest."""
    sentences = split_sentences(_ADDRESSED.sub("", _SIGNED.sub("", text)))
    plain = [one for one in sentences if not _PLACEHOLDER.search(one)]
    kept = plain if any(asks(one) for one in plain) else sentences
    named = re.sub(_NAME, "somebody", " ".join(kept))
    return _begin_large(re.sub(r"\s+([?!.,])", r"\1", _BESIDE.sub("", named)).strip()) or text


def _generalise_answer(text: str) -> str:
    return _begin_large(_SIGNED.sub("", _ADDRESSED.sub("", text)).strip()) or text


def _begin_large(text: str) -> str:
    return text[:1].upper() + text[1:]
