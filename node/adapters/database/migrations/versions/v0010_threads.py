"""The tables of conversations over DIDComm."""

revision = "0010"
down_revision: str | None = "0009"


def upgrade() -> None:
    """Create them."""
