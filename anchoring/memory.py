"""A ledger in memory: the contract's rules, blocks with headers, and proofs like those of any chain.

For tests, and for trying things out without a chain. What it answers is proven as by any other ledger, so everything
behind the port runs the same; but nothing survives the process, and nobody else sees it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import count
from typing import Final

from anchoring import rlp
from anchoring.calls import AuthorizedCall
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.contract_rules import Setting
from anchoring.errors import CallError, RefusedError, UnprovenError
from anchoring.facts import (
    Accreditation,
    Anchor,
    Authority,
    Fact,
    NamespaceState,
    Question,
    Standing,
    StatusHead,
)
from anchoring.header import Header
from anchoring.keccak import keccak256
from anchoring.layout import proven_facts, slots_of
from anchoring.ledger import CallProgress, CallState
from anchoring.operations import Outcome, outcome, question_of
from anchoring.storage_proof import ABSENT, WORD_BYTES, Contract, StorageProof
from anchoring.trie import EMPTY_ROOT
from anchoring.trie_build import BuiltTrie

CHAIN_ID: Final = 31_337
"""The one that development chains go by; none of public value has it."""
FINALITY: Final = 2
"""How many blocks stand on the final one while blocks are made by themselves."""
MAX_WAITING: Final = 10_000
"""Calls that are neither final nor refused."""
KEPT_STATES: Final = 8
"""Tries that are kept for proofs; others are built anew when they are asked for."""
_NO_OMMERS: Final = keccak256(rlp.encode([]))
_GAS_LIMIT: Final = 30_000_000
_BLOOM: Final = bytes(256)


@dataclass(frozen=True, slots=True)
class _Block:
    header: bytes
    read: Header
    facts: Mapping[Question, Fact]
    leaves: Mapping[bytes, bytes]
    """The storage trie's items."""
    calls: tuple[bytes, ...]
    """Ids of the calls that were carried out in it."""


@dataclass(frozen=True, slots=True)
class _State:
    """The tries of a block: all accounts there are, and the storage of the one."""

    accounts: BuiltTrie
    storage: BuiltTrie


class MemoryLedger:
    """A chain with the contract on it, and nothing else.

    The clock gives the time, in seconds since 1970, for the next block. With `automatic`, each round of `advance`
    makes a block and the ones some blocks behind it final; without, blocks come from `mine` and `finalize`.
    """

    def __init__(
        self,
        contract: Contract,
        *,
        clock: Callable[[], int],
        chain_id: int = CHAIN_ID,
        automatic: bool = True,
        finality: int = FINALITY,
    ) -> None:
        self._contract = contract
        self._clock = clock
        self._automatic, self._finality = automatic, finality
        self._forks = count()
        self._states: dict[bytes, _State] = {}
        self._blocks: list[_Block] = []
        self._blocks = [self._sealed({}, {}, (), clock())]
        self._chain = Chain(chain_id, self._blocks[0].read.hash)
        self._final = 0
        self._waiting: dict[bytes, AuthorizedCall] = {}
        self._pool: dict[bytes, None] = {}

    # --- what any ledger does

    @property
    def chain(self) -> Chain:
        """The chain; its first block, and so its identity, depends on the clock."""
        return self._chain

    @property
    def contract(self) -> Contract:
        """The contract on it."""
        return self._contract

    async def final_block(self) -> TrustedBlock:
        """The latest block that `reorganise` will not take back."""
        return self._trusted(self._blocks[self._final])

    async def answer(self, question: Question, block: TrustedBlock) -> Fact | None:
        """What the contract's storage said at the end of this block, or None where it said nothing."""
        proof = await self.prove([question], block)
        shown = proven_facts(proof, block_hash=block.hash, contract=self._contract, questions=[question])
        return shown.facts[question]

    async def prove(self, questions: Iterable[Question], block: TrustedBlock) -> StorageProof:
        """One proof of the answers to all of these questions at the end of this block."""
        found = self._block(block)
        state = self._state(found.leaves, found.read.state_root)
        slots = {slot for question in questions for slot in slots_of(question)}
        return StorageProof.bundle(
            found.header,
            state.accounts.proof(keccak256(self._contract.address)),
            {slot: state.storage.proof(keccak256(slot)) for slot in slots},
        )

    async def submit(self, call: AuthorizedCall) -> bytes:
        """Take a call over, for as long as this process lives."""
        digest = call.id
        if digest not in self._waiting and len(self._waiting) >= MAX_WAITING:
            raise CallError(
                f"{len(self._waiting)} calls wait already",
                code="call.too_many",
                remedy="Let the ledger advance until some of them are final.",
            )
        self._waiting.setdefault(digest, call)
        return digest

    async def advance(self) -> tuple[CallProgress, ...]:
        """Bring what waits to the next block, and tell how each call stands."""
        # What stands there already, by whomever it was brought, is not brought again.
        states = {digest: self._progress(digest, call).state for digest, call in self._waiting.items()}
        self._pool |= {digest: None for digest, state in states.items() if state is CallState.BATCHED}
        if self._automatic:
            self.mine()
            self.finalize(max(self._final, self.latest.number - self._finality))
        told = tuple(self._progress(digest, call) for digest, call in self._waiting.items())
        for progress in told:
            if progress.state in (CallState.FINALIZED, CallState.REFUSED):
                del self._waiting[progress.id]
                self._pool.pop(progress.id, None)
        return told

    # --- what only a chain in memory lets one do

    @property
    def latest(self) -> TrustedBlock:
        """The latest block, which may still be taken back."""
        return self._trusted(self._blocks[-1])

    def mine(self) -> TrustedBlock:
        """Make a block of those calls that wait in line and that the contract takes; the others go on waiting."""
        before = self._blocks[-1]
        number, time = before.read.number + 1, max(before.read.timestamp + 1, self._clock())
        facts, changed, carried_out = dict(before.facts), set[Question](), []
        for digest in list(self._pool):
            setting = Setting(facts, self._chain.id, self._contract.address, number, time)
            try:
                changes = setting.changes(self._waiting[digest])
            except RefusedError:
                continue
            facts.update(changes)
            changed.update(changes)
            carried_out.append(digest)
            del self._pool[digest]
        leaves = _written(before.leaves, {question: facts[question] for question in changed})
        self._blocks.append(self._sealed(facts, leaves, tuple(carried_out), time))
        return self.latest

    def finalize(self, number: int | None = None) -> TrustedBlock:
        """Let the block with this number, or the latest, be final; none before the final one can be again."""
        wanted = self._blocks[-1].read.number if number is None else number
        if not self._final <= wanted < len(self._blocks):
            raise _unknown(f"block {wanted} is not from {self._final} to {len(self._blocks) - 1}")
        self._final = wanted
        return self._trusted(self._blocks[wanted])

    def reorganise(self, depth: int, *, lost: bool = False) -> TrustedBlock:
        """Take the latest blocks back, and put as many empty ones in their place.

        Their calls wait in line again; when they are `lost`, nobody remembers them but whoever submitted them.
        """
        if not 0 < depth < len(self._blocks) - self._final:
            raise _unknown(f"{depth} blocks cannot be taken back from {len(self._blocks) - 1}: {self._final} is final")
        taken_back = self._blocks[-depth:]
        del self._blocks[-depth:]
        for block in taken_back:
            before = self._blocks[-1]
            self._blocks.append(self._sealed(before.facts, before.leaves, (), block.read.timestamp))
            self._pool |= {} if lost else {digest: None for digest in block.calls if digest in self._waiting}
        if lost:
            self._pool.clear()
        return self.latest

    # --- inside

    def _progress(self, digest: bytes, call: AuthorizedCall) -> CallProgress:
        told = CallProgress(digest, CallState.BATCHED, call.operation)
        final = self._blocks[self._final]
        stands_in = next((block.read.number for block in self._blocks if digest in block.calls), None)
        if stands_in is not None:
            state = CallState.FINALIZED if stands_in <= self._final else CallState.MINED
            return replace(told, state=state, transaction=digest, block=stands_in)
        question = question_of(call.operation)
        # Never a question about a block, which several entries would answer: what stands there is the answer.
        found = outcome(call.operation, final.facts.get(question))
        if found is Outcome.DONE:
            return replace(told, state=CallState.FINALIZED)
        if found is Outcome.OVERTAKEN:
            return replace(told, state=CallState.REFUSED, problem="something else stands in its place")
        if call.expires is not None and call.expires <= final.read.timestamp:
            return replace(told, state=CallState.REFUSED, problem="its deadline is over")
        state = CallState.SENT if digest in self._pool else CallState.BATCHED
        return replace(told, state=state, problem=self._problem(call))

    def _problem(self, call: AuthorizedCall) -> str | None:
        """Why the contract would not take the call into the next block."""
        latest = self._blocks[-1]
        time = max(latest.read.timestamp + 1, self._clock())
        setting = Setting(latest.facts, self._chain.id, self._contract.address, latest.read.number + 1, time)
        try:
            setting.changes(call)
        except RefusedError as error:
            return str(error)
        return None

    def _sealed(
        self, facts: Mapping[Question, Fact], leaves: Mapping[bytes, bytes], calls: tuple[bytes, ...], time: int
    ) -> _Block:
        """The next block; no two of one ledger are alike, whatever is in them."""
        parent = self._blocks[-1].read if self._blocks else None
        state_root = self._state(leaves).accounts.root
        fields: list[rlp.Item] = [
            parent.hash if parent else bytes(WORD_BYTES),
            _NO_OMMERS,
            bytes(20),
            state_root,
            EMPTY_ROOT,
            EMPTY_ROOT,
            _BLOOM,
            *map(_digits, (0, parent.number + 1 if parent else 0, _GAS_LIMIT, 0, time)),
            _digits(next(self._forks)),
            bytes(WORD_BYTES),
            bytes(8),
        ]
        header = rlp.encode(fields)
        return _Block(header, Header.parse(header), facts, leaves, calls)

    def _state(self, leaves: Mapping[bytes, bytes], root: bytes | None = None) -> _State:
        """The tries of these items, built anew where they are not among those that are kept."""
        if root is not None and root in self._states:
            return self._states[root]
        storage = BuiltTrie(leaves)
        account = rlp.encode([b"\x01", b"", storage.root, self._contract.code_hash])
        state = _State(BuiltTrie({keccak256(self._contract.address): account}), storage)
        self._states[state.accounts.root] = state
        while len(self._states) > KEPT_STATES:
            del self._states[next(iter(self._states))]
        return state

    def _trusted(self, block: _Block) -> TrustedBlock:
        return TrustedBlock(self._chain, block.read.number, block.read.hash)

    def _block(self, wanted: TrustedBlock) -> _Block:
        if 0 <= wanted.number < len(self._blocks):
            found = self._blocks[wanted.number]
            if self._trusted(found) == wanted:
                return found
        raise _unknown(f"block {wanted.number} with the hash 0x{wanted.hash.hex()} is not on this chain")


def words_of(fact: Fact) -> tuple[bytes, ...]:
    """The words that say this, as the contract packs them; `layout.read` reads them."""
    match fact:
        case Anchor(block, time, authority, era):
            return (_packed((block, 48), (time, 48), (authority, 32), (era, 16)),)
        case StatusHead(digest, version, time, valid_until, authority, era, sealed):
            numbers = ((version, 64), (time, 48), (valid_until, 48), (authority, 32), (era, 16), (int(sealed), 8))
            return digest, _packed(*numbers)
        case Authority(address, block, time):
            return (_packed((int.from_bytes(address), 160), (block, 48), (time, 48)),)
        case Accreditation(start, end, recorded, revoked, authority, revoked_by, evidence):
            times = ((start, 48), (end, 48), (recorded, 48), (revoked or 0, 48))
            return _packed(*times, (authority, 32), (revoked_by or 0, 32)), evidence
        case NamespaceState(authority, last_block, era, authorities, commitment, requests, pending):
            successor = int.from_bytes(pending.successor) if pending else 0
            return (
                _packed((int.from_bytes(authority), 160), (last_block, 48), (era, 16), (authorities, 32)),
                commitment,
                _packed((successor, 160), (pending.ready_at if pending else 0, 48), (requests, 48)),
                pending.next_commitment if pending else ABSENT,
            )
        case Standing(owner, calls):
            return _packed((int.from_bytes(owner), 160)), calls.to_bytes(WORD_BYTES)


def _written(leaves: Mapping[bytes, bytes], facts: Mapping[Question, Fact]) -> Mapping[bytes, bytes]:
    """The storage trie's items after these facts were written; a slot of nothing but zeros is no item."""
    following = dict(leaves)
    for question, fact in facts.items():
        for slot, word in zip(slots_of(question), words_of(fact), strict=True):
            if word == ABSENT:
                following.pop(keccak256(slot), None)
            else:
                following[keccak256(slot)] = rlp.encode(word.lstrip(b"\0"))
    return following


def _packed(*fields: tuple[int, int]) -> bytes:
    """Numbers with their widths, from the lowest bit on."""
    word = at = 0
    for number, width in fields:
        word |= number << at
        at += width
    return word.to_bytes(WORD_BYTES)


def _digits(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _unknown(message: str) -> UnprovenError:
    return UnprovenError(
        message, code="ledger.unknown_block", remedy="Ask about a block of this chain, best its latest final one."
    )
