"""The material of a verdict that is about chains: receipts, trusted blocks, and proofs of what contracts hold.

Nothing here is believed because it is here. A receipt and a proof show themselves under a block, a checkpoint by its
signatures; a block that nodes agreed on counts only where this verifier asked them, which no file can say of itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from node.documents import JsonObject
from node.verification.material import Origin, ResolutionFailure, failures_in, failures_json, origin_in
from node.verification.material_members import (
    as_bytes,
    as_list,
    as_object,
    base64_text,
    bytes_of_hex,
    fields_from,
    fields_json,
    hex_text,
    invalid,
    number_in,
    objects_in,
    text_in,
)
from node.verification.seen import NOTHING_SEEN, Seen

if TYPE_CHECKING:
    from anchoring.facts import Question

KIND: Final = "question"


@dataclass(frozen=True, slots=True)
class FactProof:
    """One proof of the answers to some questions, at the end of the block whose header it brings.

    `contract` is the address of the contract; `proof` is what `StorageProof.encode` wrote.
    """

    chain_id: int
    contract: bytes
    questions: tuple["Question", ...]
    proof: bytes
    origin: Origin


@dataclass(frozen=True, slots=True)
class QuorumBlock:
    """A block that enough nodes of a chain call final. It counts only where its origin is LIVE."""

    chain_id: int
    genesis: bytes
    number: int
    hash: bytes
    origin: Origin


@dataclass(frozen=True, slots=True)
class BridgeProof:
    """A proof that leads from a block, whose header it brings, to an earlier one with this number (EIP-2935)."""

    chain_id: int
    number: int
    proof: bytes


@dataclass(frozen=True, slots=True)
class LedgerMaterial:
    """What was gathered of chains. Receipts and checkpoints are the bytes that their `encode` wrote.

    `failures` say of a chain, by its CAIP-2 name, why nobody could be asked. `seen` is what this verifier remembers.
    """

    receipts: tuple[bytes, ...] = ()
    checkpoints: tuple[bytes, ...] = ()
    facts: tuple[FactProof, ...] = ()
    blocks: tuple[QuorumBlock, ...] = ()
    bridges: tuple[BridgeProof, ...] = ()
    failures: Mapping[str, ResolutionFailure] = field(default_factory=dict)
    seen: Seen = NOTHING_SEEN

    def __bool__(self) -> bool:
        return any((self.receipts, self.checkpoints, self.facts, self.blocks, self.bridges, self.failures, self.seen))

    def to_json(self) -> JsonObject:
        """The material as plain JSON; `from_json` reads it back."""
        return {
            "receipts": [base64_text(receipt) for receipt in self.receipts],
            "checkpoints": [base64_text(checkpoint) for checkpoint in self.checkpoints],
            "facts": [
                {
                    "chain": fact.chain_id,
                    "contract": hex_text(fact.contract),
                    "questions": [question_json(question) for question in fact.questions],
                    "proof": base64_text(fact.proof),
                    "origin": fact.origin.value,
                }
                for fact in self.facts
            ],
            "blocks": [
                {
                    "chain": block.chain_id,
                    "genesis": hex_text(block.genesis),
                    "number": block.number,
                    "hash": hex_text(block.hash),
                    "origin": block.origin.value,
                }
                for block in self.blocks
            ],
            "bridges": [
                {"chain": bridge.chain_id, "number": bridge.number, "proof": base64_text(bridge.proof)}
                for bridge in self.bridges
            ],
            "failures": failures_json(self.failures),
            **({"seen": self.seen.to_json()} if self.seen else {}),
        }

    @classmethod
    def from_json(cls, table: JsonObject, *, own: bool = False) -> Self:
        """The material that `to_json` wrote; `own` as of `VerificationMaterial.from_json`. Raises MaterialError."""
        return cls(
            _listed_bytes(table, "receipts"),
            _listed_bytes(table, "checkpoints"),
            tuple(
                FactProof(
                    number_in(item, "chain", path),
                    bytes_of_hex(item, "contract", path),
                    tuple(
                        question_from_json(as_object(asked, f"{path}/questions/{index}"), f"{path}/questions/{index}")
                        for index, asked in enumerate(as_list(item.get("questions"), f"{path}/questions"))
                    ),
                    as_bytes(item.get("proof"), f"{path}/proof"),
                    origin_in(item, path, own=own),
                )
                for path, item in objects_in(table, "facts")
            ),
            tuple(
                QuorumBlock(
                    number_in(item, "chain", path),
                    bytes_of_hex(item, "genesis", path),
                    number_in(item, "number", path),
                    bytes_of_hex(item, "hash", path),
                    origin_in(item, path, own=own),
                )
                for path, item in objects_in(table, "blocks")
            ),
            tuple(
                BridgeProof(
                    number_in(item, "chain", path),
                    number_in(item, "number", path),
                    as_bytes(item.get("proof"), f"{path}/proof"),
                )
                for path, item in objects_in(table, "bridges")
            ),
            failures_in(table, "failures"),
            Seen.from_json(as_object(table["seen"], "/seen")) if own and "seen" in table else NOTHING_SEEN,
        )


def question_json(question: "Question") -> JsonObject:
    """A question as plain JSON: its kind, and its members by their names, bytes as hexadecimal."""
    return {KIND: type(question).__name__, **fields_json(question)}


def question_from_json(item: JsonObject, path: str) -> "Question":
    """The question that `question_json` wrote; raises MaterialError."""
    from anchoring import facts  # noqa: PLC0415 -- read by those who have chains in their material

    kinds: dict[str, Any] = {kind.__name__: kind for kind in facts.Question.__value__.__args__}
    kind = kinds.get(text_in(item, KIND, path))
    if kind is None:
        raise invalid(f"{path}/{KIND}", "there is no such question")
    question: Question = fields_from(kind, item, path)
    return question


def _listed_bytes(table: JsonObject, member: str) -> tuple[bytes, ...]:
    return tuple(
        as_bytes(value, f"/{member}/{index}") for index, value in enumerate(as_list(table.get(member), f"/{member}"))
    )
