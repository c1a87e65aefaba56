"""What has to outlive the process that sends: calls, each signed transaction before it is sent, whose turn it is."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Protocol

from anchoring.calls import AuthorizedCall
from anchoring.errors import TransactionError
from anchoring.ledger import CallProgress, CallState
from anchoring.transactions.fees import Fees

MAX_OPEN: Final = 10_000
"""Calls under way at once. An issuer has a batch or a list at a time; more is a mistake, or a chain that is gone."""
SETTLED: Final = frozenset({CallState.FINALIZED, CallState.REFUSED})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One signed transaction that brings a call."""

    call: bytes
    account: bytes
    nonce: int
    hash: bytes
    raw: bytes
    gas: int
    fees: Fees
    made_at: int
    """The chain's time, so that neither a halted chain nor this machine's clock makes it grow old."""
    sent: bool = False
    """A node took it at least once."""


@dataclass(frozen=True, slots=True)
class StoredCall:
    """A call, what is known of it, and every transaction that was ever signed for it, the oldest first."""

    progress: CallProgress
    call: AuthorizedCall
    attempts: tuple[Attempt, ...] = ()

    @property
    def id(self) -> bytes:
        """The call's id."""
        return self.progress.id


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send from an account until somebody else takes it. Whoever was overtaken can store no more."""

    account: bytes
    token: int


class LeaseLostError(TransactionError):
    """Another process has taken over the account."""

    def __init__(self) -> None:
        super().__init__(
            "another process sends from this account now",
            code="transaction.lease_lost",
            remedy="Nothing: it goes on with what this one has stored.",
        )


class TransactionStore(Protocol):
    """Where calls and transactions lie. What a method has taken is durable when it returns, whole or not at all.

    A store belongs to one contract on one chain. Raises TransactionError where it cannot be read or written.
    """

    async def add(self, call: AuthorizedCall) -> None:
        """Take a call; one that is there already stays as it is. At most MAX_OPEN are taken that are not settled."""

    async def open_calls(self) -> tuple[StoredCall, ...]:
        """The calls that are not settled, in the order in which they came."""

    async def find(self, call_id: bytes) -> StoredCall | None:
        """The call with this id, settled or not."""

    async def lease(self, account: bytes, holder: str, *, now: float, seconds: float) -> Lease | None:
        """Take the account for so long, or on; None while somebody else has it."""

    async def save(
        self,
        lease: Lease,
        *,
        attempts: Iterable[Attempt] = (),
        sent: Iterable[bytes] = (),
        progress: Iterable[CallProgress] = (),
        anchored_until: int = 0,
    ) -> None:
        """Store all of this in one: new attempts, hashes of those that a node took, what became of calls.

        Raises LeaseLostError, and then stores nothing.
        """

    async def anchored_until(self) -> int:
        """The time of the latest block that was seen to hold something of ours for good; 0 before the first."""


@dataclass(slots=True)
class MemoryTransactionStore:
    """A store that ends with its process."""

    _calls: dict[bytes, StoredCall] = field(default_factory=dict)
    _leases: dict[bytes, tuple[Lease, str, float]] = field(default_factory=dict)
    _anchored_until: int = 0

    async def add(self, call: AuthorizedCall) -> None:
        """Take a call."""
        if call.id in self._calls:
            return
        if len(await self.open_calls()) >= MAX_OPEN:
            raise too_many()
        self._calls[call.id] = StoredCall(CallProgress(call.id, CallState.BATCHED, call.operation), call)

    async def open_calls(self) -> tuple[StoredCall, ...]:
        """The calls that are not settled."""
        return tuple(call for call in self._calls.values() if call.progress.state not in SETTLED)

    async def find(self, call_id: bytes) -> StoredCall | None:
        """The call with this id."""
        return self._calls.get(call_id)

    async def lease(self, account: bytes, holder: str, *, now: float, seconds: float) -> Lease | None:
        """Take the account."""
        before, held_by, until = self._leases.get(account, (Lease(account, 0), holder, now))
        if held_by != holder and now < until <= now + seconds:
            return None
        lease = before if held_by == holder and before.token else Lease(account, before.token + 1)
        self._leases[account] = (lease, holder, now + seconds)
        return lease

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
        if self._leases[lease.account][0] != lease:
            raise LeaseLostError
        for attempt in attempts:
            stored = self._calls[attempt.call]
            self._calls[attempt.call] = replace(stored, attempts=(*stored.attempts, attempt))
        taken = frozenset(sent)
        for call_id, stored in self._calls.items() if taken else ():
            listed = tuple(replace(each, sent=each.sent or each.hash in taken) for each in stored.attempts)
            self._calls[call_id] = replace(stored, attempts=listed)
        for each in progress:
            self._calls[each.id] = replace(self._calls[each.id], progress=each)
        self._anchored_until = max(self._anchored_until, anchored_until)

    async def anchored_until(self) -> int:
        """The time of the latest block that holds something of ours."""
        return self._anchored_until


def too_many() -> TransactionError:
    """The error of a store that takes no more."""
    return TransactionError(
        f"{MAX_OPEN} calls are under way already",
        code="transaction.full",
        remedy="Look why the earlier ones do not get on; calls are taken again once some are settled.",
    )
