"""An embedded chain for the length of a block, with a clock of its own and somebody who sends to it."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anchoring.devchain.opening import opened
from anchoring.signing_key import SigningKey
from anchoring.transactions.fees import GWEI, Fees
from anchoring.transactions.signing import Transaction

START = 1_800_000_000


class Sender:
    """Signs anything."""

    def __init__(self, key: SigningKey) -> None:
        self.key, self.address = key, key.address

    def raw(self, chain_id: int, nonce: int, to: bytes, data: bytes = b"", **members: Any) -> bytes:
        given = {"gas": 200_000, "fees": Fees(10 * GWEI, GWEI), **members}
        transaction = Transaction(chain_id, nonce, to, data, **given)
        signature = self.key.sign_digest(transaction.digest)
        return transaction.signed(signature[64] - 27, int.from_bytes(signature[:32]), int.from_bytes(signature[32:64]))


@dataclass
class Bench:
    """The chain, driven from outside any event loop."""

    folder: Path
    chain: Any
    endpoint: Any
    clock: list[float]
    runner: asyncio.Runner

    def do(self, awaitable: Any) -> Any:
        async def waited() -> Any:
            return await awaitable

        return self.runner.run(waited())

    def final(self) -> Any:
        return self.do(self.chain.final_block())


@contextlib.contextmanager
def devchain(folder: Path, *, at_once: bool = True, clock=None):
    """The chain in this folder."""
    clock = [float(START)] if clock is None else clock
    with asyncio.Runner() as runner:
        held = opened(folder, clock=lambda: clock[0], at_once=at_once)
        chain = runner.run(held.__aenter__())
        try:
            connection = chain.connect()
            endpoint = runner.run(connection.__aenter__())
            yield Bench(folder, chain, endpoint, clock, runner)
            runner.run(connection.__aexit__(None, None, None))
        finally:
            runner.run(held.__aexit__(None, None, None))
