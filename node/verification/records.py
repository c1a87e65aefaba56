"""What is proven of records on chains: all that came is untrusted, until a block that this verifier trusts shows it.

A block is trusted because the verifier pinned it, asked enough nodes itself, or because enough signers whom it trusts
vouch for it; and an earlier block because a trusted one holds its hash. Under a trusted block a proof shows itself,
whoever handed it over. What it shows is an answer as of that block, and the newest answer counts.

Spec: https://eips.ethereum.org/EIPS/eip-1186, https://eips.ethereum.org/EIPS/eip-2935
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from anchoring.block_bridge import earlier_block
from anchoring.checkpoint import SignedCheckpoint, TrustedBlock
from anchoring.errors import AnchoringError
from anchoring.facts import ENDLESS, Fact, Question
from anchoring.header import Header
from anchoring.layout import ProvenFacts, proven_facts
from anchoring.receipt import Finality, Receipt, Site
from anchoring.storage_proof import MAX_SLOTS, StorageProof
from node.verification.chains import TrustedChain, caip, is_test_network
from node.verification.checkpoint_signers import signed_by
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import Origin
from node.verification.trust import Trust

MAX_RECEIPTS: Final = 128
"""A presentation of 100 credentials, and some that are of none of them."""
MAX_CHECKPOINTS: Final = 16
"""One for each of some chains, and a newer one."""
MAX_BLOCKS: Final = 64
"""Trusted blocks of one chain."""
MAX_BRIDGES: Final = 16
"""Ways to earlier blocks; a proof under a newer block needs none."""
MAX_FACTS: Final = 128
"""Proofs that are read, those in receipts among them."""


class Problem(StrEnum):
    """Why something on a chain is not known."""

    UNKNOWN_NETWORK = "unknown_network"
    """The trust file names no such chain."""
    TEST_NETWORK = "test_network"
    OTHER_CONTRACT = "other_contract"
    """The trust file expects the contract elsewhere on the chain."""
    UNPROVEN = "unproven"
    """Nothing was handed over, or had, that shows it."""
    UNTRUSTED_BLOCK = "untrusted_block"
    """What shows it ends in a block that no trust reaches."""


@dataclass(frozen=True, slots=True)
class Known:
    """An answer of the contract, None where it holds none, at the end of a block that is trusted."""

    fact: Fact | None
    block: int
    time: datetime
    """Of that block: what the answer is as of."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """That there is no answer, and why."""

    problem: Problem


class Records:
    """The records of one verification. Each proof is read once; nothing is read before it is asked for."""

    __slots__ = ("_at", "_blocks", "_facts", "_material", "_places", "_receipts", "_shown", "_trust")

    def __init__(self, material: LedgerMaterial, trust: Trust, at: datetime) -> None:
        self._material = material
        self._trust = trust
        self._at = at
        self._blocks: dict[int, dict[bytes, TrustedBlock]] = {}
        self._shown: dict[int, ProvenFacts | None] = {}
        self._receipts: tuple[Receipt, ...] | None = None
        self._facts: tuple[FactProof, ...] = ()
        self._places: dict[tuple[int, bytes, Question], list[int]] | None = None

    def chain_of(self, site: Site) -> TrustedChain | Unknown:
        """The chain of a record, where anything on it can count.

        1. A network for tests proves nothing, whether this verifier knows it or not.
        2. The verifier knows the chain, and the contract at this place on it.
        """
        chain = self._trust.chain(site.chain_id)
        if is_test_network(site.chain_id, None if chain is None else chain.kind):  # 1.
            return Unknown(Problem.TEST_NETWORK)
        if chain is None:  # 2.
            return Unknown(Problem.UNKNOWN_NETWORK)
        return chain if chain.contract.address == site.contract else Unknown(Problem.OTHER_CONTRACT)

    def network(self, chain_id: int) -> str:
        """What people call a chain: its name in the trust file, else its number."""
        chain = self._trust.chain(chain_id)
        return caip(chain_id) if chain is None else chain.name

    def receipts(self, site: Site) -> tuple[Receipt, ...]:
        """The receipts about a record; bytes that are none are passed over."""
        return tuple([receipt for receipt in self._decoded() if receipt.site == site])

    def fact(self, site: Site, question: Question) -> Known | Unknown:
        """The newest answer that a record gave, as far as it is proven; one of none is that there was none."""
        answers = self.answers(site, question)
        return answers if isinstance(answers, Unknown) else answers[-1]

    def answers(self, site: Site, question: Question) -> tuple[Known, ...] | Unknown:
        """The answers that a record gave, as far as they are proven: one at least, the newest last.

        1. The record is one that can count.
        2. Proofs that answer the question, and end in a trusted block.
        """
        chain = self.chain_of(site)  # 1.
        if isinstance(chain, Unknown):
            return chain
        found: list[ProvenFacts] = []
        candidates = self._proofs(site, question)
        for place in candidates:  # 2.
            shown = self._read(place, chain)
            if shown is not None:
                found.append(shown)
        if not found:
            return Unknown(Problem.UNTRUSTED_BLOCK if candidates else Problem.UNPROVEN)
        found.sort(key=lambda each: each.header.number)
        return tuple([Known(each.facts[question], each.header.number, moment(each.header.timestamp)) for each in found])

    def blocks(self, chain: TrustedChain) -> tuple[TrustedBlock, ...]:
        """The blocks of a chain that are trusted, oldest first."""
        return tuple(sorted(self._trusted(chain).values(), key=lambda block: block.number))

    def _proofs(self, site: Site, question: Question) -> Sequence[int]:
        """Where the proofs stand that answer a question; strangers may have brought thousands of questions."""
        if self._places is None:
            self._facts = (*self._material.facts, *self._proofs_in_receipts())[:MAX_FACTS]
            self._places = {}
            for place, fact in enumerate(self._facts):
                for asked in dict.fromkeys(fact.questions[:MAX_SLOTS]):
                    self._places.setdefault((fact.chain_id, fact.contract, asked), []).append(place)
        return self._places.get((site.chain_id, site.contract, question), ())

    def _proofs_in_receipts(self) -> Iterator[FactProof]:
        for receipt in self._decoded():
            if isinstance(receipt.progress, Finality):
                site, proof = receipt.site, receipt.progress.proof
                yield FactProof(site.chain_id, site.contract, (receipt.question,), proof.encode(), Origin.FILE)

    def _decoded(self) -> tuple[Receipt, ...]:
        if self._receipts is None:
            self._receipts = tuple(decoded_receipts(self._material.receipts))
        return self._receipts

    def _read(self, place: int, chain: TrustedChain) -> ProvenFacts | None:
        if place not in self._shown:
            self._shown[place] = self._prove(self._facts[place], chain)
        return self._shown[place]

    def _prove(self, candidate: FactProof, chain: TrustedChain) -> ProvenFacts | None:
        try:
            proof = StorageProof.decode(candidate.proof)
            block = self._trusted(chain).get(Header.parse(proof.header).hash)
            if block is None:
                return None
            block.header(proof.header)  # the number, too, is the one that was vouched for
            return proven_facts(
                proof, block_hash=block.hash, contract=chain.contract, questions=candidate.questions[:MAX_SLOTS]
            )
        except AnchoringError:
            return None  # it does not show itself

    def _trusted(self, chain: TrustedChain) -> dict[bytes, TrustedBlock]:
        if chain.chain.id not in self._blocks:
            direct = _agreeing(self._direct(chain))
            found = _agreeing((*direct, *self._bridged(chain, direct)))
            self._blocks[chain.chain.id] = {block.hash: block for block in found}
        return self._blocks[chain.chain.id]

    def _direct(self, chain: TrustedChain) -> Iterator[TrustedBlock]:
        """Blocks that are trusted by themselves: pinned, agreed on by nodes that were asked here, signed for."""
        yield from chain.blocks
        for block in self._material.blocks[:MAX_BLOCKS]:
            known = (block.chain_id, block.genesis) == (chain.chain.id, chain.chain.genesis)
            if known and block.origin is Origin.LIVE:
                yield TrustedBlock(chain.chain, block.number, block.hash)
        if chain.checkpoints is not None:
            for data in self._material.checkpoints[:MAX_CHECKPOINTS]:
                try:
                    yield chain.checkpoints.accept(SignedCheckpoint.decode(data), check=signed_by, at=self._at)
                except AnchoringError:
                    continue  # of another chain, expired, or not signed by enough

    def _bridged(self, chain: TrustedChain, direct: Iterable[TrustedBlock]) -> Iterator[TrustedBlock]:
        """Earlier blocks, each one step from a block that is trusted by itself."""
        starts = {block.hash: block for block in direct}
        for bridge in self._material.bridges[:MAX_BRIDGES]:
            if bridge.chain_id != chain.chain.id:
                continue
            try:
                proof = StorageProof.decode(bridge.proof)
                start = starts.get(Header.parse(proof.header).hash)
                if start is not None:
                    yield earlier_block(start, proof, bridge.number)
            except AnchoringError:
                continue


def moment(seconds: int) -> datetime:
    """A time as chains tell it; one beyond all calendars is their end."""
    return datetime.fromtimestamp(min(seconds, ENDLESS), UTC)


def _agreeing(blocks: Iterable[TrustedBlock]) -> tuple[TrustedBlock, ...]:
    """The blocks without those of which the same trust says two things: at least one of them is a lie."""
    by_number: dict[int, set[TrustedBlock]] = {}
    for block in blocks:
        by_number.setdefault(block.number, set()).add(block)
    return tuple([block for same in by_number.values() if len(same) == 1 for block in same])


def decoded_receipts(listed: Sequence[bytes]) -> Iterator[Receipt]:
    """The receipts among these bytes, each once; what is none is passed over."""
    for data in dict.fromkeys(listed[:MAX_RECEIPTS]):
        try:
            yield Receipt.decode(data)
        except AnchoringError:
            continue
