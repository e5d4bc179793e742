"""Steps of platforms, the declarations that they name, and counts of what was rejected and of shadow questions."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "steps",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("id", sa.String(64), nullable=False, unique=True),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "contents",
        sa.Column("digest", sa.String(71), primary_key=True),
        sa.Column("name", sa.String(255), primary_key=True),
        sa.Column("raw", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "rejections",
        sa.Column("platform", sa.String(64), primary_key=True),
        sa.Column("type", sa.String(64), primary_key=True),
        sa.Column("reason", sa.String(255), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("row_key", sa.String(16), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "shadows",
        sa.Column("platform", sa.String(64), primary_key=True),
        sa.Column("type", sa.String(64), primary_key=True),
        sa.Column("outcome", sa.String(32), primary_key=True),
        sa.Column("day", sa.String(10), primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    raise NotImplementedError("what was recorded is not thrown away; restore a backup with the older program")
