"""Builds lessons and gate questions from imported history. Knows no files and no votes.

The admin who chose how an import is used gave the consent. A program recognises the answer to a gate question by its
numbers, codes and addresses; its other words may vary.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime

from feedback.database import Database
from feedback.history.imports import ImportedPair, find_heldout_pairs, find_training_pairs
from feedback.replies import Reply, SentMessage, SourceLine
from retrain.data.lessons import Lesson, build_lesson, cite
from retrain.evaluate import HeldOutQuestion
from retrieval.draft import Draft
from retrieval.passage import Audience

IMPORTED = "imported"
"""The `finish` of the reply that represents an imported answer."""

FOR_STAFF = "for staff only"
_MOST_HELD_OUT = 500
_MOST_FACTS = 2
_SMALL = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_MASK = re.compile(r"\[[a-z_ ]+(?:[ _-]?\d+)?\]|<[A-Z_]+\d*>")
_FACT = re.compile(
    r"https?://[^\s<>()]*[^\s<>().,;:!?]"
    r"|\b(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*\b"
    r"|(?P<number>(?<![\w.])\d+(?:[.,:]\d+)*)(?:\s?(?P<unit>%|[^\W\d_]{2,}))?"
)
_LIST_NUMBER = re.compile(r"^\s*\d{1,2}[.)]\s+", re.MULTILINE)


def find_imported_lessons(
    db: Database, prepare: Callable[[str, Audience], Draft], *, limit: int, for_staff: bool, dropped: Counter[str]
) -> list[Lesson]:
    """Return the lessons of the newest imported answers, oldest first, with the prompts of their questions now."""
    lessons = []
    for pair in reversed(find_training_pairs(db, limit=limit)):
        if pair.audience != Audience.CUSTOMER and not for_staff:
            dropped[FOR_STAFF] += 1
        else:
            lessons.append(_build_imported(pair, prepare(pair.question, Audience(pair.audience))))
    return lessons


def _build_imported(pair: ImportedPair, draft: Draft) -> Lesson:
    reply = build_imported_reply(pair, draft, reply_id=pair.digest)
    target = cite(pair.answer, draft.messages)
    lesson = build_lesson(reply, target, "import", pair.answerer, pair.digest)
    example = replace(lesson.example, reply_id=None, pair=pair.digest, thread=f"import/{pair.thread}")
    return replace(lesson, example=example)


def build_imported_reply(pair: ImportedPair, draft: Draft, *, reply_id: str, base_id: str = "") -> Reply:
    """Return a reply for an imported answer, with its question and the evidence that is found now."""
    evidence = draft.retrieved.evidence
    return Reply(
        id=reply_id,
        team="",
        channel=IMPORTED,
        thread_ts=pair.thread,
        question_ts=pair.digest,
        asker=pair.asker,
        audience=pair.audience,
        question=pair.question,
        query=draft.retrieved.query,
        answer="",
        shown="",
        prompt="",
        messages=tuple(SentMessage(message.role, message.content) for message in draft.messages),
        evidence=tuple(SourceLine(**asdict(line)) for line in evidence.lines),
        match=evidence.match.value,
        base_id=base_id,
        adapter_id=None,
        finish=IMPORTED,
        refused=False,
        prompt_tokens=0,
        completion_tokens=0,
        first_text_ms=0,
        total_ms=0,
        created_at=pair.at or datetime.now(UTC),
        asker_role=pair.audience,
    )


def find_imported_questions(db: Database) -> list[HeldOutQuestion]:
    """Return the held-out imported questions whose answers a program can recognise."""
    return [
        HeldOutQuestion(
            f"import-{pair.number}",
            pair.question,
            Audience(pair.audience),
            facts,
            answerable=True,
            kind="imported",
            topic=pair.thread,
        )
        for pair in find_heldout_pairs(db, limit=_MOST_HELD_OUT)
        if (facts := find_facts(pair.answer, pair.question))
    ]


def find_facts(answer: str, question: str = "") -> tuple[tuple[str, ...], ...]:
    """Return an answer's first numbers, codes and addresses that its question lacks, each with its wordings."""
    text = _MASK.sub(" ", _LIST_NUMBER.sub("", answer))
    asked = question.casefold()
    facts = dict.fromkeys(way for match in _FACT.finditer(text) if (way := _word_fact(match)))
    told = [ways for ways in facts if not any(way.casefold() in asked for way in ways)]
    return tuple(told[:_MOST_FACTS])


def _word_fact(match: re.Match[str]) -> tuple[str, ...]:
    """Return the wordings of a fact: "6 months" and "six months"."""
    number, unit = match["number"], match["unit"] or ""
    if number is None:
        return (match.group(),)
    ways = list(_say_number(number))
    joined = [
        f"{way}{space}{unit}" for way in ways for space in (("", " ") if unit == "%" or len(unit) < 4 else (" ", "-"))
    ]
    return tuple(joined) if unit else tuple(ways)


def _say_number(number: str) -> Iterator[str]:
    yield number
    if number.isdigit() and int(number) < len(_SMALL):
        yield _SMALL[int(number)]
