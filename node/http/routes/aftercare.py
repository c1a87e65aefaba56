"""What becomes of an award after it was issued: withdrawn, suspended, corrected, issued anew, renewed."""

from typing import Annotated, Final

import orjson
from fastapi import Path, Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import MAX_CREDENTIAL_BYTES, JsonObject, JsonValue
from node.http.access import Calling, Scope
from node.http.door import Answer, Body, Door
from node.http.examples import SECURED
from node.http.granted import ASKED, Granted, told
from node.http.messages import Message, invalid, read
from node.http.routes.awards import PATH
from node.http.routes.credentials import MESSAGE_BYTES, issued
from node.http.services import Services
from node.issuance.aftercare.changing import ChangeOrder, Changing, Life
from node.issuance.aftercare.replacing import ReplaceOrder, Replacing
from node.issuance.issuing import Issuing
from node.issuance.profile_options import pointers_of
from node.ports.aftercare import MAX_WORDS_CHARS, REASONS, Change, Notice, Reason
from node.ports.api_keys import Caller
from node.ports.oversight import Approval

_ID: Final = "01990d5e-0000-7000-8000-000000000000"
_NEW: Final = "01990d5e-2222-7000-8000-000000000000"
_CHANGED: Final[JsonObject] = {
    "award": _ID,
    "changed": True,
    "published": True,
    "statusListCredential": "https://node.example/status/1",
}
_REPLACED: Final[JsonObject] = {"award": _NEW, "replaces": _ID, "verifiableCredential": SECURED}
_REASON: Final[JsonObject] = {"reason": "error", "words": "Awarded to somebody of the same name."}
_LIFE: Final[JsonObject] = {
    "award": _ID,
    "standing": "revoked",
    "validUntil": None,
    "replaces": None,
    "replacedBy": _NEW,
    "changes": [
        {
            "change": "corrected",
            "reason": "name",
            "words": "",
            "at": "2026-09-02T12:00:00Z",
            "successor": _NEW,
            "toldAt": None,
            "toldBy": None,
        }
    ],
}
_WORDS_OF: Final = {
    Change.REVOKED: "Withdraw an award for good. This cannot be taken back.",
    Change.SUSPENDED: "Suspend an award until that is lifted.",
    Change.LIFTED: "Lift a suspension.",
}
_STEP_OF: Final = {Change.REVOKED: "revoke", Change.SUSPENDED: "suspend", Change.LIFTED: "lift"}
_CHANGING: Final = (400, 403, 404, 409, 422, 429)
AwardId = Annotated[str, Path(max_length=64, description="The id of the award.")]


class WhyToChange(BaseModel):
    """Why: a reason of the list, and words for the holder."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    reason: Annotated[str, Field(max_length=32, description="One of GET /organisation/reasons.")]
    words: Annotated[str, Field(max_length=MAX_WORDS_CHARS, description="For the holder and the organisation.")] = ""


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Awards")
    changing = Changing(store=services.store, work=services.work, now=services.now)
    _reasons(door)
    _life(door, changing)
    for change in _STEP_OF:
        _change(door, changing, change)
    _replace(door, services)
    return door


def _reasons(door: Door) -> None:
    listed: JsonObject = {change.value: list(codes) for change, codes in REASONS.items()}

    @door.get(
        "/organisation/reasons", access=Scope.ORGANISATION_READ, answers=[Answer(200, "For each change.", listed)]
    )
    async def reasons() -> Response:
        """The reasons that can be given for what becomes of an award."""
        return JSONResponse(listed)


def _life(door: Door, changing: Changing) -> None:
    @door.get(
        f"{PATH}/{{award}}/changes",
        access=Scope.CREDENTIALS_READ,
        answers=[Answer(200, "The oldest first.", _LIFE)],
        problems=[404],
    )
    async def life(award: AwardId, caller: Calling) -> Response:
        """How an award stands, and what became of it: why, and whether its holder was told."""
        return JSONResponse(_shown(await changing.life(caller.organisation, award)))


def _change(door: Door, changing: Changing, change: Change) -> None:
    async def handler(award: AwardId, sent: WhyToChange, caller: Calling, granted: Granted = None) -> Response:
        order = ChangeOrder(award, change, Reason(sent.reason, sent.words), granted)
        done = await changing.change(caller, order)
        if isinstance(done, Approval):
            return told(done)
        said = {"award": award, "changed": done.changed, "published": done.published}
        said |= {"statusListCredential": done.list_url}
        return JSONResponse(said, status_code=200 if done.published else 202)

    handler.__name__ = _STEP_OF[change]
    handler.__doc__ = (
        f"{_WORDS_OF[change]}\n\n"
        "The answer waits some seconds for the list to be published. The reason stays inside and is in no list; the "
        "holder is told by mail where there is an address, and wallets that ask are."
    )
    door.post(
        f"{PATH}/{{award}}/{_STEP_OF[change]}",
        access=Scope.CREDENTIALS_STATUS,
        answers=[
            Answer(200, "It is so, and the list that says so is published.", _CHANGED),
            Answer(202, "It is so, and the list will be published; or a second person was asked.", ASKED.example),
        ],
        body=Body({**_REASON, "reason": REASONS[change][0]}),
        problems=[400, 404, 409],
    )(handler)


def _replace(door: Door, services: Services) -> None:
    issuing = Issuing(
        store=services.store,
        vault=services.vault,
        judges=services.judges,
        work=services.work,
        now=services.now,
        public_url=services.public_url,
    )
    replacing = Replacing(store=services.store, issuing=issuing, now=services.now)
    large = MAX_CREDENTIAL_BYTES + MESSAGE_BYTES
    answers = [Answer(201, "The credential that takes the place; the old one is withdrawn.", _REPLACED), ASKED]

    async def replaced(request: Request, award: str, change: Change, caller: Caller, granted: str | None) -> Response:
        order = _order(await read(await request.body(), large), award, change, granted)
        made = await replacing.replace(caller, order)
        if isinstance(made, Approval):
            return told(made)
        stored = services.now()
        for each in {*made.first_in, *made.ended_in}:
            await services.work.published(each, stored)
        head = orjson.dumps({"award": made.award, "replaces": award})[:-1]
        return Response(head + b"," + issued(made)[1:], status_code=201, media_type="application/json")

    @door.post(
        f"{PATH}/{{award}}/correct",
        access=Scope.CREDENTIALS_ISSUE,
        also=[Scope.CREDENTIALS_STATUS],
        answers=answers,
        body=Body({"reason": "name", "changes": {"credentialSubject": {"name": "Demo Learner"}}}, max_bytes=large),
        problems=_CHANGING,
    )
    async def correct(award: AwardId, request: Request, caller: Calling, granted: Granted = None) -> Response:
        """Issue a corrected credential in the place of one with a mistake, which is withdrawn as the new one is stored.

        `changes` is a JSON Merge Patch of what the old one says; or `credential` is all that the new one is to say. The
        same request once more gets the same credential, also after a crash. It takes both scopes, to issue and to
        withdraw.
        """
        return await replaced(request, award, Change.CORRECTED, caller, granted)

    @door.post(
        f"{PATH}/{{award}}/reissue",
        access=Scope.CREDENTIALS_ISSUE,
        also=[Scope.CREDENTIALS_STATUS],
        answers=answers,
        body=Body({"reason": "lost", "profile": "school"}, max_bytes=large),
        problems=_CHANGING,
    )
    async def reissue(award: AwardId, request: Request, caller: Calling, granted: Granted = None) -> Response:
        """Issue the same once more, by the same profile or another one.

        For new keys, for another form, or as it was lost. The old one is withdrawn as the new one is stored.
        """
        return await replaced(request, award, Change.REISSUED, caller, granted)

    @door.post(
        f"{PATH}/{{award}}/renew",
        access=Scope.CREDENTIALS_ISSUE,
        also=[Scope.CREDENTIALS_STATUS],
        answers=answers,
        body=Body({"reason": "validity", "validUntil": "2030-12-31T23:59:59Z"}, max_bytes=large),
        problems=_CHANGING,
    )
    async def renew(award: AwardId, request: Request, caller: Calling, granted: Granted = None) -> Response:
        """Issue the same for longer: from now until `validUntil`.

        The old one is withdrawn as the new one is stored.
        """
        return await replaced(request, award, Change.RENEWED, caller, granted)


def _order(message: Message, award: str, change: Change, granted: str | None) -> ReplaceOrder:
    reason = Reason(message.text("reason"), message.optional("words") or "")
    corrects = change is Change.CORRECTED
    changes = message.object("changes") if corrects and message.has("changes") else None
    credential = message.object("credential") if corrects and message.has("credential") else None
    if corrects and (changes is None) == (credential is None):
        raise invalid("/changes", "it takes changes, or a credential, and not both")
    valid_until = message.text("validUntil") if change is Change.RENEWED else None
    order = ReplaceOrder(
        award=award,
        change=change,
        reason=reason,
        changes=changes,
        credential=credential,
        valid_until=valid_until,
        profile=message.optional("profile"),
        mandatory=pointers_of(message.list("mandatoryPointers"), "/mandatoryPointers"),
        granted=granted,
    )
    message.end()
    return order


def _shown(life: Life) -> JsonObject:
    award = life.award
    changes: list[JsonValue] = [_notice(each) for each in life.notices]
    return {
        "award": award.id,
        "standing": life.standing,
        "validUntil": None if award.valid_until is None else format_timestamp(award.valid_until),
        "replaces": award.replaces,
        "replacedBy": life.replaced_by,
        "changes": changes,
    }


def _notice(notice: Notice) -> JsonObject:
    return {
        "change": notice.change.value,
        "reason": notice.reason,
        "words": notice.words,
        "at": format_timestamp(notice.made_at),
        "successor": notice.successor,
        "toldAt": None if notice.told_at is None else format_timestamp(notice.told_at),
        "toldBy": notice.told_by,
    }
