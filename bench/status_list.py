"""Status lists: how long an issuer needs to publish one, and a verifier to look into it.

    python bench/status_list.py [--json]

Each row is the median and the 95th percentile of single runs in one warm process, with what the report has as target.
Times are those of the processor: what others take of it on a busy machine is not the list's.
"""

import argparse
import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.documents import JsonObject, UnsecuredDocument
from node.issuance.secure import Signing, SigningProfile
from node.issuance.status_lists import first_version, next_version
from node.status.bitstring import MIN_ENTRIES, Bitstring
from node.status.entry import Purpose, StatusEntry
from node.verification.material import EMPTY, Origin, StatusListCopy, VerificationMaterial
from node.verification.policy import built_in
from node.verification.report import Verdict
from node.verification.trust import NO_TRUST
from node.verification.verify import verify

RUNS, WARM_UP = 200, 10
NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
URL = "https://issuer.example/status/1"
WITHDRAWN = 0.05  # of all places: more than any honest issuer takes back, and the worse for the packing
TARGET_MS = 20.0
MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """One row, in milliseconds."""

    name: str
    median: float
    p95: float
    target: float | None

    @property
    def met(self) -> bool:
        """Whether the target is met by 95 runs of 100, where there is one."""
        return self.target is None or self.p95 < self.target


class Issuer:
    """An issuer with one key, and a verifier beside it."""

    def __init__(self) -> None:
        private = PrivateKey.generate(KeyType.ED25519)
        method = did_key.method_id(private.public)
        self.did = str(did_key.create(private.public))
        self.signing = Signing(
            SigningProfile(self.did, method, "eddsa-rdfc-2022"), HeldKeys({method: private}), NO_TRUST
        )
        self._loop = asyncio.new_event_loop()

    def publish(self, bits: Bitstring) -> JsonObject:
        """Build and sign a list, as `glejt status create` does."""
        return self._loop.run_until_complete(
            first_version(URL, bits, self.signing, purpose=Purpose.REVOCATION, now=NOW)
        )

    def withdraw(self, current: JsonObject, place: int) -> JsonObject:
        """Check the list there is, set one more place and sign the next version, as `glejt status set` does."""
        return self._loop.run_until_complete(
            next_version(current, EMPTY, {place: 1}, self.signing, now=NOW + timedelta(minutes=1))
        )

    def credential(self, place: int | None) -> JsonObject:
        """A small credential, with a status unless there is no place for it."""
        document: JsonObject = {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "issuer": self.did,
            "name": "MIG welding",
            "credentialSubject": {"id": self.did},
        }
        if place is not None:
            document["credentialStatus"] = StatusEntry(URL, place).to_json()
        return self._loop.run_until_complete(self.signing.secure(UnsecuredDocument(document), created=NOW))


def timed(name: str, work: Callable[[], object], target: float | None = None) -> Result:
    """The row of one piece of work."""
    for _ in range(WARM_UP):
        work()
    taken = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        taken.append((time.process_time() - start) * 1000)
    return Result(name, statistics.median(taken), statistics.quantiles(taken, n=20)[-1], target)


def accept(document: JsonObject, material: VerificationMaterial) -> None:
    """Judge a credential that has to be accepted."""
    if verify(document, material, built_in(), NOW).verdict is not Verdict.ACCEPTED:
        raise ValueError("the bench's own credential was not accepted")


def measure() -> list[Result]:
    """All rows."""
    issuer, chance = Issuer(), random.Random(7)  # noqa: S311 - the same places in every run, no secret
    spread = Bitstring.zeros().changed({place: 1 for place in range(1, MIN_ENTRIES) if chance.random() < WITHDRAWN})
    large = Bitstring.zeros(MILLION).changed({place: 1 for place in range(1, MILLION) if chance.random() < WITHDRAWN})
    current = issuer.publish(spread)

    def held(document: JsonObject) -> VerificationMaterial:
        return VerificationMaterial(status_lists=(StatusListCopy(URL, json.dumps(document), Origin.LIVE, NOW),))

    plain, pointing = issuer.credential(None), issuer.credential(0)
    own, longest = held(current), held(issuer.publish(large))
    percent = f"{WITHDRAWN:.0%} set"
    return [
        timed(f"publish {MIN_ENTRIES:,}, none set", lambda: issuer.publish(Bitstring.zeros()), TARGET_MS),
        timed(f"publish {MIN_ENTRIES:,}, {percent}", lambda: issuer.publish(spread), TARGET_MS),
        timed(f"withdraw one in {MIN_ENTRIES:,}", lambda: issuer.withdraw(current, 0), TARGET_MS),
        timed(f"publish {MILLION:,}, {percent}", lambda: issuer.publish(large)),
        timed("verify without a status", lambda: accept(plain, EMPTY)),
        timed(f"verify, list of {MIN_ENTRIES:,}", lambda: accept(pointing, own)),
        timed(f"verify, list of {MILLION:,}", lambda: accept(pointing, longest)),
    ]


def main() -> int:
    """Measure and print; the status is 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    results = measure()
    if parser.parse_args().json:
        print(json.dumps([asdict(result) for result in results]))
    else:
        print(f"{'':34}{'median':>10}{'p95':>12}   target")
        for result in results:
            said = "" if result.target is None else f"< {result.target:g} ms  {'met' if result.met else 'MISSED'}"
            print(f"{result.name:34}{result.median:8.2f} ms{result.p95:9.2f} ms   {said}")
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
