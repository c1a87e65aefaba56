"""What is to be done about one call, given what was seen of it: a pure procedure.

Of all that is seen only the contract's storage at a final block is proven. The rest, a node's word, decides what is
tried next, never what has come of it.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from anchoring.calls import AuthorizedCall
from anchoring.ledger import CallState
from anchoring.operations import Outcome
from anchoring.transactions.endpoint import Head, Inclusion
from anchoring.transactions.problems import Problem
from anchoring.transactions.store import Attempt, StoredCall

MAX_ATTEMPTS: Final = 96
"""Transactions signed for one call: raised by an eighth each, fees grow from 1 wei past any cap."""


class Action(StrEnum):
    """What is done about a call in this round."""

    NONE = "none"
    SIGN = "sign"
    """Make a transaction with a number of its own."""
    SEND = "send"
    """Send the latest transaction's stored bytes, once more if need be."""
    RAISE = "raise"
    """Sign it with higher fees and the same number, so that only one of both can be mined."""
    FILL = "fill"
    """Sign it with the number that the chain waits for, which no transaction has."""


@dataclass(frozen=True, slots=True)
class View:
    """The chain as it stands for everybody."""

    head: Head
    account: bytes
    nonce: int
    """How many transactions of the account are in blocks."""
    used: frozenset[int]
    """From `nonce` on, the numbers of transactions that were signed here for calls that still need them."""
    final_number: int | None = None
    final_time: int | None = None
    """Of the final block, proven; None where it cannot be read."""
    patience: int = 60
    """For how long of the chain's time a transaction may wait."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of one call."""

    outcome: Outcome = Outcome.OPEN
    """By the storage at the final block: the only truth."""
    block: int | None = None
    """In which it was carried out, where that storage tells."""
    inclusion: tuple[bytes, Inclusion] | None = None
    """Hash and place of one of its transactions."""
    known: bool = True
    """Whether the node has the latest transaction that still may be mined."""
    written: bool | None = False
    """Whether the storage at the latest block bears it out; None where that cannot be read."""

    @property
    def brought(self) -> bool:
        """Whether it needs no transaction, or no other one, as far as can be seen."""
        included = self.inclusion is not None and self.inclusion[1].succeeded
        return included or bool(self.written) or self.outcome is not Outcome.OPEN


@dataclass(frozen=True, slots=True)
class Judgement:
    """What has become of a call, and what is next."""

    state: CallState
    action: Action = Action.NONE
    problem: Problem | None = None
    transaction: bytes | None = None
    block: int | None = None


def live_attempts(stored: StoredCall, account: bytes, nonce: int) -> tuple[Attempt, ...]:
    """The call's transactions that may still be mined, the oldest first, when so many of the account are in blocks."""
    return tuple(each for each in stored.attempts if each.account == account and each.nonce >= nonce)


def too_late(call: AuthorizedCall, time: int) -> bool:
    """Whether the contract takes the call at this time no more."""
    return call.expires is not None and call.expires < time


def judge(stored: StoredCall, view: View, seen: Sighting) -> Judgement:  # noqa: PLR0911 - one for each way it can end
    """What has become of a call, and what is next.

    1. The storage at the final block bears it out: done, whoever brought it.
    2. Something else stands there, or the final block is behind the call's deadline: it can never be taken any more.
    3. The node tells of a transaction that brought it, or the latest storage bears it out: wait until that is final.
    4. A transaction is under way: see that nodes have it, and that it is not outbid for ever.
    5. None is: sign one, unless the call is past its time.
    """
    place = seen.inclusion[1] if seen.inclusion else None
    succeeded = place if place is not None and place.succeeded else None
    transaction = seen.inclusion[0] if seen.inclusion else None
    block = succeeded.block if succeeded else None
    final = view.final_number if view.final_number is not None else -1

    brought = transaction if succeeded else None
    if seen.outcome is Outcome.DONE:  # 1
        return Judgement(CallState.FINALIZED, transaction=brought, block=block if seen.block is None else seen.block)
    if seen.outcome is Outcome.OVERTAKEN:  # 2
        if succeeded and succeeded.block <= final:
            return Judgement(CallState.FINALIZED, transaction=brought, block=block)
        return Judgement(CallState.REFUSED, problem=Problem.OVERTAKEN)
    if view.final_time is not None and too_late(stored.call, view.final_time):
        return Judgement(CallState.REFUSED, problem=Problem.DEADLINE)
    if succeeded:  # 3
        problem = Problem.DISAGREES if succeeded.block <= final else None
        return Judgement(CallState.MINED, problem=problem, transaction=brought, block=block)
    if seen.written:
        return Judgement(CallState.MINED)
    late = too_late(stored.call, view.head.time)
    live = live_attempts(stored, view.account, view.nonce)
    if live:  # 4
        return _under_way(stored, live, view, seen, late=late)
    return _unsigned(stored, seen, late=late)  # 5


def _under_way(stored: StoredCall, live: tuple[Attempt, ...], view: View, seen: Sighting, *, late: bool) -> Judgement:
    newest = live[-1]
    state = CallState.SENT if any(each.sent for each in live) else CallState.SIGNED
    if late:
        return Judgement(state, problem=Problem.DEADLINE, transaction=newest.hash)
    problem = Problem.REORGANISED if stored.progress.state is CallState.MINED else None
    if view.head.time - newest.made_at >= view.patience:
        if len(stored.attempts) >= MAX_ATTEMPTS:
            problem = Problem.TOO_MANY
        elif view.nonce not in view.used and newest.nonce == min(view.used, default=newest.nonce):
            return Judgement(state, Action.FILL, Problem.GAP, newest.hash)
        # Behind one that waits, a higher fee is of no use unless the fee itself is why it would wait.
        elif newest.nonce == view.nonce or newest.fees.maximum < view.head.base_fee + newest.fees.priority:
            return Judgement(state, Action.RAISE, Problem.STUCK, newest.hash)
        else:
            problem = problem or Problem.STUCK
    if seen.known:
        return Judgement(CallState.SENT, problem=problem, transaction=newest.hash)
    return Judgement(state, Action.SEND, problem or (Problem.DROPPED if newest.sent else None), newest.hash)


def _unsigned(stored: StoredCall, seen: Sighting, *, late: bool) -> Judgement:
    if late:
        return Judgement(CallState.BATCHED, problem=Problem.DEADLINE)
    if len(stored.attempts) >= MAX_ATTEMPTS:
        return Judgement(CallState.BATCHED, problem=Problem.TOO_MANY)
    if not stored.attempts:
        return Judgement(CallState.BATCHED, Action.SIGN)
    problem = Problem.REVERTED if seen.inclusion else Problem.NONCE_TAKEN
    if seen.written is None:
        return Judgement(CallState.BATCHED, problem=Problem.UNREADABLE)
    return Judgement(CallState.BATCHED, Action.SIGN, problem)
