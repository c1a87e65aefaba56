"""A real chain on this machine: anvil, started on a free port of the loopback, with our contract on it."""

import contextlib
import http.client
import json
import os
import re
import shutil
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import rlp
from eth_hash.auto import keccak
from support import ROOT

from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.storage_proof import Contract, StorageProof

BINARIES = ROOT / "contracts" / "node_modules" / ".bin"
ARTIFACTS = ROOT / "anchoring" / "artifacts"
SETUP = "npm ci --prefix contracts"
START_SECONDS = 20
GAS = 10_000_000
"""Some four times what deploying costs; given, so that anvil need not try first."""

# The order of a header's members, which later forks only add to.
_HEADER = (
    *("parentHash", "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom"),
    *("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "extraData", "mixHash", "nonce"),
    *("baseFeePerGas", "withdrawalsRoot", "blobGasUsed", "excessBlobGas", "parentBeaconBlockRoot", "requestsHash"),
)
_NUMBERS = {
    *("difficulty", "number", "gasLimit", "gasUsed", "timestamp"),
    *("baseFeePerGas", "blobGasUsed", "excessBlobGas"),
}


def missing() -> str | None:
    """Why no chain can be started here, or None."""
    if not (BINARIES / "anvil").exists():
        return f"anvil absent: run `{SETUP}`"
    if not (ARTIFACTS / "TrustAnchor.json").exists():
        return "the contract's artifact is absent: run `make contracts`"
    return None


def digits(number: int) -> bytes:
    """A number as RLP wants it."""
    return number.to_bytes((number.bit_length() + 7) // 8)


def word(value: int | bytes) -> bytes:
    """A number, or up to 32 bytes, as an argument of a call."""
    return value.to_bytes(32) if isinstance(value, int) else value.rjust(32, b"\0")


def call_data(signature: str, *words: int | bytes, tail: bytes = b"") -> bytes:
    """A call of the function with this signature; dynamic arguments are the caller's to lay out."""
    return keccak(signature.encode())[:4] + b"".join(map(word, words)) + tail


class ChainError(Exception):
    """The chain refused."""


class Anvil:
    """A running anvil."""

    def __init__(self, *options: str) -> None:
        node = shutil.which("node")
        self._process = subprocess.Popen(  # noqa: S603 - the tool that contracts/package-lock.json pins
            [
                str(BINARIES / "anvil"),
                "--host",
                "127.0.0.1",
                "--port",
                "0",
                *(() if "--hardfork" in options else ("--hardfork", "prague")),
                "--no-mining",
                *options,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={"PATH": f"{Path(node).parent if node else ''}{os.pathsep}{os.environ['PATH']}", "NO_COLOR": "1"},
        )
        self.port = 0
        for line in self._process.stdout or ():
            if found := re.search(r"Listening on 127\.0\.0\.1:(\d+)", line):
                self.port = int(found[1])
                break
        if not self.port:
            raise ChainError("anvil did not start")
        # It tells of every call; were nobody to read that, it would stop once the pipe is full.
        self._reader = threading.Thread(target=deque, args=(self._process.stdout, 0), daemon=True)
        self._reader.start()
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=START_SECONDS)
        self.accounts = [bytes.fromhex(account[2:]) for account in self.ask("eth_accounts")]
        self.chain = Chain(int(self.ask("eth_chainId"), 16), self.block(0).hash)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self._process.kill()
        self._reader.join()
        self._process.communicate()

    def ask(self, method: str, *params: Any) -> Any:
        """One JSON-RPC call; raises ChainError where the chain refuses."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"content-type": "application/json"})
        answer = json.load(self._connection.getresponse())
        if "error" in answer:
            raise ChainError(str(answer["error"]))
        return answer["result"]

    def header(self, number: int | str = "latest") -> bytes:
        """The header of a block as the chain hashes it, put together from the answer's members."""
        block = self._block(number)
        fields = [
            digits(int(block[name], 16)) if name in _NUMBERS else bytes.fromhex(block[name][2:])
            for name in _HEADER
            if block.get(name) is not None
        ]
        return bytes(rlp.encode(fields))

    def block(self, number: int | str = "latest") -> TrustedBlock:
        """A block, taken at the chain's word."""
        block = self._block(number)
        chain = self.chain if hasattr(self, "chain") else Chain(0, bytes(32))
        return TrustedBlock(chain, int(block["number"], 16), bytes.fromhex(block["hash"][2:]))

    def _block(self, number: int | str) -> Any:
        return self.ask("eth_getBlockByNumber", hex(number) if isinstance(number, int) else number, False)

    def send(self, to: bytes | None, data: bytes, *, sender: int = 0) -> str:
        """Send a transaction from one of anvil's own accounts, for the next block; its hash."""
        transaction = {"from": "0x" + self.accounts[sender].hex(), "data": "0x" + data.hex(), "gas": hex(GAS)}
        if to is not None:
            transaction["to"] = "0x" + to.hex()
        return str(self.ask("eth_sendTransaction", transaction))

    def transact(self, to: bytes | None, data: bytes, *, sender: int = 0) -> Any:
        """Send a transaction, have it mined, and see that it went well; its receipt."""
        sent = self.send(to, data, sender=sender)
        self.ask("evm_mine")
        receipt = self.ask("eth_getTransactionReceipt", sent)
        if receipt["status"] != "0x1":
            raise ChainError(f"reverted: {receipt}")
        return receipt

    def deploy(self, name: str) -> Contract:
        """Put one of our contracts on the chain."""
        artifact = json.loads((ARTIFACTS / f"{name}.json").read_text("utf-8"))
        receipt = self.transact(None, bytes.fromhex(artifact["initCode"].removeprefix("0x")))
        return Contract(
            bytes.fromhex(receipt["contractAddress"][2:]), bytes.fromhex(artifact["codeHash"].removeprefix("0x"))
        )

    def prove(self, contract: Contract, slots: Iterable[bytes], number: int | str = "latest") -> StorageProof:
        """The chain's own proof of these slots, bundled."""
        wanted = list(slots)
        tag = hex(number) if isinstance(number, int) else number
        answer = self.ask("eth_getProof", "0x" + contract.address.hex(), ["0x" + slot.hex() for slot in wanted], tag)

        def nodes(listed: list[str]) -> list[bytes]:
            return [bytes.fromhex(node[2:]) for node in listed]

        storage = {slot: nodes(entry["proof"]) for slot, entry in zip(wanted, answer["storageProof"], strict=True)}
        return StorageProof.bundle(self.header(number), nodes(answer["accountProof"]), storage)


@contextlib.contextmanager
def running_chain(*options: str) -> Iterator[Anvil]:
    """A chain for the length of a block; skips the test, loudly, where none can be started."""
    if reason := missing():
        pytest.skip(reason, allow_module_level=True)
    with Anvil(*options) as chain:
        yield chain
