"""Events of the registry of identities, and the links by which one block names the block of the events before.

A reader that keeps an event back, or makes one up, breaks a link or leaves a block without its events; within a block
the order is that of the log. What is read comes through a reader that is handed over; nothing here touches a network.

Spec: https://eips.ethereum.org/EIPS/eip-1056,
https://github.com/decentralized-identity/ethr-did-resolver/blob/master/doc/did-method-spec.md#enumerating-contract-events-to-build-the-did-document
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from did_methods.errors import EventsError, UnsupportedEventsError

ADDRESS_BYTES: Final = 20
NOBODY: Final = bytes(ADDRESS_BYTES)
"""The owner of an identity that was given up."""
MAX_BLOCKS: Final = 128
"""Blocks with events of one identity: a change a month for ten years. Reading one asks a node of the chain twice."""
MAX_EVENTS: Final = 256
"""All events of one identity: twice as many as a document may have methods."""
MAX_VALUE_BYTES: Final = 8 * 1024
"""An RSA key in PEM takes some 800 bytes, a service a few hundred."""
LAST_MOMENT: Final = 253_402_300_799
"""9999-12-31T23:59:59Z; what is valid longer has no end."""

# Keccak-256 of each event's signature, as topics have it.
OWNER_CHANGED: Final = bytes.fromhex("38a5a6e68f30ed1ab45860a4afb34bcb2fc00f22ca462d249b8a8d40cda6f7a3")
DELEGATE_CHANGED: Final = bytes.fromhex("5a5084339536bcab65f20799fcc58724588145ca054bd2be626174b27ba156f7")
ATTRIBUTE_CHANGED: Final = bytes.fromhex("18ab6b2ae3d64306c00ce663125f2bd680e441a098de1635bd7ad8b0d44965e4")

_WORD: Final = 32
_TOPICS: Final = 2


@dataclass(frozen=True, slots=True)
class Log:
    """An event of the registry as the chain keeps it."""

    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Block:
    """A block by its number and its time, in seconds since 1970."""

    number: int
    time: int


@dataclass(frozen=True, slots=True)
class OwnerChanged:
    """Somebody else may change the identity; nobody, where it was given up."""

    owner: bytes


@dataclass(frozen=True, slots=True)
class DelegateChanged:
    """An account may speak for the identity until then; no more, where that has passed."""

    kind: bytes
    delegate: bytes
    valid_to: int


@dataclass(frozen=True, slots=True)
class AttributeChanged:
    """The identity has an attribute until then; no more, where that has passed."""

    name: bytes
    value: bytes
    valid_to: int


type Event = OwnerChanged | DelegateChanged | AttributeChanged


@dataclass(frozen=True, slots=True)
class Change:
    """An event and the block that it is in."""

    block: Block
    event: Event


@dataclass(frozen=True, slots=True)
class EventsOfBlock:
    """The registry's events of a block, whole and in the order of the log, whosever they are."""

    block: Block
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class LastChange:
    """At the end of a final block, the identity had last changed in the block with this number; 0 for never."""

    at: Block
    number: int


class EventReader(Protocol):
    """What one chain says of the registry on it; for one reading. Blocks are the chain's, and final.

    Raises UnavailableError where something could not be had.
    """

    async def last_change(self, identity: bytes) -> LastChange:
        """When the registry says that an identity last changed, as of the newest final block."""

    async def events(self, number: int) -> EventsOfBlock:
        """All events of the registry in a final block."""

    async def block(self, number: int) -> Block:
        """A final block; raises AbsentError where none with this number is final."""

    async def evidence(self) -> Mapping[str, bytes]:
        """Files that prove what was read to whoever trusts the blocks, by name; none where that cannot be."""


@dataclass(frozen=True, slots=True)
class Linked:
    """What one block says of an identity, and the number of the block that says what was before; or 0."""

    changes: tuple[Change, ...]
    previous: int


def linked_in(found: EventsOfBlock, identity: bytes, number: int) -> Linked:
    """The events of an identity in the block that a link leads to; raises EventsError.

    1. The block is the one that the link names, and has an event of the identity.
    2. The first of them names an earlier block, or none. So links never lead in a circle.
    3. Each other one names this very block: the registry wrote it there a moment ago.
    """
    block = found.block
    events = [event for event in (_event_of(log, identity) for log in found.logs) if event is not None]
    if block.number != number or not events:  # 1.
        raise _broken(f"block {number} was said to hold an event of the identity, and shows none")
    (_, previous), *others = events
    if previous >= number:  # 2.
        raise _broken(f"an event in block {number} says that the one before was in block {previous}")
    if any(link != number for _, link in others):  # 3.
        raise _broken(f"the events of block {number} do not follow one another")
    return Linked(tuple(Change(block, event) for event, _ in events), previous)


@dataclass(frozen=True, slots=True)
class Changes:
    """Every event of an identity, oldest first, up to a block."""

    at: Block
    events: tuple[Change, ...]


async def read_changes(reader: EventReader, identity: bytes) -> Changes:
    """Every event of an identity: the links followed back from the last, each block asked for once.

    Raises EventsError where what the reader tells does not hang together, UnsupportedEventsError for more events than
    are read, and UnavailableError.
    """
    last = await reader.last_change(identity)
    number = last.number
    if number > last.at.number:
        raise _broken(f"the last event is said to be in block {number}, behind block {last.at.number}")
    links = Links()
    while number:
        number = links.add(linked_in(await reader.events(number), identity, number))
    return links.whole(last.at)


class Links:
    """The blocks of an identity's events as the links lead to them, the newest first."""

    __slots__ = ("_blocks", "_events")

    def __init__(self) -> None:
        self._blocks: list[tuple[Change, ...]] = []
        self._events = 0

    def add(self, linked: Linked) -> int:
        """Take what a block says; the number of the block to go on with, or 0."""
        self._blocks.append(linked.changes)
        self._events += len(linked.changes)
        if len(self._blocks) > MAX_BLOCKS or self._events > MAX_EVENTS:
            raise UnsupportedEventsError(
                f"the identity has more than {MAX_EVENTS} events, or events in more than {MAX_BLOCKS} blocks",
                code="ethr.too_many",
                remedy="Ask its controller for an identifier that was changed less often.",
            )
        return linked.previous

    def whole(self, at: Block) -> Changes:
        """All events up to a block; raises EventsError where a block is dated before an earlier one."""
        changes = tuple(change for block in reversed(self._blocks) for change in block)
        times = [change.block.time for change in changes] + [at.time]
        if times != sorted(times):
            raise _broken("a block is dated before an earlier one")
        return Changes(at, changes)


def _event_of(log: Log, identity: bytes) -> tuple[Event, int] | None:
    """An event of this identity with its link; None for other identities', and for what is no event of the registry."""
    read = _READERS.get(log.topics[0]) if len(log.topics) == _TOPICS else None
    if read is None or log.topics[1] != identity.rjust(_WORD, b"\0"):
        return None
    words, rest = log.data[: read.words * _WORD], log.data[read.words * _WORD :]
    if len(words) != read.words * _WORD:
        raise _unreadable()
    return read.event([words[start : start + _WORD] for start in range(0, len(words), _WORD)], rest)


def _owner_changed(words: list[bytes], rest: bytes) -> tuple[Event, int]:
    owner, previous = words
    if rest:
        raise _unreadable()
    return OwnerChanged(_address(owner)), int.from_bytes(previous)


def _delegate_changed(words: list[bytes], rest: bytes) -> tuple[Event, int]:
    kind, delegate, valid_to, previous = words
    if rest:
        raise _unreadable()
    return DelegateChanged(kind, _address(delegate), int.from_bytes(valid_to)), int.from_bytes(previous)


def _attribute_changed(words: list[bytes], rest: bytes) -> tuple[Event, int]:
    name, offset, valid_to, previous, size = words
    length = int.from_bytes(size)
    padded = -(-length // _WORD) * _WORD
    if int.from_bytes(offset) != 4 * _WORD or len(rest) != padded:
        raise _unreadable()
    if length > MAX_VALUE_BYTES:
        raise UnsupportedEventsError(
            f"an attribute has a value of {length} bytes; at most {MAX_VALUE_BYTES} are read",
            code="ethr.too_large",
            remedy="Ask its controller for an identifier with shorter attributes.",
        )
    return AttributeChanged(name, rest[:length], int.from_bytes(valid_to)), int.from_bytes(previous)


@dataclass(frozen=True, slots=True)
class _Reader:
    words: int
    event: "_Read"


class _Read(Protocol):
    def __call__(self, words: list[bytes], rest: bytes) -> tuple[Event, int]: ...


_READERS: Final[Mapping[bytes, _Reader]] = {
    OWNER_CHANGED: _Reader(2, _owner_changed),
    DELEGATE_CHANGED: _Reader(4, _delegate_changed),
    ATTRIBUTE_CHANGED: _Reader(5, _attribute_changed),
}


def _address(word: bytes) -> bytes:
    if any(word[:-ADDRESS_BYTES]):
        raise _unreadable()
    return word[-ADDRESS_BYTES:]


def _unreadable() -> EventsError:
    return EventsError(
        "an event that the registry cannot have written",
        code="ethr.event",
        remedy="Ask another node of the chain, and look whether the address of the registry is right.",
    )


def _broken(reason: str) -> EventsError:
    return EventsError(
        reason,
        code="ethr.link",
        remedy="Ask another node of the chain, one that keeps the events of all blocks; this one left something out.",
    )
