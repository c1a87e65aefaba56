"""Proofs of what stands on chains, by whoever answers for the chains of the node's trust, and for its own."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from anchoring.errors import AnchoringError
from anchoring.facts import Question
from node.credentials.record_name import RecordName
from node.ports.organisations import OrganisationId
from node.verification.ledger_material import FactProof
from node.verification.material import Origin
from node.verification.sources import FindLedger
from node.verification.trust import Trust

PROVE_SECONDS: Final = 10.0
"""All of it: somebody waits for the file."""


@dataclass(frozen=True, slots=True)
class ChainProving:
    """A Proving."""

    trust: Trust
    ledger: FindLedger

    async def prove(
        self,
        organisation: OrganisationId,  # noqa: ARG002 -- a chain is read by anybody
        name: RecordName,
        questions: Sequence[Question],
    ) -> FactProof | None:
        """One proof of the answers at the latest final block."""
        chain = self.trust.chain(name.chain_id)
        reader = None if chain is None or chain.contract.address != name.contract else self.ledger(chain)
        if reader is None:
            return None
        try:
            async with asyncio.timeout(PROVE_SECONDS):
                proof = await reader.prove(tuple(questions), await reader.final_block())
        except (TimeoutError, AnchoringError):
            return None
        return FactProof(name.chain_id, name.contract, tuple(questions), proof.encode(), Origin.LIVE)
