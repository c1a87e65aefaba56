"""What the node publishes at its own address for anybody: identifiers, their histories, keys, linkages, status lists.

A page is looked up by the path of its address, over HTTP and where the node itself verifies what it issued: it asks
nobody for what lies in its own store.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

import orjson

from did_methods.did import Did
from did_methods.resolution import Problem, Resolution
from did_methods.versions import VersionQuery
from did_methods.web import METHOD as WEB
from did_methods.webvh import LOG_FILE, LogFiles, read_files, resolution_of
from did_methods.webvh_log import METHOD as WEBVH
from node.documents import JsonObject, parse_object
from node.issuance.did_documents import is_given_up
from node.issuance.domain_linkages import DomainLinkages
from node.issuance.errors import HostingError, NotIssuableError
from node.issuance.host import Host
from node.issuance.issuer_metadata import issuer_metadata
from node.issuance.status_heads import end_of
from node.ports.errors import AbsentError
from node.ports.organisations import HostedDid
from node.ports.store import Store
from node.verification.did_logs import LOG_TOOLS
from node.verification.sd_jwt_vc.issuer_metadata import WELL_KNOWN as ISSUER_KEYS
from node.verification.sources import Fetched

DID_FILE: Final = "did.json"
CONFIGURATION: Final = "/.well-known/did-configuration.json"
STATUS: Final = "/status/"
FOR_A_WHILE: Final = timedelta(minutes=5)
"""How long others may keep what can change at any time: so long a change can stay unseen."""
FOR_GOOD: Final = timedelta(days=365)
"""How long others may keep what never changes."""
JSON: Final = "application/json"
JSON_LINES: Final = "text/jsonl"
CREDENTIAL: Final = "application/vc"
_TOKEN_TYPES: Final = {b"statuslist+jwt": "application/statuslist+jwt"}
CREDENTIAL_TOKEN: Final = "application/vc+jwt"  # noqa: S105 -- a media type
_WELL_KNOWN: Final = "/.well-known/"
_TOKEN: Final = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*~?")


@dataclass(frozen=True, slots=True)
class Page:
    """Something that is published: exactly these bytes, and how long others may keep them. `gone` says: no more."""

    body: bytes
    media_type: str
    kept: timedelta = FOR_A_WHILE
    gone: bool = False

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes."""
        return hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Pages:
    """The pages of a node. `host` is None where no identifiers can be hosted at its address."""

    store: Store
    public_url: str
    host: Host | None
    linkages: DomainLinkages | None

    async def find(self, path: str, now: datetime) -> Page | None:
        """The page at a path of the node's address, if it is one of these."""
        if path == CONFIGURATION:
            return await self.configuration(now)
        if path == ISSUER_KEYS or path.startswith(f"{ISSUER_KEYS}/"):
            return await self.issuer_keys(tuple(path.removeprefix(ISSUER_KEYS).strip("/").split("/")))
        if path.startswith(STATUS):
            return await self.status_list(path.removeprefix(STATUS), now)
        *folders, name = path.removeprefix("/").split("/")
        if folders == [".well-known"]:
            folders = []
        elif not folders:
            return None
        if name == DID_FILE:
            return await self.did_document(tuple(folders))
        return await self.did_log(tuple(folders)) if name == LOG_FILE else None

    async def did_document(self, path: tuple[str, ...]) -> Page | None:
        """The document of the did:web at a path."""
        found = await self._at(path)
        if found is None or found.document is None:
            return None
        return Page(found.document, JSON, gone=is_given_up(parse_object(found.document)))

    async def did_log(self, path: tuple[str, ...]) -> Page | None:
        """The history of the did:webvh at a path."""
        found = await self._with_history(path)
        return None if found is None or found.log is None else Page(found.log, JSON_LINES)

    async def issuer_keys(self, path: tuple[str, ...]) -> Page | None:
        """The keys of whoever issues under the address of a path."""
        path = () if path == ("",) else path
        found = await self._with_history(path) or await self._at(path)
        if found is None or found.document is None:
            return None
        document = parse_object(found.document)
        metadata = issuer_metadata("/".join((self.public_url, *path)), document)
        return None if metadata is None else Page(orjson.dumps(metadata), JSON)

    async def configuration(self, now: datetime) -> Page | None:
        """The page on which the host names its identifiers."""
        page = None if self.linkages is None else await self.linkages.page(now)
        return None if page is None else Page(page, JSON)

    async def status_list(self, name: str, now: datetime) -> Page | None:
        """The version of a status list that was published last."""
        try:
            async with self.store.node_view() as view:
                body = await view.public.status_list(f"{self.public_url}{STATUS}{name}")
        except AbsentError:
            return None
        return list_page(body, now)

    @property
    def is_local(self) -> bool:
        """Whether the node's address is one of this machine alone, for development."""
        return self.host is not None and self.host.local

    async def resolve(self, did: Did, query: VersionQuery, now: datetime) -> Resolution | None:
        """The resolution of an identifier that is looked up here, from what is published; None for any other.

        Also an identifier at this address that is not there is answered for: nobody else could know it.
        """
        if self.host is None or not self.host.has(did):
            return None
        found = await self._did(str(did))
        if found is None or found.document is None:
            return Resolution.failed(Problem.NOT_FOUND, "no such identifier is published here.")
        if did.method == WEBVH and found.log is not None:
            files = LogFiles(found.log)
            log = await asyncio.to_thread(read_files, did, files, LOG_TOOLS, now=now)
            return resolution_of(did, log, query)
        if not query.is_present:
            return Resolution.failed(Problem.FEATURE_NOT_SUPPORTED, "a did:web has no versions but the present one.")
        document = parse_object(found.document)
        return Resolution(document, {"deactivated": True} if is_given_up(document) else {})

    async def own(self, url: str, now: datetime) -> Fetched | None:
        """What anybody would be answered with at an address of this node; None for an address of others, or no page."""
        if not url.startswith(f"{self.public_url}/"):
            return None
        parts = urlsplit(url)
        if parts.query or parts.fragment or "%" in parts.path or f"{parts.scheme}://{parts.netloc}" != self.public_url:
            return None
        page = await self.find(parts.path, now)
        return None if page is None or page.gone else Fetched(page.body, page.media_type, url, now)

    async def _at(self, path: tuple[str, ...]) -> HostedDid | None:
        if self.host is None:
            return None
        try:
            did = self.host.web_did(path)
        except HostingError:
            return None
        return await self._did(str(did))

    async def _with_history(self, path: tuple[str, ...]) -> HostedDid | None:
        """The did:webvh at a path, of which the did:web there speaks."""
        beside = await self._at(path)
        document: JsonObject = {} if beside is None or beside.document is None else parse_object(beside.document)
        names = document.get("alsoKnownAs")
        for name in names if isinstance(names, list) else []:
            parts = name.split(":", 3) if isinstance(name, str) else []
            if parts[:2] == ["did", WEBVH] and beside is not None and f"did:{WEB}:{parts[-1]}" == beside.did:
                return await self._did(str(name))
        return None

    async def _did(self, did: str) -> HostedDid | None:
        try:
            async with self.store.node_view() as view:
                return await view.public.did(did)
        except AbsentError:
            return None


def list_page(body: bytes, now: datetime) -> Page:
    """The page of a published status list: kept for a while, never beyond its own end, and a sealed one for good."""
    try:
        end = end_of(body)
    except NotIssuableError:
        end = None
    left = FOR_A_WHILE if end is None else max(end - now, timedelta())
    return Page(body, list_media_type(body), FOR_GOOD if left > FOR_GOOD else min(left, FOR_A_WHILE))


def list_media_type(body: bytes) -> str:
    """How a published list is called: a document, a token with a document in it, or a Token Status List."""
    if not _TOKEN.fullmatch(body.strip()):
        return CREDENTIAL
    from node.proofs.jose.jws import parse_jws  # noqa: PLC0415 -- most lists are documents

    kind = parse_jws(body.decode("ascii").strip()).header.get("typ")
    return _TOKEN_TYPES.get(str(kind).encode(), CREDENTIAL_TOKEN)
