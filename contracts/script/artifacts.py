"""Write what forge built into anchoring/artifacts, or compare it with what is committed there.

    python script/artifacts.py [--check]

Each file carries the ABI, both codes, the code hash, the storage layout, and the address that follows from them on
every chain. The address of the factory follows from a transaction that nobody signed: its signature is a sentence, the
sender is whoever that sentence happens to be a signature of, and so nobody has the key or a second transaction
(docs/adr/0015).
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

import rlp
from eth_hash.auto import keccak

HERE = Path(__file__).resolve().parent.parent
ARTIFACTS = HERE.parent / "anchoring" / "artifacts"
FACTORY = "Create2Factory"
CONTRACTS = (FACTORY, "TrustAnchor", "EthereumDIDRegistry")
SALT = bytes(32)

# The transaction of the factory. Price and limit can never be changed: the price is above what quiet chains ask, the
# limit leaves room for rules under which new state costs several times as much as now.
GAS_PRICE = 100 * 10**9
GAS_LIMIT = 500_000
SENTENCE = b"This was signed by nobody: glejt"

# secp256k1: y^2 = x^3 + 7 over a prime field, G a point of order N.
P = 2**256 - 2**32 - 977
N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
G = (
    0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798,
    0x483ADA7726A3C4655DA4FBFC0E1108A8FD17B448A68554199C47D08FFB10D4B8,
)
type Point = tuple[int, int] | None


def add(a: Point, b: Point) -> Point:
    """The sum of two points."""
    if a is None or b is None:
        return a or b
    if a[0] == b[0] and (a[1] + b[1]) % P == 0:
        return None
    slope = (3 * a[0] ** 2 * pow(2 * a[1], -1, P) if a == b else (b[1] - a[1]) * pow(b[0] - a[0], -1, P)) % P
    x = (slope**2 - a[0] - b[0]) % P
    return x, (slope * (a[0] - x) - a[1]) % P


def multiply(a: Point, times: int) -> Point:
    """A point added to itself so many times."""
    total: Point = None
    while times:
        if times & 1:
            total = add(total, a)
        a, times = add(a, a), times >> 1
    return total


def signer(digest: bytes, v: int, r: int, s: int) -> bytes:
    """Address that a signature recovers to."""
    square = (r**3 + 7) % P
    y = pow(square, (P + 1) // 4, P)
    if y * y % P != square:
        raise SystemExit("the sentence is no x coordinate: choose another")
    point = (r, y if y % 2 == v - 27 else P - y)
    inverse = pow(r, -1, N)
    key = add(multiply(point, s * inverse % N), multiply(G, -int.from_bytes(digest) * inverse % N))
    if key is None:
        raise SystemExit("the sentence recovers to no key: choose another")
    return keccak(key[0].to_bytes(32) + key[1].to_bytes(32))[-20:]


def checksummed(address: bytes) -> str:
    """An address in the mixed case of ERC-55."""
    digits = address.hex()
    marks = keccak(digits.encode()).hex()
    return "0x" + "".join(d.upper() if m in "89abcdef" else d for d, m in zip(digits, marks, strict=False))


def keyless(init_code: bytes) -> dict[str, Any]:
    """The transaction that deploys the factory, its sender and the address it creates."""
    r = s = int.from_bytes(SENTENCE)
    v = 27
    fields: list[Any] = [0, GAS_PRICE, GAS_LIMIT, b"", 0, init_code]
    sender = signer(keccak(rlp.encode(fields)), v, r, s)
    raw = rlp.encode([*fields, v, r, s])
    return {
        "address": checksummed(keccak(rlp.encode([sender, 0]))[-20:]),
        "transaction": {
            "sender": checksummed(sender),
            "raw": "0x" + raw.hex(),
            "hash": "0x" + keccak(raw).hex(),
            "cost": hex(GAS_PRICE * GAS_LIMIT),
        },
    }


def created(factory: str, init_code: bytes) -> dict[str, Any]:
    """Where the factory puts this code (EIP-1014)."""
    where = keccak(b"\xff" + bytes.fromhex(factory[2:]) + SALT + keccak(init_code))[-20:]
    return {"address": checksummed(where), "factory": factory, "salt": "0x" + SALT.hex()}


def layout(compiled: dict[str, Any]) -> dict[str, Any]:
    """The compiler's storage layout without the numbers that change with every comment."""
    types = compiled["types"] or {}

    def name(kind: str) -> str:
        kind = re.sub(r"t_(?:userDefinedValueType|struct)\((\w+)\)\d+(?:_storage)?", r"\1", kind)
        return re.sub(r"\bt_", "", kind)

    def members(of: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {"label": m["label"], "slot": int(m["slot"]), "offset": m["offset"], "type": name(m["type"])} for m in of
        ]

    structs = {name(kind): members(body["members"]) for kind, body in types.items() if "members" in body}
    return {"storage": members(compiled["storage"]), "structs": dict(sorted(structs.items()))}


def built(contract: str, factory: str | None) -> dict[str, Any]:
    """What the artifact of a contract has to be."""
    output = json.loads((HERE / "out" / f"{contract}.sol" / f"{contract}.json").read_text())
    compiler = output["metadata"]
    init_code = bytes.fromhex(output["bytecode"]["object"][2:])
    runtime = bytes.fromhex(output["deployedBytecode"]["object"][2:])
    if output["deployedBytecode"].get("immutableReferences"):
        raise SystemExit(f"{contract} has immutables: its code hash would not be the same everywhere")
    settings = compiler["settings"]
    return {
        "contract": contract,
        "compiler": {
            "version": compiler["compiler"]["version"],
            "evmVersion": settings["evmVersion"],
            "viaIR": settings["viaIR"],
            "optimizerRuns": settings["optimizer"]["runs"],
            "metadata": settings["metadata"],
        },
        **(keyless(init_code) if factory is None else created(factory, init_code)),
        "codeHash": "0x" + keccak(runtime).hex(),
        "abi": output["abi"],
        "storageLayout": layout(output["storageLayout"]),
        "initCode": "0x" + init_code.hex(),
        "runtimeCode": "0x" + runtime.hex(),
    }


def main() -> int:
    """Write the artifacts; with --check, say which of them are not what was built."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where the committed file is another")
    check = parser.parse_args().check
    factory: str | None = None
    stale = []
    for contract in CONTRACTS:
        artifact = built(contract, factory)
        factory = factory or artifact["address"]
        text = json.dumps(artifact, indent=1) + "\n"
        path = ARTIFACTS / f"{contract}.json"
        if check and (not path.exists() or path.read_text() != text):
            stale.append(path.name)
        if not check:
            ARTIFACTS.mkdir(exist_ok=True)
            path.write_text(text)
    if stale:
        sys.stderr.write(f"not what forge builds: {', '.join(stale)}; run `make artifacts`\n")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
