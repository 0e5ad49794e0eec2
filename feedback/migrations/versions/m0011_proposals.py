"""What waiting corrections would say to everybody, and who decided what in the review."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def _name(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(255), nullable=False)


def upgrade() -> None:
    op.create_table(
        "proposals",
        _name("id"),
        _name("reply_id"),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        _name("first"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
    )
    op.create_index("ix_proposals_reply_id", "proposals", ["reply_id"])
    op.create_index("ix_proposals_first", "proposals", ["first"])
    op.create_table(
        "decisions",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        *(_name(name) for name in ("team", "kind", "item", "outcome", "by")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_decisions"),
    )
    op.create_index("ix_decisions_team_kind_item", "decisions", ["team", "kind", "item"])
