"""What a verifier remembers from one verification to the next: how far chains and status lists had come.

So a list or a chain that is taken back is noticed, though nobody at hand tells of it. Nothing else is remembered, and
nothing of persons: an id stands for a list of at least a hundred thousand places, not for one of them.

Only what was proven is remembered, and only of chains that the verifier trusts. It is the verifier's own word to
itself, so what came with a file never adds to it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

from node.credentials.errors import RecordNameError
from node.credentials.record_name import RecordName
from node.documents import JsonObject, JsonValue
from node.verification.check import CheckName
from node.verification.errors import MaterialError
from node.verification.material import Origin
from node.verification.material_members import (
    bytes_of_hex,
    fields_from,
    fields_json,
    invalid,
    objects_in,
    text_in,
    whole_in,
)

if TYPE_CHECKING:
    from node.verification.ledger_material import LedgerMaterial
    from node.verification.report import Report
    from node.verification.trust import Trust

VERSION: Final = 1
MAX_HEADS: Final = 4096
"""Lists that are remembered, some 500 bytes each: as many as the issuers of a country have. Then the namespace with the
most of them forgets the one that was seen longest ago: nobody's lists, however many, push out those of others."""
MAX_BLOCKS: Final = 64
"""Chains, as many as a trust file names."""


@dataclass(frozen=True, slots=True)
class SeenHead:
    """The newest head of a list that was proven in one record."""

    chain_id: int
    genesis: bytes
    contract: bytes
    namespace: bytes
    list_id: bytes
    era: int
    version: int
    digest: bytes
    time: int
    """When it was set, in seconds since 1970."""

    @property
    def order(self) -> tuple[int, int]:
        """As of a StatusHead."""
        return self.era, self.version

    @property
    def place(self) -> tuple[int, bytes, bytes, bytes, bytes]:
        """Where it stands."""
        return self.chain_id, self.genesis, self.contract, self.namespace, self.list_id


@dataclass(frozen=True, slots=True)
class SeenBlock:
    """The latest block of a chain that enough of its nodes called final."""

    chain_id: int
    genesis: bytes
    number: int
    hash: bytes

    @property
    def place(self) -> tuple[int, bytes]:
        """Of which chain."""
        return self.chain_id, self.genesis


@dataclass(frozen=True, slots=True)
class Seen:
    """All that a verifier remembers; what was seen last stands last."""

    heads: tuple[SeenHead, ...] = ()
    blocks: tuple[SeenBlock, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.heads or self.blocks)

    def learning(self, heads: Iterable[SeenHead], blocks: Iterable[SeenBlock]) -> Self:
        """This, and what was seen now; never an older head, nor a block, in the place of a newer one."""
        known = {head.place: head for head in self.heads}
        for head in heads:
            before = known.pop(head.place, head)
            known[head.place] = head if head.order > before.order else before
        latest = {block.place: block for block in self.blocks}
        for block in blocks:
            earlier = latest.pop(block.place, block)
            latest[block.place] = block if block.number > earlier.number else earlier
        return type(self)(_fair(tuple(known.values())), tuple(latest.values())[-MAX_BLOCKS:])

    def to_json(self) -> JsonObject:
        """What is remembered, as plain JSON; `from_json` reads it back."""
        return {
            "version": VERSION,
            "heads": list[JsonValue](map(fields_json, self.heads)),
            "blocks": list[JsonValue](map(fields_json, self.blocks)),
        }

    @classmethod
    def from_json(cls, table: JsonObject) -> Self:
        """What `to_json` wrote; raises MaterialError."""
        if table.get("version") != VERSION:
            raise invalid("/version", f"it is not {VERSION}")
        return cls(
            tuple([fields_from(SeenHead, item, path) for path, item in objects_in(table, "heads")][-MAX_HEADS:]),
            tuple([fields_from(SeenBlock, item, path) for path, item in objects_in(table, "blocks")][-MAX_BLOCKS:]),
        )


NOTHING_SEEN: Final = Seen()


def _fair(heads: tuple[SeenHead, ...]) -> tuple[SeenHead, ...]:
    """As many as are remembered: of each namespace the one that was seen last, then the one before it, and so on."""
    if len(heads) <= MAX_HEADS:
        return heads
    count: Counter[tuple[int, bytes, bytes, bytes]] = Counter()
    order: list[tuple[int, int]] = []
    for index in reversed(range(len(heads))):
        namespace = heads[index].place[:4]
        count[namespace] += 1
        order.append((count[namespace], -index))
    kept = sorted(-index for _, index in sorted(order)[:MAX_HEADS])
    return tuple([heads[index] for index in kept])


def heads_in(report: "Report", trust: "Trust") -> Iterator[SeenHead]:
    """The heads that were proven for a report of this verifier's, on the chains that it trusts."""
    for credential in report.credentials:
        evidence = credential.check(CheckName.STATUS).evidence
        listed = evidence.get("entries")
        for told in (evidence, *(listed if isinstance(listed, list) else ())):
            heads = told.get("heads") if isinstance(told, dict) else None
            for head in heads if isinstance(heads, list) else ():
                if isinstance(head, dict):
                    yield from _head(head, trust)


def blocks_in(ledgers: "LedgerMaterial | None") -> Iterator[SeenBlock]:
    """The blocks that nodes agreed on which were asked for this."""
    for block in ledgers.blocks if ledgers else ():
        if block.origin is Origin.LIVE:
            yield SeenBlock(block.chain_id, block.genesis, block.number, block.hash)


def _head(told: JsonObject, trust: "Trust") -> Iterator[SeenHead]:
    try:
        name = RecordName.parse(text_in(told, "record", ""))
        chain = trust.chain(name.chain_id)
        if chain is not None:
            yield SeenHead(
                name.chain_id,
                chain.chain.genesis,
                name.contract,
                name.namespace,
                bytes_of_hex(told, "listId", ""),
                whole_in(told, "era", ""),
                whole_in(told, "version", ""),
                bytes_of_hex(told, "digest", ""),
                whole_in(told, "set", ""),
            )
    except (MaterialError, RecordNameError):
        return  # a process that was overcome by what it read may answer anything
