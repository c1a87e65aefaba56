"""What the node publishes of identifiers, for anybody: documents and histories, keys, linkages.

Whoever reads these can verify without asking anybody anything about anybody: they are whole files, the same for all who
ask, and every proxy may keep them for as long as they say.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from fastapi import Request
from starlette.responses import Response

from node.documents import JsonObject
from node.http.access import PUBLIC
from node.http.caching import cached
from node.http.door import Answer, Door
from node.http.problems import ProblemError
from node.http.routes.resolution import media_types_in
from node.http.services import Services
from node.issuance.pages import CONFIGURATION, JSON, JSON_LINES, Page
from node.verification.sd_jwt_vc.issuer_metadata import WELL_KNOWN as ISSUER_KEYS

DID_TYPES: Final = ("application/did+json", "application/did", "application/did+ld+json")
"""Names under which a DID document may be asked for; without one it is JSON."""
NOT_MODIFIED: Final = Answer(304, "What was kept is still right.")
_DOCUMENT: Final[JsonObject] = {"@context": ["https://www.w3.org/ns/did/v1"], "id": "did:web:node.example:school"}


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Published")
    pages = services.hosting.pages

    async def answer(request: Request, path: str) -> Response:
        page = await pages.find(path, services.now())
        if page is None:
            raise absent()
        return render(request, page)

    documents = [Answer(200, "The document.", _DOCUMENT), NOT_MODIFIED]
    line = '{"versionId": "1-QmExample", "versionTime": "2026-09-01T12:00:00Z", "parameters": {}, "state": {}}'
    logs = [Answer(200, "The history, one version a line.", line, JSON_LINES), NOT_MODIFIED]

    @door.get("/.well-known/did.json", access=PUBLIC, answers=documents, problems=[404, 410], open=True)
    async def root_document(request: Request) -> Response:
        """The document of the did:web that is the host itself."""
        return await answer(request, "/.well-known/did.json")

    @door.get("/.well-known/did.jsonl", access=PUBLIC, answers=logs, problems=[404], open=True)
    async def root_log(request: Request) -> Response:
        """The history of the did:webvh that is the host itself."""
        return await answer(request, "/.well-known/did.jsonl")

    @door.get(
        CONFIGURATION,
        access=PUBLIC,
        answers=[
            Answer(200, "The page.", {"@context": "https://identity.foundation/…", "linked_dids": []}),
            NOT_MODIFIED,
        ],
        problems=[404],
        open=True,
    )
    async def configuration(request: Request) -> Response:
        """The identifiers that are the host's own, each with a credential that it signed.

        An identifier is on it whose document names the host as a linked domain.
        """
        return await answer(request, CONFIGURATION)

    keys = [Answer(200, "The keys.", {"issuer": "https://node.example", "jwks": {"keys": []}}), NOT_MODIFIED]

    @door.get(ISSUER_KEYS, access=PUBLIC, answers=keys, problems=[404], open=True)
    async def root_keys(request: Request) -> Response:
        """The keys of whoever issues SD-JWT VCs as the host itself."""
        return await answer(request, ISSUER_KEYS)

    @door.get(f"{ISSUER_KEYS}/{{issuer:path}}", access=PUBLIC, answers=keys, problems=[404], open=True)
    async def issuer_keys(request: Request, issuer: str) -> Response:
        """The keys of whoever issues SD-JWT VCs under an address of this host: https://HOST/ISSUER."""
        return await answer(request, f"{ISSUER_KEYS}/{issuer}")

    @door.get("/{place:path}/did.json", access=PUBLIC, answers=documents, problems=[404, 410], open=True)
    async def document(request: Request, place: str) -> Response:
        """The document of a did:web, also of the one beside a did:webvh; 410 for one that was given up."""
        return await answer(request, f"/{place}/did.json")

    @door.get("/{place:path}/did.jsonl", access=PUBLIC, answers=logs, problems=[404], open=True)
    async def log(request: Request, place: str) -> Response:
        """The history of a did:webvh, as it proves itself."""
        return await answer(request, f"/{place}/did.jsonl")

    return door


def render(request: Request, page: Page, headers: Mapping[str, str] | None = None) -> Response:
    """The answer with a page, or 304; 410 for what is published no more."""
    if page.gone:
        raise ProblemError(
            410,
            "hosting.gone",
            "this was given up, and is published no more",
            "Ask whoever used it for what is in its place.",
            headers={"Cache-Control": f"public, max-age={page.kept // timedelta(seconds=1)}"},
        )
    media_type = page.media_type
    told = dict(headers or {})
    if media_type == JSON and request.url.path.endswith("/did.json"):
        wanted = media_types_in(request.headers.get("accept", ""))
        media_type = next((name for name in wanted if name in DID_TYPES), JSON)
        told["Vary"] = "Accept"
    return cached(request, page.body, media_type=media_type, lasting=page.kept, etag=f'"{page.digest}"', headers=told)


def absent() -> ProblemError:
    """The answer for what is not published here, whatever the reason."""
    return ProblemError(404, "request.not_found", "nothing is published here", "Compare the address with its source.")
