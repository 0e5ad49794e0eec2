"""How many sentences each reply was made of, and how many of them were left out as not supported."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("replies", sa.Column("sentences", sa.Integer, nullable=True))
    op.add_column("replies", sa.Column("withheld", sa.Integer, nullable=True))
