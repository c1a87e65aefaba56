"""Organisations, members, keys for programs."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.bound import Bound, insert_into, without_organisation
from node.adapters.database.tables import API_KEYS, MEMBERS, ORGANISATION_SETTINGS, ORGANISATIONS
from node.adapters.database.work_tables import OUTBOX
from node.ports.errors import AbsentError, RuleError
from node.ports.organisations import ApiKey, Member, Organisation, OrganisationId, Role, Settings, State
from node.ports.oversight import FIRST


@dataclass(frozen=True, slots=True)
class OrganisationRowsReader:
    """The organisations of the node."""

    connection: AsyncConnection

    async def find(self, organisation: OrganisationId) -> Organisation:
        """The organisation."""
        statement = select(ORGANISATIONS).where(ORGANISATIONS.c.id == organisation)
        row = (await self.connection.execute(statement)).mappings().first()
        if row is None:
            raise AbsentError("organisation with this id")
        return _organisation(row)

    async def listed(self, *, after: str = "", limit: int = 100) -> tuple[Organisation, ...]:
        """Those whose id comes after this one."""
        statement = select(ORGANISATIONS).where(ORGANISATIONS.c.id > after).order_by(ORGANISATIONS.c.id).limit(limit)
        return tuple(map(_organisation, (await self.connection.execute(statement)).mappings()))


class OrganisationRows(OrganisationRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, organisation: Organisation) -> None:
        """Take a new one."""
        row = {**asdict(organisation), "audit_number": 0, "audit_head": FIRST}
        await self.connection.execute(ORGANISATIONS.insert(), row)

    async def begin_closing(self, organisation: OrganisationId) -> None:
        """Have it be closing."""
        if await self._alone(organisation) != State.CLOSED:
            await self._become(organisation, State.CLOSING)

    async def close(self, organisation: OrganisationId, *, beside: Sequence[str] | None = None) -> bool:
        """Let nobody act for it."""
        await self._alone(organisation)
        if beside is not None:
            tasks = select(OUTBOX.c.id).where(OUTBOX.c.organisation == organisation, OUTBOX.c.kind.not_in(beside))
            if (await self.connection.execute(tasks.limit(1))).first() is not None:
                return False
        await self._become(organisation, State.CLOSED)
        return True

    async def _alone(self, organisation: OrganisationId) -> str:
        """Its state, once nobody else changes anything of it: every change holds its row, as `FOR KEY SHARE`."""
        statement = select(ORGANISATIONS.c.state).where(ORGANISATIONS.c.id == organisation).with_for_update()
        state: str | None = await self.connection.scalar(statement)
        if state is None:
            raise AbsentError("organisation with this id")
        return state

    async def _become(self, organisation: OrganisationId, state: State) -> None:
        await self.connection.execute(
            update(ORGANISATIONS).where(ORGANISATIONS.c.id == organisation).values(state=state)
        )


@dataclass(frozen=True, slots=True)
class ApiKeyRowsFinder:
    """Whose key a request brings."""

    connection: AsyncConnection

    async def by_prefix(self, prefix: str) -> tuple[OrganisationId, ApiKey, frozenset[Role]] | None:
        """The key with this prefix."""
        person = (MEMBERS.c.organisation == API_KEYS.c.organisation) & (MEMBERS.c.id == API_KEYS.c.member)
        statement = (
            select(API_KEYS, MEMBERS.c.roles)
            .join(ORGANISATIONS, ORGANISATIONS.c.id == API_KEYS.c.organisation)
            .outerjoin(MEMBERS, person)
            .where(API_KEYS.c.prefix == prefix, ORGANISATIONS.c.state != State.CLOSED)
        )
        row = (await self.connection.execute(statement)).mappings().first()
        if row is None or (row["member"] is not None and row["roles"] is None):
            return None
        return OrganisationId(row["organisation"]), _api_key(row), frozenset(map(Role, row["roles"] or ()))


class MemberRowsReader(Bound):
    """The members."""

    __slots__ = ()

    async def find(self, member: str) -> Member:
        """The member."""
        return _member(await self.found("member with this id", MEMBERS, MEMBERS.c.id == member))

    async def by_login(self, login: str) -> Member | None:
        """Whoever logs in by this."""
        row = await self.row(MEMBERS, MEMBERS.c.login == login)
        return None if row is None else _member(row)

    async def listed(self) -> tuple[Member, ...]:
        """All of them."""
        return tuple(map(_member, await self.rows(self.select(MEMBERS).order_by(MEMBERS.c.id))))


class MemberRows(MemberRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, member: Member) -> None:
        """Take a new one."""
        _require_role(member.roles)
        await self.insert(MEMBERS, {**_values(member), "roles": sorted(member.roles)})

    async def change(self, member: str, roles: frozenset[Role]) -> None:
        """Give the member these roles."""
        _require_role(roles)
        await self._require_other_owner(member, stays=Role.OWNER in roles)
        await self.changed(self.update(MEMBERS, MEMBERS.c.id == member).values(roles=sorted(roles)))

    async def remove(self, member: str) -> None:
        """Let the member act no more."""
        await self._require_other_owner(member, stays=False)
        await self.changed(self.delete(MEMBERS, MEMBERS.c.id == member))

    async def _require_other_owner(self, member: str, *, stays: bool) -> None:
        # Locked, as two owners could otherwise remove each other at once.
        members = map(_member, await self.rows(self.select(MEMBERS).order_by(MEMBERS.c.id).with_for_update()))
        roles = {each.id: each.roles for each in members}
        if member not in roles:
            raise AbsentError("member with this id")
        others = any(Role.OWNER in held for other, held in roles.items() if other != member)
        if Role.OWNER in roles[member] and not (stays or others):
            raise RuleError(
                "this is the last owner, and without one nobody could name members any more",
                code="organisation.last_owner",
                remedy="Make somebody else an owner first.",
            )


class ApiKeyRowsReader(Bound):
    """The keys for programs."""

    __slots__ = ()

    async def listed(self) -> tuple[ApiKey, ...]:
        """All, also those that are over."""
        return tuple(map(_api_key, await self.rows(self.select(API_KEYS).order_by(API_KEYS.c.id))))


class ApiKeyRows(ApiKeyRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, key: ApiKey) -> None:
        """Take a new one."""
        await self.insert(API_KEYS, {**_values(key), "scopes": sorted(key.scopes)})

    async def revoke(self, key: str, at: datetime) -> None:
        """End one for good."""
        row = await self.found("key with this id", API_KEYS, API_KEYS.c.id == key, lock=True)
        if row["revoked_at"] is None:
            await self.changed(self.update(API_KEYS, API_KEYS.c.id == key).values(revoked_at=at))


class SettingsRowsReader(Bound):
    """How one organisation wants to be held to its rules."""

    __slots__ = ()

    async def find(self) -> Settings:
        """As it was set."""
        row = await self.row(ORGANISATION_SETTINGS)
        return Settings() if row is None else Settings(frozenset(row["second_person"]))


class SettingsRows(SettingsRowsReader):
    """… and changing it."""

    __slots__ = ()

    async def keep(self, settings: Settings, at: datetime) -> None:
        """Set it so from now on."""
        values = {"second_person": sorted(settings.second_person), "changed_at": at}
        statement = insert_into(self.connection, ORGANISATION_SETTINGS).values(
            {**values, "organisation": self.organisation}
        )
        await self.connection.execute(statement.on_conflict_do_update(index_elements=["organisation"], set_=values))


def _values(record: Member | ApiKey) -> dict[str, Any]:
    return asdict(record)


def _require_role(roles: frozenset[Role]) -> None:
    if not roles:
        raise RuleError(
            "a member without a role could do nothing",
            code="organisation.role",
            remedy=f"Name one or several of {', '.join(Role)}, or remove the member.",
        )


def _organisation(row: RowMapping) -> Organisation:
    return Organisation(OrganisationId(row["id"]), row["name"], row["created_at"], State(row["state"]))


def _member(row: RowMapping) -> Member:
    return Member(**{**without_organisation(row), "roles": frozenset(map(Role, row["roles"]))})


def _api_key(row: RowMapping) -> ApiKey:
    kept = {name: row[name] for name in API_KEYS.columns.keys() if name != "organisation"}  # noqa: SIM118 -- names
    return ApiKey(**{**kept, "scopes": frozenset(row["scopes"])})
