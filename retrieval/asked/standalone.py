"""Makes a follow-up question stand on its own, by rule and from the words of the thread, so that search finds it.

"and the Pro?" gets the question that it continues; "how long does it last?" gets what "it" is. A question that names
its own subject is left as it is. Knows nothing of documents.
"""

import re
from collections.abc import Sequence

from retrieval.english.names import find_names
from retrieval.passage import Turn

MAX_FOLLOW_UP_WORDS = 14
# Only the last turns say what "it" is.
MAX_TURNS_BACK = 6

_CONTINUES = re.compile(r"^\s*(?:and|or|but|also|what about|how about|what if|same for|plus)\b", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:it|its|they|them|their|this one|that one|these|those|the same|this|that)\b"
    r"(?!\s+(?:is|was)\s+(?:possible|ok|okay|true|there))",
    re.IGNORECASE,
)


def standalone_question(question: str, thread: Sequence[Turn]) -> str:
    """Return the question as it would be asked without the thread; unchanged where it needs nothing from it."""
    asked = question.strip()
    if not asked or not thread or len(asked.split()) > MAX_FOLLOW_UP_WORDS:
        return asked
    recent = list(thread[-MAX_TURNS_BACK:])
    if _CONTINUES.match(asked) or _is_fragment(asked):
        before = _last_full_question(recent)
        return f"{before} {asked}" if before else asked
    if _POINTS.search(asked) and not find_names(asked):
        topic = _last_topic(recent)
        return f"{asked.rstrip('?!. ')} ({topic})?" if topic else asked
    return asked


def _is_fragment(asked: str) -> bool:
    """Whether it is too short to say what it asks about: "The Pro?", "why?", "in winter?"."""
    words = asked.rstrip("?!. ").split()
    return len(words) <= 3 and asked.endswith("?") and not (len(words) > 1 and _has_verb(words))


def _has_verb(words: list[str]) -> bool:
    verbs = {"is", "are", "do", "does", "can", "will", "has", "have", "was", "did", "should", "may"}
    return any(word.lower() in verbs for word in words)


def _last_full_question(turns: Sequence[Turn]) -> str | None:
    for turn in reversed(turns):
        text = turn.text.strip()
        if turn.role == "user" and text and not _CONTINUES.match(text) and not _is_fragment(text):
            return text[:300]
    return None


def _last_topic(turns: Sequence[Turn]) -> str | None:
    """Return the last name that a person used, else the last one that Chip used, else the last full question."""
    for role in ("user", "assistant"):
        for turn in reversed(turns):
            names = find_names(turn.text) if turn.role == role else []
            if names:
                return names[-1]
    before = _last_full_question(turns)
    return before.rstrip("?!. ") if before else None
