"""DIDComm envelopes beside two other implementations, in one run: a message of 2 kB, packed and opened, authcrypt.

    python bench/didcomm_envelopes.py [--rounds N] [--json]

All sides do the same: X25519, ECDH-1PU+A256KW, A256CBC-HS512, one recipient with one key; documents and secrets are
warm. `joserfc` is a library of JWEs, not of DIDComm: it encrypts and decrypts, and no more, so it has no target. The
last rows have the curves of the specification without a peer, by the processor's time.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict

from run import ROOT, Row, Times, measure, quick, table, warn_if_busy  # isort: skip - it sets the path of what follows
from didcomm_support import AT, PROPOSAL, Party, documents_of
from peers.client import HERE, LineProcess, Peer

from did_methods.multikey import KeyType
from node.didcomm.message import Message, compose
from node.didcomm.pack import pack
from node.didcomm.unpack import unpack

ROUNDS = 7
COUNT = 200
"""Messages in a round."""
TARGET = 1.0
LEAST = 4000
"""Messages a second on one core, each way."""
DIDCOMM = [str(ROOT / ".venv-didcomm" / "bin" / "python"), str(HERE / "sicpa.py")]
CURVES = (KeyType.X25519, KeyType.P256, KeyType.P384, KeyType.P521)


class Pair:
    """Two parties on one curve, and what one sends the other."""

    def __init__(self, curve: KeyType) -> None:
        self.a, self.b = (Party(f"did:example:{name}", types=(curve,)) for name in ("alice", "bob"))
        self._documents = documents_of(self.a, self.b)
        self.message: Message = compose(PROPOSAL, {"text": "x" * 1800}, sender=self.a.did, to=[self.b.did])
        self._packed = self.pack()

    def pack(self) -> bytes:
        """The message for the other."""
        secrets = self.a.secrets
        return pack(
            self.message, to=[self.b.did], sender=self.a.did, secrets=secrets, documents=self._documents, at=AT
        ).data

    def unpack(self) -> object:
        """The message, opened by the other."""
        return unpack(self._packed, secrets=self.b.secrets, documents=self._documents, at=AT)

    def times(self, what: str, clock: Callable[[], float] = time.perf_counter) -> Times:
        """Milliseconds of each of COUNT messages."""
        work: Callable[[], object] = self.pack if what == "pack" else self.unpack
        times = []
        for _ in range(COUNT):
            start = clock()
            work()
            times.append(1000 * (clock() - start))
        return times

    def told(self) -> dict[str, object]:
        """The same for the others: their types of documents and secrets."""
        documents = [
            {
                "id": party.did,
                **{name: [each["id"] for each in party.source[name]] for name in ("keyAgreement", "authentication")},
                "verificationMethod": party.source["keyAgreement"] + party.source["authentication"],
                "service": [],
            }
            for party in (self.a, self.b)
        ]
        secrets = [
            {"id": kid, "type": "JsonWebKey2020", "privateKeyJwk": party.keys[kid].to_jwk()}
            for party in (self.a, self.b)
            for kid in documents[0 if party is self.a else 1]["keyAgreement"]
        ]
        return {"documents": documents, "secrets": secrets, "message": self.message.document,
                "from": self.a.did, "to": self.b.did}  # fmt: skip


def rows(pair: Pair, stack: ExitStack) -> list[Row]:
    """Both directions beside each of the others."""
    node, python = stack.enter_context(Peer()), stack.enter_context(LineProcess(DIDCOMM))
    told = pair.told()
    others = [("didcomm-node", node, "didcommTime"), ("didcomm (PyPI)", python, "didcommTime"),
              ("joserfc, alone", python, "joserfcTime")]  # fmt: skip
    return [
        Row(
            what,
            name,
            lambda what=what: pair.times(what),
            lambda process=process, op=op, what=what: process.ask(op, count=COUNT, what=what, **told),
            TARGET if op == "didcommTime" else None,
        )
        for name, process, op in others
        for what in ("pack", "unpack")
    ]


def main() -> int:
    """Measure and print; the status is 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds per row (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        results = [measure(row, arguments.rounds) for row in rows(Pair(KeyType.X25519), stack)]
    rates = {}
    for curve in CURVES:
        pair = Pair(curve)
        for what in ("pack", "unpack"):
            best = min(quick(pair.times(what, time.process_time)) for _ in range(arguments.rounds))
            rates[f"{what} {curve}"] = round(1000 / best)
    met = all(rate >= LEAST for name, rate in rates.items() if "X25519" in name)
    if arguments.json:
        print(json.dumps({"results": [asdict(result) for result in results], "a_second": rates}))
    else:
        print(table(results))
        for name, rate in rates.items():
            aim = f"   ≥ {LEAST}  {'met' if rate >= LEAST else 'MISSED'}" if "X25519" in name else ""
            print(f"{name:20}{rate:>10} /s{aim}")
    warn_if_busy()
    return 0 if met and all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
