"""Judges the model that serves on the company's own questions, and keeps each outcome to compare the next with.

A question that people asked word for word is left out: it is no longer kept for the test. What answers is passed in.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scipy.stats import binomtest
from sqlalchemy import insert, select

from feedback.database import Database
from feedback.tables import judgements, replies
from retrain.adapter import Adapter
from retrain.data.lessons import normalise_question
from retrain.evaluate import Answerer, HeldOutQuestion, is_right
from retrain.judging.questions import is_checked
from retrieval.draft import Draft
from retrieval.passage import Audience

WEEKLY, DOCUMENTS = "weekly", "documents"
LEVEL = 0.05
LEAKS_OF = timedelta(days=90)

Prepare = Callable[[str, Audience], Draft]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One judgement: which questions, by id, were answered rightly, and how many had leaked."""

    at: datetime
    cause: str
    base_id: str
    adapter_id: str | None
    answers: Mapping[str, bool]
    leaked: int

    @property
    def asked(self) -> int:
        """How many questions were asked."""
        return len(self.answers)

    @property
    def right(self) -> int:
        """How many were answered rightly."""
        return sum(self.answers.values())


def judge_serving(
    db: Database,
    questions: Sequence[HeldOutQuestion],
    prepare: Prepare,
    answerer: Answerer,
    serving: tuple[str, Adapter | None],
    cause: str,
) -> Judgement:
    """Ask what serves (the base's id and the adapter) the questions that have not leaked; record how it did."""
    base_id, adapter = serving
    kept = leave_out_leaked(questions, read_asked_words(db, db.clock() - LEAKS_OF))
    drafted = [(one, prepare(one.question, one.audience)) for one in kept]
    fit = [(one, draft) for one, draft in drafted if is_checked(one, draft)]
    answers = answerer.answer([draft for _, draft in fit], adapter)
    right = {one.id: is_right(one, answer) for (one, _), answer in zip(fit, answers, strict=True)}
    judged = Judgement(db.clock(), cause, base_id, adapter.id if adapter else None, right, len(questions) - len(kept))
    _record(db, judged)
    return judged


def leave_out_leaked(questions: Iterable[HeldOutQuestion], asked: frozenset[str]) -> list[HeldOutQuestion]:
    """Return the questions that nobody asked word for word. One that a program made of a document cannot leak."""
    return [one for one in questions if one.kind == "document" or normalise_question(one.question) not in asked]


def read_asked_words(db: Database, since: datetime) -> frozenset[str]:
    """Return all that people asked since then, as questions are compared."""
    query = select(replies.c.question).where(replies.c.created_at >= since, replies.c.question != "").distinct()
    with db.read() as connection:
        return frozenset(normalise_question(question) for question in connection.scalars(query))


def find_lost(before: Judgement, now: Judgement) -> list[str]:
    """Return the ids that are no longer right; [] unless more got lost than chance explains (McNemar's exact test)."""
    both = before.answers.keys() & now.answers.keys()
    lost = [one for one in both if before.answers[one] and not now.answers[one]]
    won = [one for one in both if now.answers[one] and not before.answers[one]]
    if not lost or binomtest(len(lost), len(lost) + len(won), alternative="greater").pvalue > LEVEL:
        return []
    return sorted(lost)


def find_judgements(db: Database, most: int) -> list[Judgement]:
    """Return the last judgements, newest first."""
    query = select(judgements).order_by(judgements.c.number.desc()).limit(most)
    with db.read() as connection:
        rows = connection.execute(query).all()
    return [Judgement(row.at, row.cause, row.base_id, row.adapter_id, row.answers, row.leaked) for row in rows]


def _record(db: Database, judged: Judgement) -> None:
    counts = {"asked": judged.asked, "right": judged.right, "leaked": judged.leaked}
    row = {name: getattr(judged, name) for name in ("at", "cause", "base_id", "adapter_id")}
    with db.begin() as connection:
        connection.execute(insert(judgements).values(**row, **counts, answers=dict(judged.answers)))
