"""What anybody may see of achievements: each version at an address that stays, as data and as a page."""

import re
from typing import Annotated, Final

import orjson
from fastapi import Path, Request
from starlette.responses import Response

from node.documents import JsonObject
from node.http.access import PUBLIC
from node.http.caching import FOR_GOOD, cached
from node.http.door import Answer, Door
from node.http.negotiation import HTML, JSON_LD, json_type, language_of, wants_html
from node.http.pages.achievement import Known, achievement_page
from node.http.pages.render import asset, html
from node.http.routes.pictures import NOT_MODIFIED, absent, shown_picture
from node.http.services import Services
from node.issuance.pages import FOR_A_WHILE
from node.ports.awarding import Published
from node.ports.errors import AbsentError
from node.ports.organisations import OrganisationId
from node.ports.store import NodeView

MAX_VERSION: Final = 1_000_000_000
_DOCUMENT: Final[JsonObject] = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
        "https://w3id.org/glejt/v1",
    ],
    "id": "https://node.example/achievements/01990d5e-0000-7000-8000-000000000001/versions/1",
    "type": ["Achievement", "MicroCredentialAchievement"],
    "version": "1",
    "name": "MIG welding, basic level",
    "description": "Joins steel sheets by MIG welding in two positions.",
    "criteria": {"narrative": "Weld three test pieces; each passes the visual examination."},
    "assessmentType": "practical",
}
_ANSWERS: Final = [
    Answer(200, "The achievement.", _DOCUMENT, media_type=JSON_LD),
    Answer(200, "The page of it.", "<!doctype html>…", media_type=HTML),
    NOT_MODIFIED,
]
_PICTURE: Final = re.compile(r"/pictures/([0-9a-f]{64})\.(?:png|svg)", re.ASCII)

type Number = Annotated[int, Path(ge=1, le=MAX_VERSION)]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Published achievements")

    async def answer(request: Request, achievement: str, version: int | None) -> Response:
        async with services.store.node_view() as view:
            found = await view.public.achievement(achievement, version)
            if not wants_html(request):
                return _data(request, found, services.public_url, latest=version is None)
            known = await _known(view, found, services)
        document: JsonObject = orjson.loads(found.document)
        language = language_of(request)
        page = achievement_page(known, document, services.public_url, language)
        return html(request, "achievement.html", language, services.public_url, page)

    @door.get("/achievements/{achievement}", access=PUBLIC, answers=_ANSWERS, problems=[404], open=True)
    async def latest(achievement: str, request: Request) -> Response:
        """The latest version of an achievement; as a page where `Accept` prefers one, in the language of the reader."""
        return await answer(request, achievement, None)

    @door.get(
        "/achievements/{achievement}/versions/{version}", access=PUBLIC, answers=_ANSWERS, problems=[404], open=True
    )
    async def one(achievement: str, version: Number, request: Request) -> Response:
        """A version of an achievement: what every award of it carries, at the address that is its `id`.

        As data it never changes. Take `@context` away, and it is the `achievement` of a credential, to the value.
        """
        return await answer(request, achievement, version)

    @door.get(
        "/achievements/{achievement}/image",
        access=PUBLIC,
        answers=[Answer(200, "The picture.", "The bytes of the picture.", media_type="image/png"), NOT_MODIFIED],
        problems=[404],
        open=True,
    )
    async def image(achievement: str, request: Request) -> Response:
        """The picture of the latest version, where it lies here."""
        async with services.store.node_view() as view:
            entry = await view.public.entry(achievement)
            address = str(entry.card.get("image") or "")
            form = _PICTURE.fullmatch(address.removeprefix(services.public_url))
            if form is None or not address.startswith(services.public_url):
                raise absent()
            picture, content = await view.public.picture(form[1])
        return shown_picture(request, picture, content, FOR_A_WHILE)

    @door.get(
        "/assets/{name}",
        access=PUBLIC,
        answers=[Answer(200, "The style sheet.", "body { margin: 0; }", media_type="text/css"), NOT_MODIFIED],
        problems=[404],
    )
    async def style(name: str, request: Request) -> Response:
        """The style sheet of the pages, under a name that changes with it."""
        found = asset(request, name)
        if found is None:
            raise absent()
        return found

    return door


def _data(request: Request, found: Published, public_url: str, *, latest: bool) -> Response:
    """The version as data: always the same bytes."""
    home = f"{public_url}/achievements/{found.achievement}"
    url = f"{home}/versions/{found.version}"
    headers = {
        "Vary": "Accept",
        "Content-Location": url,
        "Link": f'<{home}>; rel="latest-version", <{url}>; rel="canonical"',
    }
    lasting = FOR_A_WHILE if latest else FOR_GOOD
    tag = f'"{found.digest.hex()}"'
    return cached(request, found.document, media_type=json_type(request), lasting=lasting, etag=tag, headers=headers)


async def _known(view: NodeView, found: Published, services: Services) -> Known:
    entry = await view.public.entry(found.achievement)
    whose = await view.organisations.find(entry.organisation)
    async with services.store.view(entry.organisation) as own:
        dids = tuple(did.did for did in await own.identities.dids())
        withdrawn = (await own.achievements.find(found.achievement)).withdrawn_at
    return Known(found, entry.version, whose, dids, entry, None if withdrawn is None else withdrawn.isoformat())


async def name_of(view: NodeView, organisation: OrganisationId) -> str:
    """What an organisation calls itself; nothing where it is not there."""
    try:
        return (await view.organisations.find(organisation)).name
    except AbsentError:
        return ""
