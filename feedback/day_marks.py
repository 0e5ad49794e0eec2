"""Marks the days whose counts must be made again, in the transaction that changed what they count. Counts nothing."""

from collections.abc import Iterable, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, select, update

from feedback.database import insert_once
from feedback.tables import day_counts, replies


def mark_replies(connection: Connection, reply_ids: Sequence[str]) -> None:
    """Let the days of some replies be counted again; those that are unknown have none yet."""
    for start in range(0, len(reply_ids), 500):
        query = select(replies.c.team, replies.c.created_at).where(replies.c.id.in_(reply_ids[start : start + 500]))
        mark_days(connection, {(team, at.date()) for team, at in connection.execute(query)})


def mark_days(connection: Connection, days: Iterable[tuple[str, date]]) -> None:
    """Let these days of these workspaces be counted again."""
    for team, day in sorted(days):
        row = {"team": team, "day": day.isoformat(), "counts": None}
        # In this order, and without a condition: otherwise a reader on PostgreSQL could count at the same moment
        # without what this transaction writes, and the mark would be lost.
        if not insert_once(connection, day_counts, row, ("team", "day")):
            connection.execute(update(day_counts).where(*is_day(team, day.isoformat())).values(counts=None))


def is_day(team: str, day: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    """Return the conditions for the row of a workspace's day."""
    return day_counts.c.team == team, day_counts.c.day == day
