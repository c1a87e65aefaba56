"""What is seen of the calls under way: proven storage first, then what a node tells of their transactions."""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import batched
from typing import Final

from anchoring.checkpoint import TrustedBlock
from anchoring.errors import AnchoringError, StorageProofError
from anchoring.layout import proven_facts
from anchoring.ledger import Anchor, Authority, Fact, LedgerReader, Question
from anchoring.operations import Outcome, outcome, question_of
from anchoring.storage_proof import MAX_SLOTS
from anchoring.transactions.endpoint import Endpoint, Head, Inclusion
from anchoring.transactions.judgement import Sighting, live_attempts
from anchoring.transactions.store import StoredCall

AT_ONCE: Final = 8
"""Questions to a node at the same time: what public ones bear."""
_MOST_SLOTS_OF_A_QUESTION: Final = 8
"""No answer stands in more."""


async def together[T](*questions: Coroutine[None, None, T]) -> list[T]:
    """The answers to questions that are asked at the same time; when one fails, none of the others goes on."""
    tasks = [asyncio.ensure_future(question) for question in questions]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class FinalStorage:
    """What the contract's storage held at the end of a final block, proven."""

    number: int
    time: int
    facts: Mapping[Question, Fact | None]


@dataclass(frozen=True, slots=True)
class Looker:
    """Looks, for one round, through a reader that proves and a node that tells."""

    reader: LedgerReader
    endpoint: Endpoint
    account: bytes
    _limit: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def final(self, calls: Iterable[StoredCall]) -> FinalStorage | None:
        """The answers about these calls at the latest final block; None where they cannot be proven now."""
        questions = list(dict.fromkeys(question_of(call.call.operation) for call in calls))
        if not questions:
            return FinalStorage(0, 0, {})
        try:
            block = await self.reader.final_block()
            facts: dict[Question, Fact | None] = {}
            time = 0
            for some in batched(questions, MAX_SLOTS // _MOST_SLOTS_OF_A_QUESTION, strict=False):
                time, answers = await self._proven(some, block)
                facts.update(answers)
            return FinalStorage(block.number, time, facts)
        except AnchoringError:
            return None

    async def _proven(
        self, questions: Sequence[Question], block: TrustedBlock
    ) -> tuple[int, Mapping[Question, Fact | None]]:
        proof = await self.reader.prove(questions, block)
        try:
            proven = proven_facts(proof, block_hash=block.hash, contract=self.reader.contract, questions=questions)
        except StorageProofError as error:
            if error.code != "storage_proof.absent_account":
                raise
            # Proven as well: at that block the contract was not there yet.
            return block.header(proof.header).timestamp, dict.fromkeys(questions)
        return proven.header.timestamp, proven.facts

    async def sightings(
        self, calls: Iterable[StoredCall], nonce: int, head: Head, final: FinalStorage | None
    ) -> list[Sighting]:
        """What was seen of each call."""
        return await together(*(self._sighting(call, nonce, head, final) for call in calls))

    async def _sighting(self, stored: StoredCall, nonce: int, head: Head, final: FinalStorage | None) -> Sighting:
        operation = stored.call.operation
        fact = None if final is None else final.facts[question_of(operation)]
        seen = outcome(operation, fact)
        told = fact.block if isinstance(fact, Anchor) else fact.since_block if isinstance(fact, Authority) else None
        async with self._limit:
            live = live_attempts(stored, self.account, nonce)
            spent = [each.hash for each in reversed(stored.attempts) if each not in live]
            inclusion = await self._inclusion(spent)
            if seen is not Outcome.OPEN or (inclusion is not None and inclusion[1].succeeded):
                return Sighting(seen, told, inclusion)
            if live:
                return Sighting(seen, told, inclusion, known=await self.endpoint.known(live[-1].hash))
            return Sighting(seen, told, inclusion, written=await self._written(stored, head) if spent else False)

    async def _inclusion(self, hashes: Iterable[bytes]) -> tuple[bytes, Inclusion] | None:
        """Where one of these transactions stands; one that did its work, if there is one."""
        found = None
        for transaction in hashes:
            place = await self.endpoint.inclusion(transaction)
            if place is not None:
                found = transaction, place
                if place.succeeded:
                    break
        return found

    async def _written(self, stored: StoredCall, head: Head) -> bool | None:
        """Whether the latest storage bears the call out: then whatever took its number brought it as well."""
        operation = stored.call.operation
        try:
            fact = await self.reader.answer(
                question_of(operation), TrustedBlock(self.reader.chain, head.number, head.hash)
            )
            return outcome(operation, fact) is Outcome.DONE
        except AnchoringError:
            return None
