"""Consent to learn, the role in which a question was asked, and a way to erase what somebody wants forgotten."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def _name(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.String(255), nullable=False)


def upgrade() -> None:
    op.add_column("replies", sa.Column("asker_role", sa.String(255), nullable=True))
    op.create_table(
        "consents",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        _name("team"),
        sa.Column("is_on", sa.Boolean, nullable=False),
        sa.Column("guests", sa.Boolean, nullable=False),
        sa.Column("channels", sa.JSON, nullable=False),
        _name("notice"),
        _name("by"),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_consents"),
    )
    op.create_index("ix_consents_team_number", "consents", ["team", "number"])
    op.create_table(
        "erasing",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_erasing"),
    )
    _forbid_rewriting("consents")
    _let_feedback_be_erased()


def _let_feedback_be_erased() -> None:
    """Let a transaction that holds a row in `erasing` delete feedback. Nobody else ever sees that row."""
    dialect = op.get_context().dialect.name
    if dialect == "sqlite":
        op.execute("DROP TRIGGER feedback_events_no_delete")
        op.execute(
            "CREATE TRIGGER feedback_events_no_delete BEFORE DELETE ON feedback_events "
            "WHEN NOT EXISTS (SELECT 1 FROM erasing) "
            "BEGIN SELECT RAISE(ABORT, 'feedback_events is append-only'); END"
        )
    elif dialect == "postgresql":
        op.execute(
            "CREATE OR REPLACE FUNCTION feedback_events_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN IF TG_OP = 'DELETE' AND EXISTS (SELECT 1 FROM erasing) THEN RETURN OLD; END IF; "
            "RAISE EXCEPTION 'feedback_events is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$"
        )


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
