"""A sender that is killed: each order on standard input is one process, forked here so that only the first one is slow.

An order says at which point of the sender's work its process ends, by SIGKILL, and what it does until then. The points
that it passed are answered.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

import httpx2  # noqa: F401 - loaded once, before the fork, and not by each of hundreds of processes
import web3  # noqa: F401 - likewise
from anvil_support import ChainError
from evm_support import LIMITS, Bench, other_transaction

from anchoring.calls import AuthorizedCall
from anchoring.checkpoint import Chain
from anchoring.ledger import CallState
from anchoring.signing_key import SigningKey
from anchoring.storage_proof import Contract
from anchoring.transactions.fees import GWEI
from anchoring.transactions.machine import Limits
from node.adapters.gas_signers import HeldGasKey
from node.adapters.transaction_store import SqliteTransactionStore

DEAD, DONE, BROKEN = "dead", "done", "broken"


class Asked:
    """The chain, by plain questions over a connection of this process."""

    def __init__(self, port, chain):
        import http.client  # noqa: PLC0415 - in the child, after the fork

        self.port, self.chain = port, chain
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def ask(self, method, *params):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"content-type": "application/json"})
        answer = json.load(self._connection.getresponse())
        if "error" in answer:
            raise ChainError(str(answer["error"]))
        return answer["result"]


class Sender:
    """What one process does."""

    def __init__(self, order, passed):
        chain = Chain(order["chain"], bytes.fromhex(order["genesis"]))
        contract = Contract(bytes.fromhex(order["contract"]), bytes.fromhex(order["code_hash"]))
        self.bench = Bench(Asked(order["port"], chain), contract)
        self.key = SigningKey(bytes.fromhex(order["key"]))
        self.calls = [AuthorizedCall.decode(bytes.fromhex(call)) for call in order["calls"]]
        self._kill, self._count, self._passed = order["kill"], 0, passed
        self._pause = order["lease"] / 10
        limits = Limits(patience=LIMITS.patience, halted_after=LIMITS.halted_after, lease_seconds=order["lease"])
        self.transactions = self.bench.transactions(
            SqliteTransactionStore(Path(order["store"]), chain, contract),
            signer=HeldGasKey(self.key),
            holder=str(os.getpid()),
            limits=limits,
            checkpoint=self.checkpoint,
        )

    def checkpoint(self, point):
        self._count += 1
        os.write(self._passed, f"{point}\n".encode())
        if self._count == self._kill:
            os.kill(os.getpid(), signal.SIGKILL)

    async def play(self, steps):
        for step in steps:
            await getattr(self, step)()

    async def submit(self):
        for call in self.calls:
            await self.transactions.submit(call)

    async def round(self):
        await self.transactions.round()

    async def mine(self):
        self.bench.mine()

    async def drop(self):
        self.bench.anvil.ask("anvil_dropAllTransactions")

    async def jump(self):
        base_fee = int(self.bench.anvil.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)
        self.bench.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(4 * base_fee + 4 * GWEI))
        self.bench.anvil.ask("evm_increaseTime", LIMITS.patience + 1)
        self.bench.mine()

    async def reorganise(self):
        self.bench.anvil.ask("anvil_reorg", 1, [])

    async def foreign(self):
        """Something else takes the first number that our transaction waits with."""
        nonce = int(self.bench.anvil.ask("eth_getTransactionCount", "0x" + self.key.address.hex(), "latest"), 16)
        other = other_transaction(self.bench, nonce, tip=40 * GWEI)
        raw = await self.transactions.signer.sign(other)
        self.bench.anvil.ask("eth_sendRawTransaction", "0x" + raw.hex())

    async def finish(self):
        """Rounds and blocks until everything is settled."""
        for _ in range(40):
            told = {each.id: each for each in (await self.transactions.round()).calls}
            if not told:
                return
            self.bench.mine()
            if all(each.state is CallState.MINED for each in told.values()):
                self.bench.anvil.ask("anvil_mine", hex(65))
            await asyncio.sleep(self._pause)  # a dead one's turn has to end, too
        raise ChainError(f"not settled: {told}")


def obey(order):
    """Run one process to its end; how it ended, and the points that it passed."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            asyncio.run(Sender(order, writing).play(order["steps"]))
        except BaseException as error:  # noqa: BLE001 - the parent is told
            os.write(writing, f"!{type(error).__name__}: {error}"[:2000].replace("\n", " ").encode() + b"\n")
            os._exit(1)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as stream:
        passed = stream.read().decode().split("\n")[:-1]
    _, status = os.waitpid(child, 0)
    killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    ended = DEAD if killed else DONE if os.waitstatus_to_exitcode(status) == 0 else BROKEN
    return {"ended": ended, "passed": passed}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(obey(json.loads(line))), flush=True)  # noqa: T201 - the answer
