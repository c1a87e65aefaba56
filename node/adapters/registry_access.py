"""The registry of identities on a chain that is written to: what is asked of it, in the place of our own contract."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import NoReturn, Protocol, cast

from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import IndeterminateError
from anchoring.facts import Fact, Question
from anchoring.identity_registry import BlockEvents
from anchoring.layout import proven_facts, slots_of
from anchoring.storage_proof import Contract, StorageProof
from node.adapters.chain_access import ChainAccess
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader


class EmbeddedChain(Protocol):
    """What an embedded chain shows of any contract on it."""

    @property
    def chain(self) -> Chain:
        """The chain."""

    async def final_block(self) -> TrustedBlock:
        """Its latest block."""

    async def block(self, number: int) -> TrustedBlock:
        """An earlier one."""

    async def storage(self, contract: Contract, slots: Sequence[bytes], block: TrustedBlock) -> StorageProof:
        """What a contract holds at the end of a block."""

    async def events(self, block: TrustedBlock) -> BlockEvents:
        """The receipts of a block."""


@dataclass(frozen=True, slots=True)
class EmbeddedRegistry:
    """A LedgerReader and a ChainReader for the registry on an embedded chain."""

    embedded: EmbeddedChain
    contract: Contract

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self.embedded.chain

    async def final_block(self) -> TrustedBlock:
        """The latest block."""
        return await self.embedded.final_block()

    async def answer(self, question: Question, block: TrustedBlock) -> Fact | None:
        """What the registry's storage said at the end of this block."""
        proof = await self.prove([question], block)
        shown_by = proven_facts(proof, block_hash=block.hash, contract=self.contract, questions=[question])
        return shown_by.facts[question]

    async def prove(self, questions: Iterable[Question], block: TrustedBlock) -> StorageProof:
        """One proof of the answers to all of these questions."""
        slots = dict.fromkeys(slot for question in questions for slot in slots_of(question))
        return await self.embedded.storage(self.contract, tuple(slots), block)

    async def block(self, number: int) -> TrustedBlock:
        """An earlier block."""
        return await self.embedded.block(number)

    async def storage(self, contract: Contract, slots: Sequence[bytes], block: TrustedBlock) -> StorageProof:
        """What a contract holds at the end of a block."""
        return await self.embedded.storage(contract, slots, block)

    async def events(self, block: TrustedBlock) -> BlockEvents:
        """The receipts of a block."""
        return await self.embedded.events(block)

    async def bridge(self, trusted: TrustedBlock, number: int) -> NoReturn:
        """Nothing: all blocks are on this machine, and nobody else trusts one of them."""
        raise IndeterminateError(
            f"block {trusted.number} is asked for what leads to block {number}",
            code="bridge.unknown",
            remedy="Ask for the block itself.",
        )


type RegistryDoor = EmbeddedRegistry | JsonRpcReader


@asynccontextmanager
async def at_registry(access: ChainAccess, registry: Contract) -> AsyncIterator[tuple[ChainAccess, RegistryDoor]]:
    """The same chain, with the registry for the contract that is asked and written to."""
    chain = replace(access.chain, contract=registry)
    if access.embedded:
        here = EmbeddedRegistry(cast("EmbeddedChain", access.reader), registry)
        yield replace(access, chain=chain, reader=here), here
        return
    nodes = [JsonRpc(url) for url in chain.rpc]
    async with JsonRpcReader(chain.chain, registry, nodes, chain.quorum, light=chain.light_client) as reader:
        yield replace(access, chain=chain, reader=reader), reader
