"""The tables of runs: many awards from one table."""

revision = "0007"
down_revision: str | None = "0006"


def upgrade() -> None:
    """Create them."""
