"""kill -9 at each labelled point of a sender's work, in each thing that can befall a transaction: one anchor each time.

GLEJT_LONG tries every point that each story passes, and each of them with a second death on the way to recovery.
"""

import json
import os
import random
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import pytest
from anvil_support import running_chain
from eth_hash.auto import keccak
from evm_support import Bench
from running import environment
from support import ROOT

from anchoring.signing_key import SigningKey
from anchoring.transactions.points import Point

pytestmark = [pytest.mark.peer, pytest.mark.threat(95), pytest.mark.threat(93), pytest.mark.threat(90)]

LONG = "GLEJT_LONG" in os.environ
STORIES = {
    "plain": ["submit", "round", "mine", "finish"],
    "forgotten": ["submit", "round", "drop", "round", "mine", "finish"],
    "dearer": ["submit", "round", "jump", "round", "mine", "finish"],
    "taken back": ["submit", "round", "mine", "round", "reorganise", "round", "mine", "finish"],
    "foreign": ["submit", "round", "foreign", "mine", "round", "mine", "finish"],
}
RECOVERY = ["submit", "finish"]
_numbers = count(1)


@dataclass
class Office:
    """A chain, and a process that starts senders."""

    bench: Bench
    folder: object
    zygote: subprocess.Popen
    deaths: int = 0

    def employ(self, *order, **options):
        self.start(self.zygote, *order, **options)
        return self.end(self.zygote)

    def start(self, zygote, steps, store, key, calls, *, kill=None, lease=0.0):  # noqa: PLR0913 - an order
        """With a lease of no length, whoever was killed holds nobody up; the overtaken is kept out all the same."""
        chain, contract = self.bench.anvil.chain, self.bench.contract
        order = {
            "port": self.bench.anvil.port,
            "chain": chain.id,
            "genesis": chain.genesis.hex(),
            "contract": contract.address.hex(),
            "code_hash": contract.code_hash.hex(),
            "key": key,
            "store": str(store),
            "calls": [call.encode().hex() for call in calls],
            "steps": steps,
            "kill": kill,
            "lease": lease,
        }
        zygote.stdin.write(json.dumps(order) + "\n")
        zygote.stdin.flush()

    def end(self, zygote):
        return json.loads(zygote.stdout.readline())

    def tell(self, story, kills):
        """A story with a sender that dies at these points, one process after the other; all that was passed."""
        number = next(_numbers)
        secret = keccak(b"crash %d" % number)
        self.bench.pay(SigningKey(secret).address)
        calls = [self.bench.anchor(keccak(b"crashed %d %d" % (number, place))) for place in range(2)]
        store = self.folder / f"{number}.db"
        passed, steps = [], STORIES[story]
        for kill in [*kills, None]:
            told = self.employ(steps, store, secret.hex(), calls, kill=kill)
            passed += told["passed"]
            if told["ended"] == "done":
                break
            assert told["ended"] == "dead", told
            self.deaths += 1
            steps = RECOVERY
        self.bench.anvil.ask("anvil_dropAllTransactions")
        assert told["ended"] == "done", told
        assert [self.bench.events(call.operation.value) for call in calls] == [1, 1]
        self.bench.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(10**9))
        self.bench.mine()
        return passed


@contextmanager
def sender_process(folder):
    with subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, str(ROOT / "tests" / "crash_sender.py")],
        env=environment(folder, PYTHONPATH=f"{ROOT}{os.pathsep}{ROOT / 'tests'}"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as zygote:
        yield zygote
        zygote.stdin.close()


@pytest.fixture(scope="module")
def office(tmp_path_factory):
    folder = tmp_path_factory.mktemp("crashes")
    with running_chain() as anvil, sender_process(folder) as zygote:
        bench = Bench(anvil, anvil.deploy("TrustAnchor")).open()
        anvil.ask("anvil_mine", hex(70))
        yield Office(bench, folder, zygote)


@pytest.fixture(scope="module")
def points(office):
    """The points that each story passes when nobody dies."""
    return {story: office.tell(story, []) for story in STORIES}


def test_the_stories_pass_every_labelled_point(points):
    assert set().union(*points.values()) == set(Point)
    for story, passed in points.items():
        assert {Point.STORED, Point.SENT, Point.RECORDED} <= set(passed), story


@pytest.mark.parametrize("point", list(Point))
def test_killed_at_each_labelled_point(office, points, point):
    """In one story for each point; in all of them, at each passage, in the test below."""
    telling = [story for story, passed in points.items() if point in passed]
    story = telling[list(Point).index(point) % len(telling)]
    last = max(place for place, passed in enumerate(points[story], 1) if passed == point)
    assert office.tell(story, [last])[last - 1] == point


def test_killed_while_another_sender_recovers_again_and_again(office):
    office.tell("plain", [7, 3, 4, 6, 5, 8])


@pytest.mark.parametrize("kill", [None, 19])
@pytest.mark.parametrize("lease", [0.0, 2.0], ids=["taking over at once", "taking turns"])
def test_two_processes_with_one_store_at_the_same_time(office, tmp_path, lease, kill):
    secret = keccak(b"two %d %r" % (int(lease), kill))
    office.bench.pay(SigningKey(secret).address)
    calls = [office.bench.anchor(keccak(secret + bytes([number]))) for number in range(6)]
    order = (RECOVERY, tmp_path / "shared.db", secret.hex(), calls)
    with sender_process(tmp_path) as other:
        office.start(office.zygote, *order, kill=kill, lease=lease)
        office.start(other, *order, lease=lease)
        ends = [office.end(each) for each in (office.zygote, other)]
    assert [each["ended"] for each in ends] == ["dead" if kill else "done", "done"], ends
    assert [office.bench.events(call.operation.value) for call in calls] == [1] * 6


if LONG:  # the whole matrix takes minutes

    @pytest.mark.parametrize("story", list(STORIES))
    def test_killed_wherever_one_can_be(office, points, story):
        chance = random.Random(story)  # noqa: S311 - which points, not secrets
        before = office.deaths
        for place in range(1, len(points[story]) + 1):
            again = chance.randrange(1, 12)
            for deaths in ([place], [place, again]):
                office.tell(story, deaths)
        deaths = office.deaths - before
        assert deaths >= 2 * len(points[story])
        print(f"{story}: {len(points[story])} points, {deaths} kills, two anchors after each, each once")  # noqa: T201
