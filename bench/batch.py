"""Batches: what one more credential costs, and how much memory is used, from a thousand credentials to a million.

    python bench/batch.py [--json] [--million]

Each row issues the bench's badge for so many learners, by one batch in one process, and lets each credential go as soon
as it is made; a sample is verified on the way, as always. Beside it stands the floor, what nobody can save: writing the
JSON, two hashes, one signature. The two take turns, a hundred credentials at a time, by the processor's time, so that
other people's work slows both alike; the factor between them is what counts. `awards` composes each award from a row of
cells first, as `glejt issue --csv` does.
"""

import argparse
import asyncio
import gc
import itertools
import json
import resource
import statistics
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
PIECE = 100
"""Credentials timed together."""
FLAT = 1.25
"""The longest batch may cost so many times as much for each credential as the shortest."""
FLAT_MB = 8.0
"""And hold so many megabytes more."""
WITHIN = 2.0
"""So many times the floor."""
STATM = Path("/proc/self/statm")


@dataclass(frozen=True, slots=True)
class Result:
    """One row: microseconds per credential and the floor's, medians over pieces; the median factor; what is held."""

    name: str
    count: int
    microseconds: float
    floor: float
    factor: float
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


async def measured[T](
    name: str, work: Callable[[T], Awaitable[object]], subjects: Iterator[T], floor: Floor, badge: JsonObject
) -> Result:
    """The row of so many subjects; making them is not counted."""
    taken, least, count = [], [], 0
    while piece := list(itertools.islice(subjects, PIECE)):
        start = time.process_time()
        for subject in piece:
            await work(subject)
        between = time.process_time()
        for _ in piece:
            floor.issue_one(badge)
        end = time.process_time()
        taken.append((between - start) * 1_000_000 / len(piece))
        least.append((end - between) * 1_000_000 / len(piece))
        count += len(piece)
    factor = statistics.median(own / other for own, other in zip(taken, least, strict=True))
    return Result(name, count, statistics.median(taken), statistics.median(least), factor, held())


def the_floor(glejt: Glejt, badge: JsonObject) -> Floor:
    """What cannot be saved, for this badge."""
    jsonld = JsonLd(BUNDLED)
    signed = glejt.issue(badge)
    options = {name: value for name, value in signed["proof"].items() if name != "proofValue"}
    configuration = canonicalize(jsonld.to_rdf({"@context": badge["@context"], **options})).data
    return Floor(glejt.private, canonicalize(jsonld.to_rdf(badge)).data, configuration)


def by_template(glejt: Glejt, count: int) -> Result:
    """Badges, by one batch."""
    (badge,) = badges(glejt.did, 1)
    batch = glejt.batch()

    async def both() -> Result:
        for subject in learners(badge, 20):  # the template is learned from these
            await batch.issue(subject)
        return await measured("badges", batch.issue, learners(badge, count), the_floor(glejt, badge), badge)

    made = asyncio.run(both())
    batch.finish()
    return made


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
    made = asyncio.run(measured("awards", awards.issue, cells, the_floor(glejt, badge), badge))
    awards.batch.finish()
    return made


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
    flat, memory = last.factor / first.factor, last.megabytes - first.megabytes
    met = flat <= FLAT and memory <= FLAT_MB and all(one.factor <= WITHIN for one in results)
    results.append(from_rows(glejt, SIZES[-1]))
    if arguments.json:
        print(json.dumps([asdict(result) for result in results]))
        return 0 if met else 1
    print(f"{'':8}{'credentials':>12}{'each':>12}{'floor':>12}{'factor':>8}{'a second':>10}{'memory':>11}")
    for one in results:
        print(
            f"{one.name:8}{one.count:12,}{one.microseconds:9.1f} µs{one.floor:9.1f} µs{one.factor:8.2f}{one.rate:10,}"
            f"{one.megabytes:8.1f} MB"
        )
    print(f"from the first to the last: cost times {flat:.2f}, memory {memory:+.1f} MB   {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
