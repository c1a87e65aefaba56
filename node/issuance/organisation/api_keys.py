"""Keys for the API: a person's, or a program's. Each can do at most what its maker could, and is over some day.

1. A member makes keys of its own. Nobody else has seen them, so with such a key a second person can decide.
2. A new member has none. An owner hands over a first one, which is good for everything but deciding; whoever gets it
   exchanges it, and it is over.
3. A program's key is answered for by whoever made it. It never decides, and it outlives no program's key that made it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from node.issuance.organisation.events import in_order, order_head, record, said
from node.issuance.organisation.members import is_name, require_person
from node.issuance.organisation.second_person import Action, agreed
from node.ports.access import Scope, scopes_of
from node.ports.api_keys import MACHINE, Caller, make_api_key
from node.ports.errors import AbsentError, RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import ApiKey, Organisation
from node.ports.oversight import Approval
from node.ports.secret import Secret
from node.ports.store import Store, UnitOfWork

MAX_KEYS: Final = 1000
"""Keys in force, of one organisation: more than that, nobody knows what each is for."""
MAX_LABEL_CHARS: Final = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be for; `member` is the person it is handed to, None a program."""

    label: str
    scopes: frozenset[str]
    days: int
    member: str | None = None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A new key, and its text, which is shown once."""

    key: ApiKey
    text: Secret


@dataclass(frozen=True, slots=True)
class ApiKeysDesk:
    """The use cases."""

    store: Store
    now: Callable[[], datetime]

    async def listed(self, caller: Caller) -> tuple[ApiKey, ...]:
        """All of the organisation, also those that are over."""
        async with self.store.view(caller.organisation) as view:
            return await view.api_keys.listed()

    async def make(self, caller: Caller, new: NewKey, granted: str | None = None) -> MadeKey | Approval:
        """A key for a program, or a first one for another member; raises RuleError, AbsentError for who is none."""
        at = self.now()
        _check(new)

        async def work(unit: UnitOfWork) -> MadeKey | Approval:
            if new.member is None:
                _require_scopes(new.scopes - {Scope.APPROVALS_DECIDE}, new.scopes, "a program decides nothing")
            else:
                await _require_first(unit, caller, new, at)
            _require_scopes(caller.scopes, new.scopes, "the key that makes it has less")
            lifetime = timedelta(days=new.days)
            if caller.member is None and caller.made_by != MACHINE:
                lifetime = min(lifetime, await _left(unit, caller, at))

            async def make() -> MadeKey:
                made_by = caller.person if caller.person != MACHINE or new.member else f"program:{caller.key}"
                return await _kept(unit, caller, new, made_by, at, lifetime)

            payload = said(label=new.label, scopes=in_order(new.scopes), days=new.days, member=new.member)
            return await agreed(unit, Action.API_KEYS, said(make=payload), caller, at, granted, make)

        return await self.store.change(caller.organisation, work)

    async def make_own(self, caller: Caller, new: NewKey) -> MadeKey:
        """A key of the caller's own, beside the present one; in the place of one that was handed over."""
        at = self.now()
        _check(new)
        member = caller.member
        if member is None:
            raise RuleError(
                "a program has no keys of its own", code="api_key.program", remedy="Have a member make one for it."
            )
        _require_scopes(caller.scopes, new.scopes, "the key that makes it has less")

        async def work(unit: UnitOfWork) -> MadeKey:
            own = NewKey(new.label, new.scopes, new.days, member)
            made = await _kept(unit, caller, own, member, at, timedelta(days=new.days))
            if not caller.is_own:
                await unit.api_keys.revoke(caller.key, at)
                record(unit, caller, "api_key.exchange", caller.key, at, {"for": made.key.id})
            await order_head(unit, at)
            return made

        return await self.store.change(caller.organisation, work)

    async def revoke(self, caller: Caller, key: str) -> None:
        """End a key at once; nobody has to agree to that. Raises AbsentError, RuleError for a key of somebody else's.

        Whoever may have had it seen ends it: the caller's own, and for who manages the organisation any.
        """
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            found = next((each for each in await unit.api_keys.listed() if each.id == key), None)
            if found is None:
                raise AbsentError("key with this id")
            own = key == caller.key or (caller.member is not None and caller.member == found.member)
            if not own and Scope.ORGANISATION_MANAGE not in caller.scopes:
                raise RuleError(
                    "this is a key of somebody else's",
                    code="api_key.others",
                    remedy=f"Have somebody end it who has the scope {Scope.ORGANISATION_MANAGE}.",
                )
            await unit.api_keys.revoke(key, at)
            record(unit, caller, "api_key.revoke", key, at)
            await order_head(unit, at)

        await self.store.change(caller.organisation, work)


async def first_key(unit: UnitOfWork, caller: Caller, organisation: Organisation, member: str, days: int) -> MadeKey:
    """The key that is handed to the first owner of an organisation."""
    everything = scopes_of((await unit.members.find(member)).roles)
    new = NewKey(f"first key of {organisation.name}"[:MAX_LABEL_CHARS], everything, days, member)
    return await _kept(unit, caller, new, caller.person, organisation.created_at, timedelta(days=days))


async def _kept(  # noqa: PLR0913, PLR0917 -- what is to be known of a key
    unit: UnitOfWork, caller: Caller, new: NewKey, made_by: str, at: datetime, lifetime: timedelta
) -> MadeKey:
    key, text = make_api_key(
        new_id(), label=new.label, scopes=new.scopes, made_by=made_by, at=at, lifetime=lifetime, member=new.member
    )
    in_force = [each for each in await unit.api_keys.listed() if each.revoked_at is None and each.expires_at > at]
    if len(in_force) >= MAX_KEYS:
        raise RuleError(
            f"an organisation has {MAX_KEYS} keys in force at most",
            code="api_key.many",
            remedy="Revoke those that nobody uses.",
        )
    await unit.api_keys.add(key)
    details = said(scopes=in_order(new.scopes), member=new.member, until=key.expires_at.isoformat())
    record(unit, caller, "api_key.make", key.id, at, details)
    return MadeKey(key, text)


async def _require_first(unit: UnitOfWork, caller: Caller, new: NewKey, at: datetime) -> None:
    """Who could make a key of somebody who has one could act as that person, and be two persons."""
    require_person(caller)
    member = await unit.members.find(new.member or "")
    if caller.member == member.id:
        raise RuleError(
            "this would be a key of your own", code="api_key.own", remedy="POST /organisation/api-keys/own makes those."
        )
    if not caller.is_own and caller.made_by != MACHINE:
        raise RuleError(
            "somebody else has made your key, and may have kept it",
            code="approval.key",
            remedy="Exchange it for one of your own first: POST /organisation/api-keys/own",
        )
    in_force = [
        key
        for key in await unit.api_keys.listed()
        if key.member == member.id and key.revoked_at is None and key.expires_at > at
    ]
    if in_force:
        raise RuleError(
            "this member has a key, and makes others with it",
            code="api_key.first",
            remedy="Where it was lost, revoke it first; the log says so to everybody.",
        )
    _require_scopes(scopes_of(member.roles), new.scopes, "the member's roles have less")


async def _left(unit: UnitOfWork, caller: Caller, at: datetime) -> timedelta:
    for key in await unit.api_keys.listed():
        if key.id == caller.key:
            return key.expires_at - at
    raise AbsentError("key with this id")


def _require_scopes(limit: frozenset[str], wanted: frozenset[str], why: str) -> None:
    if too_many := sorted(wanted - limit):
        raise RuleError(
            f"the key cannot have {', '.join(too_many)}: {why}",
            code="api_key.scope",
            remedy="Leave these scopes out, or have somebody make it who has them.",
        )


def _check(new: NewKey) -> None:
    if unknown := sorted(new.scopes - set(Scope)):
        raise RuleError(
            f"there is no scope {unknown[0][:64]}",
            code="api_key.scope",
            remedy=f"Choose from {', '.join(Scope)}.",
        )
    if not is_name(new.label, MAX_LABEL_CHARS):
        raise RuleError(
            f"a key has a label of up to {MAX_LABEL_CHARS} characters",
            code="api_key.label",
            remedy="Say what it is for, so that whoever finds it in the list knows.",
        )
