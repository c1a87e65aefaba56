"""Copies of status lists by what is in them: every version published here, and lists of others that are mirrored.

A verifier that knows from a chain which version of a list counts asks any mirror of its trust file for the bytes with
that digest, under the CID that follows from it. Nobody who keeps a copy can change it, and nothing in one is read here.
"""

import hashlib
from base64 import b32decode
from binascii import Error as EncodingError
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from anchoring.heads import DIGEST_BYTES, cid_of
from node.documents import MAX_CREDENTIAL_BYTES
from node.issuance.background.tasks import Later, member
from node.issuance.errors import HostingError
from node.issuance.organisation.events import record
from node.issuance.pages import FOR_GOOD, STATUS, Page, list_media_type
from node.issuance.web_addresses import web_address
from node.ports.api_keys import Caller
from node.ports.errors import AbsentError
from node.ports.mirroring import Mirrored
from node.ports.organisations import OrganisationId
from node.ports.outbox import Claimed
from node.ports.store import Store, UnitOfWork
from node.ports.work import mirror_list
from node.verification.errors import FetchError
from node.verification.sources import Fetch

ANY: Final = "application/vnd.ipld.raw"
"""Bytes of which nothing is said but their digest; a browser makes nothing of them."""
EVERY: Final = timedelta(hours=1)
"""How often a list of others is looked at; its issuer can hide a withdrawal for no longer than that."""
ACCEPT: Final = "application/vc, application/vc+jwt, application/statuslist+jwt, application/json;q=0.5, */*;q=0.1"
_CID_CHARS: Final = 59
_CODE_BYTES: Final = 4


@dataclass(frozen=True, slots=True)
class ListCopies:
    """The copies of a node, and which lists of others it keeps."""

    store: Store
    public_url: str
    loopback: bool = False

    async def version(self, list_id: str, digest: str) -> Page | None:
        """A version of a list that is published here."""
        found = await self._copy(digest)
        if found is None or found[0] != f"{self.public_url}{STATUS}{list_id}":
            return None
        return Page(found[1], list_media_type(found[1]), FOR_GOOD)

    async def by_cid(self, cid: str) -> Page | None:
        """The bytes under a CID, whosever list they are."""
        digest = digest_in(cid)
        found = None if digest is None else await self._copy(digest)
        return None if found is None else Page(found[1], ANY, FOR_GOOD)

    async def listed(self, organisation: OrganisationId) -> tuple[Mirrored, ...]:
        """The lists of others that an organisation mirrors here."""
        async with self.store.view(organisation) as view:
            return await view.mirrors.listed()

    async def add(self, url: str, caller: Caller, at: datetime) -> Mirrored:
        """Mirror a list of somebody else from now on; raises HostingError for what is no address of one."""
        web_address(url, loopback=self.loopback)
        if url.startswith(f"{self.public_url}/"):
            raise HostingError(
                "what is published here is kept in every version as it is",
                code="hosting.address",
                remedy="Name a list of somebody else.",
            )

        async def work(unit: UnitOfWork) -> Mirrored:
            if await unit.mirrors.add(url, at):
                await unit.outbox.add([mirror_list(url, at)])
                record(unit, caller, "mirror.add", url, at)
            return await unit.mirrors.find(url)

        return await self.store.change(caller.organisation, work)

    async def remove(self, url: str, caller: Caller, at: datetime) -> None:
        """Mirror a list no more; raises AbsentError."""

        async def work(unit: UnitOfWork) -> None:
            await unit.mirrors.remove(url)
            record(unit, caller, "mirror.remove", url, at)

        await self.store.change(caller.organisation, work)

    async def _copy(self, digest: str) -> tuple[str, bytes] | None:
        try:
            async with self.store.node_view() as view:
                return await view.public.list_copy(digest)
        except AbsentError:
            return None


@dataclass(frozen=True, slots=True)
class ListMirror:
    """Fetches lists of others in the background: bytes in, the same bytes out, by their digest."""

    store: Store
    fetch: Fetch
    now: Callable[[], datetime]

    async def carry(self, claimed: Claimed) -> Later | None:
        """Carry out MIRROR_LIST: have the list once more, for as long as it is to be mirrored."""
        url, organisation = member(claimed, "url"), claimed.organisation
        try:
            async with self.store.view(organisation) as view:
                await view.mirrors.find(url)
        except AbsentError:
            return None
        at = self.now()
        try:
            body = (await self.fetch(url, accept=ACCEPT, max_bytes=MAX_CREDENTIAL_BYTES)).body
        except FetchError as error:
            code = error.code
            await self.store.change(organisation, lambda unit: unit.mirrors.failed(url, code, at))
        else:
            digest = hashlib.sha256(body).hexdigest()
            await self.store.change(organisation, lambda unit: unit.mirrors.keep(url, digest, body, at))
        return Later(mirror_list(url, at + EVERY))


def digest_in(cid: str) -> str | None:
    """The SHA-256 in a CID, in hexadecimal; None for any other kind, and any other spelling.

    Spec: https://github.com/multiformats/cid#cidv1
    """
    if len(cid) != _CID_CHARS:
        return None
    try:
        data = b32decode(cid[1:].upper() + "=" * (-len(cid[1:]) % 8))
    except (EncodingError, ValueError):
        return None
    digest = data[_CODE_BYTES:]
    return digest.hex() if len(digest) == DIGEST_BYTES and cid_of(digest) == cid else None
