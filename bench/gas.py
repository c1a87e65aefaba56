"""Gas: what our contract asks for, per operation and per credential, beside other people's ways to anchor.

    python bench/gas.py [--json]

Every figure is the gas of a whole transaction, measured on anvil in a block of its own, by the rules of several forks.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the chain for tests lives

from anvil_support import Anvil, call_data, word  # noqa: E402 - after the path is set
from eth_hash.auto import keccak  # noqa: E402 - after the path is set

from anchoring.layout import namespace_id, recovery_commitment  # noqa: E402 - after the path is set

PEERS = ROOT / "bench" / "peers" / "node_modules"
SNAPSHOTS = ROOT / "contracts" / "snapshots"
FORKS = ("shanghai", "cancun", "prague", "osaka")
SHOWN = "prague"
BATCHES = (1, 100, 10_000, 1_000_000)
ENDLESS = 253_402_300_799
MONTH = 30 * 86_400
SLACK = 100  # gas: the snapshots take other addresses and roots, whose zero bytes are cheaper

ALONE, BATCHED = "a transaction each", "one for the batch"


@dataclass(frozen=True, slots=True)
class Measured:
    """The gas of one operation under each fork; `batched` when one transaction serves a whole batch of credentials."""

    scheme: str
    operation: str
    gas: dict[str, int]
    batched: bool

    def per_credential(self, count: int) -> float:
        """Gas of one credential among so many."""
        return self.gas[SHOWN] / (count if self.batched else 1)


def fresh(name: str) -> bytes:
    """Thirty-two bytes as a hash has them."""
    return keccak(name.encode())


def code_of_eas(name: str) -> bytes:
    """Init code of a contract of the Ethereum Attestation Service."""
    path = PEERS / "@ethereum-attestation-service" / "eas-contracts" / "artifacts" / "contracts" / f"{name}.sol"
    return bytes.fromhex(json.loads((path / f"{name}.json").read_text("utf-8"))["bytecode"][2:])


def code_of_open_attestation() -> bytes:
    """Init code of OpenAttestation's document store."""
    factories = PEERS / "@govtechsg" / "document-store" / "dist" / "contracts" / "factories" / "contracts"
    found = re.search(r'_bytecode = "0x([0-9a-f]+)"', (factories / "DocumentStore__factory.js").read_text("utf-8"))
    if found is None:
        raise SystemExit("the document store's factory carries no bytecode")
    return bytes.fromhex(found[1])


class Meter:
    """A chain on which each transaction has a block of its own."""

    def __init__(self, chain: Anvil) -> None:
        self._chain = chain
        self.me = chain.accounts[0]

    def create(self, code: bytes) -> bytes:
        """Deploy a contract; its address."""
        return bytes.fromhex(self._chain.transact(None, code)["contractAddress"][2:])

    def gas(self, to: bytes, signature: str, *words: int | bytes, tail: bytes = b"") -> int:
        """Gas of a call."""
        return int(self._chain.transact(to, call_data(signature, *words, tail=tail))["gasUsed"], 16)

    def gas_of_data(self, data: bytes) -> int:
        """Gas of a transaction to oneself that only carries bytes."""
        return int(self._chain.transact(self.me, data)["gasUsed"], 16)

    def topic(self, to: bytes, signature: str, *words: int | bytes, tail: bytes = b"") -> bytes:
        """First word of what a call logs."""
        receipt = self._chain.transact(to, call_data(signature, *words, tail=tail))
        return bytes.fromhex(receipt["logs"][0]["data"][2:66])

    def now(self) -> int:
        """Time of the chain."""
        return int(self._chain.ask("eth_getBlockByNumber", "latest", False)["timestamp"], 16)


type Figures = Iterator[tuple[str, str, bool, int]]


def of_glejt(meter: Meter, chain: Anvil) -> Figures:
    """Our contract, each write by the authority itself."""
    trust = chain.deploy("TrustAnchor").address
    recovery = recovery_commitment(chain.accounts[9], fresh("recovery salt"))
    space, listed = namespace_id(meter.me, recovery, fresh("salt")), fresh("list")
    yield "glejt", "open", False, meter.gas(trust, "open(address,bytes32,bytes32)", meter.me, recovery, fresh("salt"))
    yield "glejt", "anchor", True, meter.gas(trust, "anchor(bytes32,bytes32)", space, fresh("root"))
    head = "setHead(bytes32,bytes32,bytes32,uint64,uint48,bool)"
    until = meter.now() + MONTH
    first = meter.gas(trust, head, space, listed, fresh("bytes 1"), 1, until, 0)
    yield "glejt", "setHead, the first", False, first
    yield "glejt", "setHead, the next", True, meter.gas(trust, head, space, listed, fresh("bytes 2"), 2, until, 0)
    who, what = fresh("subject"), fresh("scope")
    accredit = "accredit(bytes32,bytes32,bytes32,uint32,uint48,uint48,bytes32)"
    yield "glejt", "accredit", False, meter.gas(trust, accredit, space, who, what, 0, 1, ENDLESS, fresh("evidence"))
    revoke = "revokeAccreditation(bytes32,bytes32,bytes32,uint32)"
    yield "glejt", "revokeAccreditation", False, meter.gas(trust, revoke, space, who, what, 0)


def of_blockcerts(meter: Meter) -> Figures:
    """A Merkle root as the data of a transaction to oneself, which nothing on the chain can read."""
    yield "Blockcerts", "root in calldata", True, meter.gas_of_data(fresh("root"))


def of_eas(meter: Meter) -> Figures:
    """Ethereum Attestation Service: a timestamp that binds no author, and attestations."""
    registry = meter.create(code_of_eas("SchemaRegistry"))
    eas = meter.create(code_of_eas("EAS") + word(registry))
    yield "EAS", "timestamp of a root", True, meter.gas(eas, "timestamp(bytes32)", fresh("root"))
    text = b"bytes32 root"
    meter.gas(registry, "register(string,address,bool)", 96, 0, 1, tail=word(len(text)) + text.ljust(32, b"\0"))
    schema = keccak(text + bytes(20) + b"\x01")
    signature = "attest((bytes32,(address,uint64,bool,bytes32,bytes,uint256)))"
    words = (32, schema, 64, 0, 0, 1, 0, 192, 0, 32, fresh("root"))
    yield "EAS", "attest a root", True, meter.gas(eas, signature, *words)
    yield "EAS", "attest one credential", False, meter.gas(eas, signature, *words[:-1], fresh("credential"))
    uid = meter.topic(eas, signature, *words[:-1], fresh("another"))
    yield "EAS", "revoke one credential", False, meter.gas(eas, "revoke((bytes32,(bytes32,uint256)))", schema, uid, 0)


def of_open_attestation(meter: Meter) -> Figures:
    """OpenAttestation's document store."""
    name = b"Sample store"
    arguments = word(64) + word(meter.me) + word(len(name)) + name.ljust(32, b"\0")
    store = meter.create(code_of_open_attestation() + arguments)
    yield "OpenAttestation", "issue a root", True, meter.gas(store, "issue(bytes32)", fresh("root"))
    yield "OpenAttestation", "revoke one credential", False, meter.gas(store, "revoke(bytes32)", fresh("credential"))


def measure() -> list[Measured]:
    """Every operation under every fork."""
    found: dict[tuple[str, str, bool], dict[str, int]] = {}
    for fork in FORKS:
        with Anvil("--hardfork", fork) as chain:
            meter = Meter(chain)
            for figures in (of_glejt(meter, chain), of_blockcerts(meter), of_eas(meter), of_open_attestation(meter)):
                for scheme, operation, batched, gas in figures:
                    found.setdefault((scheme, operation, batched), {})[fork] = gas
    return [Measured(scheme, operation, gas, batched) for (scheme, operation, batched), gas in found.items()]


def strays(rows: list[Measured]) -> list[str]:
    """Where anvil and the snapshots of forge do not agree."""
    told = []
    for fork in FORKS:
        snapshot: dict[str, Any] = json.loads((SNAPSHOTS / f"{fork}.json").read_text("utf-8"))
        told += [
            f"{row.operation} under {fork}: {row.gas[fork]}, snapshot {snapshot[row.operation]}"
            for row in rows
            if row.scheme == "glejt" and abs(row.gas[fork] - int(snapshot[row.operation])) > SLACK
        ]
    return told


def table(rows: list[Measured]) -> str:
    """The figures as two tables in Markdown."""
    lines = [f"| Gas of a transaction | {' | '.join(FORKS)} |", f"|---|{'---:|' * len(FORKS)}"]
    lines += [f"| {r.scheme}: {r.operation} | {' | '.join(f'{r.gas[f]:,}' for f in FORKS)} |" for r in rows]
    lines += ["", f"| Gas per credential ({SHOWN}) | sent | {' | '.join(f'of {n:,}' for n in BATCHES)} |"]
    lines += [f"|---|---|{'---:|' * len(BATCHES)}"]
    for row in rows:
        if row.operation in {"open", "accredit", "revokeAccreditation", "setHead, the first"}:
            continue  # paid by issuer, body or list, not by credential
        each = " | ".join(_short(row.per_credential(n)) for n in BATCHES)
        lines.append(f"| {row.scheme}: {row.operation} | {BATCHED if row.batched else ALONE} | {each} |")
    return "\n".join(lines)


def _short(figure: float) -> str:
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.2g}"  # noqa: PLR2004 -- below that, two figures say it


def main() -> int:
    """Measure, print, and fail where the committed snapshots say something else."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    rows = measure()
    print(json.dumps([asdict(row) for row in rows], indent=1) if parser.parse_args().json else table(rows))
    for stray in strays(rows):
        print(f"not what the snapshots say: {stray}", file=sys.stderr)
    return 1 if strays(rows) else 0


if __name__ == "__main__":
    sys.exit(main())
