"""Gathering what issuers of SD-JWT VCs publish of their keys: their metadata, and the keys it may lead to.

Certificates need nobody to be asked, and a DID is resolved with all others. What a type says is fetched only once the
signature was found to hold (`linked_gathering`).
"""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

from node.documents import MAX_CREDENTIAL_BYTES
from node.proofs.sd_jwt.proof import SdJwtProof
from node.status.errors import StatusError
from node.status.token_status_list import read_reference
from node.verification.errors import FetchError
from node.verification.material import MetadataCopy, Origin, ResolutionFailure
from node.verification.published import MAX_AT_ONCE
from node.verification.received import Received
from node.verification.sd_jwt_vc.issuer_key import issuer_in
from node.verification.sd_jwt_vc.issuer_metadata import keys_url, metadata_url
from node.verification.sources import Sources
from node.verification.trust import Trust

MAX_ISSUERS: Final = 32
"""Issuers of one subject that are asked."""
GATHER_SECONDS: Final = 10.0
"""All of them: people wait for the answer."""
ACCEPT: Final = "application/json, application/jwk-set+json;q=0.9"

type Gathered = tuple[tuple[MetadataCopy, ...], dict[str, ResolutionFailure]]


def identifiers_of(part: Received) -> Iterator[str]:
    """The DIDs and DID URLs whose documents the judgement of an SD-JWT VC may need."""
    proof, issuer = part.envelope, issuer_in(part)
    if not isinstance(proof, SdJwtProof):
        return
    confirmation = proof.confirmation
    kid = confirmation.get("kid") if isinstance(confirmation, dict) else None
    yield from [name for name in (issuer, proof.verification_method, kid) if isinstance(name, str) and _is_did(name)]


def _is_did(name: str) -> bool:
    return name.startswith("did:")


def list_of(part: Received) -> str | None:
    """The address of the status list that an SD-JWT VC names."""
    if not isinstance(part.value, dict) or "status" not in part.value:
        return None
    try:
        return read_reference(part.value["status"]).uri
    except StatusError:
        return None


def publishing_issuers(parts: Sequence[Received], trust: Trust) -> list[str]:
    """The issuers whose keys are to be had from their own address, each once."""
    found: dict[str, None] = {}
    for part in parts:
        issuer = issuer_in(part)
        if (
            isinstance(part.envelope, SdJwtProof)
            and part.envelope.opened.certificates is None
            and issuer is not None
            and issuer not in trust.documents
            and metadata_url(issuer) is not None
        ):
            found[issuer] = None
    return list(found)


async def gather_metadata(issuers: Sequence[str], sources: Sources) -> Gathered:
    """What these issuers publish, and why some of it is not at hand. Never raises for what they say."""
    now, end = sources.now(), asyncio.get_running_loop().time() + GATHER_SECONDS
    failures = {
        url: ResolutionFailure("TOO_MANY", f"more than {MAX_ISSUERS} issuers are in one subject", now)
        for issuer in issuers[MAX_ISSUERS:]
        if (url := metadata_url(issuer)) is not None
    }
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    found = await asyncio.gather(*(_published(issuer, sources, gate, end) for issuer in issuers[:MAX_ISSUERS]))
    copies: dict[str, MetadataCopy] = {}
    for url, item in (pair for pairs in found for pair in pairs):
        if isinstance(item, MetadataCopy):
            copies[url] = item
        else:
            failures[url] = item
    return tuple(copies.values()), failures


async def _published(
    issuer: str, sources: Sources, gate: asyncio.Semaphore, end: float
) -> list[tuple[str, MetadataCopy | ResolutionFailure]]:
    """The metadata of one issuer, and the keys it leads to."""
    url = metadata_url(issuer) or ""
    found = await _fetch(url, sources, gate, end, moves=False)
    address = keys_url(issuer, found) if isinstance(found, MetadataCopy) else None
    if address is None:
        return [(url, found)]
    return [(url, found), (address, await _fetch(address, sources, gate, end, moves=True))]


async def _fetch(
    url: str, sources: Sources, gate: asyncio.Semaphore, end: float, *, moves: bool
) -> MetadataCopy | ResolutionFailure:
    """What is at an address by `end`; what another address answers in its place is not the issuer's, unless it `moves`.

    On one host there may be many issuers, of whom each has an address.
    """
    try:
        async with asyncio.timeout_at(end), gate:
            fetched = await sources.fetch(url, accept=ACCEPT, max_bytes=MAX_CREDENTIAL_BYTES)
        if not moves and _place(fetched.url) != _place(url):
            return ResolutionFailure("MOVED", "another address answers in its place", sources.now())
        return MetadataCopy(url, fetched.body.decode(), Origin.LIVE, fetched.at)
    except TimeoutError:
        code, message = "TIMEOUT", "fetching it took too long and was given up"
    except UnicodeDecodeError:
        code, message = "NOT_TEXT", "what is there is no text"
    except FetchError as error:
        code, message = error.code, str(error)
    return ResolutionFailure(code, message, sources.now())


def _place(url: str) -> tuple[str, str, str]:
    """What two ways to write one address have in common."""
    parts = urlsplit(url)
    return parts.netloc.lower(), parts.path or "/", parts.query
