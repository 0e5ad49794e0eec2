"""What looks for drift found, and how the model that serves did on the company's own questions."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drifts",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("kind", sa.String(255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_alarm", sa.Boolean, nullable=False),
        sa.Column("found", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_drifts"),
    )
    op.create_index("ix_drifts_kind_at", "drifts", ["kind", "at"])
    op.create_table(
        "judgements",
        sa.Column("number", sa.Integer, autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cause", sa.String(255), nullable=False),
        sa.Column("base_id", sa.String(255), nullable=False),
        sa.Column("adapter_id", sa.String(255), nullable=True),
        *(sa.Column(name, sa.Integer, nullable=False) for name in ("asked", "right", "leaked")),
        sa.Column("answers", sa.JSON, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_judgements"),
    )
    op.create_index("ix_judgements_at", "judgements", ["at"])
