"""The tables of notices and of subscriptions to events."""

revision = "0009"
down_revision: str | None = "0008"


def upgrade() -> None:
    """Create them."""
