"""The first tables: inbox, conversation, replies, the feedback log, promotions and retrain runs."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_APPEND_ONLY = ("feedback_events", "promotions")


def upgrade() -> None:
    _create_conversation()
    _create_feedback()
    _create_retraining()
    for table in _APPEND_ONLY:
        _forbid_rewriting(table)


def _name(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def _text(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text, nullable=False)


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str) -> sa.Column[Any]:
    return sa.Column(name, sa.JSON, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Integer, nullable=nullable)


def _row_number() -> sa.Column[Any]:
    return sa.Column("number", sa.Integer, autoincrement=True, nullable=False)


def _create_conversation() -> None:
    op.create_table(
        "inbox",
        _name("event_key"),
        _name("kind"),
        _name("team", nullable=True),
        _name("channel", nullable=True),
        _name("ts", nullable=True),
        _json("payload"),
        _at("received_at"),
        _at("done_at", nullable=True),
        sa.PrimaryKeyConstraint("event_key", name="pk_inbox"),
    )
    op.create_index("ix_inbox_done_at_received_at", "inbox", ["done_at", "received_at"])
    op.create_table(
        "messages",
        _row_number(),
        _name("team"),
        _name("channel"),
        _name("thread_ts"),
        _name("ts"),
        _name("person"),
        _name("role"),
        _text("text"),
        _at("created_at"),
        sa.PrimaryKeyConstraint("number", name="pk_messages"),
        sa.UniqueConstraint("team", "channel", "ts", name="uq_messages_team_channel_ts"),
    )
    op.create_index("ix_messages_team_channel_thread_ts_ts", "messages", ["team", "channel", "thread_ts", "ts"])


def _create_feedback() -> None:
    op.create_table(
        "replies",
        _name("id"),
        *(_name(name) for name in ("team", "channel", "thread_ts", "question_ts", "asker", "audience")),
        *(_text(name) for name in ("question", "query", "answer", "shown", "prompt")),
        _json("messages"),
        _json("evidence"),
        _name("base_id"),
        _name("adapter_id", nullable=True),
        _name("finish"),
        sa.Column("refused", sa.Boolean, nullable=False),
        _number("prompt_tokens"),
        _number("completion_tokens"),
        _number("first_text_ms", nullable=True),
        _number("total_ms"),
        _at("created_at"),
        sa.PrimaryKeyConstraint("id", name="pk_replies"),
    )
    op.create_index("ix_replies_team_channel_question_ts", "replies", ["team", "channel", "question_ts"])
    op.create_index("ix_replies_created_at", "replies", ["created_at"])
    op.create_table(
        "reply_parts",
        _row_number(),
        *(_name(name) for name in ("reply_id", "channel", "ts")),
        sa.PrimaryKeyConstraint("number", name="pk_reply_parts"),
        sa.UniqueConstraint("channel", "ts", name="uq_reply_parts_channel_ts"),
    )
    op.create_index("ix_reply_parts_reply_id", "reply_parts", ["reply_id"])
    op.create_table(
        "feedback_events",
        _row_number(),
        _name("id"),
        _name("event_key", nullable=True),
        *(_name(name) for name in ("reply_id", "person", "kind", "source")),
        _json("value"),
        _name("role"),
        _at("at"),
        sa.PrimaryKeyConstraint("number", name="pk_feedback_events"),
        sa.UniqueConstraint("id", name="uq_feedback_events_id"),
        sa.UniqueConstraint("event_key", name="uq_feedback_events_event_key"),
    )
    op.create_index("ix_feedback_events_reply_id_person", "feedback_events", ["reply_id", "person"])
    op.create_index("ix_feedback_events_kind_at", "feedback_events", ["kind", "at"])


def _create_retraining() -> None:
    op.create_table(
        "promotions",
        _row_number(),
        _name("id"),
        _at("at"),
        _name("adapter_id", nullable=True),
        _name("base_id"),
        _name("by"),
        _text("reason"),
        sa.PrimaryKeyConstraint("number", name="pk_promotions"),
        sa.UniqueConstraint("id", name="uq_promotions_id"),
    )
    op.create_table(
        "retrain_runs",
        _name("id"),
        _at("started_at"),
        _at("ended_at", nullable=True),
        *(_name(name) for name in ("trigger", "requested_by", "state")),
        _name("dataset_hash", nullable=True),
        _name("adapter_id", nullable=True),
        _json("reasons"),
        _json("report"),
        sa.PrimaryKeyConstraint("id", name="pk_retrain_runs"),
    )
    op.create_index("ix_retrain_runs_started_at", "retrain_runs", ["started_at"])


def _forbid_rewriting(table: str) -> None:
    """Refuse UPDATE and DELETE on an append-only table, where the database has triggers that we know."""
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
