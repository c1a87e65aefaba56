"""The catalogue: what can be earned here, for anybody who looks for something to learn."""

from typing import Annotated, Final, Literal
from urllib.parse import urlencode

import orjson
from fastapi import Query, Request
from starlette.responses import Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.http.access import PUBLIC
from node.http.caching import cached
from node.http.door import Answer, Door
from node.http.negotiation import HTML, JSON, language_of, wants_html
from node.http.pages.achievement import entry_shown
from node.http.pages.render import fit, html
from node.http.routes.pictures import NOT_MODIFIED
from node.http.routes.published_achievements import name_of
from node.http.services import Services
from node.issuance.catalogue_card import gaps_of
from node.issuance.pages import FOR_A_WHILE
from node.issuance.registering import register_url
from node.issuance.searching import MAX_QUERY_CHARS, Meaning, meaning_of
from node.ports.organisations import OrganisationId
from node.ports.publishing import MAX_ENTRIES, Entry, EntryQuery
from node.verification.phrases import Language, phrases

PAGE_ENTRIES: Final = 50
_CLASSES: Final = ("micro-credential", "achievement", "participation")
_ENTRY: Final[JsonObject] = {
    "id": "https://node.example/achievements/01990d5e-0000-7000-8000-000000000001/versions/1",
    "latest": "https://node.example/achievements/01990d5e-0000-7000-8000-000000000001",
    "version": 1,
    "publishedAt": "2026-09-01T12:00:00Z",
    "class": "achievement",
    "score": {"met": 5, "of": 7},
    "language": "en",
    "name": {"": "MIG welding, basic level", "pl": "Spawanie metodą MIG, poziom podstawowy"},
    "description": {"": "Joins steel sheets by MIG welding in two positions."},
    "issuer": {"name": "Sample School", "register": "https://node.example/register/org"},
    "facts": {
        "criteria": {"narrative": "Weld three test pieces; each passes the visual examination.", "page": None},
        "workload": [{"value": "2", "unit": "ECTS"}],
        "assessment": "practical",
        "cost": None,
        "stacking": {"stackability": "stackable", "into": []},
    },
    "gaps": ["cost"],
    "image": None,
}

type Chosen = Literal["", "micro-credential", "achievement", "participation"]


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Catalogue")

    @door.get(
        "/catalogue",
        access=PUBLIC,
        answers=[
            Answer(200, "A page of the catalogue.", {"entries": [_ENTRY], "terms": [], "next": None}),
            Answer(200, "The page for people.", "<!doctype html>…", media_type=HTML),
            NOT_MODIFIED,
        ],
        open=True,
    )
    async def catalogue(  # noqa: PLR0913, PLR0917 -- what may be asked for
        request: Request,
        q: Annotated[str, Query(max_length=MAX_QUERY_CHARS)] = "",
        chosen: Annotated[Chosen, Query(alias="class")] = "",
        organisation: Annotated[str, Query(max_length=64)] = "",
        after: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = PAGE_ENTRIES,
    ) -> Response:
        """What is awarded here, with what anybody has to know before choosing.

        That is its class, what is asked for, the workload, the assessment, the cost, and what it counts towards; what
        is not stated is named in `gaps`. `q` finds beginnings of words in every language of an entry, and the names by
        which micro-credentials go.
        """
        meaning = meaning_of(q)
        query = EntryQuery(
            words=meaning.words,
            classes=_both(meaning, chosen),
            organisation=OrganisationId(organisation) if organisation else None,
            after=after,
            limit=limit,
        )
        async with services.store.node_view() as view:
            nothing = bool(meaning.classes and chosen and chosen not in meaning.classes)
            found = () if nothing else await view.public.entries(query)
            names = {one.organisation: "" for one in found}
            for whose in names:
                names[whose] = await name_of(view, whose)
        following = None
        if len(found) == limit:
            kept = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
            following = f"{services.public_url}/catalogue?{urlencode([*kept, ('after', found[-1].achievement)])}"
        if wants_html(request):
            return _page(request, services.public_url, found, names, meaning, q, chosen, following)
        answer: JsonObject = {
            "entries": [_entry(one, names[one.organisation], services.public_url) for one in found],
            "terms": list[JsonValue](meaning.terms),
            "next": following,
        }
        return cached(request, orjson.dumps(answer), media_type=JSON, lasting=FOR_A_WHILE, headers={"Vary": "Accept"})

    return door


def _both(meaning: Meaning, chosen: str) -> frozenset[str]:
    return frozenset({chosen}) if chosen else meaning.classes


def _page(  # noqa: PLR0913, PLR0917 -- what stands on it
    request: Request,
    public_url: str,
    found: tuple[Entry, ...],
    names: dict[OrganisationId, str],
    meaning: Meaning,
    asked: str,
    chosen: str,
    following: str | None,
) -> Response:
    language: Language = language_of(request)
    spoken = phrases(language)
    params = [(name, value) for name, value in request.query_params.multi_items() if name not in {"lang", "format"}]
    page = {
        "query": fit(asked),
        "chosen": chosen,
        "classes": [{"code": code, "name": spoken(f"class.{code}")} for code in _CLASSES],
        "terms": meaning.terms,
        "entries": [entry_shown(one, names[one.organisation], public_url, language) for one in found],
        "next": following,
        "data": f"{public_url}/catalogue?{urlencode([*params, ('format', 'json')])}",
    }
    return html(request, "catalogue.html", language, public_url, page)


def _entry(entry: Entry, whose: str, public_url: str) -> JsonObject:
    card, home = entry.card, f"{public_url}/achievements/{entry.achievement}"
    said = entry.offer or {}
    return {
        "id": f"{home}/versions/{entry.version}",
        "latest": home,
        "version": entry.version,
        "publishedAt": format_timestamp(entry.published_at),
        "class": entry.credential_class,
        "score": card.get("score"),
        "language": card.get("language"),
        "name": card.get("name"),
        "description": card.get("description"),
        "issuer": {"name": whose, "register": register_url(public_url, entry.organisation)},
        "facts": {
            "criteria": card.get("criteria"),
            "workload": card.get("workload"),
            "assessment": card.get("assessment"),
            "cost": said.get("cost"),
            "stacking": {"stackability": card.get("stackability"), "into": card.get("stacks_into")},
        },
        "offer": {name: value for name, value in said.items() if name != "cost"},
        "gaps": [gap.value for gap in gaps_of(card, entry.offer)],
        "image": card.get("image"),
    }
