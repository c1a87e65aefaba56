"""The registry of identities as did:ethr reads it, out of what nodes of a chain have shown, and with the proofs kept.

Spec: https://eips.ethereum.org/EIPS/eip-1056, https://eips.ethereum.org/EIPS/eip-2935
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol

from anchoring.block_bridge import WINDOW
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import AnchoringError, IndeterminateError
from anchoring.event_proof import EventProof
from anchoring.header import Header
from anchoring.identity_registry import BlockEvents, changed_slot, proven_change, proven_events
from anchoring.storage_proof import Contract, StorageProof
from did_methods.errors import AbsentError, UnavailableError
from did_methods.ethr_events import Block, EventsOfBlock, LastChange, Log
from node.verification.chains import TrustedChain
from node.verification.ethr_evidence import BRIDGE, CHANGED, EVENTS, MAX_EVIDENCE_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from node.adapters.json_rpc.client import JsonRpc

_NOT_ASKED: Final = "Ask for the identity first."


class ShownBlock(Protocol):
    """A block with the receipts of all its transactions."""

    @property
    def count(self) -> int:
        """How many transactions there are."""

    @property
    def proof(self) -> EventProof:
        """That there are no others."""


class ShownBridge(Protocol):
    """An earlier block, and what leads to it."""

    @property
    def block(self) -> TrustedBlock:
        """The earlier one."""

    @property
    def proof(self) -> StorageProof:
        """The way to it."""


class ChainReader(Protocol):
    """What is asked of nodes; every answer holds under the block that it is about. Raises IndeterminateError."""

    @property
    def chain(self) -> Chain:
        """The chain."""

    async def final_block(self) -> TrustedBlock:
        """The newest final block."""

    async def block(self, number: int) -> TrustedBlock:
        """An earlier final block."""

    async def storage(self, contract: Contract, slots: Sequence[bytes], block: TrustedBlock) -> StorageProof:
        """What a contract holds at the end of a block."""

    async def events(self, block: TrustedBlock) -> ShownBlock:
        """The receipts of a block."""

    async def bridge(self, trusted: TrustedBlock, number: int) -> ShownBridge:
        """An earlier block, by what a trusted one holds."""


class RegistryReader:
    """An EventReader for one reading: the newest final block that it begins with is the one that all is as of.

    Blocks that the newest one remembers are known by it, so that who trusts the one trusts the others; earlier ones, or
    on chains that remember none, by the agreement of nodes.
    """

    def __init__(self, reader: ChainReader, registry: Contract) -> None:
        self._reader = reader
        self._registry = registry
        self._final: TrustedBlock | None = None
        self._files: dict[str, bytes] = {}

    async def last_change(self, identity: bytes) -> LastChange:
        """When an identity last changed, proven under the newest final block."""
        with _told():
            final = await self._reader.final_block()
            proof = await self._reader.storage(self._registry, [changed_slot(identity)], final)
            change = proven_change(proof, block_hash=final.hash, registry=self._registry, identity=identity)
        self._final, self._files = final, {CHANGED: proof.encode()}
        return LastChange(_block(change.header), change.number)

    async def events(self, number: int) -> EventsOfBlock:
        """All events of the registry in a block, proven whole."""
        with _told():
            header, events, logs = await self._events(number)
        self._files[f"{EVENTS}{number}"] = events.encode()
        size = sum(map(len, self._files.values()))
        if size > MAX_EVIDENCE_BYTES:
            raise UnavailableError(
                f"what proves the history of the identity has {size} bytes; at most {MAX_EVIDENCE_BYTES} are read",
                code="ethr.too_large",
                remedy="Ask its controller for an identifier that was changed less often.",
            )
        return EventsOfBlock(_block(header), logs)

    async def block(self, number: int) -> Block:
        """A final block; raises AbsentError for one that is not."""
        if self._final is None or number > self._final.number:
            raise AbsentError(f"no block {number} is final", code="ethr.block", remedy=_NOT_ASKED)
        with _told():
            header, _, _ = await self._events(number)
        return _block(header)

    async def evidence(self) -> Mapping[str, bytes]:
        """The proofs of all that was read of the identity."""
        return dict(self._files)

    async def _events(self, number: int) -> tuple[Header, BlockEvents, tuple[Log, ...]]:
        block = await self._trusted(number)
        shown = await self._reader.events(block)
        events = BlockEvents(shown.count, shown.proof)
        found = proven_events(events, block_hash=block.hash, registry=self._registry.address)
        return found.header, events, tuple(Log(log.topics, log.data) for log in found.logs)

    async def _trusted(self, number: int) -> TrustedBlock:
        final = self._final
        if final is None:
            raise UnavailableError("nothing was asked for", code="ethr.block", remedy=_NOT_ASKED)
        if number == final.number:
            return final
        if final.number - number <= WINDOW:
            try:
                bridge = await self._reader.bridge(final, number)
            except IndeterminateError:
                return await self._reader.block(number)  # the chain remembers none, or its nodes show none
            self._files[f"{BRIDGE}{number}"] = bridge.proof.encode()
            return bridge.block
        return await self._reader.block(number)


type ReachNode = "Callable[[TrustedChain, str], JsonRpc]"
"""How a node of a chain is reached, by its address."""


def registry_readers(
    chains: Iterable[TrustedChain], reach: ReachNode | None = None
) -> Callable[[int], RegistryReader | None]:
    """What reads the registries of these chains, by the number of the chain: a reader for one reading.

    None for chains without nodes, and for those whose registry is not known. Whom the trust file names is asked,
    wherever that is.
    """
    known = {chain.chain.id: chain for chain in chains if chain.rpc and chain.registry is not None}

    def reader(chain_id: int) -> RegistryReader | None:
        chain = known.get(chain_id)
        if chain is None or chain.registry is None:
            return None
        from node.adapters.json_rpc.client import JsonRpc  # noqa: PLC0415 -- few identifiers are on a chain
        from node.adapters.json_rpc.errors import RpcConfigError  # noqa: PLC0415 -- as above
        from node.adapters.json_rpc.reader import JsonRpcReader  # noqa: PLC0415 -- as above

        try:
            nodes = [reach(chain, url) if reach else JsonRpc(url) for url in chain.rpc]
            return RegistryReader(
                JsonRpcReader(chain.chain, chain.registry, nodes, chain.quorum, light=chain.light_client),
                chain.registry,
            )
        except RpcConfigError as error:
            raise UnavailableError(f"{error}", code=error.code, remedy=error.remedy) from error

    return reader


@contextmanager
def _told() -> "Iterator[None]":
    """What nodes do not show, as the room of DIDs calls it."""
    try:
        yield
    except AnchoringError as error:
        raise UnavailableError(f"{error}", code=error.code, remedy=error.remedy) from error


def _block(header: Header) -> Block:
    return Block(header.number, header.timestamp)
