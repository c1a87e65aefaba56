"""Pictures of achievements: what somebody uploads is read elsewhere, and what is kept of it is a picture alone."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.organisation.events import record
from node.ports.api_keys import Caller
from node.ports.drafting import Drafting
from node.ports.errors import RuleError
from node.ports.publishing import Picture
from node.ports.store import Store, UnitOfWork

MAX_UNPUBLISHED: Final = 200
"""Pictures that nobody sees yet, of a megabyte each: a designer tries some dozens."""


@dataclass(frozen=True, slots=True)
class Uploaded:
    """A picture as it is kept, and the kinds of what was left out of it."""

    picture: Picture
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PictureDesk:
    """What may be done with pictures. Everything raises StoreError, JudgesError and InputRefusedError."""

    store: Store
    drafting: Drafting

    async def upload(self, caller: Caller, data: bytes, at: datetime) -> Uploaded:
        """Keep what is a picture in these bytes; the same once more is the one that is there."""
        cleaned = await self.drafting.clean(data)
        digest = hashlib.sha256(cleaned.image).hexdigest()
        size = len(cleaned.image)
        picture = Picture(digest, cleaned.media_type, cleaned.width, cleaned.height, size, at)

        async def work(unit: UnitOfWork) -> Picture:
            if await unit.pictures.add(picture, cleaned.image):
                if await unit.pictures.unpublished() > MAX_UNPUBLISHED:
                    raise RuleError(
                        f"there are {MAX_UNPUBLISHED} pictures that no achievement has",
                        code="picture.many",
                        remedy="Remove those that are not needed.",
                    )
                record(unit, caller, "picture.upload", digest, at)
            return await unit.pictures.find(digest)

        return Uploaded(await self.store.change(caller.organisation, work), cleaned.left_out)

    async def remove(self, caller: Caller, digest: str, at: datetime) -> None:
        """Drop one that was never published."""

        async def work(unit: UnitOfWork) -> None:
            await unit.pictures.remove(digest)
            record(unit, caller, "picture.remove", digest, at)

        await self.store.change(caller.organisation, work)
