"""The embedded chain: how long it takes to start, and how many anchors it takes, each in a block that is on the disk.

    python bench/embedded_chain.py [--json]

Starting is timed in processes of its own, from nothing to the final block, with the interpreter and everything loaded.
Anchors are relayed calls, as an issuer sends them: the chain checks two signatures for each.
"""

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.devchain.chain import DevChain
from anchoring.devchain.opening import opened
from anchoring.keccak import keccak256
from anchoring.ledger import AnchorOf
from anchoring.operations import AnchorValue, OpenNamespace
from anchoring.signing_key import SigningKey
from anchoring.transactions.fees import GWEI, Fees
from anchoring.transactions.signing import Transaction

STARTS, ANCHORS, PROOFS = 5, 200, 200
TARGET_SECONDS = 1.5
GAS = 200_000
START = """
import asyncio, sys
from pathlib import Path
from anchoring.devchain.opening import opened
async def main():
    async with opened(Path(sys.argv[1])) as chain:
        await chain.final_block()
asyncio.run(main())
"""


def started(folder: Path) -> float:
    """Seconds from nothing to the final block of the chain in this folder."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", START, str(folder)], check=True)  # noqa: S603 - this interpreter
    return time.perf_counter() - begun


async def calls(chain: DevChain, authority: SigningKey) -> list[AuthorizedCall]:
    """Anchors that their authority has signed, and the opening of its namespace before them."""
    opening = OpenNamespace(authority.address, keccak256(b"recovery"), keccak256(b"salt"))
    made = [AuthorizedCall(opening)]
    for number in range(ANCHORS):
        operation = AnchorValue(opening.namespace, keccak256(b"%d" % number))
        typed = TypedCall.soon(
            operation, chain_id=chain.chain.id, contract=chain.contract.address, now=int(time.time())
        )
        made.append(await authorize(typed, authority))
    return made


async def written(folder: Path) -> tuple[float, float]:
    """Anchors in a second, and milliseconds for a proof of one."""
    authority, _ = SigningKey.generate()
    async with opened(folder) as chain, chain.connect() as endpoint:
        account, contract = chain.gas_account, chain.contract.address
        raw = []
        made = await calls(chain, authority)
        for nonce, call in enumerate(made):
            paid = Transaction(chain.chain.id, nonce, contract, call.data(), GAS, Fees(100 * GWEI, GWEI))
            raw.append(await account.sign(paid))
        await endpoint.send(raw[0])
        begun = time.perf_counter()
        for each in raw[1:]:
            await endpoint.send(each)
        seconds = time.perf_counter() - begun
        block = await chain.final_block()
        taken = []
        for call in (made[1:] * PROOFS)[:PROOFS]:
            begun = time.perf_counter()
            question = AnchorOf(call.operation.namespace, call.operation.value)
            if await chain.answer(question, block) is None:
                raise SystemExit("an anchor is missing")
            taken.append(time.perf_counter() - begun)
    return ANCHORS / seconds, statistics.median(taken) * 1000


def main() -> int:
    """Print the table; status 1 where starting takes longer than it may."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    as_json = parser.parse_args().json
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first = statistics.median(started(folder / str(number)) for number in range(STARTS))
        again = statistics.median(started(folder / "0") for _ in range(STARTS))
        anchors, proof = asyncio.run(written(folder / "written"))
    rows = {
        "first start, contracts deployed (s)": first,
        "start (s)": again,
        "anchors per second": anchors,
        "answer with proof (ms)": proof,
    }
    if as_json:
        print(json.dumps(rows))
    else:
        for label, figure in rows.items():
            print(f"{label:40}{figure:10.2f}")
    return 0 if first <= TARGET_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
