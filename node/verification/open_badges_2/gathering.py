"""Gathering the objects of a badge from their hosts: each address that the way through them asks for, once.

Contexts, pictures, criteria and evidence are never fetched.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Final

from node.documents import MAX_CREDENTIAL_BYTES
from node.verification.errors import FetchError
from node.verification.material import BadgeObjectCopy, Origin, ResolutionFailure, VerificationMaterial
from node.verification.open_badges_2.library import Library
from node.verification.open_badges_2.received import ReceivedBadge
from node.verification.open_badges_2.way import follow
from node.verification.published import MAX_AT_ONCE
from node.verification.sources import Sources

MAX_OBJECTS: Final = 64
"""Objects of one subject. A badge has up to nine: assertion, badge class, profile, four keys, revocation list, and the
badge class at its own address."""
MAX_ROUNDS: Final = 6
"""Objects that lead to one another: the assertion, its class, the profile, the class at its own address, key, list."""
GATHER_SECONDS: Final = 15.0
"""All of them: people wait for the answer."""
ACCEPT: Final = "application/ld+json, application/json;q=0.9"


type Gathered = tuple[tuple[BadgeObjectCopy, ...], dict[str, ResolutionFailure]]


async def gather_badges(badges: Sequence[ReceivedBadge], sources: Sources) -> Gathered:
    """The objects of these badges, and why some are not at hand. Never raises for what the badges say.

    1. Follow the way of each with what is at hand; note the addresses that it asks for.
    2. Fetch side by side what nobody tried yet.
    3. Go on while that leads further, within bounds.
    """
    now, end = sources.now(), asyncio.get_running_loop().time() + GATHER_SECONDS
    copies: dict[str, BadgeObjectCopy] = {}
    failures: dict[str, ResolutionFailure] = {}
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    for _ in range(MAX_ROUNDS):
        library = Library(VerificationMaterial(failures=failures, badge_objects=tuple(copies.values())))
        for badge in badges:  # 1.
            follow(badge, library)
        asked = [address for address in library.asked if address not in copies and address not in failures]
        if not asked:
            break
        room = max(0, MAX_OBJECTS - len(copies) - len(failures))
        failures |= {address: _too_many(now) for address in asked[room:]}
        found = await asyncio.gather(*(_fetch(address, sources, gate, end) for address in asked[:room]))  # 2.
        for address, item in zip(asked[:room], found, strict=True):
            if isinstance(item, BadgeObjectCopy):
                copies[address] = item
            else:
                failures[address] = item
    return tuple(copies.values()), failures


async def _fetch(
    address: str, sources: Sources, gate: asyncio.Semaphore, end: float
) -> BadgeObjectCopy | ResolutionFailure:
    """The object at an address, or that its host took it away for good, or why it was not had by `end`."""
    try:
        async with asyncio.timeout_at(end), gate:
            fetched = await sources.fetch(address, accept=ACCEPT, max_bytes=MAX_CREDENTIAL_BYTES)
        return BadgeObjectCopy(address, fetched.body.decode(), Origin.LIVE, fetched.at, fetched.url)
    except TimeoutError:
        code, message = "TIMEOUT", "fetching it took too long and was given up"
    except UnicodeDecodeError:
        code, message = "NOT_TEXT", "what is there is no text"
    except FetchError as error:
        if error.status == HTTPStatus.GONE:
            return BadgeObjectCopy(address, "", Origin.LIVE, sources.now(), address, gone=True)
        code, message = error.code, str(error)
    return ResolutionFailure(code, message, sources.now())


def _too_many(now: datetime) -> ResolutionFailure:
    return ResolutionFailure("TOO_MANY", f"more than {MAX_OBJECTS} objects belong to it; this one was left out", now)
