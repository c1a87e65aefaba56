"""Anchors: how long a batch takes to build, a receipt to check, and facts to prove out of a chain's state.

    python bench/anchors.py [--json]

The state is made by hand, as deep as the tries of a large public chain: only the nodes on the way to what is asked for,
with chance in place of everything beside it. So the proofs have the size and the depth that they have there.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass

from anchoring import rlp
from anchoring.batch import batch, fresh_salts, fresh_secret
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.keccak import keccak256
from anchoring.layout import proven_facts, slots_of
from anchoring.ledger import AccreditationOf, Anchor, AnchorOf, AuthorityAt, HeadOf, Question
from anchoring.merkle import Tree, leaf_hash, root_from_path
from anchoring.receipt import Finality, Receipt, Site, anchor_shown_by
from anchoring.storage_proof import Contract, StorageProof

CHANCE = random.Random(7)  # noqa: S311 - the same state in every run, no secret
MILLION = 1_000_000
LARGE_RUNS, RUNS, WARM_UP = 5, 2000, 100
BUSY_CHAIN, LARGEST_CHAIN = 30_000_000, 300_000_000
"""Accounts: of a chain on which writing is cheap, and of the largest there is."""
NUMBER, TIME = 20_000_000, 1_780_000_000
NAMESPACE, LIST, SUBJECT, SCOPE = (CHANCE.randbytes(32) for _ in range(4))
CONTRACT = Contract(CHANCE.randbytes(20), CHANCE.randbytes(32))
CHAIN = Chain(1, CHANCE.randbytes(32))


@dataclass(frozen=True, slots=True)
class Result:
    """One row: the median in microseconds, and the size of what was read where it has one."""

    name: str
    median: float
    target: float | None = None
    size: int | None = None
    largest: int | None = None

    @property
    def met(self) -> bool:
        """Whether time and size keep to their targets, where there are any."""
        in_time = self.target is None or self.median <= self.target
        return in_time and (self.size is None or self.largest is None or self.size <= self.largest)


def timed(work: Callable[[], object], runs: int = RUNS) -> float:
    """The median of single runs, in microseconds."""
    taken = []
    for run in range(runs + min(runs, WARM_UP) - 1):
        start = time.perf_counter()
        work()
        if run >= min(runs, WARM_UP) - 1:
            taken.append((time.perf_counter() - start) * 1e6)
    return statistics.median(taken)


class DeepTrie:
    """The nodes of a trie of `population` random keys that lie on the way to these."""

    def __init__(self, items: Mapping[bytes, bytes], population: int) -> None:
        self.nodes: dict[bytes, bytes] = {}
        self._items = {key.hex(): value for key, value in items.items()}
        self.root = self._reference(self._node("", sorted(self._items), population))

    def path(self, key: bytes) -> list[bytes]:
        """The nodes that a walk along the key meets."""
        found, at, digits = [], self.root, key.hex()
        for digit in digits:
            found.append(self.nodes[at])
            node = rlp.decode(self.nodes[at])
            if not isinstance(node, list) or len(node) == 2 or not isinstance(node[int(digit, 16)], bytes):  # noqa: PLR2004
                break
            child = node[int(digit, 16)]
            if not isinstance(child, bytes) or not child:
                break
            at = child
        return found

    def _node(self, prefix: str, keys: list[str], population: int) -> rlp.Item:
        if population < 16 and len(keys) == 1:  # noqa: PLR2004 - fewer than ways: this key is most likely alone
            digits = keys[0][len(prefix) :]
            flag = "3" if len(digits) % 2 else "20"
            return [bytes.fromhex(flag + digits), self._items[keys[0]]]
        branch: list[rlp.Item] = []
        for digit in "0123456789abcdef":
            below = [key for key in keys if key.startswith(prefix + digit)]
            beside = CHANCE.randbytes(32) if CHANCE.random() < population / 16 else b""
            branch.append(self._reference(self._node(prefix + digit, below, population // 16)) if below else beside)
        return [*branch, b""]

    def _reference(self, node: rlp.Item) -> bytes:
        data = rlp.encode(node)
        digest = keccak256(data)
        self.nodes[digest] = data
        return digest


def packed(*fields: tuple[int, int]) -> bytes:
    """Numbers with the bit that each begins at."""
    return sum(number << first for number, first in fields).to_bytes(32)


def words_of(question: Question) -> list[bytes]:
    """Something that the contract can have written as the answer."""
    match question:
        case AnchorOf():
            return [packed((NUMBER - 9, 0), (TIME - 99, 48))]
        case HeadOf():
            return [CHANCE.randbytes(32), packed((7, 0), (TIME - 99, 64), (TIME + 99, 112))]
        case AuthorityAt():
            return [packed((1 << 159, 0), (NUMBER - 99, 160), (TIME - 999, 208)), bytes(32)]
        case AccreditationOf():
            return [packed((TIME - 999, 0), (TIME + 999, 48), (TIME - 999, 96)), CHANCE.randbytes(32)]


def chain_with(questions: list[Question], slots: int, accounts_there: int) -> tuple[StorageProof, TrustedBlock]:
    """The proof of the answers in a contract of so many slots, among so many accounts."""
    words = {slot: word for each in questions for slot, word in zip(slots_of(each), words_of(each), strict=True)}
    # Where nothing stands, the walk ends at a neighbour: some key that shares all but its end.
    stored = {
        key if any(word) else key[:-1] + bytes([key[-1] ^ 1]): rlp.encode(word.lstrip(b"\0") or b"\x01")
        for key, word in ((keccak256(slot), word) for slot, word in words.items())
    }
    storage = DeepTrie(stored, slots)
    account = rlp.encode([b"\x01", b"", storage.root, CONTRACT.code_hash])
    accounts = DeepTrie({keccak256(CONTRACT.address): account}, accounts_there)
    numbers = [number.to_bytes((number.bit_length() + 7) // 8) for number in (0, NUMBER, 30_000_000, 9_000_000, TIME)]
    random_hash = CHANCE.randbytes
    header = rlp.encode(
        [
            *(random_hash(32), random_hash(32), random_hash(20), accounts.root, random_hash(32), random_hash(32)),
            *(random_hash(256), *numbers, random_hash(16), random_hash(32), bytes(8), b"\x3b\x9a\xca\x00"),
            *(random_hash(32), b"\x0c\0\0", b"", random_hash(32), random_hash(32)),
        ]
    )
    proof = StorageProof.bundle(
        header, accounts.path(keccak256(CONTRACT.address)), {slot: storage.path(keccak256(slot)) for slot in words}
    )
    return proof, TrustedBlock(CHAIN, NUMBER, keccak256(header))


def batches() -> list[Result]:
    """Rows of trees and audit paths."""
    commitments, salts = [CHANCE.randbytes(32) for _ in range(MILLION)], fresh_salts(MILLION)
    leaves = [CHANCE.randbytes(32) for _ in range(MILLION)]
    tree = timed(lambda: Tree.of(leaves), LARGE_RUNS)
    whole = timed(lambda: batch(commitments, salts, fresh_secret()), LARGE_RUNS)
    made = batch(commitments, salts, fresh_secret())
    place = made.place(salts[7], commitments[7])

    def check() -> None:
        leaf = leaf_hash(place.salt, commitments[7])
        if root_from_path(leaf, place.index, place.size, place.path) != made.tree.root:
            raise ValueError("the bench's own audit path did not hold")

    return [
        Result("tree of 1,000,000 leaves", tree, 1_000_000),
        Result("batch of 1,000,000: salted, in order, padded", whole, 4_000_000),
        Result("find one in it, with its path", timed(lambda: made.place(salts[7], commitments[7]))),
        Result("check its path", timed(check), 20, 32 * len(place.path)),
    ]


def proofs() -> list[Result]:
    """Rows of facts out of a chain's state."""
    anchor, head = AnchorOf(NAMESPACE, CHANCE.randbytes(32)), HeadOf(NAMESPACE, LIST)
    accreditation = AccreditationOf(NAMESPACE, SUBJECT, SCOPE, 0)
    authority = AuthorityAt(NAMESPACE, NUMBER, 0)
    three: list[Question] = [anchor, head, accreditation]
    kept = (500.0, 8_000)
    rows = []
    for name, asked, slots, accounts, (target, largest) in [
        ("anchor, head, accreditation, 1,000 slots", three, 1_000, BUSY_CHAIN, kept),
        ("anchor, head, authority, 1,000 slots", [anchor, head, authority], 1_000, BUSY_CHAIN, kept),
        ("all four, 1,000 slots", [*three, authority], 1_000, BUSY_CHAIN, (None, None)),
        ("three, 1,000,000 slots, largest chain", three, MILLION, LARGEST_CHAIN, (None, None)),
        ("an anchor, 1,000,000 slots, largest chain", [anchor], MILLION, LARGEST_CHAIN, (None, None)),
    ]:
        proof, block = chain_with(asked, slots, accounts)
        encoded = proof.encode()

        def prove(encoded: bytes = encoded, block: TrustedBlock = block, asked: list[Question] = asked) -> None:
            shown = proven_facts(
                StorageProof.decode(encoded), block_hash=block.hash, contract=CONTRACT, questions=asked
            )
            if None in shown.facts.values():
                raise ValueError("the bench's own facts were not proven")

        rows.append(Result(name, timed(prove), target, len(encoded), largest))
    return [*rows, whole_receipt()]


def whole_receipt() -> Result:
    """The row of a final receipt, from its bytes to the anchor."""
    commitment, salt = CHANCE.randbytes(32), fresh_salts(1)[0]
    made = batch([commitment], [salt], fresh_secret())
    site = Site(CHAIN.id, CONTRACT.address, NAMESPACE)
    receipt = Receipt(made.place(salt, commitment), site, b"eddsa-rdfc-2022")
    proof, block = chain_with([receipt.question], MILLION, LARGEST_CHAIN)
    anchor = Anchor(NUMBER - 9, TIME - 99, 0, 0)
    encoded = Receipt(receipt.place, site, receipt.subject, Finality(anchor, proof)).encode()

    def check() -> None:
        anchor_shown_by(Receipt.decode(encoded), commitment, site=site, block=block, contract=CONTRACT)

    return Result("a final receipt, 1,000,000 slots, largest", timed(check), None, len(encoded))


def main() -> int:
    """Measure and print; the status is 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    as_json = parser.parse_args().json
    results = [*batches(), *proofs()]
    if as_json:
        print(json.dumps([asdict(result) for result in results]))
    else:
        print(f"{'':46}{'median':>13}{'bytes':>9}   target")
        for result in results:
            limits = [
                f"{result.target / 1000:,.3g} ms" if result.target else "",
                f"{result.largest:,} bytes" if result.largest else "",
            ]
            said = " and ".join(filter(None, limits))
            size = f"{result.size:,}" if result.size else ""
            print(
                f"{result.name:46}{result.median / 1000:10,.3f} ms{size:>9}   "
                + (f"≤ {said}  {'met' if result.met else 'MISSED'}" if said else "")
            )
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
