"""Decisions: who decided what in the review, and when. Knows ids and outcomes, no words."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from feedback.database import Database
from feedback.tables import decisions


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about an item. `kind` and `outcome` are the review's words."""

    kind: str
    item: str
    outcome: str
    by: str
    at: datetime


def record_decision(connection: Connection, team: str, decision: Decision) -> None:
    """Note a decision in the transaction that carries it out."""
    row = {name: getattr(decision, name) for name in Decision.__slots__}
    connection.execute(insert(decisions).values(row | {"team": team}))


def list_decisions(db: Database, team: str, limit: int) -> list[Decision]:
    """Return a workspace's decisions, the newest first."""
    columns = [decisions.c[name] for name in Decision.__slots__]
    query = select(*columns).where(decisions.c.team == team).order_by(decisions.c.number.desc()).limit(limit)
    with db.read() as connection:
        return [Decision(*row) for row in connection.execute(query)]


def find_all_decided(db: Database, kind: str) -> dict[str, Decision]:
    """Return the last decision about each decided item of a kind, in all workspaces."""
    columns = [decisions.c[name] for name in Decision.__slots__]
    query = select(*columns).where(decisions.c.kind == kind).order_by(decisions.c.number)
    with db.read() as connection:
        return {row.item: Decision(*row) for row in connection.execute(query)}


def find_decided(db: Database, team: str, kind: str) -> dict[str, Decision]:
    """Return the last decision about each decided item of a kind."""
    columns = [decisions.c[name] for name in Decision.__slots__]
    query = select(*columns).where(decisions.c.team == team, decisions.c.kind == kind).order_by(decisions.c.number)
    with db.read() as connection:
        return {row.item: Decision(*row) for row in connection.execute(query)}
