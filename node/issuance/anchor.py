"""Writing to a record on a chain: ordering an operation once, following it, and anchoring batches of signed objects.

1. What the contract's storage at a final block bears out already is not ordered.
2. What is under way is not ordered again: of two processes, or one that was cut off and begins anew, each
   follows the same call.
3. A call lies in the journal before anything is sent; from then on it is brought to the chain by whoever sends.
4. What has come of it is read from the storage again, and only that makes a receipt final.

Spec: docs/anchoring.md, docs/concepts/what-an-anchor-proves.md
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Protocol

from anchoring.calls import AuthoritySigner, AuthorizedCall, TypedCall, authorize
from anchoring.errors import StorageProofError
from anchoring.facts import Accreditation, AccreditationOf, Anchor, Fact, NamespaceState, Question, StateOf
from anchoring.layout import proven_facts
from anchoring.ledger import CallProgress, CallState, LedgerReader
from anchoring.operations import (
    Acceptance,
    AnchorValue,
    ChangeIdentity,
    CompleteRecovery,
    OpenNamespace,
    Operation,
    Outcome,
    RequestRecovery,
    RotateAuthority,
    outcome,
    question_of,
)
from anchoring.receipt import Finality, Mined
from anchoring.storage_proof import StorageProof
from anchoring.transactions.endpoint import Inclusion
from anchoring.transactions.machine import Round
from anchoring.transactions.problems import Problem
from anchoring.transactions.store import TransactionStore
from node.credentials.record_name import RecordName
from node.credentials.scope import Scope
from node.issuance.accrediting import SignedAccreditation
from node.issuance.anchor_batches import BatchStore, StoredBatch
from node.issuance.errors import NotAnchorableError

MARGIN: Final = 120
"""A call whose deadline is so near is ordered anew, rather than sent to be too late. In seconds."""
ABSENT: Final = "storage_proof.absent_account"
"""Proven as well: at that block the contract was not there yet."""
_NOTHING: Final = Acceptance(0, b"")


class Orders(Protocol):
    """Where calls and batches lie; see `anchoring.transactions.store` and `node.issuance.anchor_batches`."""

    @property
    def calls(self) -> TransactionStore:
        """Calls, and the transactions that bring them."""

    @property
    def batches(self) -> BatchStore:
        """Batches of signed objects."""

    def ordering(self) -> AbstractContextManager[None]:
        """Alone among all that order something."""

    def sending(self) -> AbstractContextManager[bool]:
        """Whether it is this process that sends."""


class Sender(Protocol):
    """What brings calls to the chain."""

    async def submit(self, call: AuthorizedCall) -> bytes:
        """Take a call over."""

    async def round(self) -> Round:
        """Do what is to be done next."""


class ReadOnly:
    """A Sender for whoever only reads: it brings nothing on."""

    async def submit(self, call: AuthorizedCall) -> bytes:
        """Nothing can be ordered."""
        raise NotAnchorableError(
            f"{type(call.operation).__name__} was ordered, and nobody is there who pays for it",
            code="anchoring.authority",
            remedy="Give the key of an account that pays for gas.",
        )

    async def round(self) -> Round:
        """Nothing happens."""
        return Round(())


type Look = Callable[[bytes], Awaitable[Inclusion | None]]
"""In which block a transaction stands, by a node's word."""


@dataclass(frozen=True, slots=True)
class Followed:
    """How calls stand after a round, and what an administrator should know."""

    calls: tuple[CallProgress, ...]
    alerts: tuple[Problem, ...] = ()
    elsewhere: bool = False
    """Whether it is another process that sends."""

    def reached(self, state: CallState) -> bool:
        """Whether all have come so far, or are refused."""
        order = list(CallState)
        return all(order.index(call.state) >= order.index(state) for call in self.calls)


@dataclass(frozen=True, slots=True)
class Desk:
    """One contract on one chain, with the journal of what is written to it."""

    reader: LedgerReader
    orders: Orders
    sender: Sender
    now: Callable[[], float]

    async def fact(self, question: Question) -> Fact | None:
        """What the contract's storage says at the latest final block; nothing, where it was not there yet."""
        try:
            return await self.reader.answer(question, await self.reader.final_block())
        except StorageProofError as error:
            if error.code != ABSENT:
                raise
            return None

    async def state_of(self, namespace: bytes) -> NamespaceState | None:
        """How a namespace stands, or None where it is not open."""
        state = await self.fact(StateOf(namespace))
        return state if isinstance(state, NamespaceState) else None

    async def order(self, operation: Operation, signer: AuthoritySigner | None = None) -> bytes | None:
        """Have an operation carried out, by its authority's word: the id of the call, or None where it stands already.

        Raises NotAnchorableError where something else stands in its place.
        """
        found = outcome(operation, await self.fact(question_of(operation)))
        if found is Outcome.DONE:
            return None
        if found is Outcome.OVERTAKEN:
            raise NotAnchorableError(
                "something else was written in its place",
                code="anchoring.overtaken",
                remedy="Look how the record stands now, and order what is still wanted.",
            )
        with self.orders.ordering():
            for stored in await self.orders.calls.open_calls():
                if _same(stored.call.operation, operation) and not self._late(stored.call):
                    return stored.id
            return await self.sender.submit(await self._authorized(operation, signer))

    async def follow(self, ids: Sequence[bytes]) -> Followed:
        """Bring everything that is under way a round further, and tell how these calls stand."""
        with self.orders.sending() as mine:
            done = await self.sender.round() if mine else Round(())
        told = {call.id: call for call in done.calls}
        for call_id in ids:
            if call_id not in told and (stored := await self.orders.calls.find(call_id)) is not None:
                told[call_id] = stored.progress
        return Followed(tuple(told[each] for each in ids if each in told), done.alerts, elsewhere=not mine)

    async def prove_batches(self, batches: Iterable[StoredBatch]) -> tuple[StoredBatch, ...]:
        """Those of these batches whose anchor is final, with the proof of it, which is kept with them."""
        block = await self.reader.final_block()
        found: list[StoredBatch] = []
        for batch in batches:
            proof = await self.reader.prove([batch.question], block)
            anchor = self._anchor(proof, block.hash, batch)
            if anchor is not None:
                progress = Finality(anchor, proof)
                self.orders.batches.record(batch.number, progress)
                found.append(replace(batch, progress=progress))
        return tuple(found)

    async def note_mined(self, batch: StoredBatch, call: CallProgress, look: Look) -> StoredBatch:
        """The batch with the block in which its transaction stands by a node's word, where that can be had."""
        if call.state is not CallState.MINED or call.transaction is None:
            return batch
        place = await look(call.transaction)
        if place is None or not place.succeeded:
            return batch
        progress = Mined(place.block, place.block_hash)
        self.orders.batches.record(batch.number, progress)
        return replace(batch, progress=progress)

    def _anchor(self, proof: StorageProof, block_hash: bytes, batch: StoredBatch) -> Anchor | None:
        question = batch.question
        try:
            shown = proven_facts(proof, block_hash=block_hash, contract=self.reader.contract, questions=[question])
        except StorageProofError as error:
            if error.code != ABSENT:
                raise
            return None
        anchor = shown.facts[question]
        return anchor if isinstance(anchor, Anchor) else None

    def _late(self, call: AuthorizedCall) -> bool:
        return call.expires is not None and call.expires < self.now() + MARGIN

    async def _authorized(self, operation: Operation, signer: AuthoritySigner | None) -> AuthorizedCall:
        if isinstance(operation, OpenNamespace | CompleteRecovery | ChangeIdentity):
            return AuthorizedCall(operation)
        if signer is None:
            raise NotAnchorableError(
                "it takes the word of the namespace's authority",
                code="anchoring.authority",
                remedy="Give its key file with --authority.",
            )
        call = TypedCall.soon(
            operation,
            chain_id=self.reader.chain.id,
            contract=self.reader.contract.address,
            now=int(self.now()),
        )
        return await authorize(call, signer)


async def require_authority(desk: Desk, namespace: bytes, signer: AuthoritySigner) -> NamespaceState | None:
    """Refuse the wrong key before it signs anything; the namespace's state, or None where it is not open yet."""
    state = await desk.state_of(namespace)
    if state is not None and state.authority != signer.address:
        raise NotAnchorableError(
            f"0x{signer.address.hex()} is not who may write in this namespace; that is 0x{state.authority.hex()}",
            code="anchoring.authority",
            remedy="Give the key file of the namespace's present authority.",
        )
    return state


async def anchor_batch(
    desk: Desk, batch: StoredBatch, signer: AuthoritySigner | None, opening: OpenNamespace | None
) -> tuple[bytes, ...]:
    """Order what anchors a batch: the ids of the calls to be followed, none where its anchor is final.

    A namespace that is not open yet is opened first: nothing can be written in it before.
    """
    ids: list[bytes] = []
    if opening is not None and (call_id := await desk.order(opening)) is not None:
        ids.append(call_id)
    if (call_id := await desk.order(AnchorValue(batch.namespace, batch.value), signer)) is not None:
        ids.append(call_id)
    return tuple(ids)


@dataclass(frozen=True, slots=True)
class Accredited:
    """What a record holds for the subject and the scopes of a signed accreditation."""

    written: Mapping[Scope, int]
    """Of those scopes for which it holds this very statement, not withdrawn, under which number."""
    following: Mapping[Scope, int]
    """The number that comes next."""
    scopes_written: frozenset[bytes]
    """Ids of the scopes in `written`."""


async def accredited(desk: Desk, signed: SignedAccreditation, name: RecordName) -> Accredited:
    """What a record of the body's holds; numbers have no gaps, so they are asked for one after the other."""
    written: dict[Scope, int] = {}
    following: dict[Scope, int] = {}
    ids: set[bytes] = set()
    for scope, place in zip(signed.accreditation.scopes, signed.accredit(name, {}), strict=True):
        for number in count():
            fact = await desk.fact(AccreditationOf(place.body, place.subject, place.scope, number))
            if not isinstance(fact, Accreditation):
                following[scope] = number
                break
            if fact.evidence == signed.digest and fact.revoked_at is None:
                written[scope] = number
                ids.add(place.scope)
    return Accredited(written, following, frozenset(ids))


async def followed(
    desk: Desk, ids: Sequence[bytes], until: CallState, pause: Callable[[], Awaitable[None]]
) -> AsyncIterator[Followed]:
    """How these calls get on, round by round, until all have come so far or are refused."""
    while True:
        told = await desk.follow(ids)
        yield told
        if told.reached(until):
            return
        await pause()


def _same(one: Operation, other: Operation) -> bool:
    """Whether two operations do the same; a successor's word may be given at different times."""
    return _timeless(one) == _timeless(other)


def _timeless(operation: Operation) -> Operation:
    if isinstance(operation, RotateAuthority | RequestRecovery):
        return replace(operation, acceptance=_NOTHING)
    return operation
