"""What each person thinks of each reply now, beside the log of how they came to it."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_NAMES = ("reply_id", "person", "role")
_EVENTS = sa.table(
    "feedback_events",
    *(sa.column(name, sa.String) for name in (*_NAMES, "kind", "source")),
    sa.column("number", sa.Integer),
    sa.column("value", sa.JSON),
    sa.column("at", sa.DateTime(timezone=True)),
)
_STANDING = sa.table(
    "standing_votes",
    *(sa.column(name, sa.String) for name in (*_NAMES, "verdict")),
    sa.column("at", sa.DateTime(timezone=True)),
)
_AT_ONCE = 5_000  # rows written


def upgrade() -> None:
    op.create_table(
        "standing_votes",
        *(sa.Column(name, sa.String(255), nullable=False) for name in (*_NAMES, "verdict")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("reply_id", "person", name="pk_standing_votes"),
    )
    op.create_index("ix_standing_votes_at", "standing_votes", ["at"])
    op.create_index("ix_standing_votes_person", "standing_votes", ["person"])
    if not op.get_context().as_sql:  # a script that is only printed has no rows to read
        _fill(op.get_bind())


def _fill(connection: sa.Connection) -> None:
    votes = sa.select(_EVENTS).where(_EVENTS.c.kind == "vote")
    events = connection.execute(votes.order_by(_EVENTS.c.reply_id, _EVENTS.c.person, _EVENTS.c.at, _EVENTS.c.number))
    rows = []
    for _, said in groupby(events, key=lambda event: (event.reply_id, event.person)):
        if (standing := _fold(said)) is not None:
            rows.append(
                {name: getattr(standing, name) for name in (*_NAMES, "at")} | {"verdict": standing.value["verdict"]}
            )
    for start in range(0, len(rows), _AT_ONCE):
        connection.execute(sa.insert(_STANDING), rows[start : start + _AT_ONCE])


def _fold(said: Iterable[Any]) -> Any | None:
    """Return the last vote that was not taken back, of one person's votes on one reply in their order."""
    standing: dict[str, Any] = {}
    for event in said:
        value = event.value
        signal = f"{value['emoji']} {value['channel']} {value['ts']}" if event.source == "reaction" else ""
        standing.pop(signal, None)
        if value.get("added", True):
            standing[signal] = event
    return list(standing.values())[-1] if standing else None
