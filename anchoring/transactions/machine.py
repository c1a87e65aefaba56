"""The procedure that brings calls to the chain: batched → signed → sent → mined → finalized, or refused.

One round does what is to be done next for every call that is not settled, and may be cut off anywhere: by an error, a
time-out, the end of the process. The next round, here or in another process, begins with what the store and the chain
then say. Three things make that safe:

- A transaction's bytes are stored before they are sent, so none is under way that nobody remembers.
- A call has one number (nonce) at a time; higher fees keep it, so only one transaction of several is mined. Another
  number is taken only where the one before was used up by something else, or waits behind a number that is missing.
- What has come of a call is read from the contract's storage at a final block. A call that is brought twice, as a chain
  that takes blocks back can force, finds its work done and does nothing.

`docs/anchoring.md` tells, point by point, what survives a crash.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from anchoring.calls import AuthorizedCall
from anchoring.ledger import CallProgress, CallState, LedgerReader
from anchoring.transactions.clock import ClockCheck
from anchoring.transactions.endpoint import (
    AlreadyKnownError,
    Connect,
    Endpoint,
    NoFundsError,
    NonceTooLowError,
    RejectedError,
    UnderpricedError,
    UnreachableError,
)
from anchoring.transactions.fees import FeeCaps
from anchoring.transactions.judgement import Action, Judgement, Sighting, View, judge, live_attempts, too_late
from anchoring.transactions.outgoing import Outgoing
from anchoring.transactions.points import Checkpoint, Point, unwatched
from anchoring.transactions.problems import HELD_UP, Problem
from anchoring.transactions.sight import FinalStorage, Looker, together
from anchoring.transactions.signing import GasSigner
from anchoring.transactions.store import SETTLED, Attempt, Lease, LeaseLostError, StoredCall, TransactionStore

ROUND_SECONDS: Final = 60.0
"""For one node of the chain; a round over a thousand calls takes a few."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What an administrator may set."""

    caps: FeeCaps = field(default_factory=FeeCaps)
    patience: int = 60
    """For how long, by the chain's time, a transaction may wait before its fees are raised; some five blocks."""
    halted_after: float = 60.0
    """For how many seconds a head has to stay before the chain counts as standing still; short where blocks are made on
    demand."""
    in_flight: int = 64
    """Transactions of one account that nodes keep in line."""
    lease_seconds: float = 90.0
    """For how long a process that died keeps others waiting; longer than a round."""


@dataclass(frozen=True, slots=True)
class Round:
    """What came of one round."""

    calls: tuple[CallProgress, ...]
    alerts: tuple[Problem, ...] = ()
    """What an administrator should know, whether or not calls are under way."""


@dataclass(slots=True)
class Transactions:
    """Brings calls to one contract on one chain, from one account that pays.

    `nodes` are tried in their order. `holder` is this process, by a name that no other has. `checkpoint` is called at
    each point that a crash has to be survived at.
    """

    reader: LedgerReader
    nodes: Sequence[Connect]
    store: TransactionStore
    signer: GasSigner
    holder: str
    limits: Limits = field(default_factory=Limits)
    now: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    checkpoint: Checkpoint = unwatched
    _clock: ClockCheck = field(init=False)
    _first: int = 0
    """The node to begin with: the next one where transactions wait for long."""
    _asked_again: dict[bytes, CallProgress] = field(default_factory=dict)
    """Calls that were submitted once more after they were settled: of those it is told again."""

    def __post_init__(self) -> None:
        self._clock = ClockCheck(self.limits.halted_after)

    async def submit(self, call: AuthorizedCall) -> bytes:
        """Take a call over; durable once it returns. Raises TransactionError where it cannot be kept."""
        self.checkpoint(Point.TAKING)
        await self.store.add(call)
        self.checkpoint(Point.TAKEN)
        stored = await self.store.find(call.id)
        if stored is not None and stored.progress.state in SETTLED:
            self._asked_again[call.id] = stored.progress
        return call.id

    async def round(self) -> Round:
        """Do what is to be done next, through the first node that is on the right chain and answers.

        1. Take the account: one process at a time sends from it.
        2. Connect, and see that it is the chain and the contract; else try the next node.
        3. Look: at the chain, the final storage, each call's transactions (`sight`).
        4. Judge each call (`judgement`).
        5. Sign what is to be signed (`outgoing`), store that, and only then
        6. send, and record what was taken.
        """
        lease = await self.store.lease(
            self.signer.address, self.holder, now=self.now(), seconds=self.limits.lease_seconds
        )  # 1
        if lease is None:
            return await self._as_stored(Problem.LEASED)
        self.checkpoint(Point.LEASED)
        told, self._asked_again = self._asked_again, {}
        alerts: list[Problem] = []
        for offset in range(len(self.nodes)):
            connect = self.nodes[(self._first + offset) % len(self.nodes)]
            try:
                async with asyncio.timeout(ROUND_SECONDS), connect() as endpoint:
                    stranger = await self._stranger(endpoint)  # 2
                    if stranger is None:
                        alerts += await self._through(endpoint, lease, told)
                        return Round(tuple(told.values()), tuple(dict.fromkeys(alerts)))
                    alerts.append(stranger)
            except (UnreachableError, TimeoutError):
                alerts.append(Problem.UNREACHABLE)
            except LeaseLostError:
                return await self._as_stored(Problem.LEASED)
        stored = await self._as_stored(*(alerts or [Problem.UNREACHABLE]))
        held_up = {each.id: replace(each, problem=stored.alerts[0]) for each in stored.calls}
        return replace(stored, calls=tuple({**told, **held_up}.values()))

    async def _as_stored(self, *alerts: Problem) -> Round:
        return Round(tuple(each.progress for each in await self.store.open_calls()), alerts)

    async def _stranger(self, endpoint: Endpoint) -> Problem | None:
        if await endpoint.chain() != self.reader.chain:
            return Problem.OTHER_CHAIN
        contract = self.reader.contract
        return None if await endpoint.code_hash(contract.address) == contract.code_hash else Problem.OTHER_CODE

    async def _through(self, endpoint: Endpoint, lease: Lease, told: dict[bytes, CallProgress]) -> list[Problem]:
        """Steps 3 to 6, through one node; what is known of each call goes into `told`."""
        account = lease.account
        looker = Looker(self.reader, endpoint, account)
        head = await endpoint.head()  # 3
        nonce, pending, balance, tip = await together(
            endpoint.nonce(account, pending=False),
            endpoint.nonce(account, pending=True),
            endpoint.balance(account),
            endpoint.priority_fee(),
        )
        unchanged = self._clock.watch(head, self.monotonic())
        untimely = self._clock.problem(
            head, now=self.now(), unchanged=unchanged, anchored_until=await self.store.anchored_until()
        )
        calls = await self.store.open_calls()
        final = await looker.final(calls)
        sightings = await looker.sightings(calls, nonce, head, final)
        view = View(
            head=head,
            account=account,
            nonce=nonce,
            used=_used(zip(calls, sightings, strict=True), account, nonce, head.time),
            final_number=None if final is None else final.number,
            final_time=None if final is None else final.time,
            patience=self.limits.patience,
        )
        self.checkpoint(Point.SEEN)

        judged = [(stored, seen, judge(stored, view, seen)) for stored, seen in zip(calls, sightings, strict=True)]  # 4
        halted = unchanged >= self.limits.halted_after and any(each.state is CallState.SENT for _, _, each in judged)
        outgoing = Outgoing(
            view, pending, balance, tip, self.limits.caps, self.limits.in_flight, self.signer, endpoint, self.reader
        )
        outgoing.reserve(calls)
        self.checkpoint(Point.JUDGED)

        attempts: list[Attempt] = []
        to_send: list[Attempt] = []
        for stored, seen, judgement in judged:  # 5
            ruling, attempt = await self._ruled(outgoing, stored, judgement, known=seen.known, untimely=untimely)
            if attempt is not None:
                to_send.append(attempt)
                if ruling.action is not Action.SEND:
                    attempts.append(attempt)
                    self.checkpoint(Point.SIGNED)
            elif halted and ruling.state is CallState.SENT and ruling.problem in (None, Problem.STUCK):
                ruling = replace(ruling, problem=Problem.HALTED)
            told[stored.id] = _progress(stored, ruling)
        await self._save(lease, calls, told, attempts=attempts, anchored_until=_anchored_until(told, final))
        self.checkpoint(Point.STORED)

        await self._send(endpoint, lease, to_send, told)  # 6
        if any(told[each.id].problem in (Problem.STUCK, Problem.GAP, Problem.DISAGREES) for each in calls):
            self._first = (self._first + 1) % len(self.nodes)
        return [
            *([untimely] if untimely else []),
            *([Problem.HALTED] if halted else []),
            *([Problem.UNREADABLE] if final is None else []),
            *outgoing.alerts(),
        ]

    async def _ruled(
        self, outgoing: Outgoing, stored: StoredCall, judgement: Judgement, *, known: bool, untimely: Problem | None
    ) -> tuple[Judgement, Attempt | None]:
        """The judgement, as far as clock, fees, funds and signer let it be carried out, and what is to be sent."""
        live = live_attempts(stored, outgoing.view.account, outgoing.view.nonce)
        if judgement.action in (Action.SIGN, Action.RAISE, Action.FILL):
            made = untimely or await outgoing.signed(stored, judgement.action)
            if isinstance(made, Attempt):
                return replace(judgement, state=_signed_state(judgement.state), transaction=made.hash), made
            judgement = replace(judgement, action=Action.NONE, problem=made)
            if live and not known:
                judgement = replace(judgement, action=Action.SEND)
        return judgement, live[-1] if judgement.action is Action.SEND else None

    async def _send(
        self, endpoint: Endpoint, lease: Lease, attempts: Iterable[Attempt], told: dict[bytes, CallProgress]
    ) -> None:
        """Hand the transactions over in the order of their numbers, and record which were taken, come what may."""
        taken: list[bytes] = []
        before = dict(told)
        try:
            for attempt in sorted(attempts, key=lambda each: each.nonce):
                problem = await _handed_over(endpoint, attempt)
                progress = told[attempt.call]
                if problem is None:
                    self.checkpoint(Point.SENT)
                    taken.append(attempt.hash)
                    told[attempt.call] = replace(progress, state=CallState.SENT)
                elif progress.problem not in HELD_UP:
                    told[attempt.call] = replace(progress, problem=problem)
        finally:
            changed = [each for each in told.values() if before[each.id] != each]
            if taken or changed:
                await self.store.save(lease, sent=taken, progress=changed)
                self.checkpoint(Point.RECORDED)

    async def _save(
        self,
        lease: Lease,
        calls: Iterable[StoredCall],
        told: dict[bytes, CallProgress],
        *,
        attempts: list[Attempt],
        anchored_until: int,
    ) -> None:
        changed = [told[each.id] for each in calls if told[each.id] != each.progress]
        if attempts or changed:
            await self.store.save(lease, attempts=attempts, progress=changed, anchored_until=anchored_until)


async def _handed_over(endpoint: Endpoint, attempt: Attempt) -> Problem | None:
    """Why the node did not take the transaction, or None: that it has it already is as good."""
    try:
        await endpoint.send(attempt.raw)
    except AlreadyKnownError:
        return None
    except NonceTooLowError:
        return Problem.NONCE_TAKEN
    except UnderpricedError:
        return Problem.UNDERPRICED
    except NoFundsError:
        return Problem.EMPTY
    except RejectedError:
        return Problem.REJECTED
    return None


def _used(
    calls: Iterable[tuple[StoredCall, Sighting]], account: bytes, nonce: int, time_of_head: int
) -> frozenset[int]:
    """The numbers that somebody still sees to: a call that was brought, or is over, has its transactions forgotten."""
    return frozenset(
        attempt.nonce
        for stored, seen in calls
        if not seen.brought and not too_late(stored.call, time_of_head)
        for attempt in live_attempts(stored, account, nonce)
    )


def _signed_state(state: CallState) -> CallState:
    return CallState.SIGNED if state is CallState.BATCHED else state


def _progress(stored: StoredCall, judgement: Judgement) -> CallProgress:
    return replace(
        stored.progress,
        state=judgement.state,
        transaction=judgement.transaction or stored.progress.transaction,
        block=judgement.block,
        problem=judgement.problem,
    )


def _anchored_until(told: dict[bytes, CallProgress], final: FinalStorage | None) -> int:
    """The final block's time, once something of ours is in it."""
    done = any(each.state is CallState.FINALIZED for each in told.values())
    return final.time if final is not None and done else 0
