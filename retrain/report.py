"""What a retrain did, as one value that an admin reads and the database keeps. Knows nothing of how it is shown."""

from collections import Counter
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import insert, select, update

from feedback.database import Database
from feedback.tables import retrain_runs

Outcome = Literal["promoted", "on trial", "refused", "not judged", "nothing to learn"]
Verdict = Literal["better", "worse", "changed"]
Standing = Literal["no worse", "worse", "not judged"]

COMMAND_LINE = "command line"  # what sets off a run in a process of its own
SCHEDULE = "schedule"
RUNNING, FAILED, INTERRUPTED = "running", "failed", "interrupted"
NOT_JUDGED = "not judged"
_LOOKED_BACK = 100  # runs whose questions are counted
_TRAINED = ("promoted", "on trial", "refused", NOT_JUDGED)


@dataclass(frozen=True, slots=True)
class Scores:
    """One model's figures: held-out questions right of all, lessons said of all, and what went wrong."""

    heldout_right: int
    heldout: int
    said: int
    lessons: int
    refused_answerable: int
    answered_unanswerable: int
    failures: int
    median_ms: float | None


@dataclass(frozen=True, slots=True)
class Change:
    """One question that champion and candidate answered differently, with what a person would have seen of each.

    `is_private`: a person asked it, so that it is told once, to the one who began the run, and kept nowhere.
    """

    question: str
    before: str
    after: str
    verdict: Verdict
    is_private: bool


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that must not get worse: how often it was bad of how many answers, before and after.

    `is_wrong` says that the bad answers are those that are not right, so that the rest is right.
    """

    name: str
    before: int
    after: int
    of: int
    verdict: Standing
    is_wrong: bool


@dataclass(frozen=True, slots=True)
class RetrainReport:
    """All figures of one retrain.

    `adapter_id` is the candidate, None if there was nothing to learn; `champion_id` is what served before, None for the
    bare base. `lessons` counts by source and `dropped` by reason. `seconds` has the time of each step and "total".
    `swap_ms` is None unless the candidate was promoted; `before` and `after` are None if nothing was learned.
    `changes` are some answers before and after, losses first. For `gain` to `not_judged` see `Decision`. `asked` are
    the ids of the gate's questions, `kinds` counts them, and `reused` how many an earlier run had asked already.
    `people` counts how lessons and rows speak of people, see `retrain.data.people`, and `teachers` whom was learned
    from, by role. `parts` are the slices that the gate compared. `taught`
    counts all lessons, of which `after.lessons` were asked. `cleared` counts old adapters and data sets that went.
    """

    run_id: str
    trigger: str
    requested_by: str
    started_at: datetime
    outcome: Outcome
    reasons: tuple[str, ...]
    base_id: str
    champion_id: str | None
    adapter_id: str | None = None
    dataset_hash: str | None = None
    rows: int = 0
    lessons: dict[str, int] | None = None
    dropped: dict[str, int] | None = None
    retired: int = 0
    before: Scores | None = None
    after: Scores | None = None
    gain: float | None = None
    gain_bounds: tuple[float, float] | None = None
    needed: int | None = None
    not_judged: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    kinds: dict[str, int] | None = None
    reused: int = 0
    people: dict[str, dict[str, int]] | None = None
    teachers: dict[str, int] | None = None
    taught: int = 0
    parts: tuple[Part, ...] = ()
    training: dict[str, Any] | None = None
    seconds: dict[str, float] | None = None
    swap_ms: float | None = None
    cleared: int = 0
    changes: tuple[Change, ...] = ()

    def without_people(self) -> "RetrainReport":
        """Return the report without what people asked."""
        return replace(self, changes=tuple(change for change in self.changes if not change.is_private))


def begin_run(db: Database, *, trigger: str, requested_by: str) -> tuple[str, datetime]:
    """Record that a run begins and return its id and time. Close runs that an end of the process cut short."""
    run_id, now = db.new_id("T"), db.clock()
    row = {
        "id": run_id,
        "started_at": now,
        "trigger": trigger,
        "requested_by": requested_by,
        "state": RUNNING,
        "reasons": [],
        "report": {},
    }
    with db.begin() as connection:
        cut_short = update(retrain_runs).where(retrain_runs.c.state == RUNNING)
        connection.execute(cut_short.values(state=INTERRUPTED, ended_at=now))
        connection.execute(insert(retrain_runs).values(row))
    return run_id, now


def end_run(db: Database, report: RetrainReport) -> None:
    """Record how the run ended, with all its figures, but nothing that a person asked."""
    report = report.without_people()
    _close(
        db,
        report.run_id,
        state=report.outcome,
        dataset_hash=report.dataset_hash,
        adapter_id=report.adapter_id,
        reasons=list(report.reasons),
        report=asdict(report) | {"started_at": report.started_at.isoformat()},
    )


def fail_run(db: Database, run_id: str, reason: str, state: str = FAILED) -> None:
    """Record that the run ended in an error, or was broken off."""
    _close(db, run_id, state=state, reasons=[reason])


def find_last_start(db: Database) -> datetime | None:
    """Return when the last run began that looked at the feedback and ended; None before the first."""
    ended = retrain_runs.c.state.in_((*_TRAINED, "nothing to learn"))
    query = select(retrain_runs.c.started_at).where(ended).order_by(retrain_runs.c.started_at.desc()).limit(1)
    with db.read() as connection:
        return connection.scalar(query)


def find_reports(db: Database, limit: int = 10) -> list[dict[str, Any]]:
    """Return the last runs, newest first: id, state, reasons and the report's figures (empty unless it ended)."""
    query = select(retrain_runs).order_by(retrain_runs.c.started_at.desc()).limit(limit)
    with db.read() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]


def count_uses(db: Database) -> Counter[str]:
    """Return how often each of the gate's questions was asked by earlier runs: one that decides often, decides less."""
    query = select(retrain_runs.c.report).where(retrain_runs.c.state.in_(_TRAINED))
    with db.read() as connection:
        reports = connection.execute(query.order_by(retrain_runs.c.started_at.desc()).limit(_LOOKED_BACK)).scalars()
        return Counter(asked for report in reports for asked in (report or {}).get("asked", ()))


def find_step_seconds(db: Database) -> dict[str, float]:
    """Return the seconds of each step of the last run that trained; {} before the first."""
    query = select(retrain_runs.c.report).where(retrain_runs.c.state.in_(_TRAINED))
    with db.read() as connection:
        report = connection.scalar(query.order_by(retrain_runs.c.started_at.desc()).limit(1))
    return dict((report or {}).get("seconds") or {})


def find_report_of(db: Database, adapter_id: str) -> RetrainReport | None:
    """Return the report of the run that made an adapter."""
    query = select(retrain_runs.c.report).where(retrain_runs.c.adapter_id == adapter_id).limit(1)
    with db.read() as connection:
        stored = connection.scalar(query)
    return _parse_report(stored) if stored else None


def find_ended_elsewhere(db: Database, since: datetime) -> list[tuple[datetime, RetrainReport | None, str]]:
    """Return the runs of the command line that ended after an instant, oldest first: when, the report, and why not.

    A run that failed has no report.
    """
    by_hand = (retrain_runs.c.trigger == COMMAND_LINE) & (retrain_runs.c.ended_at > since)
    columns = (retrain_runs.c.ended_at, retrain_runs.c.state, retrain_runs.c.report, retrain_runs.c.reasons)
    with db.read() as connection:
        rows = connection.execute(select(*columns).where(by_hand).order_by(retrain_runs.c.ended_at)).all()
    return [
        (row.ended_at, _parse_report(row.report) if row.report else None, " ".join(row.reasons))
        for row in rows
        if row.state != RUNNING
    ]


def _parse_report(stored: dict[str, Any]) -> RetrainReport:
    known = {name: stored[name] for name in RetrainReport.__dataclass_fields__ if name in stored}
    scores = {name: Scores(**stored[name]) for name in ("before", "after") if stored.get(name)}
    read = {
        "started_at": datetime.fromisoformat(stored["started_at"]),
        "reasons": tuple(stored["reasons"]),
        "changes": tuple(Change(**change) for change in stored.get("changes", ())),
        "not_judged": tuple(stored.get("not_judged", ())),
        "parts": tuple(Part(**part) for part in stored.get("parts", ())),
        "asked": tuple(stored.get("asked", ())),
        "gain_bounds": tuple(stored["gain_bounds"]) if stored.get("gain_bounds") else None,
    }
    return RetrainReport(**known | scores | read)


def _close(db: Database, run_id: str, **values: Any) -> None:
    with db.begin() as connection:
        connection.execute(
            update(retrain_runs).where(retrain_runs.c.id == run_id).values(ended_at=db.clock(), **values)
        )
