"""Proofs of what stands on chains, for whoever takes them along: made by nodes that this node has access to."""

from collections.abc import Sequence
from typing import Protocol

from anchoring.facts import Question
from node.credentials.record_name import RecordName
from node.ports.organisations import OrganisationId
from node.verification.ledger_material import FactProof


class Proving(Protocol):
    """Whoever can prove what a contract holds."""

    async def prove(
        self, organisation: OrganisationId, name: RecordName, questions: Sequence[Question]
    ) -> FactProof | None:
        """One proof of the answers at the latest final block; None where the chain cannot be asked now."""


class NothingProven:
    """A Proving without any chain."""

    async def prove(
        self,
        organisation: OrganisationId,  # noqa: ARG002 -- as the port has them
        name: RecordName,  # noqa: ARG002 -- likewise
        questions: Sequence[Question],  # noqa: ARG002 -- likewise
    ) -> FactProof | None:
        """Nothing."""
        return None
