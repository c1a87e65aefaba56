"""Achievements of the caller's organisation: drafts, versions, what is said in the catalogue."""

import re
from typing import Annotated, Final, Literal

import orjson
from fastapi import Query, Request
from pydantic import BaseModel, ConfigDict, Field, HttpUrl
from starlette.responses import JSONResponse, Response

from node.credentials.achievement import allowed_at
from node.credentials.achievement_version import MAX_DRAFT_BYTES
from node.credentials.micro_credential.help import help_texts
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.idempotency import idempotency_of
from node.http.negotiation import JSON_LD, language_of
from node.http.pages.words import problem_help
from node.http.problems import ProblemError
from node.http.services import Services
from node.issuance.achievements import Achievements, Draft
from node.issuance.errors import NotPublishableError
from node.issuance.issuing import Once
from node.ports.awarding import Achievement, Published
from node.ports.errors import AbsentError
from node.ports.oversight import Approval
from node.ports.publishing import Entry
from node.ports.store import View
from node.verification.phrases import Language

MAX_LISTED: Final = 100
_ID: Final = "01990d5e-0000-7000-8000-000000000001"
_URL: Final = f"https://node.example/achievements/{_ID}/versions/1"
_DRAFT: Final[JsonObject] = {
    "achievementType": "MicroCredential",
    "name": "MIG welding, basic level",
    "nameMap": {"pl": "Spawanie metodą MIG, poziom podstawowy"},
    "description": "Joins steel sheets by MIG welding in two positions.",
    "inLanguage": "en",
    "criteria": {"narrative": "Weld three test pieces; each passes the visual examination."},
    "assessmentType": "practical",
    "participationType": "on-site",
    "workload": [{"value": "2", "unit": "ECTS"}],
    "resultDescription": [
        {
            "id": "#o1",
            "type": ["ResultDescription", "LearningOutcome"],
            "name": "Sets current and wire feed for a given sheet",
            "resultType": "Status",
        }
    ],
}
_REVIEW: Final[JsonObject] = {
    "rules": "glejt-mc/1",
    "class": "achievement",
    "score": {"met": 5, "of": 7},
    "findings": [
        {
            "code": "mc.level.missing",
            "severity": "error",
            "path": "",
            "help": "Give the level, or say that none applies.",
        }
    ],
    "problems": [],
    "publishable": True,
}
_SHOWN: Final[JsonObject] = {
    "id": _ID,
    "revision": 1,
    "changed": True,
    "draft": _DRAFT,
    "published": 0,
    "next": _URL,
    "withdrawnAt": None,
    "review": _REVIEW,
}
_VERSION: Final[JsonObject] = {
    "url": _URL,
    "version": 1,
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "publishedAt": "2026-09-01T12:00:00Z",
}
_TAKEN: Final = Body(_DRAFT, media_types=("application/json", JSON_LD), max_bytes=MAX_DRAFT_BYTES)
_REVISION: Final = re.compile(r'"([0-9]{1,15})"', re.ASCII)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DraftToPublish(_Sent):
    """Which revision of the draft is to be published."""

    revision: Annotated[int, Field(ge=1)]


class SourceToDuplicate(_Sent):
    """Of which version; without one, what is being worked on."""

    version: Annotated[int | None, Field(ge=1)] = None


class Price(_Sent):
    """What taking part costs."""

    amount: Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,2})?$")]
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class OfferToMake(_Sent):
    """What the catalogue says of taking part: the cost, a remark, and where."""

    cost: Literal["free"] | Price
    note: Annotated[str | None, Field(min_length=1, max_length=600)] = None
    url: Annotated[HttpUrl | None, Field(max_length=1024)] = None


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Achievements")
    desk = Achievements(services.store, services.judges, services.public_url, services.work)
    _drafts(door, services, desk)
    _versions(door, services, desk)
    return door


def _drafts(door: Door, services: Services, desk: Achievements) -> None:
    @door.get(
        "/organisation/achievements",
        access=Scope.ACHIEVEMENTS_READ,
        answers=[Answer(200, "A page of them.", {"achievements": [], "next": None})],
    )
    async def listed(
        caller: Calling,
        after: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=MAX_LISTED)] = MAX_LISTED,
    ) -> Response:
        """The achievements of the organisation, in the order in which they were begun."""
        async with services.store.view(caller.organisation) as view:
            found = await view.achievements.listed(after=after, limit=limit)
            entries = {one.id: await _entry(view, one.id) for one in found}
        following = found[-1].id if len(found) == limit else None
        lines: list[JsonValue] = [_line(one, entries[one.id]) for one in found]
        return JSONResponse({"achievements": lines, "next": following})

    @door.post(
        "/organisation/achievements",
        access=Scope.ACHIEVEMENTS_WRITE,
        answers=[Answer(201, "The new one, and what the rules say of it.", _SHOWN)],
        body=_TAKEN,
        problems=[400, 409],
        once=True,
    )
    async def create(request: Request, caller: Calling) -> Response:
        """Begin an achievement with a draft, which may lack anything.

        It is an Open Badges `Achievement` without an `id`: it gets its address when it is published. Where it names its
        own outcomes and levels, it does so by fragments, as `#o1`. Send an `Idempotency-Key`: the same request once
        more begins nothing, and is answered with what it had begun.
        """
        body = await request.body()
        key = idempotency_of(request, caller, body)
        once = None if key is None else Once(key.key, key.digest)
        made = await desk.create(caller, body, services.now(), once=once)
        return _answer(request, made, desk, status=201)

    @door.get(
        "/organisation/achievements/{achievement}",
        access=Scope.ACHIEVEMENTS_READ,
        answers=[Answer(200, "The draft, and what the rules say of it.", _SHOWN)],
        problems=[404],
    )
    async def find(achievement: str, request: Request, caller: Calling) -> Response:
        """An achievement as it is being worked on; where nothing was changed, the draft of its latest version."""
        return _answer(request, await desk.find(caller.organisation, achievement), desk)

    @door.put(
        "/organisation/achievements/{achievement}",
        access=Scope.ACHIEVEMENTS_WRITE,
        answers=[Answer(200, "What is kept now, and what the rules say of it.", _SHOWN)],
        body=_TAKEN,
        problems=[400, 404, 409, 428],
    )
    async def save(achievement: str, request: Request, caller: Calling) -> Response:
        """Keep this draft in the place of the one that is there.

        `If-Match` names the revision that you have seen, as the `ETag` of the last answer does: where somebody else has
        saved meanwhile, nothing is kept, and the answer is 409.
        """
        revision = _seen(request)
        saved = await desk.save(caller, achievement, await request.body(), services.now(), revision=revision)
        return _answer(request, saved, desk)

    @door.post(
        "/organisation/achievements/{achievement}/duplicate",
        access=Scope.ACHIEVEMENTS_WRITE,
        answers=[Answer(201, "The new one.", _SHOWN)],
        body=Body({"version": 1}),
        problems=[404, 409],
    )
    async def duplicate(achievement: str, sent: SourceToDuplicate, request: Request, caller: Calling) -> Response:
        """Begin a new achievement with the draft of this one, or with what one of its versions was made of."""
        made = await desk.duplicate(caller, achievement, services.now(), version=sent.version)
        return _answer(request, made, desk, status=201)

    @door.put(
        "/organisation/achievements/{achievement}/offer",
        access=Scope.ACHIEVEMENTS_PUBLISH,
        answers=[Answer(204, "The catalogue says it from now on.")],
        body=Body({"cost": {"amount": "120.00", "currency": "PLN"}, "url": "https://school.example/welding"}),
        problems=[404],
    )
    async def offer(achievement: str, sent: OfferToMake, caller: Calling) -> Response:
        """Say in the catalogue what taking part costs, and where. It is no part of any award, and may change."""
        said: JsonObject = sent.model_dump(mode="json", exclude_none=True)
        await desk.offer(caller, achievement, said, services.now())
        return Response(status_code=204)


def _versions(door: Door, services: Services, desk: Achievements) -> None:
    @door.post(
        "/organisation/achievements/{achievement}/publish",
        access=Scope.ACHIEVEMENTS_PUBLISH,
        answers=[Answer(201, "The version, which stays as it is.", {**_VERSION, "review": _REVIEW}), ASKED],
        body=Body({"revision": 1}),
        problems=[404, 409, 422],
    )
    async def publish(
        achievement: str, sent: DraftToPublish, request: Request, caller: Calling, granted: Granted = None
    ) -> Response:
        """Publish the draft as the next version, at an address that stays.

        422 names what keeps it from being awarded. Whatever class it has, it is published: the class is shown.
        """
        try:
            done = await desk.publish(caller, achievement, services.now(), revision=sent.revision, granted=granted)
        except NotPublishableError as error:
            raise _unfinished(error, language_of(request)) from error
        if isinstance(done, Approval):
            return told(done)
        review = _review(done.review, language_of(request))
        shown = {**_version(done.version, desk), "review": review}
        return JSONResponse(shown, status_code=201, headers={"Location": str(shown["url"])})

    @door.get(
        "/organisation/achievements/{achievement}/versions",
        access=Scope.ACHIEVEMENTS_READ,
        answers=[Answer(200, "All of them.", {"versions": [_VERSION]})],
        problems=[404],
    )
    async def versions(achievement: str, caller: Calling) -> Response:
        """The versions that were published, the first first."""
        async with services.store.view(caller.organisation) as view:
            await view.achievements.find(achievement)
            found = await view.achievements.versions(achievement)
        return JSONResponse({"versions": [_version(one, desk) for one in found]})

    @door.post(
        "/organisation/achievements/{achievement}/withdraw",
        access=Scope.ACHIEVEMENTS_PUBLISH,
        answers=[Answer(204, "It is awarded no more.")],
        problems=[404],
    )
    async def withdraw(achievement: str, caller: Calling) -> Response:
        """Award it no more, and take it out of the catalogue. Its versions, and awards of it, stay as they are."""
        await desk.withdraw(caller, achievement, services.now())
        return Response(status_code=204)


async def _entry(view: View, achievement: str) -> Entry | None:
    try:
        return await view.catalogue.entry(achievement)
    except AbsentError:
        return None


def _line(one: Achievement, entry: Entry | None) -> JsonObject:
    name = None if one.draft is None else one.draft.get("name")
    titles = None if entry is None else entry.card.get("name")
    if name is None and isinstance(titles, dict):
        name = titles.get("")
    return {
        "id": one.id,
        "name": name if isinstance(name, str) else None,
        "revision": one.revision,
        "changed": one.draft is not None,
        "changedAt": format_timestamp(one.changed_at),
        "published": 0 if entry is None else entry.version,
        "class": None if entry is None else entry.credential_class,
        "withdrawnAt": None if one.withdrawn_at is None else format_timestamp(one.withdrawn_at),
    }


def _answer(request: Request, draft: Draft, desk: Achievements, *, status: int = 200) -> Response:
    found = draft.achievement
    headers = {"ETag": f'"{found.revision}"'}
    if status == 201:  # noqa: PLR2004 -- created
        headers["Location"] = f"/organisation/achievements/{found.id}"
    shown: JsonObject = {
        "id": found.id,
        "revision": found.revision,
        "changed": found.draft is not None,
        "draft": draft.content,
        "published": draft.published,
        "next": desk.url(found.id, draft.published + 1),
        "withdrawnAt": None if found.withdrawn_at is None else format_timestamp(found.withdrawn_at),
        "review": _review(draft.review, language_of(request)),
    }
    return Response(orjson.dumps(shown), status_code=status, media_type="application/json", headers=headers)


def _review(review: JsonObject, language: Language) -> JsonObject:
    """What the rules say, with help in the caller's language; what would be published is not repeated."""
    texts = help_texts(language)
    findings, problems = review.get("findings"), review.get("problems")
    told_of = [
        {**one, "help": texts.get(str(one.get("code")), "")}
        for one in (findings if isinstance(findings, list) else [])
        if isinstance(one, dict)
    ]
    kept = {name: value for name, value in review.items() if name not in {"text", "card", "words", "learner"}}
    helped = [
        {**one, "help": problem_help(str(one.get("code")), language)}
        for one in (problems if isinstance(problems, list) else [])
        if isinstance(one, dict)
    ]
    findings_told, problems_told = list[JsonValue](told_of), list[JsonValue](helped)
    return {**kept, "findings": findings_told, "problems": problems_told, "publishable": not problems}


def _version(version: Published, desk: Achievements) -> JsonObject:
    return {
        "url": desk.url(version.achievement, version.version),
        "version": version.version,
        "sha256": version.digest.hex(),
        "publishedAt": format_timestamp(version.published_at),
    }


def _unfinished(error: NotPublishableError, language: Language) -> ProblemError:
    problems = error.review.get("problems")
    errors = [
        {
            "in": "draft",
            "pointer": str(one["path"]),
            "code": str(one["code"]),
            "message": problem_help(str(one["code"]), language),
            **({"allowed": ", ".join(allowed)} if (allowed := allowed_at(str(one["path"]))) else {}),
        }
        for one in (problems if isinstance(problems, list) else [])
        if isinstance(one, dict)
    ]
    return ProblemError(422, error.code, str(error), error.remedy, errors=errors)


def _seen(request: Request) -> int:
    """The revision that the caller has seen; raises ProblemError without one."""
    seen = _REVISION.fullmatch(request.headers.get("if-match", "").strip())
    if seen is None:
        raise ProblemError(
            428,
            "request.revision",
            "the request does not say which revision it changes",
            "Send the ETag of the last answer as If-Match, so that nothing of anybody else's is lost.",
        )
    return int(seen[1])
