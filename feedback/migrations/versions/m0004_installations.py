"""Where Chip is installed, for a deployment that serves several workspaces."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "installations",
        sa.Column("team", sa.String(255), nullable=False),
        sa.Column("enterprise", sa.String(255), nullable=True),
        sa.Column("sealed_token", sa.Text, nullable=False),
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("app", "bot_user", "bot_id")),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("installed_by", sa.String(255), nullable=False),
        sa.Column("installed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("team", name="pk_installations"),
    )
