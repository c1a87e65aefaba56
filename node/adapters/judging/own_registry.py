"""The registry of identities on our own chain, as a process reads it: out of what the pool brings, and proven."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from node.adapters.judging.outside import Outside

if TYPE_CHECKING:
    from anchoring.checkpoint import Chain, TrustedBlock
    from anchoring.identity_registry import BlockEvents
    from anchoring.storage_proof import Contract, StorageProof


@dataclass(frozen=True, slots=True)
class OwnRegistry:
    """A ChainReader for our own chain. Which of its blocks is which, it says itself: it is our own."""

    outside: Outside
    chain: "Chain"

    async def final_block(self) -> "TrustedBlock":
        """Its last block."""
        from anchoring.checkpoint import TrustedBlock  # noqa: PLC0415 -- few tasks need a chain

        return TrustedBlock(self.chain, *await self.outside.own_block(self.chain.id))

    async def block(self, number: int) -> "TrustedBlock":
        """An earlier block."""
        from anchoring.checkpoint import TrustedBlock  # noqa: PLC0415 -- as above
        from anchoring.keccak import keccak256  # noqa: PLC0415 -- as above

        return TrustedBlock(self.chain, number, keccak256((await self._shown(number)).proof.header))

    async def storage(self, contract: "Contract", slots: Sequence[bytes], block: "TrustedBlock") -> "StorageProof":
        """What a contract holds at the end of a block."""
        from anchoring.storage_proof import StorageProof  # noqa: PLC0415 -- as above

        place = (block.number, block.hash)
        return StorageProof.decode(await self.outside.own_storage(self.chain.id, place, contract, tuple(slots)))

    async def events(self, block: "TrustedBlock") -> "BlockEvents":
        """The receipts of a block."""
        return await self._shown(block.number)

    async def bridge(self, trusted: "TrustedBlock", number: int) -> NoReturn:
        """Nothing: nobody else trusts a block of ours."""
        from anchoring.errors import IndeterminateError  # noqa: PLC0415 -- as above

        raise IndeterminateError(
            f"block {trusted.number} is asked for what leads to block {number}",
            code="bridge.unknown",
            remedy="Ask for the block itself.",
        )

    async def _shown(self, number: int) -> "BlockEvents":
        from anchoring.identity_registry import BlockEvents  # noqa: PLC0415 -- as above

        return BlockEvents.decode(await self.outside.own_events(self.chain.id, number))
