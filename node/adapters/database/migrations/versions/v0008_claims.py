"""The tables of claims and of mail."""

revision = "0008"
down_revision: str | None = "0007"


def upgrade() -> None:
    """Create them."""
