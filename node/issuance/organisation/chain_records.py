"""Where an organisation anchors, and who pays: namespaces of its own on a chain, and accounts for gas.

1. The authority's key is made here, for nothing but what is said in the namespace. The key for gas is another one: what
   it signs has no authority, and whoever has it can waste money and nothing else.
2. The recovery key is not the node's: whoever founds a namespace gives the commitment to one that lies in a safe, or is
   shown a new one once. With it a namespace is taken back from whoever has stolen the authority.
3. Key, record, event and the order to open it are one transaction; the chain is told afterwards, until it is final.
4. A request that is to count once is noted in that transaction, with the namespace and without the recovery key: who
   comes again is told of the same namespace, and that its recovery key was shown.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from anchoring.batch import fresh_salts
from anchoring.founding import RecoveryKey
from anchoring.operations import OpenNamespace
from anchoring.signing_key import SigningKey
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.errors import RecordNameError
from node.credentials.record_name import RecordName
from node.documents import JsonObject
from node.issuance.errors import NotAnchorableError
from node.issuance.issuing import Once
from node.issuance.organisation.events import record, said
from node.issuance.organisation.second_person import Action, agreed
from node.ports.api_keys import Caller
from node.ports.errors import RuleError
from node.ports.organisations import ChainRecord
from node.ports.oversight import Approval, Request
from node.ports.secret import Secret
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, SealedKey, Vault
from node.ports.work import open_namespace

MAX_RECORDS: Final = 100
_CONTRACT: Final = re.compile(r"(eip155:[1-9][0-9]{0,19}):0x[0-9a-f]{40}", re.ASCII)
_CHAIN: Final = re.compile(r"eip155:[1-9][0-9]{0,19}", re.ASCII)
_ACCOUNT: Final = re.compile(r"eip155:[1-9][0-9]{0,19}:0x[0-9a-f]{40}", re.ASCII)


@dataclass(frozen=True, slots=True)
class FoundedNamespace:
    """A new namespace; `recovery` is the recovery key and its salt where they were made here, to be shown once."""

    record: ChainRecord
    recovery: Secret | None = field(default=None)
    was_shown: bool = False
    """Whether a recovery key was made here and shown to whoever sent the same request before."""


@dataclass(frozen=True, slots=True)
class ChainRecordsDesk:
    """The use cases."""

    store: Store
    vault: Vault
    now: Callable[[], datetime]

    async def namespaces(self, caller: Caller) -> tuple[ChainRecord, ...]:
        """The namespaces of the organisation."""
        async with self.store.view(caller.organisation) as view:
            return await view.identities.namespaces()

    async def gas_accounts(self, caller: Caller) -> tuple[ChainRecord, ...]:
        """The accounts that pay for it."""
        async with self.store.view(caller.organisation) as view:
            return await view.identities.gas_accounts()

    async def found(
        self,
        caller: Caller,
        contract: str,
        recovery: bytes | None,
        granted: str | None = None,
        *,
        once: Once | None = None,
    ) -> FoundedNamespace | Approval:
        """Found a namespace in a contract, eip155:CHAIN:0x…, and have it opened; `recovery` is a commitment.

        Raises NotAnchorableError for what names no contract, and ConflictError where `once` was for something else.
        """
        at = self.now()
        matched = _CONTRACT.fullmatch(contract)
        if matched is None:
            raise _unnamed(contract, "contract", "Write eip155:CHAIN:0x…, in lower case.")
        made = RecoveryKey.generate() if recovery is None else None
        private = PrivateKey.generate(KeyType.SECP256K1)
        authority = SigningKey(private.raw).address
        commitment = made.commitment if made is not None else recovery or b""
        opening = OpenNamespace(authority, commitment, fresh_salts(1)[0])
        namespace = f"{contract}#0x{opening.namespace.hex()}"
        name = f"{matched[1]}:0x{authority.hex()}"
        sealed = await self.vault.seal(caller.organisation, name, KeyPurpose.AUTHORITY, private, at)
        payload = said(found=said(contract=contract, recovery=None if recovery is None else recovery.hex()))

        async def work(unit: UnitOfWork) -> FoundedNamespace | Approval:
            async def found() -> FoundedNamespace:
                _require_room(len(await unit.identities.namespaces()))
                kept = ChainRecord(namespace, at, name)
                await unit.keys.add(sealed)
                await unit.identities.add_namespace(kept)
                await unit.outbox.add([open_namespace(namespace, authority, commitment, opening.salt, at)])
                record(unit, caller, "namespace.found", namespace, at, {"key_id": name})
                return FoundedNamespace(kept, None if made is None else Secret(made.to_bytes()))

            before = await _begun(unit, once, at)
            if before is not None:
                return FoundedNamespace(_kept(before), was_shown=before["recovery"] is True)
            done = await agreed(unit, Action.PROFILES, payload, caller, at, granted, found)
            if isinstance(done, FoundedNamespace):
                await _answered(unit, once, done.record, recovery=made is not None)
            return done

        return await self.store.change(caller.organisation, work)

    async def add_namespace(
        self, caller: Caller, namespace: str, granted: str | None = None, *, once: Once | None = None
    ) -> ChainRecord | Approval:
        """Take up a namespace that was opened elsewhere, and whose authority's key is not here."""
        at = self.now()
        try:
            name = RecordName.parse(namespace)
        except RecordNameError as error:
            raise _unnamed(namespace, "namespace", error.remedy) from error
        if str(name.record) != namespace:
            raise _unnamed(namespace, "namespace", "Name the namespace alone, without what is promised to be there.")
        return await self._add(caller, ChainRecord(namespace, at), None, granted, gas=False, once=once)

    async def add_gas_account(self, caller: Caller, which: str, granted: str | None = None) -> ChainRecord | Approval:
        """An account that pays: one on eip155:CHAIN with a key made here, or eip155:CHAIN:0x… held elsewhere."""
        at = self.now()
        if _ACCOUNT.fullmatch(which):
            return await self._add(caller, ChainRecord(which, at), None, granted, gas=True)
        if not _CHAIN.fullmatch(which):
            raise _unnamed(which, "account", "Write eip155:CHAIN for a new one, or eip155:CHAIN:0x… in lower case.")
        private = PrivateKey.generate(KeyType.SECP256K1)
        name = f"{which}:0x{SigningKey(private.raw).address.hex()}"
        sealed = await self.vault.seal(caller.organisation, name, KeyPurpose.GAS, private, at)
        return await self._add(caller, ChainRecord(name, at, name), sealed, granted, gas=True, asked=which)

    async def _add(  # noqa: PLR0913 -- what is known of it
        self,
        caller: Caller,
        kept: ChainRecord,
        sealed: SealedKey | None,
        granted: str | None,
        *,
        gas: bool,
        asked: str | None = None,
        once: Once | None = None,
    ) -> ChainRecord | Approval:
        at = kept.created_at
        payload = said(add=said(kind="gas-account" if gas else "namespace", id=asked or kept.id))

        async def work(unit: UnitOfWork) -> ChainRecord | Approval:
            async def add() -> ChainRecord:
                identities = unit.identities
                _require_room(len(await (identities.gas_accounts() if gas else identities.namespaces())))
                if sealed is not None:
                    await unit.keys.add(sealed)
                await (identities.add_gas_account(kept) if gas else identities.add_namespace(kept))
                record(unit, caller, "gas_account.add" if gas else "namespace.add", kept.id, at, {"key_id": kept.key})
                return kept

            before = await _begun(unit, once, at)
            if before is not None:
                return _kept(before)
            done = await agreed(unit, Action.PROFILES, payload, caller, at, granted, add)
            if isinstance(done, ChainRecord):
                await _answered(unit, once, done, recovery=False)
            return done

        return await self.store.change(caller.organisation, work)


async def _begun(unit: UnitOfWork, once: Once | None, at: datetime) -> JsonObject | None:
    """What was answered to the same request before; None for the first one, and as long as nobody has agreed to it."""
    if once is None:
        return None
    answer = (await unit.requests.begin(Request(once.key, once.digest, {}, at))).answer
    return answer if isinstance(answer, dict) else None


async def _answered(unit: UnitOfWork, once: Once | None, made: ChainRecord, *, recovery: bool) -> None:
    if once is not None:
        at = made.created_at.isoformat()
        await unit.requests.answer(once.key, {"id": made.id, "at": at, "key": made.key, "recovery": recovery})


def _kept(answer: JsonObject) -> ChainRecord:
    key = answer["key"]
    return ChainRecord(str(answer["id"]), datetime.fromisoformat(str(answer["at"])), None if key is None else str(key))


def _require_room(count: int) -> None:
    if count >= MAX_RECORDS:
        raise RuleError(
            f"an organisation has {MAX_RECORDS} of these at most",
            code="chain_record.many",
            remedy="Use one of those that are there.",
        )


def _unnamed(text: str, what: str, remedy: str) -> NotAnchorableError:
    return NotAnchorableError(f"{text[:160]!r} names no {what}", code="anchoring.namespace", remedy=remedy)
