"""Indexes that hold all that is counted of votes and days, so that no row beside them is read for it."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_replies_team_created_at", "replies")
    op.create_index("ix_replies_daily", "replies", ["team", "created_at", "finish", "refused", "id"])
    op.create_index("ix_standing_votes_counted", "standing_votes", ["reply_id", "role", "verdict", "person"])
