"""The persons who act for an organisation: an owner names them, and takes from them what they may do at once."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.organisation.events import in_order, record, said
from node.issuance.organisation.second_person import Action, agreed, require_deciders, take_back
from node.ports.access import Scope
from node.ports.api_keys import MACHINE, Caller
from node.ports.errors import RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import Member, Role
from node.ports.oversight import Approval
from node.ports.store import Store, UnitOfWork

MAX_MEMBERS: Final = 1000
MAX_NAME_CHARS: Final = 200
_LOGIN: Final = re.compile(r"[!-~]{1,254}", re.ASCII)
"""An address of mail, or a name without spaces."""


@dataclass(frozen=True, slots=True)
class NewMember:
    """Who is to act for the organisation."""

    login: str
    name: str
    roles: frozenset[Role]


@dataclass(frozen=True, slots=True)
class Removed:
    """Who acts no more, and the keys of programs that this person has made: they go on until they are revoked."""

    member: str
    programs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MembersDesk:
    """The use cases. The events name a member by an id that says nothing."""

    store: Store
    now: Callable[[], datetime]

    async def listed(self, caller: Caller) -> tuple[Member, ...]:
        """All of them."""
        async with self.store.view(caller.organisation) as view:
            return await view.members.listed()

    async def find(self, caller: Caller, member: str) -> Member:
        """One of them; raises AbsentError."""
        async with self.store.view(caller.organisation) as view:
            return await view.members.find(member)

    async def add(self, caller: Caller, new: NewMember, granted: str | None = None) -> Member | Approval:
        """Name somebody; raises ConflictError for a login that is somebody's, RuleError."""
        require_person(caller)
        require_named(new)
        at = self.now()
        member = Member(new_id(), new.login, new.name, new.roles, at)

        async def work(unit: UnitOfWork) -> Member | Approval:
            async def add() -> Member:
                if len(await unit.members.listed()) >= MAX_MEMBERS:
                    raise RuleError(
                        f"an organisation has {MAX_MEMBERS} members at most",
                        code="organisation.members",
                        remedy="Remove those who left.",
                    )
                await unit.members.add(member)
                record(unit, caller, "member.add", member.id, at, {"roles": in_order(new.roles)})
                return member

            payload = said(add=said(login=new.login, name=new.name, roles=in_order(new.roles)))
            return await agreed(unit, Action.MEMBERS, payload, caller, at, granted, add)

        return await self.store.change(caller.organisation, work)

    async def change(
        self, caller: Caller, member: str, roles: frozenset[Role], granted: str | None = None
    ) -> Member | Approval:
        """Give a member these roles instead; what is taken away is gone from the member's keys at once.

        Raises AbsentError, RuleError for the last owner, or where too few would be left who may decide.
        """
        require_person(caller)
        at = self.now()

        async def work(unit: UnitOfWork) -> Member | Approval:
            before = await unit.members.find(member)

            async def change() -> Member:
                await unit.members.change(member, roles)
                await require_deciders(unit)
                await take_back(unit, member, roles)
                record(
                    unit,
                    caller,
                    "member.change",
                    member,
                    at,
                    {"roles": in_order(roles), "before": in_order(before.roles)},
                )
                return await unit.members.find(member)

            payload = said(change=said(member=member, roles=in_order(roles)))
            return await agreed(unit, Action.MEMBERS, payload, caller, at, granted, change)

        return await self.store.change(caller.organisation, work)

    async def remove(self, caller: Caller, member: str, granted: str | None = None) -> Removed | Approval:
        """Let a member act no more, and end the member's keys; raises as `change` does."""
        require_person(caller)
        at = self.now()

        async def work(unit: UnitOfWork) -> Removed | Approval:
            await unit.members.find(member)

            async def remove() -> Removed:
                await unit.members.remove(member)
                await require_deciders(unit)
                await take_back(unit, member)
                keys = [key for key in await unit.api_keys.listed() if key.revoked_at is None and key.expires_at > at]
                own = [key.id for key in keys if key.member == member]
                for key in own:
                    await unit.api_keys.revoke(key, at)
                record(unit, caller, "member.remove", member, at, {"keys": list(own)})
                return Removed(member, tuple(key.id for key in keys if key.member is None and key.made_by == member))

            return await agreed(unit, Action.MEMBERS, {"remove": {"member": member}}, caller, at, granted, remove)

        return await self.store.change(caller.organisation, work)


def is_name(text: str, most: int) -> bool:
    """Whether people can call something by this: so many characters, none that moves a cursor, and not spaces alone."""
    return 0 < len(text.strip()) <= most and not any(char < " " or char == "\x7f" for char in text)


def require_named(new: NewMember) -> None:
    """Raises RuleError for a login or a name that is none."""
    if not _LOGIN.fullmatch(new.login) or not is_name(new.name, MAX_NAME_CHARS):
        raise RuleError(
            f"a member has a login of visible characters, and a name of up to {MAX_NAME_CHARS}",
            code="organisation.member",
            remedy="Give an address of mail as the login.",
        )


def require_person(caller: Caller) -> None:
    """Raises RuleError for a program, unless its key was made on the node's machine: it could make up persons."""
    if caller.member is None and caller.made_by != MACHINE:
        raise RuleError(
            f"a program with the scope {Scope.ORGANISATION_MANAGE} names no persons",
            code="organisation.program",
            remedy="Have an owner do it, with a key of that person's.",
        )
