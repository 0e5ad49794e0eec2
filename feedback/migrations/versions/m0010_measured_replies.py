"""Indexes that hold what Home counts, so that a million votes and their prompts are not read for it."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_MEASURED = ["created_at", "finish", "id", "refused", "asker", "first_text_ms", "total_ms", "sentences", "withheld"]


def upgrade() -> None:
    op.drop_index("ix_replies_created_at", "replies")
    op.create_index("ix_replies_measured", "replies", _MEASURED)
    op.create_index("ix_replies_team_created_at", "replies", ["team", "created_at"])
