"""Finds the gist of a message: the question in a long story, or the question behind a reported code.

People paste logs, begin with what happened, and write "The panel shows ERR-4012" when they mean "What does ERR-4012
mean?". Such text misleads search by meaning. Works by rules. Knows only which words the documents hold.
"""

import re
from collections.abc import Callable

from retrieval.english.identifiers import Identifier, Kind, find_identifiers
from retrieval.english.names import find_names

# More than an embedder reads well; a question that is longer has a story around it.
LONG_WORDS = 60
_KEPT_QUESTIONS = 2
_KEPT_WORDS = 40
_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
# Fewer than all question words and auxiliaries: "have" and "whose" amid a message do not ask.
_ASKS = re.compile(
    r"\b(?:what|which|who|when|where|why|how|can|could|is|are|do|does|did|will|would|should|may|must)\b", re.IGNORECASE
)
# A plea asks for help, but does not say with what.
_PLEA = re.compile(
    r"\b(?:what (?:now|to do|(?:shall|should|do|can) i do|does (?:that|this|it) mean)|any ideas?|"
    r"(?:can|could) (?:you|somebody|someone|anybody|anyone) (?:please )?help(?: me| us)?|"
    r"please (?:help|advise)|help)\b",
    re.IGNORECASE,
)
_REPORTS = re.compile(
    r"\b(?:errors?|faults?|alarms?|warnings?|codes?|shows?|showing|display(?:s|ed|ing)?|says?|gets?|got|getting|see|"
    r"sees|seeing|keeps?|keeping|blinks?|blinking|flashes|flashing|appears?|appeared|came|comes|raised|failed|stopped|"
    r"stuck|broken)\b|!",
    re.IGNORECASE,
)
# What asks in such a script has none of the words above.
_OTHER_SCRIPT = re.compile(r"[\u0370-\u1fff\u3040-\uffef]")
_CODE_TEXT = re.compile(r"[A-Za-z]*-?\d[\w.-]*[A-Za-z\d]|[A-Za-z]\d")

Knows = Callable[[str], bool]


def find_gist(message: str, knows: Knows) -> str:
    """Return what a message asks: a short message whole, the questions of a long one, or the code that it reports.

    `knows(word)` tells whether the documents hold a word. A code that they do not hold does not count.
    """
    if (code := _find_reported(message, knows)) is not None:
        return f"What does {code} mean?"
    words = message.split()
    return message if len(words) <= LONG_WORDS else _cut(message)


def asks(message: str) -> bool:
    """Whether a message has the form of a question."""
    return "?" in message or _ASKS.search(message) is not None


def names_code(message: str) -> bool:
    """Whether a message names a code: nobody chats about those, even if no document holds it."""
    return bool(_list_codes(message))


def _find_reported(message: str, knows: Knows) -> str | None:
    """Return the code that a message only reports; None if it reports none or asks something particular."""
    question = _find_question(message)
    if _ASKS.search(_PLEA.sub(" ", question)) or _OTHER_SCRIPT.search(message):
        return None
    if len(message.split()) > 2 and not (_REPORTS.search(message) or _PLEA.search(question)):
        return None
    codes = [code for code in _list_codes(message) if all(knows(word) for word in re.findall(r"[A-Za-z]+|\d+", code))]
    return codes[-1] if codes else None


def _find_question(message: str) -> str:
    """Return the questions in a long message, or a short message whole."""
    if len(message.split()) <= LONG_WORDS:
        return message
    return " ".join(sentence for sentence in _SENTENCE.split(message) if sentence.rstrip().endswith("?"))


def _list_codes(message: str) -> list[str]:
    return [text for text in _CODE_TEXT.findall(message) if any(map(_is_code, find_identifiers(text)))]


def _is_code(one: Identifier) -> bool:
    return one.kind is Kind.CODE


def _cut(message: str) -> str:
    """Return the last questions of a long message with the names in its rest; its ends if it asks nothing."""
    sentences = [sentence.strip() for sentence in _SENTENCE.split(message) if sentence.strip()]
    questions = [sentence for sentence in sentences if sentence.endswith("?")][-_KEPT_QUESTIONS:]
    kept = " ".join(questions) if questions else f"{sentences[0]} {sentences[-1]}"
    names = [name for name in dict.fromkeys(find_names(message)) if name not in kept and any(map(str.isdigit, name))]
    cut = " ".join(kept.split()[-2 * _KEPT_WORDS :])
    return f"{cut} ({', '.join(names[:3])})" if names and questions else cut
