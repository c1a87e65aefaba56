"""Anchors a second on anvil: each call stored, signed, stored again, sent and seen in a block; beside the chain alone.

    python bench/ledger.py [--json]

The other side is what nobody can be faster than here: bytes that were signed beforehand, sent one after the other over
one connection, and mined in blocks as large. Both sides run in turns, in one run, on one chain.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the chain for tests lives

from anvil_support import Anvil  # noqa: E402 - after the path is set
from evm_support import LIMITS, Bench, raw_transaction  # noqa: E402 - after the path is set

from anchoring.calls import AuthorizedCall  # noqa: E402 - after the path is set
from anchoring.ledger import CallState  # noqa: E402 - after the path is set
from anchoring.signing_key import SigningKey  # noqa: E402 - after the path is set
from node.adapters.gas_signers import HeldGasKey  # noqa: E402 - after the path is set
from node.adapters.transaction_store import SqliteTransactionStore  # noqa: E402 - after the path is set

ROUNDS = 5
ANCHORS = LIMITS.in_flight
"""In one block, as many as are under way at once."""
TARGET = 40.0
"""How much slower than the chain alone it may be. One anchor stands for a batch, so that is no matter of throughput."""


@dataclass(frozen=True, slots=True)
class Result:
    """Transactions a second: of the ledger, of the chain alone, and how many times faster the latter is."""

    anchors: float
    alone: float
    ratio: float
    lowest: float
    highest: float

    @property
    def met(self) -> bool:
        """Whether the target is met."""
        return self.ratio <= TARGET


class Side:
    """One account, with transactions of one kind."""

    def __init__(self, bench: Bench, number: int) -> None:
        self.bench = bench
        self.key = SigningKey(number.to_bytes(32))
        bench.pay(self.key.address)

    def calls(self) -> list[AuthorizedCall]:
        """Calls that nobody has brought yet."""
        return [self.bench.anchor(self.key.address + bytes([place]) * 12) for place in range(ANCHORS)]

    def through_the_ledger(self, store: SqliteTransactionStore) -> float:
        """Seconds from the first call to the last one that is known to stand in a block."""
        signer = HeldGasKey(self.key)
        transactions = self.bench.transactions(store, signer=signer, holder=self.key.address.hex())
        calls = self.calls()

        async def bring() -> None:
            for call in calls:
                await transactions.submit(call)
            await transactions.round()
            self.bench.mine()
            told = (await transactions.round()).calls
            brought = [each for each in told if each.state is CallState.MINED]
            if len(brought) != ANCHORS:
                raise SystemExit(f"{len(brought)} of {ANCHORS} anchors were brought: {told[0]}")

        return timed(lambda: asyncio.run(bring()))

    def alone(self) -> float:
        """Seconds for as many transactions that were signed before."""
        to = self.bench.contract.address
        signed = [
            raw_transaction(self.key, self.bench, nonce, to=to, data=call.data())
            for nonce, call in enumerate(self.calls())
        ]

        def send() -> None:
            for raw in signed:
                self.bench.anvil.ask("eth_sendRawTransaction", f"0x{raw.hex()}")
            self.bench.mine()

        return timed(send)


def timed(work) -> float:  # noqa: ANN001 - anything that can be called
    """Seconds that it takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def measure() -> Result:
    """Both sides in turns, each round with accounts of its own."""
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as folder, Anvil("--slots-in-an-epoch", "1") as anvil:
        bench = Bench(anvil, anvil.deploy("TrustAnchor")).open()
        bench.mine(3)
        for number in range(1, ROUNDS + 2):
            with SqliteTransactionStore(Path(folder) / f"{number}.db", anvil.chain, bench.contract) as store:
                ours.append(Side(bench, 2 * number).through_the_ledger(store))
            theirs.append(Side(bench, 2 * number + 1).alone())
            bench.mine(3)
    # The first round loads the libraries.
    ratios = [mine / plain for mine, plain in zip(ours[1:], theirs[1:], strict=True)]
    return Result(
        ANCHORS / statistics.median(ours[1:]),
        ANCHORS / statistics.median(theirs[1:]),
        statistics.median(ratios),
        min(ratios),
        max(ratios),
    )


def main() -> int:
    """Measure and print; the status is 1 where the target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    as_json = parser.parse_args().json
    result = measure()
    if as_json:
        print(json.dumps(asdict(result)))
    else:
        print(f"anchors a second, stored, signed, sent and seen    {result.anchors:8.0f}")
        print(f"signed transactions a second, sent alone           {result.alone:8.0f}")
        print(
            f"times slower                                       {result.ratio:8.1f}   "
            f"({result.lowest:.1f} to {result.highest:.1f})   ≤ {TARGET:g}  {'met' if result.met else 'MISSED'}"
        )
    return 0 if result.met else 1


if __name__ == "__main__":
    sys.exit(main())
