"""The issuing desk for one person: an award, its private link, its end; and as whom letters are written."""

from typing import Annotated, Final

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import JSONResponse, Response

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.http.access import Calling, Scope
from node.http.claiming import award_desk
from node.http.door import Answer, Body, Door
from node.http.granted import ASKED, Granted, told
from node.http.messages import Message, invalid, read
from node.http.services import Services
from node.issuance.claiming.desk import MAX_FILE_BYTES, MAX_KEY_CHARS, Awarded, AwardKind, AwardOrder
from node.issuance.claiming.senders import SenderDesk
from node.ports.awarding import Award
from node.ports.mail import LANGUAGES, MailLanguage, Sender
from node.ports.oversight import Approval

MAX_BYTES: Final = MAX_FILE_BYTES + 16 * 1024
MAX_VERSION: Final = 1_000_000_000
_AWARD: Final[JsonObject] = {
    "id": "01990d5e-0000-7000-8000-000000000000",
    "name": "Demo Learner",
    "email": "learner@university.example",
    "achievement": "01990d5e-1111-7000-8000-000000000000",
    "version": 1,
    "profile": "school",
    "state": "waiting",
    "awardedAt": "2026-09-01T12:00:00Z",
    "clientKey": "row-1",
}
_ORDER: Final[JsonObject] = {
    "achievement": "01990d5e-1111-7000-8000-000000000000",
    "version": 1,
    "profile": "school",
    "kind": "claim",
    "name": "Demo Learner",
    "email": "learner@university.example",
    "language": "en",
    "award": {"narrative": "Welded three test pieces."},
    "clientKey": "row-1",
}
_LINK: Final[JsonObject] = {
    "mailed": False,
    "url": "https://node.example/claims/…",
    "expiresAt": "2026-10-01T12:00:00Z",
}
_AWARDED: Final[JsonObject] = {**_AWARD, "link": _LINK}
_MAIL: Final[JsonObject] = {
    "address": "awards@university.example",
    "name": "Example University",
    "replyTo": None,
    "language": "en",
}


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LinkToSend(_Sent):
    """Where another link goes: to this address, else to the award's own; with `hand`, into the answer."""

    email: Annotated[str | None, Field(max_length=254)] = None
    hand: bool = False


class MailToKeep(_Sent):
    """As whom letters are written."""

    address: Annotated[str | None, Field(max_length=254)] = None
    name: Annotated[str | None, Field(max_length=200)] = None
    reply_to: Annotated[str | None, Field(alias="replyTo", max_length=254)] = None
    language: MailLanguage = "en"


def routes(services: Services) -> Door:
    """The routes."""
    door = Door(services, tag="Awards")
    _awards(door, services)
    _mail(door, services)
    return door


def _awards(door: Door, services: Services) -> None:
    desk = award_desk(services)

    @door.post(
        "/organisation/awards",
        access=Scope.CREDENTIALS_ISSUE,
        body=Body(_ORDER, max_bytes=MAX_BYTES),
        answers=[Answer(201, "The award, and its private link where no letter was sent.", _AWARDED), ASKED],
        problems=[404, 409, 422, 429],
    )
    async def award(request: Request, caller: Calling, granted: Granted = None) -> Response:
        """Award a version of an achievement to one person: at once, or to be claimed.

        `kind` is `once`, and the credential is made now; or `claim`, and it is made when its learner takes it by a
        private link, which works once and for 30 days. Either way the learner is written to, where this node sends
        letters and there is an `email`; else the link is in the answer, to be handed out. `award` has what is not the
        same for everybody, in the members of an award's file: `result`, `evidence`, `narrative`, `validUntil`. The
        same `clientKey` with the same content is the same award, also after a crash.
        """
        order = _order(await read(await request.body(), MAX_BYTES), granted)
        made = await desk.award(caller, order)
        if isinstance(made, Approval):
            return told(made)
        return JSONResponse(
            _awarded(made), status_code=201, headers={"Location": f"/organisation/awards/{made.award.id}"}
        )

    @door.post(
        "/organisation/awards/{award}/claim-link",
        access=Scope.CREDENTIALS_ISSUE,
        body=Body({"email": "other@university.example", "hand": False}),
        answers=[Answer(200, "The award, and what became of its link.", _AWARDED)],
        problems=[404, 409, 422],
    )
    async def again(award: str, sent: LinkToSend, caller: Calling) -> Response:
        """Make another private link, which takes the place of the one there is: to claim, or to fetch what was issued.

        It is written to the award's own address, or to `email`; with `hand`, or where no letter is sent, it is in the
        answer. The log of events says who asked, and whether it went to another address.
        """
        return JSONResponse(_awarded(await desk.again(caller, award, address=sent.email, hand=sent.hand)))

    @door.post(
        "/organisation/awards/{award}/cancel",
        access=Scope.CREDENTIALS_ISSUE,
        body=Body({}, max_bytes=1024, required=False),
        answers=[Answer(200, "It is cancelled.", {**_AWARD, "state": "cancelled"})],
        problems=[404, 409],
    )
    async def cancel(award: str, caller: Calling) -> Response:
        """Cancel an award that nobody has claimed; its link leads nowhere from then on."""
        return JSONResponse(_shown(await desk.cancel(caller, award)))


def _mail(door: Door, services: Services) -> None:
    letterhead = None if services.mail is None else services.mail.letterhead
    desk = SenderDesk(services.store, services.now, letterhead)

    @door.get("/organisation/mail", access=Scope.ORGANISATION_READ, answers=[Answer(200, "As whom.", _MAIL)])
    async def find(caller: Calling) -> Response:
        """As whom the organisation writes to its learners."""
        return JSONResponse(_sender(await desk.find(caller)))

    @door.put(
        "/organisation/mail",
        access=Scope.ORGANISATION_MANAGE,
        body=Body({name: value for name, value in _MAIL.items() if name != "address"}),
        answers=[Answer(200, "As whom.", _MAIL), ASKED],
        problems=[404, 409, 422],
    )
    async def keep(sent: MailToKeep, caller: Calling, granted: Granted = None) -> Response:
        """Set as whom the organisation writes: an address of a domain that this node writes from, a name, a language.

        Without an address, letters come from the node's own; answers go to `replyTo`.
        """
        sender = Sender(sent.address, sent.name, sent.reply_to, sent.language)
        done = await desk.change(caller, sender, granted)
        return told(done) if isinstance(done, Approval) else JSONResponse(_sender(done))


def _order(message: Message, granted: str | None) -> AwardOrder:
    file = message.object("award") if message.has("award") else {}
    version = message.anything("version") if message.has("version") else None
    if version is not None and (
        isinstance(version, bool) or not isinstance(version, int) or not 0 < version <= MAX_VERSION
    ):
        raise invalid("/version", "it is no number of a version")
    kind, language, key = message.text("kind"), message.optional("language"), message.optional("clientKey")
    if kind not in set(AwardKind):
        raise invalid("/kind", f"it is none of {', '.join(AwardKind)}")
    if language not in {None, *LANGUAGES}:
        raise invalid("/language", f"it is none of {', '.join(LANGUAGES)}")
    if key is not None and not (0 < len(key) <= MAX_KEY_CHARS and key.isprintable()):
        raise invalid("/clientKey", f"it is no text of at most {MAX_KEY_CHARS} characters in one line")
    order = AwardOrder(
        achievement=message.text("achievement"),
        version=version,
        profile=message.text("profile"),
        kind=AwardKind(kind),
        name=message.text("name"),
        email=message.optional("email"),
        language=None if language is None else ("pl" if language == "pl" else "en"),
        file=file,
        client_key=key,
        granted=granted,
    )
    message.end()
    return order


def _awarded(made: Awarded) -> JsonObject:
    until = None if made.expires_at is None else format_timestamp(made.expires_at)
    return {**_shown(made.award), "link": {"mailed": made.mailed, "url": made.url, "expiresAt": until}}


def _shown(award: Award) -> JsonObject:
    return {
        "id": award.id,
        "name": award.name,
        "email": award.email,
        "achievement": award.achievement,
        "version": award.version,
        "profile": award.profile,
        "state": award.state.value,
        "awardedAt": format_timestamp(award.awarded_at),
        "clientKey": award.client_key,
    }


def _sender(sender: Sender) -> JsonObject:
    return {
        "address": sender.address,
        "name": sender.name,
        "replyTo": sender.reply_to,
        "language": sender.language,
    }
