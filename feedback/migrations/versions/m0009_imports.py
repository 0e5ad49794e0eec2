"""Imports of what a company had before Chip, and the question-answer pairs that they gave."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_INDEXED = ("import_id", "asker", "answerer", "status")


def _name(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "imports",
        _name("id"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _name("by"),
        sa.Column("source", sa.Text, nullable=False),
        _name("digest"),
        _name("used_as"),
        sa.Column("report", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_imports"),
        sa.UniqueConstraint("digest", name="uq_imports_digest"),
    )
    op.create_table(
        "imported_pairs",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        *(_name(name) for name in ("import_id", "digest", "thread", "asker", "answerer", "audience")),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("question", "answer")),
        sa.Column("context", sa.JSON, nullable=False),
        *(sa.Column(name, sa.Boolean, nullable=False) for name in ("follows", "held_back")),
        sa.Column("at", sa.DateTime(timezone=True), nullable=True),
        _name("status"),
        _name("decided_by", nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name="pk_imported_pairs"),
        sa.UniqueConstraint("digest", name="uq_imported_pairs_digest"),
    )
    for column in _INDEXED:
        op.create_index(f"ix_imported_pairs_{column}", "imported_pairs", [column])
