"""Decides whether a message in a thread is meant for Chip or for the people in it.

Knows who said what in the thread. Reads and sends nothing.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from bot.answering.listening import looks_like_question
from feedback.conversation import Message

_ADDRESS = re.compile(
    r"^\W*(?:(?:hi|hey|hello|ok|okay|thanks|thank you|thx|yes|no|so|and)[\s,]+)?@?([^\W\d_][\w'-]*)\s*[,:]"
)
_TO_YOU = re.compile(r"\b(?:you|your|yours|u|ya)\b", re.IGNORECASE)
# Words that begin a message before a comma and are nobody's name.
_OPENERS = frozenset(
    re.findall(
        r"\w+",
        "ok okay yes no yeah nope well so and but also great good fine sorry please thanks thx hi hey hello hm hmm "
        "right sure actually however then now still first second finally again btw fyi question chip",
    )
)


@dataclass(frozen=True, slots=True)
class Talk:
    """A thread up to a message. `askers` asked Chip in it; `names` are the names of its people."""

    turns: Sequence[Message]
    askers: Collection[str]
    names: Collection[str]


def is_for_chip(text: str, person: str, talk: Talk) -> bool:
    """Return whether a message without a mention is meant for Chip. The rule, in this order:

    1. Where Chip never spoke, no message is. One that begins with somebody's name ("Sam, …", "@Sam") is theirs; "Chip,
       …" is Chip's.
    2. What an asker writes straight after Chip, or after themselves, is for Chip, be it a question, thanks or a detail.
    3. What an asker writes after another person is for Chip where it is a question without "you", since people say
       "you" to each other.
    4. What another person writes is for Chip where it is such a question and Chip spoke last; all else of theirs is
       for the people.
    """
    if all(turn.role != "assistant" for turn in talk.turns):
        return False
    named = _find_addressee(text, talk.names)
    if named is not None:
        return named == "chip"
    last = talk.turns[-1]
    if person in talk.askers and (last.role == "assistant" or last.person == person):
        return True
    asks = looks_like_question(text) and _TO_YOU.search(text) is None
    return asks and (person in talk.askers or last.role == "assistant")


def _find_addressee(text: str, names: Collection[str]) -> str | None:
    """Return the name with which a message begins, in lower case; None if there is none."""
    match = _ADDRESS.match(text)
    if match is None:
        return "" if re.match(r"^\W*@\w", text) else None
    word, known = match.group(1), {part.casefold() for name in names for part in name.split()}
    if word.casefold() in known or word.casefold() == "chip":
        return word.casefold()
    is_name = word[0].isupper() and word.casefold() not in _OPENERS and _TO_YOU.search(text[match.end() :]) is not None
    return word.casefold() if is_name else None
