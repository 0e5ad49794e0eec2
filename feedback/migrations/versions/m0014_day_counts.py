"""What is counted of each day, kept; every day with replies waits to be counted. Indexes hold what is counted."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_COUNTED = ["team", "created_at", "finish", "refused", "id", "first_text_ms", "sentences", "withheld"]
_REPLIES = sa.table("replies", sa.column("team", sa.String), sa.column("created_at", sa.DateTime(timezone=True)))
_DAYS = sa.table("day_counts", sa.column("team", sa.String), sa.column("day", sa.String))


def upgrade() -> None:
    op.create_table(
        "day_counts",
        sa.Column("team", sa.String(255), nullable=False),
        sa.Column("day", sa.String(255), nullable=False),
        sa.Column("counts", sa.JSON, nullable=True),
        sa.PrimaryKeyConstraint("team", "day", name="pk_day_counts"),
    )
    op.drop_index("ix_replies_measured", "replies")
    op.drop_index("ix_replies_daily", "replies")
    op.create_index("ix_replies_created_at", "replies", ["created_at"])
    op.create_index("ix_replies_counted", "replies", _COUNTED)
    op.drop_index("ix_standing_votes_at", "standing_votes")
    op.create_index("ix_standing_votes_at_reply_id_verdict", "standing_votes", ["at", "reply_id", "verdict"])
    op.drop_index("ix_feedback_events_reply_id_person", "feedback_events")
    op.create_index("ix_feedback_events_reply_id_person_kind", "feedback_events", ["reply_id", "person", "kind"])
    said = ["kind", "role", "source", "reply_id"]
    op.create_index("ix_feedback_events_kind_role_source_reply_id", "feedback_events", said)
    is_sqlite = op.get_context().dialect.name == "sqlite"
    at = _REPLIES.c.created_at
    day = sa.func.date(at) if is_sqlite else sa.func.to_char(at.op("AT TIME ZONE")("UTC"), "YYYY-MM-DD")
    op.execute(_DAYS.insert().from_select(["team", "day"], sa.select(_REPLIES.c.team, day).distinct()))
