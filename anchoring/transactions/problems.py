"""Why a call does not get on, or nothing is sent at all: stable codes, each with what happens and what to do."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from anchoring.refusals import Refusal, refusal_of


class Problem(StrEnum):
    """What stands in the way. The value is the code that `CallProgress.problem` and alerts carry."""

    # Of the chain, and of the nodes through which it is seen
    UNREACHABLE = "endpoint.unreachable"
    DISAGREES = "endpoint.disagrees"
    UNREADABLE = "ledger.unreadable"
    OTHER_CHAIN = "chain.other"
    OTHER_CODE = "chain.other_code"
    HALTED = "chain.halted"
    # Of this machine
    CLOCK_BEHIND = "clock.behind"
    CLOCK_AHEAD = "clock.ahead"
    # Of the account that pays
    LEASED = "account.leased"
    EMPTY = "account.empty"
    LOW = "account.low"
    CAPPED = "fees.capped"
    SIGNER = "signer.failed"
    # Of one transaction
    NONCE_TAKEN = "transaction.nonce_taken"
    GAP = "transaction.gap"
    DROPPED = "transaction.dropped"
    REORGANISED = "transaction.reorganised"
    UNDERPRICED = "transaction.underpriced"
    STUCK = "transaction.stuck"
    REJECTED = "transaction.rejected"
    REVERTED = "transaction.reverted"
    TOO_MANY = "transaction.too_many"
    WAITING = "transaction.waiting"
    # Of the call itself
    DEADLINE = "call.deadline_passed"
    OVERTAKEN = "call.overtaken"
    TOO_EARLY = "call.too_early"
    NOT_AUTHORITY = "call.not_authority"
    NO_NAMESPACE = "call.no_namespace"
    OUT_OF_TURN = "call.out_of_turn"
    NOT_TAKEN = "call.not_taken"

    @property
    def remedy(self) -> str:
        """What is done about it here, and what a person can do."""
        return _REMEDIES[self]


HELD_UP: Final = frozenset({Problem.CLOCK_BEHIND, Problem.CLOCK_AHEAD, Problem.CAPPED, Problem.EMPTY, Problem.SIGNER})
"""Why nothing better is signed, which says more than how a node takes what was signed before."""

_REMEDIES: Final[Mapping[Problem, str]] = MappingProxyType(
    {
        Problem.UNREACHABLE: "Check the nodes' addresses and the connection; it goes on by itself once one answers.",
        Problem.DISAGREES: "The node tells of a block that the proven storage does not bear out: use another node.",
        Problem.UNREADABLE: "What is final cannot be proven now; check the nodes that are read, and wait.",
        Problem.OTHER_CHAIN: "The node is on another chain; nothing was sent to it. Correct its address.",
        Problem.OTHER_CODE: "The contract is not there, or other code is; nothing was sent. Correct address or node.",
        Problem.HALTED: "The chain makes no blocks. Nothing is lost: what was signed is sent again once it goes on.",
        Problem.CLOCK_BEHIND: "The clock is behind a block that is final: set it. Until then nothing is signed.",
        Problem.CLOCK_AHEAD: "The chain's head is ten minutes behind the clock: set the clock, or wait for the node to "
        "catch up. Until then, or until the chain is seen to stand still, nothing is signed.",
        Problem.LEASED: "Another process sends from this account; it does the work.",
        Problem.EMPTY: "Send coins of the chain to the account that pays for gas; it goes on by itself.",
        Problem.LOW: "Send coins of the chain to the account that pays for gas, before it is empty.",
        Problem.CAPPED: "The chain asks for more than the fee cap: wait until it is cheaper, or raise the cap.",
        Problem.SIGNER: "Check that the signer of the paying account answers, and which key it holds.",
        Problem.NONCE_TAKEN: "Something else sent from this account, so the call is signed anew. Give glejt its own.",
        Problem.GAP: "A transaction that something else sent from this account is gone; its place is being filled.",
        Problem.DROPPED: "The node had forgotten the transaction; the same bytes were sent again.",
        Problem.REORGANISED: "The chain took the block back; the same bytes were sent again.",
        Problem.UNDERPRICED: "The node wants a higher fee; it is raised, up to the cap.",
        Problem.STUCK: "The transaction waits for long; its fees are raised, up to the cap.",
        Problem.REJECTED: "The node does not take the transaction: read its log, or use another node.",
        Problem.REVERTED: "The contract did not take the call when its turn came; it is looked at anew.",
        Problem.TOO_MANY: "So many transactions did not bring this call. Look into why before it is submitted anew.",
        Problem.WAITING: "As many transactions are under way as nodes keep for one account; it is sent after them.",
        Problem.DEADLINE: "The authority's word for it is no longer valid: have it authorised anew, and submit that.",
        Problem.OVERTAKEN: "Something else was written in its place: read what, and make another call if it is needed.",
        Problem.TOO_EARLY: "The chain's clock is behind the one that the deadline was made by; it is tried again.",
        Problem.NOT_AUTHORITY: "The signature is not by whoever may write there now: have that key authorise it.",
        Problem.NO_NAMESPACE: "The namespace is not open yet: it is tried again; submit its opening first.",
        Problem.OUT_OF_TURN: "Number or version is not the next one: ask the ledger, and have that one authorised.",
        Problem.NOT_TAKEN: "The contract would not take the call now; it is tried again until its deadline.",
    }
)


def reason_of(data: bytes) -> Problem:
    """What the contract's error, as ABI data, says about a call."""
    refusal = refusal_of(data)
    return Problem.NOT_TAKEN if refusal is None else _REASONS.get(refusal, Problem.NOT_TAKEN)


_REASONS: Final[Mapping[Refusal, Problem]] = MappingProxyType(
    {
        Refusal.DEADLINE_PASSED: Problem.DEADLINE,
        Refusal.DEADLINE_TOO_FAR: Problem.TOO_EARLY,
        Refusal.RECOVERY_NOT_READY: Problem.TOO_EARLY,
        Refusal.NOT_AUTHORITY: Problem.NOT_AUTHORITY,
        Refusal.NOT_RECOVERY_KEY: Problem.NOT_AUTHORITY,
        Refusal.SIGNATURE_INVALID: Problem.NOT_AUTHORITY,
        Refusal.NAMESPACE_UNKNOWN: Problem.NO_NAMESPACE,
        Refusal.SEQUENCE_MISMATCH: Problem.OUT_OF_TURN,
        Refusal.SEQUENCE_TAKEN: Problem.OUT_OF_TURN,
        Refusal.SEQUENCE_SKIPPED: Problem.OUT_OF_TURN,
        Refusal.VERSION_NOT_HIGHER: Problem.OUT_OF_TURN,
    }
)
