"""What people ask: how much each day, what most, and what without an answer."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from math import ceil
from typing import Any

from sqlalchemy import select

from feedback.database import Database
from feedback.day_counts import Counts, read_counts
from feedback.events import FeedbackKind
from feedback.privacy import mask_personal_data
from feedback.signals import ALIKE, find_telling_words, share_most
from feedback.tables import replies
from feedback.votes import Vote

_LOOKED_AT = 2_000  # latest questions

_Group = list[tuple[str, str]]  # questions with their askers


@dataclass(frozen=True, slots=True)
class Day:
    """One day: the answers given, how many of them said "I don't know", and what was said about them until now."""

    day: date
    replies: int
    refused: int
    up: int
    down: int
    escalated: int


@dataclass(frozen=True, slots=True)
class PopularQuestion:
    """One question, in one of its wordings, and how often and by how many people it was asked."""

    question: str
    times: int
    people: int


def daily(db: Database, team: str, since: date, until: date) -> list[Day]:
    """Return one entry for each day (UTC) from `since` to `until`, both and days without a question included."""
    counts = read_counts(db, team, since, until)
    days = (since + timedelta(days=offset) for offset in range((until - since).days + 1))
    return [_build_day(day, counts.get(day, Counts()).sums) for day in days]


def _build_day(day: date, sums: Mapping[str, int]) -> Day:
    named = {"up": Vote.UP, "down": Vote.DOWN, "escalated": FeedbackKind.ESCALATION, "refused": "refused"}
    figures = {name: sums.get(key, 0) for name, key in named.items()}
    return Day(day, sums.get("replies", 0) - sums.get("handed_over", 0), **figures)


def find_unanswered(db: Database, team: str, since: datetime, limit: int) -> list[PopularQuestion]:
    """Return the questions that were answered with "I don't know", the most frequent first."""
    groups = _group(_latest(db, team, since, replies.c.refused.is_(True)))
    return [_describe_group(group) for group in groups[:limit]]


def find_most_asked(
    db: Database, team: str, since: datetime, limit: int, *, may_show: Callable[[str], bool], people: int = 3
) -> list[PopularQuestion]:
    """Return the most frequent questions that customers may see: answered, by at least `people`, naming nobody.

    Each is represented by its shortest wording among those that `may_show` accepts.
    """
    is_public = (replies.c.audience == "customer") & replies.c.refused.is_(False)

    def may_be_seen(question: str) -> bool:
        return mask_personal_data(question) == question and may_show(question)

    shown: list[PopularQuestion] = []
    for group in _group(_latest(db, team, since, is_public)):
        asked = _describe_group(group)
        if asked.people < people or len(shown) == limit:
            continue
        wording = next(filter(may_be_seen, sorted({question for question, _ in group}, key=len)), None)
        if wording is not None:
            shown.append(replace(asked, question=wording))
    return shown


def _latest(db: Database, team: str, since: datetime, condition: Any) -> list[tuple[str, str]]:
    query = (
        select(replies.c.question, replies.c.asker)
        .where(replies.c.team == team, replies.c.created_at >= since, replies.c.question != "", condition)
        .order_by(replies.c.created_at.desc())
        .limit(_LOOKED_AT)
    )
    with db.read() as connection:
        return [(row.question, row.asker) for row in connection.execute(query)]


def _group(questions: Iterable[tuple[str, str]]) -> list[_Group]:
    """Group similar questions, the largest group first. A group is similar to its first question.

    Two sets of words that share 6 in 10 also share one of the rarest in each. So only groups with such a word are
    compared (prefix filtering: Chaudhuri, Ganti and Kaushik, 2006), and of these only groups with the same numbers.
    """
    asked = [(question, asker, find_telling_words(question)) for question, asker in questions]
    counts = Counter(word for _, _, words in asked for word in words)
    groups: list[_Group] = []
    firsts: list[frozenset[str]] = []
    by_word: dict[tuple[frozenset[str], str], list[int]] = defaultdict(list)
    for question, asker, words in asked:
        rarest = sorted(words, key=lambda word: (counts[word], word))[: len(words) - ceil(ALIKE * len(words)) + 1]
        numbers = frozenset(filter(_has_digit, words))
        candidates = sorted({number for word in rarest for number in by_word[numbers, word]})
        found = next((number for number in candidates if share_most(firsts[number], words)), None)
        if found is not None:
            groups[found].append((question, asker))
            continue
        for word in rarest:
            by_word[numbers, word].append(len(groups))
        groups.append([(question, asker)])
        firsts.append(words)
    return sorted(groups, key=len, reverse=True)


@lru_cache(maxsize=16_384)
def _has_digit(word: str) -> bool:
    return any(map(str.isdigit, word))


def _describe_group(group: _Group) -> PopularQuestion:
    """Return a group with its shortest wording."""
    shortest = min((question for question, _ in group), key=len)
    return PopularQuestion(shortest, len(group), len({asker for _, asker in group}))
