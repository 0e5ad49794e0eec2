"""The database's tables, as SQLAlchemy Core describes them: the one place that names columns and types.

The migrations under `feedback/migrations` make the same tables; a test compares the two. `feedback_events` and
`promotions` are append-only, which triggers enforce. Knows nothing of who reads or writes the rows. `promotions`,
`canaries` and `retrain_runs` belong to retraining, but one database has one schema.
"""

import re
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

APPEND_ONLY = ("feedback_events", "promotions", "consents", "canaries")

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class UtcDateTime(TypeDecorator[datetime]):
    """An instant. Takes only aware datetimes; returns them in UTC, aware, on every database."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored instant needs its time zone")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class AnyText(TypeDecorator[str]):
    """Text of any origin. NUL and lone surrogates, which databases refuse, are stored as U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else _UNSTORABLE.sub("\ufffd", value)


METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _text(name: str, **options: Any) -> Column[str]:
    return Column(name, AnyText, nullable=options.pop("nullable", False), **options)


def _name(name: str, **options: Any) -> Column[str]:
    return Column(name, String(255), nullable=options.pop("nullable", False), **options)


def _at(name: str, *, nullable: bool = False) -> Column[datetime]:
    return Column(name, UtcDateTime, nullable=nullable)


inbox = Table(
    "inbox",
    METADATA,
    _name("event_key", primary_key=True),
    _name("kind"),
    _name("team", nullable=True),
    _name("channel", nullable=True),
    _name("ts", nullable=True),
    Column("payload", JSON, nullable=False),
    _at("received_at"),
    _at("done_at", nullable=True),
    Index(None, "done_at", "received_at"),
)

messages = Table(
    "messages",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("team"),
    _name("channel"),
    _name("thread_ts"),
    _name("ts"),
    _name("person"),
    _name("role"),
    _text("text"),
    _at("created_at"),
    UniqueConstraint("team", "channel", "ts"),
    Index(None, "team", "channel", "thread_ts", "ts"),
)

_COUNTED = ("team", "created_at", "finish", "refused", "id", "first_text_ms", "sentences", "withheld")

replies = Table(
    "replies",
    METADATA,
    _name("id", primary_key=True),
    _name("team"),
    _name("channel"),
    _name("thread_ts"),
    _name("question_ts"),
    _name("asker"),
    _name("audience"),
    _text("question"),
    _text("query"),
    _text("answer"),
    _text("shown"),
    _text("prompt"),
    Column("messages", JSON, nullable=False),
    Column("evidence", JSON, nullable=False),
    _name("base_id"),
    _name("adapter_id", nullable=True),
    _name("finish"),
    Column("refused", Boolean, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("first_text_ms", Integer, nullable=True),
    Column("total_ms", Integer, nullable=False),
    _at("created_at"),
    _name("asker_role", nullable=True),
    Column("sentences", Integer, nullable=True),
    Column("withheld", Integer, nullable=True),
    Index(None, "team", "channel", "question_ts"),
    Index(None, "created_at"),
    Index("ix_replies_counted", *_COUNTED),  # so that no prompt is read for the counts of a day
)

# The next two have no foreign keys to `replies`: a reply is recorded when it is complete, and people vote while it
# streams. Its first posted part makes a reply known.
reply_parts = Table(
    "reply_parts",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("reply_id", index=True),
    _name("channel"),
    _name("ts"),
    UniqueConstraint("channel", "ts"),
)

feedback_events = Table(
    "feedback_events",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("id", unique=True),
    _name("event_key", nullable=True, unique=True),
    _name("reply_id"),
    _name("person"),
    _name("kind"),
    _name("source"),
    Column("value", JSON, nullable=False),
    _name("role"),
    _at("at"),
    Index(None, "reply_id", "person", "kind"),
    Index(None, "kind", "at"),
    Index(None, "kind", "role", "source", "reply_id"),
)

# What each person thinks of each reply now, folded from `feedback_events` in the transaction that logs a vote.
standing_votes = Table(
    "standing_votes",
    METADATA,
    _name("reply_id", primary_key=True),
    _name("person", primary_key=True),
    _name("role"),
    _name("verdict"),
    _at("at"),
    Index(None, "at", "reply_id", "verdict"),
    Index(None, "person"),
    Index("ix_standing_votes_counted", "reply_id", "role", "verdict", "person"),
)

# What `day_counts` counted of a day's replies; without `counts` they must be counted again.
day_counts = Table(
    "day_counts",
    METADATA,
    _name("team", primary_key=True),
    _name("day", primary_key=True),
    Column("counts", JSON(none_as_null=True), nullable=True),
)

promotions = Table(
    "promotions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("id", unique=True),
    _at("at"),
    _name("adapter_id", nullable=True),
    _name("base_id"),
    _name("by"),
    _text("reason"),
)

# What share of the new conversations a candidate answers beside `control_id`, from this row on; 0: no more.
canaries = Table(
    "canaries",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("id", index=True),
    _at("at"),
    _name("adapter_id"),
    _name("base_id"),
    _name("control_id", nullable=True),
    Column("share", Float, nullable=False),
    _name("by"),
    _text("reason"),
)

# Each look for a change of questions, answers or documents: what was found, or "" for nothing.
drifts = Table(
    "drifts",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("kind"),
    _at("at"),
    Column("is_alarm", Boolean, nullable=False),
    _text("found"),
    Index(None, "kind", "at"),
)

# Each judgement of the model that serves on the company's own questions.
judgements = Table(
    "judgements",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _at("at"),
    _name("cause"),
    _name("base_id"),
    _name("adapter_id", nullable=True),
    Column("asked", Integer, nullable=False),
    Column("right", Integer, nullable=False),
    Column("leaked", Integer, nullable=False),
    Column("answers", JSON, nullable=False),
    Index(None, "at"),
)

retrain_runs = Table(
    "retrain_runs",
    METADATA,
    _name("id", primary_key=True),
    _at("started_at"),
    _at("ended_at", nullable=True),
    _name("trigger"),
    _name("requested_by"),
    _name("state"),
    _name("dataset_hash", nullable=True),
    _name("adapter_id", nullable=True),
    Column("reasons", JSON, nullable=False),
    Column("report", JSON, nullable=False),
    Index(None, "started_at"),
)

# `open_key` names the conversation while its ticket is open, so that the database refuses a second one.
tickets = Table(
    "tickets",
    METADATA,
    _name("id", primary_key=True),
    _name("team"),
    _name("channel"),
    _name("thread_ts"),
    _name("reply_id"),
    _name("asker"),
    _name("state"),
    _name("open_key", nullable=True, unique=True),
    _name("card_channel"),
    _name("card_ts", nullable=True),
    _name("claimed_by", nullable=True),
    _name("correction_id", nullable=True),
    _at("opened_at"),
    _at("reminded_at"),
    _at("closed_at", nullable=True),
    Index(None, "card_channel", "card_ts"),
)

# The card stays after the decision, and quotes the conversation for as long as it exists.
correction_cards = Table(
    "correction_cards",
    METADATA,
    _name("correction_id", primary_key=True),
    _name("team"),
    _name("channel"),
    _name("ts"),
)

# What a waiting correction (`id` is its id) would say to everybody: see `feedback.proposals`. `first` is the proposal
# that asked the same before it. Where the documents say nothing to a disliked reply, `id` is the reply's and `text` "".
proposals = Table(
    "proposals",
    METADATA,
    _name("id", primary_key=True),
    _name("reply_id", index=True),
    _text("question"),
    _text("text"),
    _name("first", index=True),
    _at("at"),
)

# Who decided what in the review. `item` is an id of the kind; what it says stands elsewhere, or is forgotten.
decisions = Table(
    "decisions",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("team"),
    _name("kind"),
    _name("item"),
    _name("outcome"),
    _name("by"),
    _at("at"),
    Index(None, "team", "kind", "item"),
)

channel_rules = Table(
    "channel_rules",
    METADATA,
    _name("team", primary_key=True),
    _name("channel", primary_key=True),
    _name("listen"),
    _name("audience", nullable=True),
    _name("quiet_from", nullable=True),
    _name("quiet_to", nullable=True),
    _name("answer_in"),
    Column("answers_bots", Boolean, nullable=False),
    Column("hides_votes", Boolean, nullable=False, server_default=false()),
    _name("set_by"),
    _at("set_at"),
)

# What was switched for a workspace (`subject` empty) or by a person for themselves (`subject` is their id).
switches = Table(
    "switches",
    METADATA,
    _name("team", primary_key=True),
    _name("subject", primary_key=True),
    _name("name", primary_key=True),
    _name("value"),
    _name("set_by"),
    _at("set_at"),
)

surveys = Table(
    "surveys",
    METADATA,
    _name("id", primary_key=True),
    _name("team"),
    _name("person"),
    _name("month"),
    _name("reply_id"),
    _at("asked_at"),
    UniqueConstraint("team", "person", "month"),
)

consents = Table(
    "consents",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("team"),
    Column("is_on", Boolean, nullable=False),
    Column("guests", Boolean, nullable=False),
    Column("channels", JSON, nullable=False),
    _name("notice"),
    _name("by"),
    _at("at"),
    Index(None, "team", "number"),
)

# What a company had before Chip: see `feedback.history`. `digest` is the content's, so that the same is not read twice.
imports = Table(
    "imports",
    METADATA,
    _name("id", primary_key=True),
    _at("at"),
    _name("by"),
    _text("source"),
    _name("digest", unique=True),
    _name("used_as"),
    Column("report", JSON, nullable=False),
)

imported_pairs = Table(
    "imported_pairs",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=True),
    _name("import_id", index=True),
    _name("digest", unique=True),
    _name("thread"),
    _name("asker", index=True),
    _name("answerer", index=True),
    _name("audience"),
    _text("question"),
    _text("answer"),
    Column("context", JSON, nullable=False),
    Column("follows", Boolean, nullable=False),
    Column("held_back", Boolean, nullable=False),
    _at("at", nullable=True),
    _name("status", index=True),
    _name("decided_by", nullable=True),
    _at("decided_at", nullable=True),
)

# Holds a row only inside a transaction that erases feedback. Otherwise triggers forbid that.
erasing = Table("erasing", METADATA, Column("number", Integer, primary_key=True, autoincrement=True))

# `sealed_token` is encrypted; its key is not in the database.
installations = Table(
    "installations",
    METADATA,
    _name("team", primary_key=True),
    _name("enterprise", nullable=True),
    _text("sealed_token"),
    _name("app"),
    _name("bot_user"),
    _name("bot_id"),
    Column("scopes", JSON, nullable=False),
    _name("installed_by"),
    _at("installed_at"),
)
