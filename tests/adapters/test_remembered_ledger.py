"""A final block is asked for once a minute, however many documents are checked, and failures too."""

import asyncio
from dataclasses import dataclass

import pytest
from anchoring_support import CONTRACT, HandMadeState
from ledger_support import CHAIN, PENDING_QUESTION, block_of

from anchoring.errors import UntrustedBlockError
from node.adapters.remembered_ledger import FAILED_SECONDS, KEPT_SECONDS, RememberedLedger

STATE = HandMadeState({})


@dataclass
class Counting:
    """A reader that counts what it is asked."""

    failing: bool = False
    asked: int = 0
    chain = CHAIN
    contract = CONTRACT

    async def final_block(self):
        self.asked += 1
        await asyncio.sleep(0)
        if self.failing:
            raise UntrustedBlockError("no", code="checkpoint.future", remedy="x")
        return block_of(STATE)

    async def prove(self, questions, block):
        return list(questions), block

    async def answer(self, question, block):
        return question, block


def test_it_is_asked_once_a_minute():
    async def run():
        now, reader = [0.0], Counting()
        ledger = RememberedLedger(reader, clock=lambda: now[0])
        blocks = await asyncio.gather(*(ledger.final_block() for _ in range(10)))
        assert blocks == [block_of(STATE)] * 10
        assert reader.asked == 1
        now[0] = KEPT_SECONDS
        await ledger.final_block()
        assert reader.asked == 2
        assert (ledger.chain, ledger.contract) == (CHAIN, CONTRACT)
        assert await ledger.prove([PENDING_QUESTION], blocks[0]) == ([PENDING_QUESTION], blocks[0])
        assert await ledger.answer(PENDING_QUESTION, blocks[0]) == (PENDING_QUESTION, blocks[0])

    asyncio.run(run())


def test_nodes_that_fail_are_left_alone_for_a_while():
    async def run():
        now, reader = [0.0], Counting(failing=True)
        ledger = RememberedLedger(reader, clock=lambda: now[0])
        for _ in range(3):
            with pytest.raises(UntrustedBlockError):
                await ledger.final_block()
        assert reader.asked == 1
        now[0], reader.failing = FAILED_SECONDS, False
        assert await ledger.final_block() == block_of(STATE)

    asyncio.run(run())
