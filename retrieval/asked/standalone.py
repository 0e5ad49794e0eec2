"""Completes a follow-up question from its thread, so that search understands it. Works by rules.

"and the Pro?" becomes the question that it continues, with the Pro in the place of the earlier product. "how long does
it last?" becomes a question about what "it" is. If the thread names no model, the last question and its answer are
searched as well. A question that names its own subject stays unchanged. Of documents, knows only the names in their
titles.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrieval.english.closed_words import AUXILIARIES
from retrieval.english.identifiers import Kind, find_identifiers
from retrieval.english.names import find_names
from retrieval.passage import Turn

MAX_FOLLOW_UP_WORDS = 25
MAX_TURN_WORDS = 60
# Only the last turns say what "it" is.
MAX_TURNS_BACK = 6

_OPENER = re.compile(
    r"^\s*(?:and|or|but|also|ok|okay|so|then|plus)\b[\s,]*(?=\S)|^\s*(?:what about|how about|same for)\b\s*",
    re.IGNORECASE,
)
_CONTINUES = re.compile(r"^\s*(?:what about|how about|what if|same for)\b", re.IGNORECASE)
_POINTS = re.compile(
    r"\b(?:it|its|they|them|their|she|her|he|him|his|this one|that one|the one|these|those|the same|this|that)\b"
    r"(?!\s+(?:is|was)\s+(?:possible|ok|okay|true|there))",
    re.IGNORECASE,
)
_FILLING = re.compile(
    r"^(?:(?:and|or|but|also|ok|okay|so|then|plus|what about|how about|same for|is it|for|of|on|in|to|from|with|the|a|"
    r"an|my|your|our|that|this|one)\b[\s,]*)+",
    re.IGNORECASE,
)
_VERBS = frozenset((*AUXILIARIES, "works", "work", "costs", "cost", "need", "needs"))


@dataclass(frozen=True, slots=True)
class Standalone:
    """A follow-up as it would be asked without its thread, and the text to search for.

    `searched` includes earlier turns if the question's own words do not say what it is about.
    """

    question: str
    searched: str


def resolve_follow_up(
    question: str, thread: Sequence[Turn], list_titles: Callable[[], Sequence[str]] = tuple
) -> Standalone:
    """Return the question as it would be asked without the thread; unchanged if it is complete.

    `list_titles` returns the titles of the documents: "the Pro" after "the Moss 2" is the Moss 2 Pro if a title says
    so.
    """
    asked = question.strip()
    recent = list(thread[-MAX_TURNS_BACK:])
    if not asked or not recent or len(asked.split()) > MAX_FOLLOW_UP_WORDS:
        return Standalone(asked, asked)
    if _is_fragment(asked):
        before = _last_full_question(recent)
        whole = _continue(before, asked, list_titles) if before else asked
        return Standalone(whole, whole if before and not whole.startswith(before) else _join(recent, asked))
    opener = _OPENER.match(asked)
    has_subject = bool(find_names(asked) or find_identifiers(asked))
    own = asked[opener.end() :] if opener else asked
    if has_subject:
        return Standalone(own, own)
    if not (opener or _POINTS.search(asked)):
        return Standalone(asked, asked)
    topic, is_model = _last_topic(recent)
    whole = f"{own.rstrip('?!. ')} ({topic})?" if topic else asked
    return Standalone(whole, whole if is_model else _join(recent, asked))


def _join(recent: Sequence[Turn], asked: str) -> str:
    """Return the last question and its answer, both shortened, followed by the new question."""
    told = {turn.role: " ".join(turn.text.split()[:MAX_TURN_WORDS]) for turn in recent}
    return " ".join(filter(None, [told.get("user"), told.get("assistant"), asked]))


def _continue(before: str, asked: str, list_titles: Callable[[], Sequence[str]]) -> str:
    """Return the earlier question about the thing that the fragment names. If it names nothing, append the fragment."""
    new = _FILLING.sub("", asked).rstrip("?!. ")
    names_something = bool(find_names(f"the {new}") or find_identifiers(new)) or any(c.isdigit() for c in new)
    old = _find_replaced(before, new) if names_something and len(new.split()) <= 5 else ""
    if not old:
        return f"{before} {asked}"
    full = f"{old} {new}"
    if not any(c.isdigit() for c in new) and any(full.casefold() in title.casefold() for title in list_titles()):
        new = full
    return before.replace(old, new, 1)


def _find_replaced(before: str, new: str) -> str:
    """Return the part of the earlier question that is of the same kind as the new thing; "" if there is none."""
    kinds = {one.kind for one in find_identifiers(new)}
    spelt = [piece for piece in re.findall(r"[\w.-]*\d[\w.-]*", before) if kinds & _kinds_of(piece)]
    names = [name for name in find_names(before) if name not in spelt]
    numbered = [name for name in names if any(c.isdigit() for c in name)]
    is_numbered = any(c.isdigit() for c in new)
    shared = [name for name in names if name.split()[0].casefold() == new.split()[0].casefold()]
    first = re.escape(new.split()[0])
    alike = re.findall(rf"\b{first} [\w.-]*\d[\w.-]*", before, re.IGNORECASE)  # "tarn 60", in small letters
    for options in (spelt, alike, shared, numbered if is_numbered else [], names):
        if options:
            return options[-1].rstrip(".-")
    return ""


def _kinds_of(piece: str) -> set[Kind]:
    return {one.kind for one in find_identifiers(piece)}


def _is_fragment(asked: str) -> bool:
    """Whether a question has no verb and so continues the one before: "And the Pro?", "in winter?"."""
    if _CONTINUES.match(asked):
        return True
    words = asked.rstrip("?!. ").split()
    is_short = len(words) <= 3 and asked.endswith("?")
    return (is_short or _OPENER.match(asked) is not None) and not (len(words) > 1 and _has_verb(words))


def _has_verb(words: list[str]) -> bool:
    return any(word.strip(",.").lower() in _VERBS for word in words)


def _last_full_question(turns: Sequence[Turn]) -> str | None:
    for turn in reversed(turns):
        text = turn.text.strip()
        if turn.role == "user" and text and not _is_fragment(text):
            return text[:300]
    return None


def _last_topic(turns: Sequence[Turn]) -> tuple[str | None, bool]:
    """Return the last name that a person used, else the last that Chip used, else the last full question.

    The second value tells whether it is a name with a number that a person used: a model, which needs no more context.
    """
    for role in ("user", "assistant"):
        for turn in reversed(turns):
            names = find_names(turn.text) if turn.role == role else []
            if names:
                return names[-1], role == "user" and any(map(str.isdigit, names[-1]))
    before = _last_full_question(turns)
    return (before.rstrip("?!. ") if before else None), False
