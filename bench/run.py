"""`make bench`: glejt beside its peers on the same badge, in one run; README.md says how to read it."""

import argparse
import asyncio
import json
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))  # where the Node peers and their client live

import orjson  # noqa: E402 - after the path is set
from ours import AT, CREATED, SUITE, Floor, Glejt, awaited_samples, samples  # noqa: E402 - after the path is set
from peers.client import LineProcess, Peer, PeerKey  # noqa: E402 - after the path is set
from subjects import ED25519_2020, QUADS, badges, baked  # noqa: E402 - after the path is set

from node.credentials.contexts import BUNDLED  # noqa: E402 - after the path is set
from node.proofs.canonicalize.rdfc10 import canonicalize  # noqa: E402 - after the path is set
from node.proofs.jsonld import JsonLd  # noqa: E402 - after the path is set

ACAPY = [str(ROOT / ".venv-acapy" / "bin" / "python"), str(ROOT / "bench" / "acapy.py")]
BADGES = 60  # per round and side: some 200 ms of Node, so that a pause of the machine spoils one round only
ACAPY_BADGES = 10  # it takes eight times as long as the others
ROUNDS = 15
WARM_UP = 3
PICTURE = 0.83  # a fifth more than without one

type Times = list[float]


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: what glejt does, what a peer does, and how many times faster it has to be."""

    name: str
    peer: str
    ours: Callable[[], Times]
    theirs: Callable[[], Times]
    target: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Medians over rounds, in milliseconds; the ratio is the median of theirs to ours in the same round."""

    name: str
    peer: str
    ours: float
    theirs: float
    ratio: float
    lowest: float
    highest: float
    target: float | None

    @property
    def met(self) -> bool:
        """Whether the target is met, where there is one."""
        return self.target is None or self.ratio >= self.target


def quick(times: Times) -> float:
    """The time that a tenth of the samples keeps to: an interruption only ever adds, and adds more to long work."""
    return statistics.quantiles(times, n=10)[0]


def measure(row: Row, rounds: int) -> Result:
    """Alternate: each round runs both sides, in turn the one and the other first, so that drift hits both."""
    for _ in range(WARM_UP):
        row.ours()
        row.theirs()
    ours, theirs = [], []
    for number in range(rounds):
        sides = [(row.ours, ours), (row.theirs, theirs)]
        for work, kept in sides if number % 2 else reversed(sides):
            kept.append(quick(work()))
    ratios = [peer / own for own, peer in zip(ours, theirs, strict=True)]
    return Result(
        name=row.name,
        peer=row.peer,
        ours=statistics.median(ours),
        theirs=statistics.median(theirs),
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
        target=row.target,
    )


def digitalbazaar(glejt: Glejt, peer: Peer) -> list[Row]:
    """The rows with targets: the same badges, the same suite, the same key on both sides."""
    peer.contexts(BUNDLED)
    key = asdict(PeerKey("Ed25519", glejt.did, glejt.method, glejt.public, glejt.private.to_multibase()))
    unsigned = badges(glejt.did, BADGES)
    signed = [glejt.issue(badge) for badge in unsigned]
    texts = [orjson.dumps(badge) for badge in signed]
    check(glejt, peer, unsigned, signed)
    now = AT.isoformat()

    def theirs(work: str, subjects: list[Any]) -> Callable[[], Times]:
        how = {"suite": SUITE, "key": key, "date": CREATED.isoformat()} if work == "issue" else {"suite": SUITE}
        return lambda: peer.ask("time", work=work, subjects=subjects, now=now, **how)

    library = "@digitalbazaar/vc"
    batch = glejt.batch()
    loop = asyncio.new_event_loop()
    return [
        Row("issue", library, lambda: samples(glejt.issue, unsigned), theirs("issue", unsigned), 8),
        Row(
            "issue by template",
            library,
            lambda: loop.run_until_complete(awaited_samples(batch.issue, unsigned)),
            theirs("issue", unsigned),
            60,
        ),
        Row("verify the proof", library, lambda: samples(glejt.proof, signed), theirs("credential", signed), 8),
        Row("verify the proof", "… its proof alone", lambda: samples(glejt.proof, signed), theirs("proof", signed)),
        Row(
            "verify the whole",
            library,
            lambda: loop.run_until_complete(awaited_samples(glejt.whole, texts)),
            theirs("whole", [text.decode() for text in texts]),
            5,
        ),
        Row(
            "… achievement new",
            library,
            lambda: loop.run_until_complete(awaited_samples(glejt.whole_anew, texts)),
            theirs("whole", [text.decode() for text in texts]),
        ),
    ]


def check(glejt: Glejt, peer: Peer, unsigned: list[dict[str, Any]], signed: list[dict[str, Any]]) -> None:
    """That what is timed is the same work: the same 68 statements, and a proof that the peer accepts."""
    jsonld = JsonLd(BUNDLED)
    ours = [canonicalize(jsonld.to_rdf(badge)).text for badge in unsigned]
    if ours != peer.canonize(unsigned) or any(text.count("\n") != QUADS for text in ours):
        raise ValueError("glejt and jsonld.js do not read the bench's badges alike")
    batch = glejt.batch()
    by_template = [json.loads(asyncio.run(batch.issue(badge))) for badge in unsigned[:5]]
    if by_template != signed[:5]:
        raise ValueError("the templates make other credentials than the general path")
    if not all(peer.ask("verify", document=badge, now=AT.isoformat())["verified"] for badge in signed[:5]):
        raise ValueError("the peer refuses what glejt signed")


def acapy(glejt: Glejt, process: LineProcess) -> list[Row]:
    """ACA-Py's credential code; it has no eddsa-rdfc-2022, so it signs the same badge by Ed25519Signature2020."""
    process.ask("contexts", documents=dict(BUNDLED))
    unsigned = badges(process.ask("did"), ACAPY_BADGES, ED25519_2020)
    signed = process.ask("sign", subjects=unsigned)
    own_unsigned = badges(glejt.did, BADGES)
    own_texts = [orjson.dumps(glejt.issue(badge)) for badge in own_unsigned]
    loop = asyncio.new_event_loop()
    return [
        Row(
            "issue",
            "ACA-Py 1.7.0",
            lambda: samples(glejt.issue, own_unsigned),
            lambda: process.ask("issue", subjects=unsigned),
        ),
        Row(
            "verify the whole",
            "ACA-Py 1.7.0",
            lambda: loop.run_until_complete(awaited_samples(glejt.whole, own_texts)),
            lambda: process.ask("verify", subjects=signed),
        ),
    ]


def floors(glejt: Glejt) -> list[Row]:
    """The distance to the floor: here the "peer" is what no code can go below, so the ratio is below one."""
    unsigned = badges(glejt.did, BADGES)
    signed = [glejt.issue(badge) for badge in unsigned]
    texts = [orjson.dumps(badge) for badge in signed]
    jsonld = JsonLd(BUNDLED)
    proof = signed[0]["proof"]
    configuration = {"@context": signed[0]["@context"], **{k: v for k, v in proof.items() if k != "proofValue"}}
    floor = Floor(
        glejt.private,
        canonicalize(jsonld.to_rdf(unsigned[0])).data,
        canonicalize(jsonld.to_rdf(configuration)).data,
    )
    loop, batch = asyncio.new_event_loop(), glejt.batch()
    return [
        Row("issue", "floor", lambda: samples(glejt.issue, unsigned), lambda: samples(floor.issue, texts)),
        Row(
            "issue by template",
            "floor",
            lambda: loop.run_until_complete(awaited_samples(batch.issue, unsigned)),
            lambda: samples(floor.issue_one, unsigned),
            0.5,
        ),
        Row("verify the proof", "floor", lambda: samples(glejt.proof, signed), lambda: samples(floor.verify, texts)),
        Row(
            "verify the whole",
            "floor",
            lambda: loop.run_until_complete(awaited_samples(glejt.whole, texts)),
            lambda: samples(floor.verify, texts),
        ),
    ]


def pictures(glejt: Glejt) -> list[Row]:
    """A badge in a picture beside the same badge alone: nobody should notice the difference."""
    texts = [orjson.dumps(glejt.issue(badge)) for badge in badges(glejt.did, BADGES)]
    images = [baked(text) for text in texts]
    loop = asyncio.new_event_loop()
    return [
        Row(
            "verify a picture",
            "the badge alone",
            lambda: loop.run_until_complete(awaited_samples(glejt.whole_picture, images)),
            lambda: loop.run_until_complete(awaited_samples(glejt.whole, texts)),
            PICTURE,
        )
    ]


def table(results: list[Result]) -> str:
    """The results for people."""
    lines = [f"{'':20}{'beside':22}{'glejt':>10}{'other':>10}{'ratio':>9}   {'rounds':15}target"]
    for result in results:
        target = "" if result.target is None else f"≥ {result.target:g}  {'met' if result.met else 'MISSED'}"
        spread = f"{result.lowest:.2f}–{result.highest:.2f}"  # noqa: RUF001 - a range
        lines.append(
            f"{result.name:20}{result.peer:22}{result.ours:7.3f} ms{result.theirs:7.3f} ms{result.ratio:9.2f}   "
            f"{spread:15}{target}"
        )
    return "\n".join(lines)


def warn_if_busy() -> None:
    """Say on standard error that others were using the machine: what takes long then looks slower than it is."""
    load, processors = os.getloadavg()[0], os.cpu_count() or 1
    if load > processors / 2 + 1:  # the bench itself keeps about one of them busy
        message = f"the machine was busy (load {load:.1f} on {processors} processors): "
        print(message + "operations of more than a few milliseconds look slower than they are", file=sys.stderr)


def main() -> int:
    """Measure and print; the status is 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds per row (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--without-acapy", action="store_true", help="leave ACA-Py out")
    arguments = parser.parse_args()
    glejt = Glejt()
    rows_of: list[tuple[Any, Callable[[Any], list[Row]]]] = [(Peer(), lambda peer: digitalbazaar(glejt, peer))]
    if not arguments.without_acapy and not Path(ACAPY[0]).exists():
        print("ACA-Py is left out: `make bench` builds its environment, .venv-acapy", file=sys.stderr)
    elif not arguments.without_acapy:
        rows_of.append((LineProcess(ACAPY), lambda process: acapy(glejt, process)))
    results = []
    for process, rows in rows_of:
        with process:
            results += [measure(row, arguments.rounds) for row in rows(process)]
    results += [measure(row, arguments.rounds) for row in [*floors(glejt), *pictures(glejt)]]
    warn_if_busy()
    print(json.dumps([asdict(result) for result in results]) if arguments.json else table(results))
    return 0 if all(result.met for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
