"""What admins and staff set up in Slack: rules of channels, switches, calls for a person, and the survey."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _name(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def _at(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "tickets",
        *(_name(name) for name in ("id", "team", "channel", "thread_ts", "reply_id", "asker", "state")),
        _name("open_key", nullable=True),
        _name("card_channel"),
        _name("card_ts", nullable=True),
        _name("claimed_by", nullable=True),
        _name("correction_id", nullable=True),
        _at("opened_at"),
        _at("reminded_at"),
        _at("closed_at", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("open_key", name="uq_tickets_open_key"),
    )
    op.create_index("ix_tickets_card_channel_card_ts", "tickets", ["card_channel", "card_ts"])
    op.create_table(
        "channel_rules",
        *(_name(name) for name in ("team", "channel", "listen")),
        _name("audience", nullable=True),
        _name("quiet_from", nullable=True),
        _name("quiet_to", nullable=True),
        _name("answer_in"),
        sa.Column("answers_bots", sa.Boolean, nullable=False),
        _name("set_by"),
        _at("set_at"),
        sa.PrimaryKeyConstraint("team", "channel", name="pk_channel_rules"),
    )
    op.create_table(
        "switches",
        *(_name(name) for name in ("team", "subject", "name", "value", "set_by")),
        _at("set_at"),
        sa.PrimaryKeyConstraint("team", "subject", "name", name="pk_switches"),
    )
    op.create_table(
        "surveys",
        *(_name(name) for name in ("id", "team", "person", "month", "reply_id")),
        _at("asked_at"),
        sa.PrimaryKeyConstraint("id", name="pk_surveys"),
        sa.UniqueConstraint("team", "person", "month", name="uq_surveys_team_person_month"),
    )
