"""Ledgers to run the port's tests on, each with the few controls over its chain that these tests need.

A ledger joins by one more entry in `STAGES`.
"""

import asyncio
import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from anvil_ledger import AnvilLedger
from anvil_support import ARTIFACTS, running_chain
from evm_support import Bench
from json_rpc_ledger import JsonRpcLedger

from anchoring.devchain.opening import opened
from anchoring.evm import EvmLedger
from anchoring.ledger import CallProgress, CallState, Ledger
from anchoring.memory import MemoryLedger
from anchoring.storage_proof import Contract
from anchoring.transactions.machine import Limits, Transactions
from anchoring.transactions.store import MemoryTransactionStore

ROUNDS = 60
"""More than any ledger here takes to settle what can be settled."""


@dataclass
class Stage:
    """A ledger, and the chain behind it."""

    ledger: Ledger
    now: Callable[[], int]
    """Time of the latest block."""
    wait: Callable[[int], None]
    """Let so many seconds pass on the chain, and a block with them."""
    grow: Callable[[], None]
    """Let the chain make a block, and make final what is then far enough behind."""
    reorganise: Callable[[int], None] | None = None
    """Let the chain take its latest blocks back, all of them not final; None where a chain never does."""
    runner: asyncio.Runner = field(default_factory=asyncio.Runner)

    def do(self, coroutine: Any) -> Any:
        """The result of one of the ledger's coroutines."""
        return self.runner.run(coroutine)

    def settled(self, *calls: Any, rounds: int = ROUNDS) -> dict[bytes, CallProgress]:
        """Submit the calls, and advance until each of them is final or refused; what was told of them last."""
        waiting = {self.do(self.ledger.submit(call)) for call in calls}
        last: dict[bytes, CallProgress] = {}
        for _ in range(rounds):
            for progress in self.do(self.ledger.advance()):
                last[progress.id] = progress
            if all(
                digest in last and last[digest].state in (CallState.FINALIZED, CallState.REFUSED) for digest in waiting
            ):
                break
            self.grow()
        return last

    def final(self) -> Any:
        """The latest final block."""
        return self.do(self.ledger.final_block())


def trust_anchor(address: bytes = bytes(range(1, 21))) -> Contract:
    """The contract by its published code, at some address."""
    artifact = json.loads((ARTIFACTS / "TrustAnchor.json").read_text("utf-8"))
    return Contract(address, bytes.fromhex(artifact["codeHash"].removeprefix("0x")))


@contextlib.contextmanager
def memory_stage() -> Iterator[Stage]:
    """The ledger in memory, with a clock of its own."""
    clock = [1_800_000_000]
    ledger = MemoryLedger(trust_anchor(), clock=lambda: clock[0], automatic=False)

    def grow() -> None:
        clock[0] += 12
        ledger.mine()
        ledger.finalize(max(0, ledger.latest.number - 2))

    def wait(seconds: int) -> None:
        clock[0] += seconds
        grow()

    yield Stage(ledger, lambda: clock[0], wait, grow, ledger.reorganise)


@contextlib.contextmanager
def anvil_stage(kind: type[AnvilLedger] = AnvilLedger) -> Iterator[Stage]:
    """The contract on anvil, where a block is final with two more on it."""
    with running_chain("--slots-in-an-epoch", "1") as anvil:
        ledger = kind(anvil, anvil.deploy("TrustAnchor"))

        def wait(seconds: int) -> None:
            anvil.ask("evm_increaseTime", seconds)
            anvil.ask("evm_mine")

        def reorganise(depth: int) -> None:
            anvil.ask("anvil_reorg", depth, [])

        # The last deployed contract is final before anything is asked of it.
        for _ in range(3):
            anvil.ask("evm_mine")
        yield Stage(ledger, ledger.time, wait, lambda: anvil.ask("evm_mine"), reorganise)


@contextlib.contextmanager
def devchain_stage() -> Iterator[Stage]:
    """The embedded chain in a folder, with a clock of its own, written to by the ledger that sends by itself."""
    clock = [1_800_000_000]
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner() as runner:
        held = opened(Path(folder), clock=lambda: clock[0], at_once=False)
        chain = runner.run(held.__aenter__())

        def wait(seconds: int) -> None:
            clock[0] += seconds
            runner.run(chain.mine())

        transactions = Transactions(
            chain,
            [chain.connect],
            MemoryTransactionStore(),
            chain.gas_account,
            "stage",
            limits=Limits(halted_after=0.0),
            now=lambda: clock[0],
        )
        try:
            yield Stage(EvmLedger(chain, transactions), lambda: clock[0], wait, lambda: wait(12))
        finally:
            runner.run(held.__aexit__(None, None, None))


@contextlib.contextmanager
def evm_stage() -> Iterator[Stage]:
    """The ledger that sends by itself, over the network, to anvil."""
    with running_chain("--slots-in-an-epoch", "1") as anvil:
        bench = Bench(anvil, anvil.deploy("TrustAnchor")).pay()
        bench.mine(3)

        def wait(seconds: int) -> None:
            anvil.ask("evm_increaseTime", seconds)
            bench.mine()

        def reorganise(depth: int) -> None:
            anvil.ask("anvil_reorg", depth, [])

        yield Stage(bench.ledger(), bench.time, wait, bench.mine, reorganise)


STAGES: dict[str, Callable[[], AbstractContextManager[Stage]]] = {
    "memory": memory_stage,
    "anvil": anvil_stage,
    "anvil by JSON-RPC": lambda: anvil_stage(JsonRpcLedger),
    "devchain": devchain_stage,
    "evm": evm_stage,
}
NEEDS_NODE = {"anvil", "anvil by JSON-RPC", "evm"}
"""Those that start a program of `contracts/node_modules`."""
