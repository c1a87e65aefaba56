"""Reading a chain: how many facts are had, and proven, from a node on this machine.

    python bench/chain_reading.py [--json]

The chain is anvil, with a thousand anchors in the contract. Asking, answering, rebuilding the header, reading and
checking the proof are all in the figures, in medians. A node elsewhere adds its distance, once per row.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))  # where the chain for tests lives

from anvil_support import Anvil, call_data, missing
from eth_hash.auto import keccak

from anchoring.batch import batch
from anchoring.facts import AnchorOf
from anchoring.layout import namespace_id
from anchoring.receipt import Receipt, Site
from anchoring.storage_proof import Contract
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader

ANCHORS, AT_ONCE, RUNS = 1000, 40, 100
RECOVERY, SALT = keccak(b"recovery"), keccak(b"salt")
COMMITMENT = keccak(b"commitment")
BATCH = batch([COMMITMENT], [SALT], keccak(b"secret"))
QUESTIONS = [BATCH.anchored, *(keccak(b"anchor %d" % number) for number in range(1, ANCHORS))]


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """The median of single runs, in milliseconds."""
    taken = []
    for _ in range(RUNS):
        start = time.perf_counter()
        await work()
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


async def measured(chain: Anvil, contract: Contract, namespace: bytes) -> dict[str, float]:
    """Milliseconds by what was done."""
    listed = [f"http://{host}:{chain.port}" for host in ("127.0.0.1", "localhost")]
    reader = JsonRpcReader(chain.chain, contract, [JsonRpc(listed[0])], 1)
    two = JsonRpcReader(chain.chain, contract, [JsonRpc(url) for url in listed], 2)
    block = await reader.final_block()
    facts = [AnchorOf(namespace, value) for value in QUESTIONS]
    receipt = Receipt(
        BATCH.place(SALT, COMMITMENT), Site(chain.chain.id, contract.address, namespace), b"urn:example:document"
    )

    async def refreshed() -> Receipt:
        proof = await reader.prove([receipt.question], block)
        return receipt.refreshed(proof, block=block, contract=contract)

    rows = {"one fact, on a connection of its own": await timed(lambda: reader.answer(facts[0], block))}
    async with reader, two:
        rows["one fact"] = await timed(lambda: reader.answer(facts[0], block))
        rows["refresh a receipt"] = await timed(refreshed)
        rows[f"{AT_ONCE} facts in one proof"] = await timed(lambda: reader.prove(facts[:AT_ONCE], block))
        rows["final block, one node"] = await timed(reader.final_block)
        rows["final block, two nodes"] = await timed(two.final_block)
        rows[f"all events of a block, {ANCHORS // 10} of them"] = await timed(lambda: reader.events(block))
    return rows


def main() -> int:
    """Print the table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if reason := missing():
        print(f"left out: {reason}", file=sys.stderr)
        return 0
    with Anvil("--slots-in-an-epoch", "1") as chain:
        contract, owner = chain.deploy("TrustAnchor"), chain.accounts[0]
        namespace = namespace_id(owner, RECOVERY, SALT)
        chain.transact(contract.address, call_data("open(address,bytes32,bytes32)", owner, RECOVERY, SALT))
        for number, value in enumerate(QUESTIONS, 1):
            chain.send(contract.address, call_data("anchor(bytes32,bytes32)", namespace, value))
            if number % (ANCHORS // 10) == 0:
                chain.ask("evm_mine")
        anchored = chain.block().number
        while chain.block("finalized").number < anchored:
            chain.ask("evm_mine")
        rows = asyncio.run(measured(chain, contract, namespace))
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return 0
    print(f"{'from a node on this machine':44}{'ms':>9}{'per second':>12}")
    for name, milliseconds in rows.items():
        facts = AT_ONCE if name.startswith(str(AT_ONCE)) else 1
        print(f"{name:44}{milliseconds:9.2f}{1000 * facts / milliseconds:12,.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
