"""Moves all rows from one database to another, an empty one, and compares every row. Knows no table by name."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Integer, Row, Table, func, insert, select, text, tuple_

from feedback.database import Database
from feedback.errors import FeedbackError
from feedback.tables import METADATA

BATCH = 200  # rows: SQLite takes 999 values in a statement, and a key has up to three


class MoveError(FeedbackError):
    """Data that cannot be moved. The message says why; the source is unchanged."""


def move_rows(source: Database, target: Database) -> dict[str, int]:
    """Copy every table in one transaction and return the number of rows of each.

    Raises `MoveError` if the target holds rows already, or if a row there is not what it was here; then the target
    stays empty. Nobody may write to the source meanwhile.
    """
    moved: dict[str, int] = {}
    with source.read() as old, target.begin() as new:
        for table in METADATA.sorted_tables:
            if new.execute(select(table).limit(1)).first() is not None:
                raise MoveError(f"The table {table.name} of the new database holds rows already. Name an empty one.")
            moved[table.name] = _move_table(table, old, new)
            _go_on_counting(table, new)
    return moved


def _move_table(table: Table, old: Connection, new: Connection) -> int:
    key = list(table.primary_key.columns)
    for batch in old.execute(select(table).order_by(*key)).partitions(BATCH):
        new.execute(insert(table), [dict(row._mapping) for row in batch])
        keys = [tuple(row._mapping[column.name] for column in key) for row in batch]
        _compare(table, batch, new.execute(select(table).where(tuple_(*key).in_(keys))).all())
    count = select(func.count()).select_from(table)
    here, there = old.execute(count).scalar_one(), new.execute(count).scalar_one()
    if here != there:
        raise MoveError(f"The table {table.name} has {there} rows after the move, and {here} before it.")
    return here


def _compare(table: Table, before: Sequence[Row[Any]], after: Sequence[Row[Any]]) -> None:
    """Compare rows as sets: databases sort texts in orders of their own."""
    moved = {repr(tuple(row)) for row in after}
    for row in before:
        if repr(tuple(row)) not in moved:
            raise MoveError(f"A row of {table.name} is not what it was after the move: {row[0]}. Nothing was moved.")


def _go_on_counting(table: Table, new: Connection) -> None:
    """Let PostgreSQL number new rows after the moved ones. SQLite does so by itself."""
    (*others, first) = table.primary_key.columns
    if new.dialect.name != "postgresql" or others or not isinstance(first.type, Integer):
        return
    greatest = f"SELECT max({first.name}) FROM {table.name}"
    sequence = f"pg_get_serial_sequence('{table.name}', '{first.name}')"
    new.execute(text(f"SELECT setval({sequence}, ({greatest})) WHERE ({greatest}) IS NOT NULL"))
