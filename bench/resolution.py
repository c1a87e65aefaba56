"""DIDs: how many resolutions a second one core answers from memory, and how many it computes.

    python bench/resolution.py [--json]

Each row is the median of rounds over the same identifiers in one warm process, by the processor's time: what others
take of it on a busy machine is not the resolver's. The target is for what is remembered.
"""

import argparse
import asyncio
import json
import statistics
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from did_methods import jwk, key, peer, pkh
from did_methods.cache import RememberedMethod
from did_methods.document import Relationship
from did_methods.jwk import JwkMethod
from did_methods.key import KeyMethod
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import PeerMethod
from did_methods.pkh import PkhMethod
from did_methods.resolution import Method, resolve

IDENTIFIERS, ROUNDS = 1000, 15  # more identifiers than the parser remembers
TARGET_PER_SECOND = 20_000
SERVICE = '{"type":"DIDCommMessaging","serviceEndpoint":{"uri":"https://example.com/didcomm"}}'
METHODS: Mapping[str, Method] = {
    "key": KeyMethod(),
    "jwk": JwkMethod(),
    "peer": PeerMethod(),
    "pkh": PkhMethod(),
}


@dataclass(frozen=True, slots=True)
class Result:
    """One row: resolutions a second."""

    name: str
    per_second: float
    target: float | None

    @property
    def met(self) -> bool:
        """Whether the target is met, where there is one."""
        return self.target is None or self.per_second >= self.target


def identifiers(method: str) -> list[str]:
    """Identifiers of a method, each of a key of its own."""
    keys = [PrivateKey(KeyType.ED25519, number.to_bytes(32)).public for number in range(1, IDENTIFIERS + 1)]
    match method:
        case "key":
            return [str(key.create(each)) for each in keys]
        case "jwk":
            return [str(jwk.create(each)) for each in keys]
        case "pkh":
            return [str(pkh.create(each)) for each in keys]
    service = json.loads(SERVICE)
    return [str(peer.create_with_keys([(Relationship.AUTHENTICATION, each)], [service])) for each in keys]


async def per_second(dids: Sequence[str], methods: Mapping[str, Method]) -> float:
    """Resolutions a second, at the median of the rounds; the first one warms up."""
    rates = []
    for _ in range(ROUNDS + 1):
        begun = time.process_time()
        for did in dids:
            if (await resolve(did, methods)).document is None:
                raise RuntimeError(f"{did} has no document")
        rates.append(len(dids) / (time.process_time() - begun))
    return statistics.median(rates[1:])


def results() -> list[Result]:
    """All rows."""
    remembered = {name: RememberedMethod(method) for name, method in METHODS.items()}
    rows = []
    for name in METHODS:
        dids = identifiers(name)
        rows += [
            Result(f"did:{name}, remembered", asyncio.run(per_second(dids, remembered)), TARGET_PER_SECOND),
            Result(f"did:{name}, computed", asyncio.run(per_second(dids, METHODS)), None),
        ]
    return rows


def main() -> int:
    """Print the rows; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    as_json = parser.parse_args().json
    rows = results()
    if as_json:
        print(json.dumps([asdict(row) | {"met": row.met} for row in rows], indent=2))
    else:
        for row in rows:
            target = "" if row.target is None else f"  target {row.target:,.0f}{'' if row.met else '  MISSED'}"
            print(f"{row.name:24}{row.per_second:>12,.0f} /s{target}")
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
