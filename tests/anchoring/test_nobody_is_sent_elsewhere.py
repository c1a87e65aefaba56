"""Row 58: a contract, or a node of a chain, that names an address to look something up at: nobody goes there.

Spec: https://eips.ethereum.org/EIPS/eip-3668
"""

import asyncio
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from eth_abi import encode
from eth_utils import to_checksum_address
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import MultipleFailedRequests, OffchainLookup

from anchoring.evm import connected
from anchoring.transactions.endpoint import RevertedError
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import RpcError

SENDER = to_checksum_address("0x" + "ab" * 20)
OFFCHAIN_LOOKUP = bytes.fromhex("556f1830")


@contextmanager
def answering(answer):
    """A server on this machine that answers so; its address, and what it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.reply(b"")

        def do_POST(self):
            self.reply(self.rfile.read(int(self.headers["Content-Length"])))

        def reply(self, body):
            asked.append((self.path, body))
            content = json.dumps(answer(body)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


@contextmanager
def leading_away():
    """A node whose every call is refused with the address of a trap; where it is, its calls, and those of the trap."""
    with answering(lambda _: {"data": "0x00"}) as (trap, hits):
        named = encode(
            ["address", "string[]", "bytes", "bytes4", "bytes"],
            [SENDER, [f"{trap}/{{sender}}/{{data}}", trap], b"\1", b"\2\2\2\2", b""],
        )
        error = {"code": 3, "message": "execution reverted", "data": "0x" + (OFFCHAIN_LOOKUP + named).hex()}

        def answer(body):
            call = json.loads(body)
            known = {"eth_chainId": "0x7a69", "eth_blockNumber": "0x1", "eth_gasPrice": "0x1", "net_version": "31337"}
            told = {"result": known[call["method"]]} if call["method"] in known else {"error": error}
            return {"jsonrpc": "2.0", "id": call["id"], **told}

        with answering(answer) as (address, calls):
            yield address, calls, hits


@pytest.mark.threat(58)
def test_who_writes_to_a_chain_is_led_nowhere_by_a_contract():
    async def ask(address):
        async with connected(address) as endpoint:
            with pytest.raises(RevertedError):
                await endpoint.estimate(bytes(20), bytes.fromhex(SENDER[2:]), b"")
            with pytest.raises(OffchainLookup):  # also where the library itself would follow
                await AsyncWeb3(endpoint._provider).eth.call({"to": SENDER, "data": "0x00"}, "latest")

    with leading_away() as (address, calls, hits):
        asyncio.run(ask(address))
        assert {"eth_estimateGas", "eth_call"} <= {json.loads(body)["method"] for _, body in calls}
        assert hits == []


@pytest.mark.threat(58)
def test_who_reads_a_chain_is_led_nowhere_by_a_node():
    async def ask(address):
        async with JsonRpc(address) as node:
            for method in ("eth_call", "eth_getProof", "eth_getLogs"):
                with pytest.raises(RpcError):
                    await node.call(method, {"to": SENDER, "data": "0x00"}, "latest")

    with leading_away() as (address, calls, hits):
        asyncio.run(ask(address))
        assert len(calls) >= 3
        assert hits == []


@pytest.mark.threat(58)
def test_the_library_would_follow():
    """By its usual setting it looks the addresses up, as far as it lets anybody: else nothing would be shown above."""

    async def ask(address):
        provider = AsyncHTTPProvider(address)
        with pytest.raises(MultipleFailedRequests):
            await AsyncWeb3(provider).eth.call({"to": SENDER, "data": "0x00"}, "latest")
        await provider.disconnect()

    with leading_away() as (address, _, _):
        asyncio.run(ask(address))
