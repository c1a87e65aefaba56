"""How a notice to another program is signed, so that its receiver knows whose it is, and which one, and when.

Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#signature-scheme
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Final

PREFIX: Final = "whsec_"
"""Before the base64 of a secret, where it is shown."""


def shown_secret(secret: bytes) -> str:
    """A secret, as its receiver gets it."""
    return PREFIX + b64encode(secret).decode("ascii")


def signed(secret: bytes, message: str, at: datetime, body: bytes) -> str:
    """The signature of one body under one secret."""
    content = f"{message}.{int(at.timestamp())}.".encode() + body
    return "v1," + b64encode(hmac.new(secret, content, hashlib.sha256).digest()).decode("ascii")


def headers(secrets: Sequence[bytes], message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The headers of a notice: while one secret replaces another, signed by both."""
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join([signed(secret, message, at, body) for secret in secrets]),
    }
