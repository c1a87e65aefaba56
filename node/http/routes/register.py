"""The register: who issues here, what they published and who vouches for them, for anybody to copy whole."""

import re
from typing import Annotated, Final

import orjson
from fastapi import Query, Request
from starlette.responses import Response

from node.documents import DocumentError, JsonObject, parse_object
from node.http.access import PUBLIC
from node.http.caching import FOR_GOOD, cached, etag_of
from node.http.door import Answer, Door
from node.http.negotiation import HTML, JSON, language_of, wants_html
from node.http.pages.render import fit, html
from node.http.routes.pictures import NOT_MODIFIED, absent
from node.http.services import Services
from node.issuance.pages import FOR_A_WHILE
from node.issuance.registering import CREDENTIAL_TYPE, register_url
from node.ports.organisations import Organisation, OrganisationId, State
from node.ports.publishing import RegisterHead
from node.verification.phrases import phrases
from node.verification.register_form import INDEX, MAX_HEAD_BYTES, index_of

PAGE_REGISTERS: Final = 100
_DIGEST: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_HEAD: Final[JsonObject] = {
    "@context": ["https://www.w3.org/ns/credentials/v2"],
    "id": "https://node.example/register/org",
    "type": ["VerifiableCredential"],
    "name": "Sample School",
    "issuer": "did:web:node.example:school",
    "validFrom": "2026-09-01T12:00:00Z",
    "credentialSubject": {"id": "did:web:node.example:school"},
    "relatedResource": [
        {
            "id": "https://node.example/register/files/e3b0c442…",
            "mediaType": "application/json",
            "digestSRI": "sha256-…",
        }
    ],
    "proof": {"type": "DataIntegrityProof"},
}
_INDEX: Final[JsonObject] = {
    "format": INDEX,
    "url": "https://node.example/register",
    "registers": [{"organisation": "org", "name": "Sample School", "head": "https://node.example/register/org"}],
    "next": None,
}


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Register")
    base = services.public_url

    @door.get(
        "/register",
        access=PUBLIC,
        answers=[
            Answer(200, "A page of the index.", _INDEX),
            Answer(200, "The page for people.", "<!doctype html>…", media_type=HTML),
            NOT_MODIFIED,
        ],
        open=True,
    )
    async def index(request: Request, after: Annotated[str, Query(max_length=64)] = "") -> Response:
        """Where the register of each organisation is: `glejt register mirror` copies all of it, and checks it."""
        async with services.store.node_view() as view:
            found = await view.public.registers(after=after, limit=PAGE_REGISTERS)
        full = len(found) == PAGE_REGISTERS
        following = f"{base}/register?after={found[-1][0].id}" if full else None
        if wants_html(request):
            language = language_of(request)
            page = {
                "registers": [
                    _shown(whose, head, base, phrases(language).date(head.signed_at)) for whose, head in found
                ],
                "next": following,
                "data": f"{base}/register?format=json",
            }
            return html(request, "register.html", language, base, page)
        heads = [(whose.id, whose.name, register_url(base, whose.id)) for whose, _ in found]
        body = orjson.dumps(index_of(f"{base}/register", heads, following))
        return cached(request, body, media_type=JSON, lasting=FOR_A_WHILE, headers={"Vary": "Accept"})

    @door.get(
        "/register/{organisation}",
        access=PUBLIC,
        answers=[Answer(200, "The head.", _HEAD, media_type=CREDENTIAL_TYPE), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def head(organisation: str, request: Request) -> Response:
        """The signed head of an organisation's register: a credential by its own DID that pins all the rest."""
        async with services.store.node_view() as view:
            found = await view.public.register(OrganisationId(organisation))
        return cached(request, found.document, media_type=CREDENTIAL_TYPE, lasting=FOR_A_WHILE)

    @door.get(
        "/register/files/{digest}",
        access=PUBLIC,
        answers=[Answer(200, "The file.", {"format": "glejt/register-page/v1", "entries": []}), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def file(digest: str, request: Request) -> Response:
        """A file of a register, by the SHA-256 of its bytes."""
        if not _DIGEST.fullmatch(digest):
            raise absent()
        async with services.store.node_view() as view:
            found = await view.public.register_file(digest)
        return cached(
            request, found.content, media_type=found.media_type, lasting=FOR_GOOD, etag=etag_of(found.content)
        )

    @door.get(
        "/statements/{digest}",
        access=PUBLIC,
        answers=[Answer(200, "The statement.", _HEAD, media_type=CREDENTIAL_TYPE), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def statement(digest: str, request: Request) -> Response:
        """What a body has signed of an organisation, to the byte."""
        if not _DIGEST.fullmatch(digest):
            raise absent()
        async with services.store.node_view() as view:
            found = await view.public.statement(digest)
        return cached(request, found.document, media_type=CREDENTIAL_TYPE, lasting=FOR_A_WHILE)

    return door


def _shown(whose: Organisation, head: RegisterHead, base: str, signed: str) -> dict[str, object]:
    return {
        "name": fit(whose.name),
        "closed": whose.state is State.CLOSED,
        "issuer": _issuer(head.document),
        "signed": signed,
        "head": register_url(base, whose.id),
    }


def _issuer(document: bytes) -> str:
    try:
        return fit(parse_object(document, max_bytes=2 * MAX_HEAD_BYTES).get("issuer"))
    except DocumentError:
        return ""
