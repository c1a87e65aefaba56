"""Chains that the node writes to: each contract on each as one organisation has its calls brought there."""

from typing import Protocol

from anchoring.calls import AuthoritySigner, AuthorizedCall
from anchoring.facts import Fact, Question
from anchoring.ledger import CallProgress, LedgerReader
from node.credentials.record_name import RecordName
from node.ports.organisations import OrganisationId


class ChainSite(Protocol):
    """One contract on one chain, and the account that pays there."""

    @property
    def reader(self) -> LedgerReader:
        """Who reads and proves what the contract holds."""

    @property
    def pause(self) -> float:
        """After how many seconds it is worth looking again."""

    async def fact(self, question: Question) -> Fact | None:
        """What the contract's storage says at the latest final block; nothing, where it was not there yet."""

    async def bring(self, call: AuthorizedCall) -> CallProgress:
        """Take a call over, or bring one that was taken over a step further; how it stands.

        From the first time on it is not forgotten. Raises TransactionError where it cannot be kept.
        """

    async def open_calls(self) -> tuple[AuthorizedCall, ...]:
        """All calls under way at this contract, whoever ordered them."""

    async def anchored_until(self) -> int:
        """The time of the latest final block that was seen to hold something of ours; 0 before the first."""


class Chains(Protocol):
    """Every chain that the node has access to."""

    async def site(self, organisation: OrganisationId, name: RecordName) -> ChainSite:
        """Where the calls of a namespace go, paid for by the organisation's account or, without one, by the node's.

        Raises HopelessError for a chain that this node does not write to, and where nobody pays.
        """


class Authorities(Protocol):
    """The keys that say what stands in namespaces."""

    async def signer(self, organisation: OrganisationId, key: str) -> AuthoritySigner:
        """The signer with this key; raises AbsentError, RuleError."""
