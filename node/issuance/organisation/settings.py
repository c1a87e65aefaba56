"""The organisations of a node, and how each wants to be held to its rules.

An organisation that is closed stays where it is: what it published, and its log, can be read; nobody acts for it, and
nobody else gets its names.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.organisation.api_keys import MadeKey, first_key
from node.issuance.organisation.events import in_order, record
from node.issuance.organisation.members import NewMember, is_name, require_named
from node.issuance.organisation.second_person import Action, agreed, require_deciders
from node.ports.api_keys import Caller
from node.ports.errors import RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import Member, Organisation, OrganisationId, Role, Settings
from node.ports.oversight import Approval
from node.ports.store import Store, UnitOfWork

MAX_NAME_CHARS: Final = 200
FIRST_KEY_DAYS: Final = 7
"""The key that is handed to a first owner, who exchanges it."""


@dataclass(frozen=True, slots=True)
class Founded:
    """A new organisation, its first owner, and the key to hand over."""

    organisation: Organisation
    owner: Member
    key: MadeKey


@dataclass(frozen=True, slots=True)
class SettingsDesk:
    """How the caller's organisation is held to its rules."""

    store: Store
    now: Callable[[], datetime]

    async def find(self, caller: Caller) -> tuple[Organisation, Settings]:
        """The organisation, and its settings."""
        async with self.store.node_view() as node:
            organisation = await node.organisations.find(caller.organisation)
        async with self.store.view(caller.organisation) as view:
            return organisation, await view.settings.find()

    async def change(self, caller: Caller, settings: Settings, granted: str | None = None) -> Settings | Approval:
        """Have other things take a second person; raises RuleError where there are no two who may decide.

        Where anything took one before, this does too: who could turn it off alone was not held by it.
        """
        at = self.now()
        if unknown := sorted(settings.second_person - set(Action)):
            raise RuleError(
                f"{unknown[0][:64]} is nothing that takes a second person",
                code="organisation.settings",
                remedy=f"Choose from {', '.join(Action)}.",
            )

        async def work(unit: UnitOfWork) -> Settings | Approval:
            before = await unit.settings.find()

            async def change() -> Settings:
                await unit.settings.keep(settings, at)
                await require_deciders(unit)
                chosen, was = in_order(settings.second_person), in_order(before.second_person)
                record(unit, caller, "settings.change", unit.organisation, at, {"second_person": chosen, "before": was})
                return settings

            payload = {"second_person": in_order(settings.second_person)}
            return await agreed(unit, Action.SETTINGS, payload, caller, at, granted, change)

        return await self.store.change(caller.organisation, work)


@dataclass(frozen=True, slots=True)
class OrganisationsDesk:
    """The organisations of the node, for whoever runs it."""

    store: Store
    now: Callable[[], datetime]

    async def listed(self, *, after: str = "", limit: int = 100) -> tuple[Organisation, ...]:
        """Those whose id comes after this one, in order."""
        async with self.store.node_view() as node:
            return await node.organisations.listed(after=after, limit=limit)

    async def find(self, organisation: str) -> Organisation:
        """One of them; raises AbsentError."""
        async with self.store.node_view() as node:
            return await node.organisations.find(OrganisationId(organisation))

    async def found(self, caller: Caller, name: str, owner: NewMember) -> Founded:
        """A new organisation with its first owner.

        1. The organisation is taken.
        2. In one transaction of its own: the owner, the key to hand over, and the first entries of its log.

        A process that dies between the two leaves an organisation in which nobody can act; it is closed, or left.
        """
        at = self.now()
        require_named(owner)
        if not is_name(name, MAX_NAME_CHARS):
            raise RuleError(
                f"an organisation has a name of up to {MAX_NAME_CHARS} characters",
                code="organisation.name",
                remedy="Give the name by which it is known.",
            )
        organisation = Organisation(OrganisationId(new_id()), name, at)
        member = Member(new_id(), owner.login, owner.name, frozenset({Role.OWNER}), at)
        await self.store.node_change(lambda node: node.organisations.add(organisation))  # 1.

        async def work(unit: UnitOfWork) -> Founded:
            await unit.members.add(member)
            record(unit, caller, "organisation.found", organisation.id, at)
            record(unit, caller, "member.add", member.id, at, {"roles": [Role.OWNER.value]})
            return Founded(organisation, member, await first_key(unit, caller, organisation, member.id, FIRST_KEY_DAYS))

        return await self.store.change(organisation.id, work)  # 2.
