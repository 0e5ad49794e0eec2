"""Owns which candidate is tried on people, on what share of the new conversations, and why a trial ended.

Rows are added and never changed; the last one of a base holds. Knows nothing of engines, nor of what the trial shows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from feedback.database import Database
from feedback.tables import canaries
from retrain.errors import PromotionError

FOUND_BETTER = "people were better off"
DEFAULT_SHARE, MOST_SHARE = 0.25, 0.5


@dataclass(frozen=True, slots=True)
class Canary:
    """A candidate on trial beside `control_id`, what serves (None: the bare base).

    `shares` are its shares of the new conversations, each with the time from which it holds; 0 ends the trial. `reason`
    is that of the last change.
    """

    id: str
    adapter_id: str
    base_id: str
    control_id: str | None
    shares: tuple[tuple[datetime, float], ...]
    reason: str
    is_found_better: bool = False

    @property
    def began_at(self) -> datetime:
        """When the trial began."""
        return self.shares[0][0]

    @property
    def share(self) -> float:
        """The share that holds now."""
        return self.shares[-1][1]

    def share_at(self, at: datetime) -> float:
        """Return the share that held at a time; 0.0 before the trial."""
        return next((share for since, share in reversed(self.shares) if since <= at), 0.0)


def find_running(db: Database, base_id: str) -> Canary | None:
    """Return the trial that runs on this base; None if there is none."""
    with db.read() as connection:
        return _find_running(connection, base_id)


def find_last(db: Database, base_id: str) -> Canary | None:
    """Return the trial that ran last on this base, ended or not."""
    with db.read() as connection:
        return _find_last(connection, base_id)


def begin(
    db: Database, adapter_id: str, base_id: str, control_id: str | None, share: float, *, by: str, reason: str = ""
) -> Canary:
    """Begin a trial. Raises `PromotionError` if one runs, or for a share that is no share."""
    require_share(share)
    with db.begin() as connection:
        if running := _find_running(connection, base_id):
            raise PromotionError(f"{running.adapter_id} is being tried already; end that first: `/chip canary off`.")
        fixed = {"id": db.new_id("Y"), "adapter_id": adapter_id, "base_id": base_id, "control_id": control_id}
        connection.execute(insert(canaries).values(**fixed, at=db.clock(), share=share, by=by, reason=reason))
        begun = _find_running(connection, base_id)
    assert begun is not None
    return begun


def change_share(db: Database, canary: Canary, share: float, *, by: str, reason: str) -> bool:
    """Let the candidate answer another share of the new conversations. False if the trial ended meanwhile."""
    require_share(share)
    return _add(db, canary, share, by, reason)


def note_better(db: Database, canary: Canary, *, by: str) -> bool:
    """Record that the candidate was found better. False if that is known, or if the trial ended meanwhile."""
    return not canary.is_found_better and _add(db, canary, None, by, FOUND_BETTER)


def end(db: Database, canary: Canary, *, by: str, reason: str) -> bool:
    """End a trial. False if it had ended: only who gets True tells people."""
    return _add(db, canary, 0.0, by, reason)


def find_on_other_bases(db: Database, base_id: str) -> list[Canary]:
    """Return the trials that still run on other bases than the one in use."""
    query = select(canaries.c.base_id).where(canaries.c.base_id != base_id).distinct()
    with db.read() as connection:
        found = [_find_running(connection, other) for other in connection.scalars(query).all()]
    return [canary for canary in found if canary is not None]


def require_share(share: float) -> None:
    """Raise `PromotionError` unless a candidate may answer this share of the conversations."""
    if not 0.0 < share <= MOST_SHARE:
        raise PromotionError(f"A trial takes more than 0% and at most {MOST_SHARE:.0%} of the conversations.")


def _add(db: Database, canary: Canary, share: float | None, by: str, reason: str) -> bool:
    """Add a row to a trial that still runs; without a share the one that holds stays."""
    fixed = {name: getattr(canary, name) for name in ("id", "adapter_id", "base_id", "control_id")}
    with db.begin() as connection:
        known = _find_running(connection, canary.base_id)
        if known is None or known.id != canary.id or (reason == FOUND_BETTER and known.is_found_better):
            return False
        held = known.share if share is None else share
        connection.execute(insert(canaries).values(**fixed, at=db.clock(), share=held, by=by, reason=reason))
    return True


def _find_running(connection: Connection, base_id: str) -> Canary | None:
    found = _find_last(connection, base_id)
    return found if found is not None and found.share > 0.0 else None


def _find_last(connection: Connection, base_id: str) -> Canary | None:
    on_base = select(canaries.c.id).where(canaries.c.base_id == base_id).order_by(canaries.c.number.desc()).limit(1)
    last = connection.scalar(on_base)
    if last is None:
        return None
    return _build(connection.execute(select(canaries).where(canaries.c.id == last).order_by(canaries.c.number)).all())


def _build(rows: Sequence[Row[Any]]) -> Canary:
    first, last = rows[0], rows[-1]
    return Canary(
        first.id,
        first.adapter_id,
        first.base_id,
        first.control_id,
        tuple((row.at, row.share) for row in rows),
        last.reason,
        any(row.reason == FOUND_BETTER for row in rows),
    )
