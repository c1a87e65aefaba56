"""What nobody does alone: another person agrees to exactly what will be done, then it is done, once.

For the other rooms, within their own unit of work:

    approval = await require_second_person(unit, Action.ISSUE, payload, caller, at, granted=header)
    if approval is not None:
        return approval  # 202: nothing was done yet; another person decides at /organisation/approvals/{id}
    …                    # do it

`payload` is all that will be done, as JSON: what the second person reads, and what happens. Whoever comes again with
the id of what was granted (`granted`, by the header `Glejt-Approval`) and the very same payload goes on: the request
is carried out in the same transaction as what it is for, so it counts once, and not at all where that fails.

Who is a second person:

1. A person, not a program, with a key that nobody else has made, so that nobody else has seen it.
2. Not the one who asked. Two keys of one person are one person; for what a program asks, whoever made it has asked.
3. Somebody who may decide by a role, until it is done.

While anything takes a second person, so do the settings, members and keys: who may change those alone could make up
the second person.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from node.documents import JsonValue
from node.issuance.organisation.events import order_head, record
from node.ports.access import Scope, scopes_of
from node.ports.api_keys import Caller
from node.ports.errors import RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import MemberReader, Role, Settings
from node.ports.oversight import Approval, Decision
from node.ports.store import UnitOfWork
from node.proofs.canonicalize.jcs import jcs

LIFETIME: Final = timedelta(days=7)
"""For the other person to decide, and for it to be done: over a weekend, and a short absence."""
MAX_WAITING: Final = 1000
"""Requests that wait in one organisation: more, nobody reads with care."""
MAX_PAYLOAD_BYTES: Final = 1024 * 1024
DECIDERS: Final = 2
"""Persons who may decide, without whom nobody could ever agree to anything."""
_TAG: Final = b"glejt/approval/v1"


class Action(StrEnum):
    """What can take a second person."""

    ISSUE = "credentials.issue"
    STATUS = "credentials.status"
    """Revoke, suspend."""
    PUBLISH = "achievements.publish"
    PROFILES = "organisation.profiles"
    """Signing profiles, their keys and DIDs, namespaces, accounts that pay."""
    API_KEYS = "organisation.keys"
    MEMBERS = "organisation.members"
    SETTINGS = "organisation.settings"


ALWAYS: Final = frozenset({Action.API_KEYS, Action.MEMBERS, Action.SETTINGS})
"""What takes a second person as soon as anything does."""


def taking_two(settings: Settings) -> frozenset[Action]:
    """What takes a second person by these settings."""
    chosen = frozenset(map(Action, settings.second_person))
    return chosen | ALWAYS if chosen else chosen


async def require_second_person(  # noqa: PLR0913 -- who wants what, when, and by whose consent
    unit: UnitOfWork,
    action: Action,
    payload: Mapping[str, JsonValue],
    caller: Caller,
    at: datetime,
    *,
    granted: str | None = None,
) -> Approval | None:
    """None where it may be done now; else what was asked for, and nothing is to be done.

    Who asks for the same again is told of the same request. Raises RuleError for a request that was not granted, is
    over, was carried out already, or is for anything else; AbsentError for one that is not there.
    """
    if granted is not None:
        await carry_out(unit, granted, action, payload, caller, at)
        return None
    if action not in taking_two(await unit.settings.find()):
        return None
    digest = digest_of(action, payload)
    known = await unit.approvals.same(digest, caller.person, at)
    if known is not None:
        return known
    if len(await unit.approvals.listed(Decision.WAITING, limit=MAX_WAITING)) >= MAX_WAITING:
        raise RuleError(
            f"{MAX_WAITING} requests wait for a second person",
            code="approval.waiting",
            remedy="Have some of them decided on first.",
        )
    asked = Approval(new_id(), action, dict(payload), caller.person, at, at + LIFETIME, digest=digest)
    await unit.approvals.ask(asked)
    record(unit, caller, "approval.ask", asked.id, at, {"for": action.value, "digest": digest.hex()})
    return asked


async def agreed[T](  # noqa: PLR0913, PLR0917 -- who wants what, when, and by whose consent
    unit: UnitOfWork,
    action: Action,
    payload: Mapping[str, JsonValue],
    caller: Caller,
    at: datetime,
    granted: str | None,
    work: Callable[[], Awaitable[T]],
) -> T | Approval:
    """Do the work where it may be done now, and have the log signed after it; else what was asked for."""
    asked = await require_second_person(unit, action, payload, caller, at, granted=granted)
    done = asked or await work()
    await order_head(unit, at)
    return done


async def carry_out(  # noqa: PLR0913, PLR0917 -- who does what, when, and by whose consent
    unit: UnitOfWork, approval: str, action: Action, payload: Mapping[str, JsonValue], caller: Caller, at: datetime
) -> Approval:
    """Take what was granted to do it in this unit of work; the payload has to be what was agreed to, to the letter.

    Raises as `require_second_person` does.
    """
    found = await unit.approvals.carry_out(approval, at, action=action)
    if found.digest != digest_of(action, payload):
        raise RuleError(
            "this is not what was agreed to",
            code="approval.other",
            remedy="Send exactly what was asked for; ask anew for anything else.",
        )
    record(unit, caller, "approval.done", approval, at, {"for": action.value, "by": found.decided_by or ""})
    return found


async def decide(unit: UnitOfWork, approval: str, caller: Caller, at: datetime, *, grant: bool) -> Approval:
    """Agree to what another person has asked for, or refuse it; raises RuleError for who cannot be the second."""
    member = caller.member
    if member is None:
        raise RuleError(
            "a program is no second person",
            code="approval.program",
            remedy="Have a member of the organisation decide, with a key of that person's.",
        )
    if not caller.is_own:
        raise RuleError(
            "somebody else has made this key, and may have kept it",
            code="approval.key",
            remedy="Exchange it for one of your own first: POST /organisation/api-keys/exchange",
        )
    found = await unit.approvals.decide(approval, member, at, grant=grant)
    action = "approval.grant" if grant else "approval.refuse"
    record(unit, caller, action, approval, at, {"for": found.action, "asked_by": found.asked_by})
    return found


async def require_deciders(unit: UnitOfWork) -> None:
    """Raises RuleError where a second person is needed, and there are not two who may decide.

    To be asked after a change of members or settings, in its transaction.
    """
    if taking_two(await unit.settings.find()) and await deciders(unit.members) < DECIDERS:
        raise RuleError(
            "there would not be two persons any more who may decide",
            code="approval.deciders",
            remedy="Give somebody else a role that may decide first (owner or issuer).",
        )


async def take_back(unit: UnitOfWork, member: str, roles: frozenset[Role] = frozenset()) -> None:
    """What a member has agreed to and is not done is agreed to no more, where these roles decide nothing.

    To be asked after a change of members, in its transaction: consent does not outlast who gave it.
    """
    if Scope.APPROVALS_DECIDE not in scopes_of(roles):
        await unit.approvals.take_back(member)


async def deciders(members: MemberReader) -> int:
    """How many may decide."""
    return sum(Scope.APPROVALS_DECIDE in scopes_of(member.roles) for member in await members.listed())


def digest_of(action: str, payload: Mapping[str, JsonValue]) -> bytes:
    """What is agreed to: SHA-256 over a tag, the action, and the RFC 8785 form of the payload."""
    said = jcs(dict(payload))
    if len(said) > MAX_PAYLOAD_BYTES:
        raise RuleError(
            f"what is to be agreed to has more than {MAX_PAYLOAD_BYTES} bytes",
            code="approval.too_large",
            remedy="Ask for less at once.",
        )
    return hashlib.sha256(_TAG + len(action.encode()).to_bytes(4) + action.encode() + said).digest()
