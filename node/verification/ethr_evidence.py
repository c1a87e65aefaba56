"""What files show of a did:ethr: every event of its identity, up to a block that the verifier trusts.

Whoever hands the files over may have left something out, or made something up. So nothing is taken from them but what
hangs on the hashes of blocks: when the identity last changed is proven from the registry's storage, each event names
the block of the one before, and each of those blocks is shown with all its receipts. What remains to be known is that
the blocks are the chain's.

Spec: https://eips.ethereum.org/EIPS/eip-1056, https://eips.ethereum.org/EIPS/eip-2935
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from anchoring.block_bridge import earlier_block
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import AnchoringError
from anchoring.header import Header
from anchoring.identity_registry import BlockEvents, proven_change, proven_events
from anchoring.storage_proof import Contract, StorageProof
from did_methods.did import Did
from did_methods.errors import DidMethodsError, HistoryError, UntrustedHistoryError
from did_methods.ethr import subject_of
from did_methods.ethr_document import Subject
from did_methods.ethr_events import Block, Change, EventsOfBlock, Links, Log, linked_in
from node.documents import JsonValue, parse

CHANGED: Final = "changed"
"""The file that proves when the identity last changed."""
EVENTS: Final = "events-"
"""Begins the name of a file with the events of a block; its number follows."""
BRIDGE: Final = "bridge-"
"""Begins the name of a file that leads from a later block to the one whose number follows."""
MAX_FILES: Final = 2048
"""More than 128 blocks with events, and as many bridges as lead back some six years on the main chain."""
MAX_EVIDENCE_BYTES: Final = 16 * 1024 * 1024
"""All proofs of one identity: the receipts of a hundred blocks of the main chain. Reading them takes some seconds."""
MAX_REMEMBERED: Final = 4
"""Readings that are kept: one verification asks for the same several times, and receipts have megabytes."""
_NUMBER_CHARS: Final = 20

type TrustedBlocks = Callable[[Header], TrustedBlock | None]
"""The block with this header, where the verifier takes it as final on the chain that is asked about."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What files show, if only the blocks are the chain's: `at` is the one up to which nothing is missing."""

    subject: Subject
    changes: tuple[Change, ...]
    at: Header
    blocks: tuple[Header, ...]

    @property
    def head(self) -> Block:
        """The block up to which nothing is missing."""
        return Block(self.at.number, self.at.timestamp)


def shown_by(did: Did, files: Mapping[str, bytes], registry: Contract, trusted: TrustedBlocks) -> Evidence:
    """What files show of an identity, under blocks that are trusted, or that a bridge leads to from one that is.

    Raises HistoryError, or another InvalidError, for files that show nothing, and UntrustedHistoryError where nobody
    vouches for a block.
    """
    evidence = read_evidence(did, files, registry)
    bridges = _Bridges(files, trusted)
    for header in (evidence.at, *evidence.blocks):
        if bridges.trusted(header) is None:
            raise UntrustedHistoryError(
                f"nobody whom you trust vouches for block {header.number} of chain {evidence.subject.chain_id}",
                code="history.block",
                remedy="Connect and check again, pin the block in your trust file, or get a checkpoint for it.",
            )
    return evidence


def read_evidence(did: Did, files: Mapping[str, bytes], registry: Contract) -> Evidence:
    """What files show of an identity, if the blocks they bring are the chain's.

    1. The registry's storage says in which block the identity last changed, or that it never did.
    2. That block is there with all its receipts, and names the one before; and so on, until there is none.
    3. Nothing else is there, and no block is dated before an earlier one.
    """
    found = _read(did, tuple(sorted(files.items())), registry)
    if isinstance(found, DidMethodsError):
        raise found.with_traceback(None)
    return found


def read_json(data: bytes) -> JsonValue:
    """The JSON value of what a controller wrote into the registry, read as strictly as everything else."""
    return parse(data)


@lru_cache(MAX_REMEMBERED)
def _read(did: Did, files: tuple[tuple[str, bytes], ...], registry: Contract) -> Evidence | DidMethodsError:
    try:
        return _Reading(subject_of(did), dict(files), registry).evidence()
    except DidMethodsError as error:
        return error.with_traceback(None)
    except AnchoringError as error:
        return HistoryError(f"{error}"[:300], code="history.proof", remedy=error.remedy)


@dataclass(frozen=True, slots=True)
class _Reading:
    """One reading of the files of an identity."""

    subject: Subject
    files: dict[str, bytes]
    registry: Contract

    def evidence(self) -> Evidence:
        if len(self.files) > MAX_FILES:
            raise _no_history(f"there are {len(self.files)} files; at most {MAX_FILES} are read")
        size = sum(map(len, self.files.values()))
        if size > MAX_EVIDENCE_BYTES:
            raise _no_history(f"the files have {size} bytes; at most {MAX_EVIDENCE_BYTES} are read")
        proof = StorageProof.decode(self._file(CHANGED))
        last = proven_change(  # 1.
            proof,
            block_hash=Header.parse(proof.header).hash,
            registry=self.registry,
            identity=self.subject.address,
        )
        links, headers, number = Links(), dict[str, Header](), last.number
        while number:  # 2.
            name = f"{EVENTS}{number}"
            header, found = self._events(name)
            number = links.add(linked_in(found, self.subject.address, number))
            headers[name] = header
        surplus = [name for name in self.files if name not in headers and name != CHANGED and not _is_bridge(name)]
        if surplus:  # 3.
            raise _no_history(f"no link leads to the file {surplus[0][:40]!r}")
        changes = links.whole(Block(last.header.number, last.header.timestamp))
        return Evidence(self.subject, changes.events, last.header, tuple(headers.values()))

    def _events(self, name: str) -> tuple[Header, EventsOfBlock]:
        events = BlockEvents.decode(self._file(name))
        found = proven_events(events, block_hash=Header.parse(events.proof.header).hash, registry=self.registry.address)
        block = Block(found.header.number, found.header.timestamp)
        return found.header, EventsOfBlock(block, tuple(Log(log.topics, log.data) for log in found.logs))

    def _file(self, name: str) -> bytes:
        if name not in self.files:
            raise _no_history(f"the file {name!r} is missing")
        return self.files[name]


class _Bridges:
    """The blocks that are trusted, and those that bridges lead to from one of them."""

    def __init__(self, files: Mapping[str, bytes], trusted: TrustedBlocks) -> None:
        self._files = files
        self._trusted = trusted

    def trusted(self, header: Header) -> TrustedBlock | None:
        """The block with this header, or None where no trust reaches it.

        Each bridge leads from a later block, so the way back from the last one ends.
        """
        steps: list[tuple[Header, StorageProof]] = []
        block = self._trusted(header)
        while block is None:
            data = self._files.get(f"{BRIDGE}{header.number}")
            if data is None:
                return None
            proof, source = self._bridge(data)
            if source.number <= header.number:
                return None
            steps.append((header, proof))
            header = source
            block = self._trusted(header)
        for target, proof in reversed(steps):
            block = self._reached(block, proof, target)
            if block is None:
                return None
        return block

    def _bridge(self, data: bytes) -> tuple[StorageProof, Header]:
        try:
            proof = StorageProof.decode(data)
            return proof, Header.parse(proof.header)
        except AnchoringError as error:
            raise HistoryError(f"{error}"[:300], code="history.proof", remedy=error.remedy) from error

    def _reached(self, block: TrustedBlock, proof: StorageProof, target: Header) -> TrustedBlock | None:
        try:
            reached = earlier_block(block, proof, target.number)
        except AnchoringError as error:
            raise HistoryError(f"{error}"[:300], code="history.proof", remedy=error.remedy) from error
        return reached if reached.hash == target.hash else None


def vouched_for(chain: Chain) -> TrustedBlocks:
    """The trust of a verifier that asked nodes of its own choice itself: every block that they told of."""
    return lambda header: TrustedBlock(chain, header.number, header.hash)


def _is_bridge(name: str) -> bool:
    number = name.removeprefix(BRIDGE)
    return name.startswith(BRIDGE) and number.isdecimal() and number.isascii() and len(number) <= _NUMBER_CHARS


def _no_history(reason: str) -> HistoryError:
    return HistoryError(
        reason,
        code="history.files",
        remedy="Resolve the identifier again, or ask whoever handed over the file for a whole one.",
    )
