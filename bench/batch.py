"""Batches: what one more credential costs, and how much memory is used, from a thousand credentials to a million.

    python bench/batch.py [--json] [--million]

Each row issues the bench's badge for so many learners, by one batch in one process, and lets each credential go as soon
as it is made; a sample is verified on the way, as always. Beside it stands what nobody can save: writing the JSON, two
hashes, one signature. `awards` composes each award from a row of cells first, as `glejt issue --csv` does. The cost of
a thousand may differ from that of the longest by a quarter, and the memory by as many megabytes as `FLAT_MB` says.
"""

import argparse
import asyncio
import gc
import itertools
import json
import resource
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ours import CREATED, Floor, Glejt
from subjects import badges

from node.credentials.achievement import read_achievement
from node.credentials.award_table import AwardTable
from node.credentials.contexts import BUNDLED
from node.credentials.draft import Fresh
from node.documents import JsonObject
from node.issuance.award_batch import AwardBatch
from node.proofs.canonicalize.rdfc10 import canonicalize
from node.proofs.jsonld import JsonLd

SIZES = (1_000, 10_000, 100_000)
MILLION = 1_000_000
PIECE = 1_000
"""Credentials timed together: a second of other people's work spoils few of a million's pieces."""
FLAT = 1.25
FLAT_MB = 8.0
WITHIN = 2.0
STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Result:
    """One row: microseconds per credential, median and tenth of its pieces, and what the process held at the end."""

    name: str
    count: int
    microseconds: float
    quick: float
    floor: float | None
    megabytes: float

    @property
    def rate(self) -> int:
        """Credentials a second."""
        return round(1_000_000 / self.microseconds)


def held() -> float:
    """Megabytes of memory that the process holds now; where the system does not say, the most it ever held."""
    if STATM.exists():
        return int(STATM.read_text("ascii").split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def learners(badge: JsonObject, count: int) -> Iterator[JsonObject]:
    """The badge for so many learners, made one after the other: what differs are the values that `subjects` changes."""
    for number in range(count):
        subject = badge["credentialSubject"]
        (result,) = subject["result"]
        (evidence,) = badge["evidence"]
        yield badge | {
            "id": f"urn:uuid:6c1c0c0e-54a1-4f63-9d0d-{number:012x}",
            "credentialSubject": subject
            | {"id": f"did:example:learner-{number}", "result": [result | {"value": "ABC"[number % 3]}]},
            "evidence": [evidence | {"id": f"https://rzemiosla.example/evidence/{number}"}],
        }


async def pieces[T](work: Callable[[T], Awaitable[object]], subjects: Iterator[T]) -> list[float]:
    """Microseconds per credential, piece by piece; making the subjects is not counted."""
    taken = []
    while piece := list(itertools.islice(subjects, PIECE)):
        start = time.perf_counter()
        for subject in piece:
            await work(subject)
        taken.append((time.perf_counter() - start) * 1_000_000 / len(piece))
    return taken


def row(name: str, count: int, taken: list[float], floor: float | None) -> Result:
    """The row of what was timed."""
    ordered = sorted(taken)
    return Result(name, count, ordered[len(ordered) // 2], ordered[len(ordered) // 10], floor, held())


def the_floor(glejt: Glejt, badge: JsonObject) -> Floor:
    """What cannot be saved, for this badge."""
    jsonld = JsonLd(BUNDLED)
    signed = glejt.issue(badge)
    options = {name: value for name, value in signed["proof"].items() if name != "proofValue"}
    configuration = canonicalize(jsonld.to_rdf({"@context": badge["@context"], **options})).data
    return Floor(glejt.private, canonicalize(jsonld.to_rdf(badge)).data, configuration)


def by_template(glejt: Glejt, count: int) -> Result:
    """Badges, by one batch, and the floor in the same run."""
    (badge,) = badges(glejt.did, 1)
    batch, floor = glejt.batch(), the_floor(glejt, badge)

    async def least(subject: JsonObject) -> None:
        floor.issue_one(subject)

    async def measured() -> tuple[list[float], list[float]]:
        await pieces(batch.issue, learners(badge, 20))
        return await pieces(batch.issue, learners(badge, count)), await pieces(
            least, learners(badge, min(count, 20_000))
        )

    taken, others = asyncio.run(measured())
    batch.finish()
    return row("badges", count, taken, sorted(others)[len(others) // 10])


def from_rows(glejt: Glejt, count: int) -> Result:
    """Awards, from rows of cells."""
    (badge,) = badges(glejt.did, 1)
    subject = badge["credentialSubject"]
    described = subject["achievement"] | {
        "type": ["Achievement", "MicroCredentialAchievement"],
        "assessmentType": "practical",
    }
    achievement = read_achievement({name: value for name, value in described.items() if name != "creditsAvailable"})
    shared: JsonObject = {"issuer": badge["issuer"], "evidence": badge["evidence"], "creditsEarned": 1.5}
    (grade,) = achievement.descriptions()
    table = AwardTable(["name", "emailAddress", f"value:{grade}"], {}, shared, achievement)
    names = itertools.count()
    fresh = Fresh(glejt.did, CREATED, lambda: f"urn:uuid:{next(names):032x}", lambda: f"{next(names):022x}")
    awards = AwardBatch(achievement, table, fresh, glejt.batch())
    cells = ([f"Learner {number}", f"learner{number}@example.org", "ABC"[number % 3]] for number in range(count))
    taken = asyncio.run(pieces(awards.issue, cells))
    awards.batch.finish()
    return row("awards", count, taken, None)


def main() -> int:
    """Measure and print; the status is 1 where the cost or the memory is not flat, or too far from the floor."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--million", action="store_true", help="also issue a million, which takes a minute or two")
    arguments = parser.parse_args()
    glejt = Glejt()
    by_template(glejt, PIECE)  # warm
    gc.collect()
    sizes = (*SIZES, MILLION) if arguments.million else SIZES
    results = [by_template(glejt, count) for count in sizes]
    first, last = results[0], results[-1]
    flat, memory = last.quick / first.quick, last.megabytes - first.megabytes
    met = flat <= FLAT and memory <= FLAT_MB and all(one.quick <= WITHIN * (one.floor or 0) for one in results)
    results.append(from_rows(glejt, SIZES[-1]))
    if arguments.json:
        print(json.dumps([asdict(result) for result in results]))
        return 0 if met else 1
    print(f"{'':8}{'credentials':>12}{'each, median':>15}{'tenth':>12}{'floor':>12}{'a second':>10}{'memory':>11}")
    for one in results:
        floor = "" if one.floor is None else f"{one.floor:9.1f} µs"
        print(
            f"{one.name:8}{one.count:12,}{one.microseconds:12.1f} µs{one.quick:9.1f} µs{floor:>12}{one.rate:10,}"
            f"{one.megabytes:8.1f} MB"
        )
    print(f"cost of the last to the first {flat:.2f}, memory {memory:+.1f} MB   {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
