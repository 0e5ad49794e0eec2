"""Draws question-answer pairs out of one conversation: who asked what, and which answers answered it.

An asker's messages up to an answer are one question; an answerer's messages up to the next question are one answer. A
message that only greets, puts off or asks back is no answer, nor is one that did not help according to the asker.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from feedback.history.acts import asks, asks_back, complains, drop_agreement, is_acknowledgement, is_holding
from feedback.history.courtesy import strip_courtesies, strip_offers
from feedback.history.message import Left, Message

LONGEST_QUESTION, LONGEST_ANSWER = 2000, 3000
"""In characters; a longer answer could not be stored as a correction."""

CONTEXT_TURNS = 4
_SHORTEST_QUESTION = 2
_SUBJECT_HELPS = 5
_POINTS_BACK = re.compile(
    r"^\W*(?:and|also|so|then|but|or|what\s+about|how\s+about|what\s+else|in\s+that\s+case|for\s+that|same)\b"
    r"|\b(?:something|anything|another|the\s+\w+(?:est|st|nd|rd|th|first|last|other|same))\s+(?:else|one)(?![\w-])"
    r"|^\W*i\s+do(?:\s+not|n['’]t)?\s*[.!]"
    r"|\b(?:it|its|that(?!\s+(?:i|you|we|is|are|has|have|can|will|was|goes|does|do)\b)|this|they|them|their|those|these|ones|(?<!is\s)(?<!are\s)there|he|she|him|her|his)\b",
    re.IGNORECASE,
)
_SHORT_FOLLOW_UP = 4


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says in a row. `person` is the first who spoke."""

    is_asker: bool
    person: str
    text: str
    at: float | None


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer as written, without courtesies. `context` is what was said before, oldest first.

    `follows` says that the question makes no sense without its context.
    """

    question: str
    answer: str
    asker: str
    answerer: str
    at: float | None
    context: tuple[str, ...] = ()
    follows: bool = False


@dataclass(slots=True)
class _Open:
    """A question that is being asked, with its answers so far. `is_heard`: its asker reacted to them."""

    question: list[Turn] = field(default_factory=list)
    answer: list[Turn] = field(default_factory=list)
    put_off: str = ""
    context: tuple[str, ...] = ()
    is_heard: bool = False


NOBODY_ASKED = "nobody asked: a remark, thanks or an announcement"
NO_ANSWER = "a question that nobody answered"
PUT_OFF = "a question that was put off or asked back, never answered"
NO_HELP = "an answer that did not help, as its asker said"


def build_turns(messages: Iterable[tuple[Message, bool]]) -> list[Turn]:
    """Return the turns of a conversation: messages of one side in a row, each with whether its author asks."""
    turns: list[Turn] = []
    for message, is_asker in messages:
        text = strip_courtesies(message.text, asks=is_asker)
        if turns and turns[-1].is_asker == is_asker and _goes_on(turns[-1], message, is_asker):
            last = turns[-1]
            turns[-1] = Turn(is_asker, last.person, f"{last.text}\n{text}".strip(), last.at)
        else:
            turns.append(Turn(is_asker, message.author, text, message.at))
    return turns


def _goes_on(last: Turn, message: Message, is_asker: bool) -> bool:
    """Whether a message continues the turn: answerers answer together, but each asker asks alone."""
    return not is_asker or last.person == message.author


def draw_pairs(turns: list[Turn], subject: str = "") -> Iterator[Pair | Left]:
    """Yield the pairs of a conversation, and why other questions and answers make none."""
    said: list[str] = []
    current = _Open()
    for turn in turns:
        if not turn.is_asker:
            _answer(current, turn)
        elif current.answer and complains(turn.text):
            yield Left(NO_HELP)
            current.answer, current.is_heard = [], False
            current.question.append(turn)
        elif current.answer or not current.question:
            if _opens(turn, is_first=not said, subject=subject):
                yield from _close(current)
                current = _Open(
                    [_with_subject(turn, subject) if not said else turn], context=tuple(said[-CONTEXT_TURNS:])
                )
            elif not current.answer:
                yield Left(NOBODY_ASKED)
            current.is_heard = bool(current.answer)
        elif not is_acknowledgement(turn.text):
            current.question.append(turn)
        if turn.text:
            said.append(f"{'Asker' if turn.is_asker else 'Answer'}: {turn.text}"[:400])
    yield from _close(current)


def _opens(turn: Turn, *, is_first: bool, subject: str) -> bool:
    """Whether a turn asks something. A conversation's first turn does, unless it only greets."""
    if is_acknowledgement(turn.text):
        return is_first and len(subject.split()) >= _SHORTEST_QUESTION
    return asks(turn.text) or (is_first and len(turn.text.split()) >= _SHORTEST_QUESTION)


def _with_subject(turn: Turn, subject: str) -> Turn:
    """Put a mail's subject before a first message that says little without it."""
    if not subject or len(turn.text.split()) >= _SUBJECT_HELPS or subject.casefold() in turn.text.casefold():
        return turn
    return Turn(turn.is_asker, turn.person, f"{subject}\n{turn.text}".strip(), turn.at)


def _answer(current: _Open, turn: Turn) -> None:
    if not current.question or current.is_heard or is_acknowledgement(turn.text):
        return
    if is_holding(turn.text) or (asks_back(turn.text) and not current.answer):
        current.put_off = PUT_OFF
    elif not asks_back(turn.text):
        current.answer.append(turn)


def _close(current: _Open) -> Iterator[Pair | Left]:
    if not current.question:
        return
    if not current.answer:
        yield Left(current.put_off or NO_ANSWER)
        return
    question = "\n".join(drop_agreement(turn.text) for turn in current.question)
    answer = strip_courtesies(strip_offers("\n".join(turn.text for turn in current.answer)))
    if len(question) > LONGEST_QUESTION or len(answer) > LONGEST_ANSWER:
        yield Left("longer than a question and an answer are")
        return
    if not any(character.isalnum() for character in answer) or is_acknowledgement(answer):
        yield Left("an answer without words")
        return
    first = current.question[0]
    yield Pair(
        question,
        answer,
        first.person,
        current.answer[0].person,
        current.answer[0].at,
        current.context,
        bool(current.context) and points_back(question),
    )


def points_back(question: str) -> bool:
    """Whether a question depends on what was said before it."""
    return len(question.split()) < _SHORT_FOLLOW_UP or bool(_POINTS_BACK.search(question))
