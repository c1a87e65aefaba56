"""The ledger that sends by itself, on anvil: its parts put together as the program does, with everything in reach."""

import asyncio
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count

from anvil_support import running_chain

from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.evm import EvmLedger, connected
from anchoring.layout import recovery_commitment
from anchoring.ledger import CallState
from anchoring.operations import AnchorValue, OpenNamespace
from anchoring.signing_key import SigningKey
from anchoring.transactions.fees import Fees
from anchoring.transactions.machine import Limits, Round, Transactions
from anchoring.transactions.points import unwatched
from anchoring.transactions.signing import Transaction
from anchoring.transactions.store import SETTLED, MemoryTransactionStore
from node.adapters.gas_signers import HeldGasKey
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader

GAS_KEY = SigningKey(bytes([0x6A]) * 32)
"""Pays, and may do nothing else."""
AUTHORITY = SigningKey(bytes([0xA0]) * 32)
LIMITS = Limits(patience=30, halted_after=3600.0)
ANCHORED = "Anchored(bytes32,bytes32,uint32,uint48)"


@dataclass
class Bench:
    """A chain with the contract on it, a paid account, and means to make calls and to look at what came of them."""

    anvil: object
    contract: object
    salt: bytes = bytes(32)
    opening: OpenNamespace = field(init=False)

    def __post_init__(self):
        recovery = recovery_commitment(bytes([9]) * 20, bytes(32))
        self.opening = OpenNamespace(AUTHORITY.address, recovery, self.salt)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.anvil.port}"

    @property
    def namespace(self):
        return self.opening.namespace

    def time(self, tag="latest"):
        return int(self.anvil.ask("eth_getBlockByNumber", tag, False)["timestamp"], 16)

    def pay(self, address=GAS_KEY.address, amount=10**18):
        """Send coins there: to set a balance would change the state of a block whose proofs are asked for later."""
        rich, to = ("0x" + account.hex() for account in (self.anvil.accounts[1], address))
        self.anvil.ask("eth_sendTransaction", {"from": rich, "to": to, "value": hex(amount)})
        self.anvil.ask("evm_mine")
        return self

    def transactions(self, store=None, *, urls=None, holder="one", signer=None, **options):
        settings = {"limits": LIMITS, "now": self.time, "monotonic": time.monotonic, "checkpoint": unwatched, **options}
        clock = settings["now"]
        reader = JsonRpcReader(
            self.anvil.chain, self.contract, [JsonRpc(self.url)], 1, now=lambda: datetime.fromtimestamp(clock(), UTC)
        )
        nodes = [partial(connected, url) for url in urls or [self.url]]
        return Transactions(
            reader,
            nodes,
            store or MemoryTransactionStore(),
            signer or HeldGasKey(GAS_KEY),
            holder,
            **settings,
        )

    def ledger(self, store=None, **options):
        transactions = self.transactions(store, **options)
        return EvmLedger(transactions.reader, transactions)

    def call(self, operation, *, lifetime=3000, signer=AUTHORITY):
        typed = TypedCall.soon(
            operation,
            chain_id=self.anvil.chain.id,
            contract=self.contract.address,
            now=self.time(),
            lifetime=lifetime,
        )
        return asyncio.run(authorize(typed, signer))

    def anchor(self, value, **options):
        return self.call(AnchorValue(self.namespace, value), **options)

    def open(self):
        """Open the namespace, by somebody else's transaction."""
        call = AuthorizedCall(self.opening)
        self.anvil.transact(self.contract.address, call.data())
        return self

    def events(self, value):
        """How often the contract says that it anchored this value."""
        from eth_hash.auto import keccak  # noqa: PLC0415

        topics = ["0x" + keccak(ANCHORED.encode()).hex(), "0x" + self.namespace.hex(), "0x" + value.hex()]
        found = self.anvil.ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest", "topics": topics})
        return len(found)

    def mine(self, blocks=1):
        for _ in range(blocks):
            self.anvil.ask("evm_mine")


@dataclass
class Story:
    """One sender at work, round by round, and what it said last."""

    bench: Bench
    transactions: Transactions
    runner: asyncio.Runner
    last: Round = field(default_factory=lambda: Round(()))
    told: dict = field(default_factory=dict)

    def submit(self, *calls):
        return [self.runner.run(self.transactions.submit(call)) for call in calls]

    def round(self):
        self.last = self.runner.run(self.transactions.round())
        self.told |= {each.id: each for each in self.last.calls}
        return self.last

    def stored(self, call):
        return self.runner.run(self.transactions.store.find(call.id))

    def said(self, call):
        """State and problem of a call, as of the last time that it was told of."""
        return self.told[call.id].state, self.told[call.id].problem

    def finish(self, *calls, rounds=12):
        """Rounds and blocks until the calls are settled; then each of them is there once."""
        for _ in range(rounds):
            self.round()
            if all(call.id in self.told and self.told[call.id].state in SETTLED for call in calls):
                break
            self.bench.mine()
            if all(self.told[call.id].state in {*SETTLED, CallState.MINED} for call in calls):
                self.bench.anvil.ask("anvil_mine", hex(65))
        for call in calls:
            assert self.said(call) == (CallState.FINALIZED, None), self.said(call)
            assert self.bench.events(call.operation.value) == 1


def other_transaction(bench, nonce, *, to=bytes(20), data=b"", tip=10**9):
    """Something else that the holder of the key sends."""
    return Transaction(bench.anvil.chain.id, nonce, to, data, 200_000, Fees(10**11, tip))


def raw_transaction(key, bench, nonce, **options):
    """The same, signed."""
    return asyncio.run(HeldGasKey(key).sign(other_transaction(bench, nonce, **options)))


_keys = (SigningKey(number.to_bytes(32)) for number in count(1000))


@contextmanager
def sending_bench():
    """A chain whose first blocks are final, with the namespace open."""
    with running_chain() as anvil:
        bench = Bench(anvil, anvil.deploy("TrustAnchor")).open()
        anvil.ask("anvil_mine", hex(70))
        yield bench


@contextmanager
def senders(bench):
    """Makes senders, all from one account of their own, so that no test meets what another one left behind."""
    key = next(_keys)
    bench.pay(key.address)
    with asyncio.Runner() as runner:

        def tell(store=None, **options):
            signer = options.pop("signer", None) or HeldGasKey(key)
            return Story(bench, bench.transactions(store, signer=signer, **options), runner)

        tell.key = key
        yield tell
    bench.anvil.ask("anvil_dropAllTransactions")
    bench.anvil.ask("anvil_mine", hex(2))


def attempts(story, call):
    """Number and hash of each transaction that was signed for a call."""
    return [(each.nonce, each.hash) for each in story.stored(call).attempts]
