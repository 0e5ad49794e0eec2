"""Which candidate answers what share of the conversations before it serves."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def _name(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "canaries",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        _name("id"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        _name("adapter_id"),
        _name("base_id"),
        _name("control_id", nullable=True),
        sa.Column("share", sa.Float, nullable=False),
        _name("by"),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_canaries"),
    )
    op.create_index("ix_canaries_id", "canaries", ["id"])
    _forbid_rewriting("canaries")


def _forbid_rewriting(table: str) -> None:
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":
        op.execute(
            f"CREATE FUNCTION {table}_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN RAISE EXCEPTION '{table} is append-only' "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )
    for action in ("UPDATE", "DELETE"):
        trigger = f"{table}_no_{action.lower()}"
        if dialect == "sqlite":
            op.execute(
                f"CREATE TRIGGER {trigger} BEFORE {action} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        elif dialect == "postgresql":
            op.execute(
                f"CREATE TRIGGER {trigger} BEFORE {action} ON {table} "
                f"FOR EACH ROW EXECUTE FUNCTION {table}_is_append_only()"
            )
