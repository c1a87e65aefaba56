"""Keys at rest in the database: each under the key of its organisation, that one under the master key.

To rotate either takes three kinds of steps, each a transaction, each harmless when done again:

1. A new key stands beside the old one, and from now on new things are put under it.
2. What lies under the old one is put under the new one, a row at a time. Each row says which it lies under.
3. The old one is removed, once nothing lies under it.

So a process may die anywhere; all keys open before, between and after, and who goes on finds what is left to do.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sqlalchemy import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from did_methods.multikey import PrivateKey, PublicKey
from node.adapters.database.engine import Database
from node.adapters.database.identifiers import new_id
from node.adapters.database.identity_rows import wrong_purpose
from node.adapters.database.key_rows import CURRENT, KeyRows, MasterKeyRows, record_of
from node.adapters.envelope import context, new_key, seal, unseal
from node.adapters.held_keys import HeldKeys
from node.adapters.master_key import LocalMasterKey
from node.ports.errors import RuleError, VaultError
from node.ports.key_store import KeyRetiredError, KeyStore
from node.ports.organisations import OrganisationId
from node.ports.secret import Secret
from node.ports.vault import KeyPurpose, KeyRecord, KeyState, MasterKey, SealedKey

MAX_OPEN: Final = 4096
"""Keys of organisations that are kept open, at 32 bytes each; a key management service is asked for others again."""
_DATA_KEY: Final = b"glejt/data-key/v1"
_KEY: Final = b"glejt/key-at-rest/v1"


@dataclass(frozen=True, slots=True)
class VaultKeys:
    """The keys of one organisation for one purpose."""

    _held: HeldKeys
    _retired: Mapping[str, PublicKey]

    def public_key(self, verification_method: str) -> PublicKey:
        """The public half of a key, also of one that is retired."""
        return self._retired.get(verification_method) or self._held.public_key(verification_method)

    async def sign(self, verification_method: str, data: bytes) -> bytes:
        """The signature by a key."""
        self._require_active(verification_method)
        return await self._held.sign(verification_method, data)

    async def sign_messages(self, verification_method: str, header: bytes, messages: Sequence[bytes]) -> bytes:
        """The BBS signature by a key."""
        self._require_active(verification_method)
        return await self._held.sign_messages(verification_method, header, messages)

    def _require_active(self, verification_method: str) -> None:
        if verification_method in self._retired:
            raise KeyRetiredError(f"the key {verification_method} signs no more")


@dataclass(frozen=True, slots=True)
class DatabaseVault:
    """A Vault. `masters` are the master keys that could be opened, by their ids."""

    database: Database
    masters: Mapping[str, MasterKey]
    _open: dict[tuple[str, int], Secret] = field(default_factory=dict, init=False, repr=False, compare=False)

    async def seal(
        self, organisation: OrganisationId, key: str, purpose: KeyPurpose, private: PrivateKey, at: datetime
    ) -> SealedKey:
        """A key that was made for this purpose, to be added in a transaction of the organisation's."""
        generation, over = await self._data_key(organisation, at)
        sealed = seal(over, Secret(private.raw), _about(organisation, key, purpose, private.public, generation))
        return SealedKey(key, purpose, private.public.to_multibase(), KeyState.ACTIVE, generation, sealed, at)

    async def take(
        self, organisation: OrganisationId, key: str, purpose: KeyPurpose, private: PrivateKey, at: datetime
    ) -> KeyRecord:
        """Take a key that was made for this purpose."""
        row = await self.seal(organisation, key, purpose, private, at)
        await self.database.transact(lambda connection: KeyRows(connection, organisation).add(row))
        return record_of(row)

    async def records(self, organisation: OrganisationId) -> tuple[KeyRecord, ...]:
        """What may be known of the keys."""
        async with self.database.reading() as connection:
            return await KeyRows(connection, organisation).records()

    async def retire(self, organisation: OrganisationId, key: str, at: datetime) -> None:
        """Sign with it no more."""
        await self.database.transact(lambda connection: KeyRows(connection, organisation).retire(key, at))

    async def keys(self, organisation: OrganisationId, purpose: KeyPurpose) -> KeyStore:
        """The keys for a purpose, as they are now."""
        async with self.database.reading() as connection:
            found = await KeyRows(connection, organisation).for_purpose(purpose)
        active = {key.id: await self._private(organisation, key) for key in found if key.state is KeyState.ACTIVE}
        retired = {key.id: PublicKey.from_multibase(key.public) for key in found if key.state is KeyState.RETIRED}
        return VaultKeys(HeldKeys(active), retired)

    async def private_key(self, organisation: OrganisationId, key: str, purpose: KeyPurpose) -> PrivateKey:
        """A key, for an adapter that signs in another way."""
        async with self.database.reading() as connection:
            found = await KeyRows(connection, organisation).find(key)
        if found.purpose is not purpose:
            raise wrong_purpose(found.purpose, purpose)
        if found.state is not KeyState.ACTIVE:
            raise RuleError("the key is retired", code="key.retired", remedy="Use the key that replaced it.")
        return await self._private(organisation, found)

    async def rotate_master_key(self, new: MasterKey, sealed: "Mapping[str, object] | None", at: datetime) -> None:
        """Put everything under a new master key, which has to be among `masters`; goes on where it was broken off."""
        stored = None if sealed is None else dict(sealed)
        await self.database.transact(lambda connection: MasterKeyRows(connection).add(new.id, stored, at))  # type: ignore[arg-type]  # 1. JSON of `LocalMasterKey.sealed`
        await self.finish_master_key()

    async def finish_master_key(self) -> None:
        """Steps 2 and 3 for the master key, as far as they are left to do."""
        async with self.database.reading() as connection:
            master = self._master(_current(await MasterKeyRows(connection).all()))
            rows = await MasterKeyRows(connection).wrapped_by_others(master.id)
        for row in rows:  # 2.
            await self._rewrap(row, master)
        await self.database.transact(lambda connection: MasterKeyRows(connection).drop_former())  # 3.

    async def rotate_data_key(self, organisation: OrganisationId, at: datetime) -> None:
        """Put an organisation's keys under a new key of its own; one that was broken off is finished first."""
        await self.finish_data_key(organisation)
        generation, _ = await self._data_key(organisation, at)
        await self._add_data_key(organisation, generation + 1, at)  # 1.
        await self.finish_data_key(organisation)

    async def finish_data_key(self, organisation: OrganisationId) -> None:
        """Steps 2 and 3 for an organisation's key, as far as they are left to do."""
        async with self.database.reading() as connection:
            rows = await KeyRows(connection, organisation).data_keys()
            keys = await KeyRows(connection, organisation).keys()
        if not rows:
            return
        newest = rows[0]["generation"]
        over = await self._unwrapped(rows[0])
        for key in keys:  # 2.
            if key.generation != newest:
                await self._reseal(organisation, key, newest, over)
        await self.database.transact(lambda connection: KeyRows(connection, organisation).drop_data_keys(newest))  # 3.

    async def finish_data_keys(self) -> None:
        """The same for every organisation of which there is something left to do."""
        async with self.database.reading() as connection:
            organisations = await MasterKeyRows(connection).rotating()
        for organisation in organisations:
            await self.finish_data_key(organisation)

    async def _reseal(self, organisation: OrganisationId, key: SealedKey, newest: int, over: Secret) -> None:
        private = await self._private(organisation, key)
        sealed = seal(over, Secret(private.raw), _about(organisation, key.id, key.purpose, private.public, newest))
        await self.database.transact(lambda connection: KeyRows(connection, organisation).reseal(key, newest, sealed))

    async def _rewrap(self, row: RowMapping, master: MasterKey) -> None:
        wrapped = await master.wrap(await self._unwrapped(row), _about_data_key(row["organisation"], row["generation"]))
        await self.database.transact(lambda connection: MasterKeyRows(connection).rewrap(row, master.id, wrapped))

    async def _private(self, organisation: OrganisationId, key: SealedKey) -> PrivateKey:
        over = self._open.get((organisation, key.generation))  # what a generation is, it stays
        if over is None:
            async with self.database.reading() as connection:
                rows = await KeyRows(connection, organisation).data_keys()
            over = await self._unwrapped(next(row for row in rows if row["generation"] == key.generation))
        public = PublicKey.from_multibase(key.public)
        about = _about(organisation, key.id, key.purpose, public, key.generation)
        return PrivateKey(public.type, unseal(over, key.sealed, about).reveal())

    async def _data_key(self, organisation: OrganisationId, at: datetime) -> tuple[int, Secret]:
        """The newest key of an organisation, which is made where there is none."""
        for _ in range(2):
            async with self.database.reading() as connection:
                rows = await KeyRows(connection, organisation).data_keys()
            if rows:
                return rows[0]["generation"], await self._unwrapped(rows[0])
            await self._add_data_key(organisation, 1, at)
        raise AssertionError  # unreachable: it was added, by us or somebody else

    async def _add_data_key(self, organisation: OrganisationId, generation: int, at: datetime) -> None:
        async with self.database.reading() as connection:
            master = self._master(_current(await MasterKeyRows(connection).all()))
        wrapped = await master.wrap(new_key(), _about_data_key(organisation, generation))

        async def add(connection: AsyncConnection) -> None:
            await KeyRows(connection, organisation).add_data_key(generation, master.id, wrapped, at)

        await self.database.transact(add)

    async def _unwrapped(self, row: RowMapping) -> Secret:
        name = (row["organisation"], row["generation"])
        if name not in self._open:
            about = _about_data_key(*name)
            opened = await self._master(row["master"]).unwrap(row["wrapped"], about)
            if len(self._open) >= MAX_OPEN:
                self._open.clear()
            self._open[name] = opened
        return self._open[name]

    def _master(self, key_id: str) -> MasterKey:
        master = self.masters.get(key_id)
        if master is None:
            raise VaultError(
                "keys lie under a master key that was not opened",
                code="vault.unopened",
                remedy="Give its passphrase too, or the address of the service that holds it, until rotation is done.",
            )
        return master


async def open_master_keys(database: Database, passphrases: Sequence[str]) -> dict[str, MasterKey]:
    """The master keys that these passphrases open; raises VaultError where the current one stays shut."""
    async with database.reading() as connection:
        rows = [row for row in await MasterKeyRows(connection).all() if row["sealed"] is not None]
    opened: dict[str, MasterKey] = {}
    for row in rows:
        failure: VaultError | None = None
        for passphrase in passphrases:
            try:
                opened[row["id"]] = await asyncio.to_thread(LocalMasterKey.open, row["id"], row["sealed"], passphrase)
                break
            except VaultError as error:
                failure = error
        if row["id"] not in opened and row["state"] == CURRENT and failure is not None:
            raise failure
    return opened


async def sample_under(database: Database, master: str) -> tuple[bytes, bytes] | None:
    """A key of an organisation that lies under a master key, and its context; nothing where there is none."""
    async with database.reading() as connection:
        row = await MasterKeyRows(connection).one_under(master)
    return None if row is None else (row["wrapped"], _about_data_key(row["organisation"], row["generation"]))


async def establish_master_key(database: Database, passphrase: str, at: datetime) -> LocalMasterKey:
    """A first master key for a database that has none; raises RuleError for one that has."""
    master = LocalMasterKey.create(new_id())
    sealed = await asyncio.to_thread(master.sealed, passphrase)

    async def add(connection: AsyncConnection) -> None:
        rows = MasterKeyRows(connection)
        if await rows.all():
            raise RuleError(
                "the node has a master key already",
                code="vault.master",
                remedy="Open it with its passphrase; rotate it for a new one.",
            )
        await rows.add(master.id, sealed, at)

    await database.transact(add)
    return master


async def change_passphrase(database: Database, master: LocalMasterKey, passphrase: str) -> None:
    """Keep the same master key under another passphrase. Older backups still open with the one before."""
    sealed = await asyncio.to_thread(master.sealed, passphrase)
    await database.transact(lambda connection: MasterKeyRows(connection).reseal(master.id, sealed))


def _current(rows: Sequence[RowMapping]) -> str:
    for row in rows:
        if row["state"] == CURRENT:
            return str(row["id"])
    raise VaultError(
        "the node has no master key", code="vault.absent", remedy="Give a passphrase, and one is made under it."
    )


def _about_data_key(organisation: str, generation: int) -> bytes:
    return context(_DATA_KEY, organisation, str(generation))


def _about(organisation: str, key: str, purpose: KeyPurpose, public: PublicKey, generation: int) -> bytes:
    return context(_KEY, organisation, key, purpose, public.to_multibase(), str(generation))
