"""Whether the vote buttons are hidden in a channel."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("channel_rules", sa.Column("hides_votes", sa.Boolean, nullable=False, server_default=sa.false()))
