"""Where the cards stand on which staff decide about corrections, so that they can be emptied."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "correction_cards",
        *(sa.Column(name, sa.String(255), nullable=False) for name in ("correction_id", "team", "channel", "ts")),
        sa.PrimaryKeyConstraint("correction_id", name="pk_correction_cards"),
    )
