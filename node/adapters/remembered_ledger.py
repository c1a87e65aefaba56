"""A reader of a chain that asks for its last final block once in a while: for many documents, checked in one run."""

import asyncio
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import AnchoringError
from anchoring.facts import Fact, Question
from anchoring.ledger import LedgerReader
from anchoring.storage_proof import Contract, StorageProof

KEPT_SECONDS: Final = 60.0
"""How long a final block counts as the last one: a few blocks, of the some dozens that it takes until one is final."""
FAILED_SECONDS: Final = 60.0
"""How long a failure counts: nodes come back, and each of them may take its whole time to say nothing."""


@dataclass(slots=True)
class RememberedLedger:
    """A LedgerReader that goes to another one for what it does not remember; for the tasks of one event loop."""

    reader: LedgerReader
    clock: Callable[[], float] = time.monotonic
    _answer: TrustedBlock | AnchoringError | None = None
    _until: float = 0.0
    _asking: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def chain(self) -> Chain:
        """The chain."""
        return self.reader.chain

    @property
    def contract(self) -> Contract:
        """The contract on it."""
        return self.reader.contract

    async def final_block(self) -> TrustedBlock:
        """The last final block, of a minute ago at most; those who ask at once wait for one answer."""
        async with self._asking:
            if self._answer is None or self.clock() >= self._until:
                try:
                    self._answer = await self.reader.final_block()
                except AnchoringError as error:
                    self._answer = error
                known = isinstance(self._answer, TrustedBlock)
                self._until = self.clock() + (KEPT_SECONDS if known else FAILED_SECONDS)
            if isinstance(self._answer, AnchoringError):
                raise self._answer.with_traceback(None)
            return self._answer

    async def answer(self, question: Question, block: TrustedBlock) -> Fact | None:
        """As the other one answers."""
        return await self.reader.answer(question, block)

    async def prove(self, questions: Iterable[Question], block: TrustedBlock) -> StorageProof:
        """As the other one proves."""
        return await self.reader.prove(questions, block)
