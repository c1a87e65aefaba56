"""The events of a registry of identities, for did:ethr, read from nodes of its chain: final, whole and proven.

What was read leaves the files behind that prove it, so that the identity can be shown to others, and later, with no
node at hand.

Spec: https://eips.ethereum.org/EIPS/eip-1056, https://eips.ethereum.org/EIPS/eip-2935
"""

from collections.abc import Awaitable, Mapping
from typing import Final

from anchoring.block_bridge import WINDOW
from anchoring.checkpoint import TrustedBlock
from anchoring.errors import AnchoringError, IndeterminateError
from anchoring.header import Header
from anchoring.identity_registry import changed_slot, proven_change, proven_events
from anchoring.storage_proof import Contract
from did_methods.errors import AbsentError, UnavailableError
from did_methods.ethr_events import Block, EventsOfBlock, LastChange, Log
from node.adapters.json_rpc.reader import JsonRpcReader
from node.verification.ethr_evidence import BRIDGE, CHANGED, EVENTS

MAX_BRIDGES: Final = 64
"""Bridges that are asked for to prove one identity: they lead back some two months on the main chain. Each takes a node
that still has the state of that time; without one the events are proven as far as their blocks."""


class IdentityEvents:
    """An EventReader over one chain, for one reading: all of it is as of one final block."""

    def __init__(self, reader: JsonRpcReader, registry: Contract) -> None:
        self._reader = reader
        self._registry = registry
        self._final: TrustedBlock | None = None
        self._files: dict[str, bytes] = {}
        self._event_blocks: dict[int, TrustedBlock] = {}

    async def last_change(self, identity: bytes) -> LastChange:
        """When the registry says that an identity last changed, as of the newest final block."""
        final = await self._final_block()
        proof = await _had(self._reader.storage(self._registry, [changed_slot(identity)], final))
        try:
            found = proven_change(proof, block_hash=final.hash, registry=self._registry, identity=identity)
        except AnchoringError as error:
            raise _unavailable(error) from error
        self._files[CHANGED] = proof.encode()
        return LastChange(Block(found.header.number, found.header.timestamp), found.number)

    async def events(self, number: int) -> EventsOfBlock:
        """All events of the registry in a final block."""
        block = await self._block(number)
        events = await _had(self._reader.events(block))
        try:
            found = proven_events(events, block_hash=block.hash, registry=self._registry.address)
        except AnchoringError as error:
            raise _unavailable(error) from error
        self._files[f"{EVENTS}{number}"] = events.encode()
        self._event_blocks[number] = block
        at = Block(found.header.number, found.header.timestamp)
        return EventsOfBlock(at, tuple(Log(log.topics, log.data) for log in found.logs))

    async def block(self, number: int) -> Block:
        """A final block; raises AbsentError where none with this number is final."""
        header = Header.parse(await _had(self._reader.header(await self._block(number))))
        return Block(header.number, header.timestamp)

    async def evidence(self) -> Mapping[str, bytes]:
        """The files that prove what was read, with bridges to the blocks of events as far as nodes can show them."""
        files = dict(self._files)
        if self._final is not None:
            files |= await self._bridges(self._final)
        return files

    async def _bridges(self, final: TrustedBlock) -> dict[str, bytes]:
        """From the final block back to each block with events, newest first, in as few steps as there can be."""
        files: dict[str, bytes] = {}
        at = final
        for number in sorted(self._event_blocks, reverse=True):
            while at.number > number:
                if len(files) == MAX_BRIDGES:
                    return files
                step = max(number, at.number - WINDOW)
                try:
                    bridge = await self._reader.bridge(at, step)
                except IndeterminateError:
                    return files
                files[f"{BRIDGE}{step}"] = bridge.proof.encode()
                at = bridge.block
        return files

    async def _block(self, number: int) -> TrustedBlock:
        final = await self._final_block()
        if number > final.number:
            raise AbsentError(
                f"block {number} of chain {final.chain.id} is not final yet; block {final.number} is",
                code="chain.block",
                remedy="Ask for an earlier block, or wait.",
            )
        return final if number == final.number else await _had(self._reader.block(number))

    async def _final_block(self) -> TrustedBlock:
        if self._final is None:
            self._final = await _had(self._reader.final_block())
        return self._final


async def _had[T](awaited: Awaitable[T]) -> T:
    """What could be had; raises UnavailableError where it could not."""
    try:
        return await awaited
    except AnchoringError as error:
        raise _unavailable(error) from error


def _unavailable(error: AnchoringError) -> UnavailableError:
    return UnavailableError(str(error), code="chain.unavailable", remedy=error.remedy)
