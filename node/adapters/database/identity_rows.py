"""DIDs, signing profiles, namespaces, accounts that pay."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import RowMapping, Table

from node.adapters.database.bound import Bound, without_organisation
from node.adapters.database.tables import DIDS, GAS_ACCOUNTS, KEYS, NAMESPACES, SIGNING_PROFILES
from node.ports.errors import ConflictError, RuleError
from node.ports.organisations import ChainRecord, HostedDid, Profile, State
from node.ports.vault import KeyPurpose


class IdentityRowsReader(Bound):
    """The identifiers of one organisation."""

    __slots__ = ()

    async def did(self, did: str) -> HostedDid:
        """The DID."""
        return hosted_did(await self.found("DID of this name", DIDS, DIDS.c.did == did))

    async def dids(self) -> tuple[HostedDid, ...]:
        """All of them."""
        return tuple(map(hosted_did, await self.rows(self.select(DIDS).order_by(DIDS.c.did))))

    async def profile(self, profile: str) -> Profile:
        """The profile."""
        return _profile(await self.found("signing profile of this name", SIGNING_PROFILES, id=profile))

    async def profiles(self) -> tuple[Profile, ...]:
        """All of them."""
        return tuple(map(_profile, await self.rows(self.select(SIGNING_PROFILES).order_by(SIGNING_PROFILES.c.id))))

    async def namespaces(self) -> tuple[ChainRecord, ...]:
        """The namespaces."""
        return await self._records(NAMESPACES)

    async def gas_accounts(self) -> tuple[ChainRecord, ...]:
        """The accounts that pay."""
        return await self._records(GAS_ACCOUNTS)

    async def _records(self, table: Table) -> tuple[ChainRecord, ...]:
        rows = await self.rows(self.select(table).order_by(table.c.id))
        return tuple(ChainRecord(**without_organisation(row)) for row in rows)


class IdentityRows(IdentityRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add_did(self, did: HostedDid) -> None:
        """Take a new DID."""
        await self.insert(DIDS, asdict(did))

    async def publish_did(
        self, did: str, document: bytes, log: bytes | None, at: datetime, *, before: bytes | None
    ) -> None:
        """Serve this from now on."""
        row = await self.found("DID of this name", DIDS, DIDS.c.did == did, lock=True)
        if row["document"] != before:
            raise ConflictError(
                "somebody else has published this DID meanwhile",
                code="store.changed",
                remedy="Look at what is published now, and make the change again.",
            )
        await self.changed(self.update(DIDS, DIDS.c.did == did).values(document=document, log=log, changed_at=at))

    async def add_profile(self, profile: Profile) -> None:
        """Take a new profile."""
        await self._require_purpose(profile.key, KeyPurpose.ASSERTION)
        await self.insert(SIGNING_PROFILES, asdict(profile))

    async def change_profile(self, profile: Profile, *, before: str) -> None:
        """Sign with this key and these options from now on."""
        table = SIGNING_PROFILES
        row = await self.found("signing profile of this name", table, table.c.id == profile.id, lock=True)
        if row["key"] != before:
            raise ConflictError(
                "somebody else has changed this profile meanwhile",
                code="store.changed",
                remedy="Look at how it signs now, and make the change again.",
            )
        await self._require_purpose(profile.key, KeyPurpose.ASSERTION)
        values = {"key": profile.key, "form": profile.form, "options": dict(profile.options)}
        await self.changed(self.update(table, table.c.id == profile.id).values(values))

    async def close_profile(self, profile: str) -> None:
        """Sign with it no more."""
        await self.profile(profile)
        await self.changed(self.update(SIGNING_PROFILES, SIGNING_PROFILES.c.id == profile).values(state=State.CLOSED))

    async def add_namespace(self, record: ChainRecord) -> None:
        """Take a new namespace."""
        await self._add_record(NAMESPACES, record, KeyPurpose.AUTHORITY)

    async def add_gas_account(self, record: ChainRecord) -> None:
        """Take a new account."""
        await self._add_record(GAS_ACCOUNTS, record, KeyPurpose.GAS)

    async def _add_record(self, table: Table, record: ChainRecord, purpose: KeyPurpose) -> None:
        if record.key is not None:
            await self._require_purpose(record.key, purpose)
        await self.insert(table, asdict(record))

    async def _require_purpose(self, key: str, purpose: KeyPurpose) -> None:
        row = await self.found("key of this name", KEYS, KEYS.c.id == key)
        if row["purpose"] != purpose:
            raise wrong_purpose(row["purpose"], purpose)


def wrong_purpose(has: str, wanted: str) -> RuleError:
    """The error of a key that is for something else."""
    return RuleError(
        f"the key is for {has}, not for {wanted}",
        code="key.purpose",
        remedy=f"Make a key for {wanted}; one key has one purpose.",
    )


def hosted_did(row: RowMapping) -> HostedDid:
    """The record of a row."""
    return HostedDid(**without_organisation(row))


def _profile(row: RowMapping) -> Profile:
    return Profile(**{**without_organisation(row), "state": State(row["state"])})
