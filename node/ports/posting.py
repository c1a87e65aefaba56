"""Sending something to an address that somebody else names."""

from collections.abc import Mapping
from typing import Protocol


class Post(Protocol):
    """The guarded way out, for what is sent."""

    async def __call__(self, url: str, body: bytes, headers: Mapping[str, str]) -> int:
        """Send this once; the status of the answer, of which nothing else is read.

        No redirect is followed. Raises FetchRefusedError or UnreachableError.
        """
