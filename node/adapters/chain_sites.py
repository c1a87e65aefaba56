"""Chains that a node writes to, with the calls in its database, and each account that pays used by one sender.

Everybody who waits for a call of an account shares its rounds: a round brings all calls of the account further. On
PostgreSQL the lease of the account says which node sends; the others read how far it has come.
"""

import asyncio
import logging
import os
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from anchoring.calls import AuthoritySigner, AuthorizedCall
from anchoring.errors import CallError, StorageProofError
from anchoring.facts import Fact, Question
from anchoring.ledger import CallProgress, CallState, LedgerReader
from anchoring.signing_key import SigningKey
from anchoring.transactions.fees import FeeCaps
from anchoring.transactions.machine import Limits, Transactions
from anchoring.transactions.points import Checkpoint, unwatched
from anchoring.transactions.problems import Problem
from anchoring.transactions.signing import GasSigner
from anchoring.transactions.store import SETTLED, Attempt, Lease, StoredCall, TransactionStore
from node.adapters.chain_access import ChainAccess
from node.adapters.database.engine import Database
from node.adapters.database.transaction_rows import DatabaseTransactionStore
from node.adapters.gas_signers import HeldGasKey
from node.credentials.record_name import RecordName
from node.issuance.anchor import ABSENT
from node.issuance.background.tasks import HopelessError
from node.ports.organisations import OrganisationId
from node.ports.store import Store
from node.ports.vault import KeyPurpose, Vault
from node.verification.chains import ChainKind

_LOG: Final = logging.getLogger(__name__)
ALONE_SECONDS: Final = 0.0
"""A lease for a process that nobody else can send beside: a SQLite database is opened by one alone."""


@dataclass(slots=True, eq=False)
class CallsOf:
    """A TransactionStore of which one account sees what it brings, so that each call is brought by one account.

    Those are the calls that somebody here waits for with this account, and those that it has signed for already.
    """

    store: TransactionStore
    account: bytes
    wanted: set[bytes] = field(default_factory=set)

    async def add(self, call: AuthorizedCall) -> None:
        """Take a call."""
        await self.store.add(call)
        self.wanted.add(call.id)

    async def open_calls(self) -> tuple[StoredCall, ...]:
        """The calls of the account that are not settled."""
        return tuple(call for call in await self.store.open_calls() if self._own(call))

    async def find(self, call_id: bytes) -> StoredCall | None:
        """The call with this id."""
        return await self.store.find(call_id)

    async def lease(self, account: bytes, holder: str, *, now: float, seconds: float) -> Lease | None:
        """Take the account."""
        return await self.store.lease(account, holder, now=now, seconds=seconds)

    async def save(
        self,
        lease: Lease,
        *,
        attempts: Iterable[Attempt] = (),
        sent: Iterable[bytes] = (),
        progress: Iterable[CallProgress] = (),
        anchored_until: int = 0,
    ) -> None:
        """Store all of this in one."""
        await self.store.save(lease, attempts=attempts, sent=sent, progress=progress, anchored_until=anchored_until)

    async def anchored_until(self) -> int:
        """The time of the latest block that holds something of ours."""
        return await self.store.anchored_until()

    def _own(self, call: StoredCall) -> bool:
        return call.id in self.wanted or any(attempt.account == self.account for attempt in call.attempts[-1:])


@dataclass(slots=True, eq=False)
class Account:
    """An account that pays at one contract, and the rounds of its sender."""

    transactions: Transactions
    calls: CallsOf
    pause: float
    alerts: tuple[Problem, ...] = ()
    """What the last round had to tell an administrator."""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    _last: float = float("-inf")

    async def bring(self, call: AuthorizedCall) -> CallProgress:
        """Take a call over, and go a round where the last one was long enough ago."""
        async with self._turn:
            if call.id not in self.calls.wanted:
                await self.transactions.submit(call)
                self._last = float("-inf")
            if time.monotonic() - self._last >= self.pause:
                self._tell((await self.transactions.round()).alerts)
                self._last = time.monotonic()
            stored = await self.calls.find(call.id)
            if stored is None:  # the database was put back to an earlier state while we ran
                self.calls.wanted.discard(call.id)
                return CallProgress(call.id, CallState.BATCHED, call.operation)
            if stored.progress.state in SETTLED:
                self.calls.wanted.discard(call.id)
            return stored.progress

    def _tell(self, alerts: tuple[Problem, ...]) -> None:
        """Have whoever runs the node know what is new."""
        for alert in alerts:
            if alert not in self.alerts and alert is not Problem.LEASED:
                _LOG.warning("%s: %s", alert, alert.remedy)
        self.alerts = alerts


@dataclass(frozen=True, slots=True)
class Site:
    """A ChainSite."""

    access: ChainAccess
    store: TransactionStore
    account: Account

    @property
    def reader(self) -> LedgerReader:
        """Who reads the contract."""
        return self.access.reader

    @property
    def pause(self) -> float:
        """Seconds between looks."""
        return self.access.pause

    async def fact(self, question: Question) -> Fact | None:
        """What the storage says at the latest final block."""
        try:
            return await self.reader.answer(question, await self.reader.final_block())
        except StorageProofError as error:
            if error.code != ABSENT:
                raise
            return None

    async def bring(self, call: AuthorizedCall) -> CallProgress:
        """Bring a call a step further."""
        return await self.account.bring(call)

    async def open_calls(self) -> tuple[AuthorizedCall, ...]:
        """All calls under way."""
        return tuple(stored.call for stored in await self.store.open_calls())

    async def anchored_until(self) -> int:
        """The time of the latest final block with something of ours."""
        return await self.store.anchored_until()


@dataclass(slots=True, eq=False)
class NodeChains:
    """The chains of one node. `gas` are accounts whose keys lie outside of it, by their addresses."""

    database: Database
    store: Store
    vault: Vault
    openings: Sequence[Callable[[], Awaitable[ChainAccess]]]
    """Each gives one chain, opened by whoever asks first."""
    caps: FeeCaps = field(default_factory=FeeCaps)
    gas: Mapping[bytes, GasSigner] = field(default_factory=dict)
    now: Callable[[], float] = time.time
    checkpoint: Checkpoint = unwatched
    _holder: str = field(default_factory=lambda: f"{os.getpid()}-{secrets.token_hex(4)}")
    _stores: dict[str, TransactionStore] = field(default_factory=dict)
    _accounts: dict[tuple[str, bytes], Account] = field(default_factory=dict)

    async def site(self, organisation: OrganisationId, name: RecordName) -> Site:
        """Where the calls of a namespace go."""
        access = await self._access(name)
        where = f"{name.network}:0x{name.contract.hex()}"
        if where not in self._stores:
            opened = await DatabaseTransactionStore.opened(self.database, access.chain.chain, access.chain.contract)
            self._stores.setdefault(where, opened)
        signer = await self._payer(organisation, name, access)
        account = self._accounts.get((where, signer.address))
        if account is None:
            account = self._account(access, self._stores[where], signer)
            account = self._accounts.setdefault((where, signer.address), account)
        return Site(access, self._stores[where], account)

    def alerts(self) -> tuple[Problem, ...]:
        """What the last rounds of all accounts had to tell an administrator."""
        return tuple(dict.fromkeys(alert for account in self._accounts.values() for alert in account.alerts))

    async def _access(self, name: RecordName) -> ChainAccess:
        for opening in self.openings:
            access = await opening()
            if (access.chain.chain.id, access.chain.contract.address) == (name.chain_id, name.contract):
                return access
        raise HopelessError(
            f"this node does not write to {name.network}:0x{name.contract.hex()}",
            code="work.chain",
            remedy="List the chain with its nodes in the trust file of the node, then try again.",
        )

    async def _payer(self, organisation: OrganisationId, name: RecordName, access: ChainAccess) -> GasSigner:
        """The organisation's own account on this chain, or the node's."""
        async with self.store.view(organisation) as view:
            accounts = await view.identities.gas_accounts()
        network = f"{name.network}:0x"
        for record in accounts:
            if not record.id.startswith(network):
                continue
            address = bytes.fromhex(record.id.removeprefix(network))
            if record.key is not None:
                private = await self.vault.private_key(organisation, record.key, KeyPurpose.GAS)
                return HeldGasKey(_signing_key(private.raw, record.key))
            if address in self.gas:
                return self.gas[address]
        if access.gas is None:
            raise HopelessError(
                f"no account pays on {name.network}",
                code="work.gas",
                remedy="Give the organisation, or the node, an account on this chain, with some coins; then try again.",
            )
        return access.gas

    def _account(self, access: ChainAccess, store: TransactionStore, signer: GasSigner) -> Account:
        limits = Limits(caps=self.caps)
        if self.database.kind == "sqlite":
            limits = replace(limits, lease_seconds=ALONE_SECONDS)
        if access.chain.kind is ChainKind.LOCAL:  # it makes a block when there is something to put into it
            limits = replace(limits, halted_after=0.0)
        calls = CallsOf(store, signer.address)
        sender = Transactions(
            access.reader,
            access.nodes,
            calls,
            signer,
            self._holder,
            limits,
            now=self.now,
            checkpoint=self.checkpoint,
        )
        return Account(sender, calls, access.pause)


@dataclass(frozen=True, slots=True)
class VaultAuthorities:
    """Authorities whose keys lie in the vault."""

    vault: Vault

    async def signer(self, organisation: OrganisationId, key: str) -> AuthoritySigner:
        """The signer with this key."""
        return _signing_key((await self.vault.private_key(organisation, key, KeyPurpose.AUTHORITY)).raw, key)


def _signing_key(secret: bytes, key: str) -> SigningKey:
    try:
        return SigningKey(secret)
    except CallError as error:
        raise HopelessError(
            f"the key {key[:96]} is none for chains",
            code="work.key",
            remedy="Make a secp256k1 key for it.",
        ) from error
