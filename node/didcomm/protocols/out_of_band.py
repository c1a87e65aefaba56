"""Out-of-band 2.0: invitations, in addresses and pictures, and who may take one up.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#out-of-band-messages
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from node.didcomm.errors import InvitationError, MessageError, shown
from node.didcomm.message import Message, compose, folded_id, parse_message, write_message
from node.didcomm.message_type import parse_message_type
from node.didcomm.protocols.connection import Connection, Incoming
from node.didcomm.protocols.machine import Problem, seconds
from node.didcomm.protocols.problems import report
from node.didcomm.service import PROFILE
from node.documents import JsonObject, JsonValue

INVITATION: Final = parse_message_type("https://didcomm.org/out-of-band/2.0/invitation")
LIFETIME: Final = timedelta(minutes=10)
"""An invitation is minted when somebody clicks, and taken up before they look away."""
MAX_URL_CHARS: Final = 64 * 1024
"""What browsers pass on; a request of a page or two fits."""
MAX_QR_CHARS: Final = 1024
"""Version 22 of QR codes at the lowest level of correction: telephones still read it from a screen."""
MAX_GOAL_CHARS: Final = 512
MAX_ACCEPTED: Final = 16

GOAL_ISSUE: Final = "streamlined-vc"
GOAL_PRESENT: Final = "streamlined-vp"
"""Goal codes of the WACI profile: the holder begins with a proposal.

Spec: https://identity.foundation/waci-didcomm/
"""

_PARAMETER, _SHORT, _OF_VERSION_1 = "_oob", "_oobid", "oob"
_SCHEMES: Final = frozenset({"https", "http"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation as received. Nothing proves who made it: its sender is proven by the envelope of what they answer.

    Messages attached to it are shown to people at most; they came unencrypted, from anybody.
    """

    message: Message
    id: str
    sender: str
    goal_code: str | None
    goal: str | None
    accept: tuple[str, ...]
    expires_time: int | None


@dataclass(frozen=True, slots=True)
class ShortUrl:
    """An address behind which an invitation is: to be asked for by GET, through the guarded fetcher."""

    url: str
    id: str


@dataclass(frozen=True, slots=True)
class Redirect:
    """The answer to who asks for a short address: where the whole one is. It is never kept on the way."""

    location: str
    status: int = 302


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation that we made: until when it may be taken up, and by whom it was.

    `context` is what it is for, in the words of whoever made it.
    """

    id: str
    ours: str
    expires_time: int
    context: JsonObject
    by: Connection | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What came of a message that takes up an invitation.

    `given` is the message as one of a connection that is known from now on, None where it is refused.
    """

    invited: Invited
    given: Incoming | None
    messages: tuple[Message, ...] = ()


def invite(  # noqa: PLR0913 -- what an invitation says
    *,
    id: str,  # noqa: A002 -- the name of the specification
    sender: str,
    goal_code: str,
    goal: str,
    at: datetime,
    context: JsonObject,
    lifetime: timedelta = LIFETIME,
) -> tuple[Message, Invited]:
    """An invitation under a new, random id, and what is kept of it. Nothing private is said in it."""
    expires = seconds(at + lifetime)
    message = compose(
        INVITATION,
        {"goal_code": goal_code, "goal": goal, "accept": [PROFILE]},
        id=id,
        sender=sender,
        created_time=seconds(at),
        expires_time=expires,
    )
    return message, Invited(id=id, ours=sender, expires_time=expires, context=context)


def claim(invited: Invited, given: Incoming, at: datetime) -> Claim:
    """Let a message take up an invitation.

    1. Its sender is authenticated, and writes to the identifier that invited, about this invitation.
    2. Whoever took it up may go on; nobody else may, at any time.
    3. It is in force.

    What fails at 1 is told to nobody; who was late, or second, is told.
    """
    message, connection = given.message, given.connection
    if (  # 1.
        connection is None
        or connection.ours != invited.ours
        or message.pthid is None
        or folded_id(message.pthid) != folded_id(invited.id)
    ):
        return Claim(invited, None)
    if invited.by is not None:  # 2.
        if invited.by == connection:
            return Claim(invited, replace(given, known=True))
        return Claim(invited, None, (_refusal("e.p.req.invitation-used", connection, message, at),))
    if seconds(at) >= invited.expires_time:  # 3.
        return Claim(invited, None, (_refusal("e.p.req.invitation-expired", connection, message, at),))
    return Claim(replace(invited, by=connection), replace(given, known=True))


def read_invitation(message: Message, at: datetime) -> Invitation:
    """What an invitation says.

    1. It is one of version 2.x, and says whom to answer.
    2. It is in force.
    3. It takes messages of this version.

    Raises InvitationError.
    """
    if not message.type.is_a(INVITATION):  # 1.
        raise InvitationError(f"{shown(str(message.type))} is no invitation")
    if message.sender is None:
        raise InvitationError("the invitation does not say whom to answer", code="didcomm.invitation.sender")
    if message.expired(at):  # 2.
        raise InvitationError("the invitation has expired", code="didcomm.invitation.expired")
    accept = _texts(message.body.get("accept", []))
    if accept and not any(each.partition(";")[0].strip() == PROFILE for each in accept):  # 3.
        raise InvitationError(
            f"the invitation takes only {shown(', '.join(accept))}",
            code="didcomm.invitation.accept",
            remedy="Take it up with a wallet of the version that it names.",
        )
    return Invitation(
        message=message,
        id=message.id,
        sender=str(message.sender.did),
        # The WACI profile writes it with a hyphen.
        goal_code=_text(message.body.get("goal_code", message.body.get("goal-code"))),
        goal=_text(message.body.get("goal")),
        accept=accept,
        expires_time=message.expires_time,
    )


def invitation_url(message: Message, page: str) -> str:
    """The address of an invitation: a page that tells people what to do, with the message in it."""
    return _bounded(_with(page, _PARAMETER, to_base64url(write_message(message))), MAX_URL_CHARS)


def short_url(identifier: str, page: str) -> str:
    """The short address of an invitation, by an identifier that nobody can guess."""
    return _bounded(_with(page, _SHORT, identifier), MAX_URL_CHARS)


def redirect(message: Message, page: str) -> Redirect:
    """What is answered to who asks for the short address of an invitation."""
    return Redirect(invitation_url(message, page))


def qr_text(url: str) -> str:
    """What a QR code of the address holds; raises InvitationError where telephones would not read it."""
    return _bounded(url, MAX_QR_CHARS)


def read_invitation_url(url: str) -> Message | ShortUrl:
    """The message in an address, or the address where it is; raises InvitationError.

    1. It is an address of the web, of bounded length, with one of both parameters, once.
    2. An invitation of DIDComm v1 is told apart, for the agent gateway.
    3. The message is what was encoded, in base64url.
    """
    if len(url) > MAX_URL_CHARS:  # 1.
        raise InvitationError(f"the address has {len(url)} characters", code="didcomm.invitation.too_long")
    try:
        parts = urlsplit(url)
        query = parse_qsl(parts.query, max_num_fields=64)
    except ValueError as error:
        raise InvitationError("that is no address", code="didcomm.invitation.url") from error
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise InvitationError(f"{shown(url)} is no address of the web", code="didcomm.invitation.url")
    found = [(name, value) for name, value in query if name in {_PARAMETER, _SHORT}]
    if not found and any(name == _OF_VERSION_1 for name, _ in query):  # 2.
        raise InvitationError(
            "that is an invitation of DIDComm v1",
            code="didcomm.invitation.version",
            remedy="Take it up through the gateway for DIDComm v1 wallets.",
        )
    if len(found) != 1:
        raise InvitationError("the address has no invitation in it, or several", code="didcomm.invitation.url")
    name, value = found[0]
    if name == _SHORT:
        return ShortUrl(url, value)
    try:
        return parse_message(from_base64url(value.rstrip("="), max_chars=MAX_URL_CHARS))  # 3.
    except (MultibaseError, MessageError) as error:
        raise InvitationError(f"the address holds no message: {error}", code="didcomm.invitation.message") from error


def read_short_answer(short: ShortUrl, *, location: str | None, body: bytes) -> Message:
    """The message that was behind a short address: in the redirect, or as what was answered; raises InvitationError."""
    if location is not None:
        found = read_invitation_url(location)
        if isinstance(found, ShortUrl):
            raise InvitationError(
                f"the short address {shown(short.url)} leads to another", code="didcomm.invitation.short_url"
            )
        return found
    try:
        return parse_message(body)
    except MessageError as error:
        raise InvitationError(
            f"behind {shown(short.url)} is no message: {error}", code="didcomm.invitation.short_url"
        ) from error


def write_invited(invited: Invited) -> JsonObject:
    """What is kept of an invitation, as JSON."""
    by: JsonValue = [invited.by.ours, invited.by.theirs] if invited.by is not None else None
    return {
        "id": invited.id,
        "ours": invited.ours,
        "expires_time": invited.expires_time,
        "context": invited.context,
        "by": by,
    }


def read_invited(document: JsonObject) -> Invited:
    """What `write_invited` wrote; raises InvitationError for anything else."""
    match document:
        case {
            "id": str(identifier),
            "ours": str(ours),
            "expires_time": int(expires),
            "context": dict(context),
            "by": by,
        } if by is None or (isinstance(by, list) and len(by) == 2):  # noqa: PLR2004 -- a pair
            pair = Connection(str(by[0]), str(by[1])) if by is not None else None
            return Invited(id=identifier, ours=ours, expires_time=expires, context=context, by=pair)
        case _:
            raise InvitationError("a kept invitation is damaged", remedy="Mint a new one.")


def _refusal(code: str, connection: Connection, message: Message, at: datetime) -> Message:
    problem = Problem(code)
    return report(problem.code, connection=connection, thread=message.thread, about=message, at=at)


def _with(page: str, name: str, value: str) -> str:
    parts = urlsplit(page)
    if parts.scheme not in _SCHEMES or not parts.hostname:
        raise InvitationError(f"{shown(page)} is no address of the web", code="didcomm.invitation.url")
    query = [*parse_qsl(parts.query, keep_blank_values=True), (name, value)]
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", urlencode(query), ""))


def _bounded(url: str, limit: int) -> str:
    if len(url) > limit:
        raise InvitationError(
            f"the address has {len(url)} characters, of which {limit} can be passed on",
            code="didcomm.invitation.too_long",
            remedy="Use the short address.",
        )
    return url


def _text(value: JsonValue) -> str | None:
    return value[:MAX_GOAL_CHARS] if isinstance(value, str) else None


def _texts(value: JsonValue) -> tuple[str, ...]:
    return (
        tuple([each[:MAX_GOAL_CHARS] for each in value[:MAX_ACCEPTED] if isinstance(each, str)])
        if isinstance(value, list)
        else ()
    )
