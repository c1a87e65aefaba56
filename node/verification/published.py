"""Texts that somebody publishes, fetched as they are; what could not be had is data."""

import asyncio
from typing import Final

from node.documents import MAX_CREDENTIAL_BYTES
from node.verification.errors import FetchError
from node.verification.material import Origin, PublishedCopy, ResolutionFailure
from node.verification.sources import Sources

MAX_AT_ONCE: Final = 8
"""Fetches under way together, as with identifiers."""


async def fetch_copy[C: PublishedCopy](  # noqa: PLR0913 -- what, where from, and until when
    kind: type[C], url: str, sources: Sources, *, accept: str, gate: asyncio.Semaphore, end: float
) -> C | ResolutionFailure:
    """What is published at an address, or why it was not had by `end`, which is a time of the running loop."""
    try:
        async with asyncio.timeout_at(end), gate:
            fetched = await sources.fetch(url, accept=accept, max_bytes=MAX_CREDENTIAL_BYTES)
        return kind(url, fetched.body.decode(), Origin.LIVE, fetched.at)
    except TimeoutError:
        code, message = "TIMEOUT", "fetching it took too long and was given up"
    except UnicodeDecodeError:
        code, message = "NOT_TEXT", "what is there is no text"
    except FetchError as error:
        code, message = error.code, str(error)
    return ResolutionFailure(code, message, sources.now())
