"""Logs of did:webvh: how long reading one takes, whole, from its bytes to the document that is in force.

    python bench/did_log.py [--json]

Each row is the median of rounds in one warm process, by the processor's time. Beside it stands the floor, what nobody
can save: for every entry two SHA-256 hashes of its size, one Ed25519 verification, and parsing. In the second log every
entry also replaces the key that writes it, by promises; in the third, witnesses approved the last version.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where logs are made

import orjson  # noqa: E402 - after the path is set
from nacl.bindings import crypto_sign_open  # noqa: E402 - after the path is set
from webvh_support import DAY, KEYS, START, WITNESSES, did_of, entries, first, key, rule  # noqa: E402 - as above

from did_methods.multibase import decode_base58btc  # noqa: E402 - after the path is set
from did_methods.versions import VersionQuery  # noqa: E402 - after the path is set
from did_methods.webvh import LogFiles, read_files, resolution_of  # noqa: E402 - after the path is set
from did_methods.webvh_create import approve, promise, update  # noqa: E402 - after the path is set
from node.verification.did_logs import LOG_TOOLS  # noqa: E402 - after the path is set

ENTRIES, ROUNDS = 100, 15
TARGET_MS = 50.0
NOW = START + timedelta(days=2 * ENTRIES)
"""After the last entry: the logs begin in the past, a day apart."""


@dataclass(frozen=True, slots=True)
class Result:
    """One row: milliseconds, and those of the floor."""

    name: str
    milliseconds: float
    floor: float
    target: float | None

    @property
    def met(self) -> bool:
        """Whether the target is met, where there is one."""
        return self.target is None or self.milliseconds <= self.target


def plain(count: int, first_log: bytes) -> bytes:
    """A log whose entries are all written with one key."""
    log = first_log
    for number in range(1, count):
        log = update(log, {"ttl": 3600 + number}, KEYS[0], LOG_TOOLS, at=START + number * DAY)
    return log


def promised(count: int) -> bytes:
    """A log in which every entry is written with the key that the one before promised."""
    keys = [key(number) for number in range(count + 1)]
    log = first(changes={"nextKeyHashes": [promise(keys[1].public)]})
    for number in range(1, count):
        changes = {
            "updateKeys": [keys[number].public.to_multibase()],
            "nextKeyHashes": [promise(keys[number + 1].public)],
        }
        log = update(log, changes, keys[number], LOG_TOOLS, at=START + number * DAY)
    return log


def median_ms(work: Callable[[], object]) -> float:
    """Milliseconds of the processor, at the median of the rounds; the first one warms up."""
    times = []
    for _ in range(ROUNDS + 1):
        begun = time.process_time()
        work()
        times.append((time.process_time() - begun) * 1000)
    return statistics.median(times[1:])


def floor(log: bytes) -> Callable[[], object]:
    """Parsing, two hashes and one verification for every entry."""
    parts = []
    for line, entry in zip(log.splitlines(), entries(log), strict=True):
        multikey = entry["proof"][0]["verificationMethod"].partition("#")[2]
        signature = decode_base58btc(entry["proof"][0]["proofValue"])
        signing = next(
            each for each in (key(number) for number in range(ENTRIES + 1)) if each.public.to_multibase() == multikey
        )
        unsigned = {name: value for name, value in entry.items() if name != "proof"}
        options = {name: value for name, value in entry["proof"][0].items() if name != "proofValue"}
        message = sha256(LOG_TOOLS.canonicalize(options)).digest() + sha256(LOG_TOOLS.canonicalize(unsigned)).digest()
        parts.append((line, signature + message, signing.public.raw))

    def work() -> None:
        for line, signed, raw in parts:
            orjson.loads(line)
            sha256(line).digest()
            sha256(line).digest()
            crypto_sign_open(signed, raw)

    return work


def read(files: LogFiles) -> Callable[[], object]:
    """Reading the files of a log and answering with the document in force."""
    did = did_of(files.log)

    def work() -> None:
        if resolution_of(did, read_files(did, files, LOG_TOOLS, now=NOW), VersionQuery()).document is None:
            raise RuntimeError(f"{did} has no document")

    return work


def results() -> list[Result]:
    """All rows."""
    witnessed = plain(ENTRIES, first(changes={"witness": rule(2, 0, 1, 2)}))
    proofs = approve(witnessed, None, WITNESSES[:3], LOG_TOOLS, at=START + timedelta(days=ENTRIES))
    logs = {
        f"{ENTRIES} entries": LogFiles(plain(ENTRIES, first())),
        f"{ENTRIES} entries, promised keys": LogFiles(promised(ENTRIES)),
        f"{ENTRIES} entries, 3 witnesses": LogFiles(witnessed, proofs),
    }
    return [
        Result(name, median_ms(read(files)), median_ms(floor(files.log)), TARGET_MS) for name, files in logs.items()
    ]


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
            target = "" if row.target is None else f"  target {row.target:.0f} ms{'' if row.met else '  MISSED'}"
            times = row.milliseconds / row.floor
            print(f"did:webvh, {row.name:28}{row.milliseconds:>8.1f} ms  {times:.1f} times the floor{target}")
    return 0 if all(row.met for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
