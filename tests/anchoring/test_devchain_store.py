"""What was told of is on the disk: killed writers, two writers, full disks, and files that somebody changed."""

import json
import os
import sqlite3
import stat
import subprocess
import sys
import time
from random import Random

import pytest
from devchain_crash import BLOCKS
from support import ROOT

from anchoring.deployments import Deployment, KeylessDeployment
from anchoring.devchain.machine import CONTRACTS, Machine
from anchoring.devchain.opening import FILE
from anchoring.devchain.store import LOCK, Store
from anchoring.errors import EmbeddedChainError
from anchoring.keccak import keccak256

RICH = bytes([7]) * 20
DEPLOYING = 4
"""Commits of a first start: the first block, the factory, and two contracts."""
CASES = [
    *((point, 1) for point in ("locked", "file", "schema")),
    *(("executed", nth) for nth in (1, 3, 4, 9)),
    *((point, nth) for point in ("half", "last row", "written", "committed") for nth in (1, 2, 5, 10)),
]
RANDOM_KILLS = 12


@pytest.fixture(scope="module")
def killed():
    """Run a writer that is killed; what it had told of."""
    path = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    with subprocess.Popen(  # noqa: S603 - this interpreter, a program of ours
        [sys.executable, ROOT / "tests" / "devchain_crash.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    ) as process:

        def run(folder, **case):
            process.stdin.write(json.dumps({"folder": str(folder), **case}) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        yield run
        process.stdin.close()


def opened(folder, *, at_once=True):
    return Machine(folder, time.time, at_once=at_once)


def seen_whole(folder, told):
    """Open the chain, see that everything that was told of is there, and go on; how many blocks more there are."""
    chain = opened(folder)
    try:
        for number, digest in told:
            assert chain.header(number).hash.hex() == digest
        for deployment in [KeylessDeployment.factory(), *map(Deployment.named, CONTRACTS)]:
            contract = deployment.contract
            assert keccak256(chain.account(contract.address).code) == contract.code_hash
        head = int(chain.head.block_number)
        # Each block behind the deployments gave one coin: the state is that of the blocks, neither more nor less.
        assert chain.account(RICH).balance == head - (DEPLOYING - 1)
        for number in range(1, head + 1):
            assert chain.header(number).parent_hash == chain.header(number - 1).hash
            [transaction] = chain._chain.get_block_by_header(chain.header(number)).transactions
            assert chain.included(transaction.hash).header.block_number == number
        chain.fund(RICH, 1)
        assert chain.head.block_number == head + 1
        return head - (told[-1][0] if told else 0)
    finally:
        chain.close()


@pytest.mark.threat(95)
@pytest.mark.parametrize(("point", "nth"), CASES)
def test_a_writer_killed_at_a_point_twice(tmp_path, killed, point, nth):
    folder = tmp_path / "chain"
    first = killed(folder, point=point, nth=nth)
    assert first["killed"]
    second = killed(folder, point=point, nth=min(nth, BLOCKS))
    assert second["killed"]
    told = first["told"] + second["told"]
    more = seen_whole(folder, told)
    if told:
        assert more <= 1, "at most the block that was just being written"
    if point == "committed" and nth > DEPLOYING:
        assert len(first["told"]) == nth - DEPLOYING


@pytest.mark.threat(95)
def test_writers_killed_at_any_time(tmp_path, killed):
    chance = Random(7)  # noqa: S311 - which cases are tried, the same ones each time
    told = []
    for _ in range(RANDOM_KILLS):
        told += killed(tmp_path / "chain", after=chance.uniform(0.0, 0.25))["told"]
    more = seen_whole(tmp_path / "chain", told)
    assert not told or more <= 1


def test_what_the_folder_holds_is_its_owners_alone(tmp_path):
    folder = tmp_path / "deep" / "chain"
    chain = opened(folder)
    chain.fund(RICH, 1)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    chain.close()
    assert {FILE, LOCK} <= set(modes)
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_second_opener_is_told_who_has_it(tmp_path):
    chain = opened(tmp_path)
    with pytest.raises(EmbeddedChainError) as caught:
        opened(tmp_path)
    assert caught.value.code == "devchain.busy"
    assert str(os.getpid()) in str(caught.value)
    program = (
        "import sys, time\nfrom pathlib import Path\nfrom anchoring.devchain.store import Store\n"
        "try: Store(Path(sys.argv[1]))\nexcept Exception as error: print(error.code)\n"
    )
    asked = subprocess.run(  # noqa: S603 - this interpreter, the program above
        [sys.executable, "-c", program, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert asked.stdout.strip() == "devchain.busy"
    chain.fund(RICH, 1)
    chain.close()
    again = opened(tmp_path)
    assert again.account(RICH).balance == 1
    again.close()


def test_nothing_is_held_where_opening_failed(tmp_path):
    (tmp_path / FILE).write_bytes(b"not a database, but long enough to be taken for one" * 40)
    for _ in range(2):
        with pytest.raises(EmbeddedChainError) as caught:
            opened(tmp_path)
        assert caught.value.code == "devchain.damaged"
        assert caught.value.remedy


def test_a_full_disk_stops_the_chain_and_costs_nothing(tmp_path):
    chain = opened(tmp_path)
    chain.fund(RICH, 1)
    (pages,) = chain._store._connection.execute("PRAGMA page_count").fetchone()
    chain._store._connection.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(EmbeddedChainError) as caught:
        _fill(chain)
    assert caught.value.code == "devchain.unwritable"
    head, digest = int(chain.head.block_number), chain.head.hash
    chain._store._connection.execute("PRAGMA max_page_count = 1000000")
    with pytest.raises(EmbeddedChainError) as caught:
        chain.mine()
    assert caught.value.code == "devchain.unwritable", "what failed once is not tried again"
    assert chain.account(RICH).balance == head - (DEPLOYING - 1), "reading goes on"
    chain.close()
    again = opened(tmp_path)
    assert (again.head.block_number, again.head.hash) == (head, digest)
    again.close()


def _fill(chain):
    for _ in range(500):
        chain.fund(RICH, 1)


def _ended(folder):
    """A chain of some blocks, closed; its file, and what is in it."""
    chain = opened(folder)
    for _ in range(3):
        chain.fund(RICH, 1)
    head = chain.head.hash
    chain.close()
    assert not (folder / f"{FILE}-wal").exists()
    return folder / FILE, head


def _read_all(folder, head):
    """Everything there is to be read, which is right or said to be damaged."""
    try:
        chain = opened(folder)
    except EmbeddedChainError as error:
        return error.code
    try:
        assert chain.head.hash == head
        assert chain.account(RICH).balance == 3
        for number in range(chain.head.block_number + 1):
            chain.storage_proof(Deployment.named("TrustAnchor").contract.address, [bytes(32)], number)
            chain.events(number)
        chain.fund(RICH, 1)
    except EmbeddedChainError as error:
        return error.code
    finally:
        chain.close()
    return None


def test_a_changed_byte_is_noticed_or_makes_no_difference(tmp_path):
    path, head = _ended(tmp_path)
    data = path.read_bytes()
    chance = Random(11)  # noqa: S311 - which cases are tried, the same ones each time
    found = []
    for _ in range(60):
        place = chance.randrange(len(data))
        altered = bytearray(data)
        altered[place] ^= 1 << chance.randrange(8)
        path.write_bytes(altered)
        found.append(_read_all(tmp_path, head))
    assert set(found) <= {None, "devchain.damaged", "devchain.foreign"}
    assert found.count("devchain.damaged") >= 10


@pytest.mark.parametrize("share", [0.0, 0.001, 0.1, 0.5, 0.9])
def test_a_file_that_was_cut_off(tmp_path, share):
    path, head = _ended(tmp_path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    if share:
        assert _read_all(tmp_path, head) == "devchain.damaged"
    else:  # an empty file is no chain: another one begins, and nobody takes it for the first
        again = opened(tmp_path)
        assert again.head.hash != head
        again.close()


def test_each_row_that_is_missing_is_noticed_or_makes_no_difference(tmp_path):
    path, head = _ended(tmp_path)
    data = path.read_bytes()
    with sqlite3.connect(path) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM entries")]
    connection.close()
    chance = Random(3)  # noqa: S311 - which cases are tried, the same ones each time
    found = []
    own = [key for key in keys if len(key) != 32]
    assert sum(key.startswith(b"glejt/") for key in own) == 3
    for key in [*own, *chance.sample(keys, 20)]:
        path.write_bytes(data)
        connection = sqlite3.connect(path)
        with connection:
            connection.execute("DELETE FROM entries WHERE key = ?", (key,))
        connection.close()
        found.append(_read_all(tmp_path, head))
    assert set(found) <= {None, "devchain.damaged"}
    assert found.count("devchain.damaged") >= 10


@pytest.mark.parametrize("change", ["PRAGMA user_version = 2", "PRAGMA application_id = 5", "DROP TABLE entries"])
def test_a_database_of_something_else(tmp_path, change):
    path, _ = _ended(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute(change)
    connection.close()
    with pytest.raises(EmbeddedChainError) as caught:
        opened(tmp_path)
    assert caught.value.code == ("devchain.damaged" if change.startswith("DROP") else "devchain.foreign")
    assert "folder" in caught.value.remedy


def test_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "chain"):
        with pytest.raises(EmbeddedChainError) as caught:
            opened(folder)
        assert caught.value.code == "devchain.folder"
    (tmp_path / "chain" / FILE).mkdir(parents=True)
    with pytest.raises(EmbeddedChainError) as caught:
        opened(tmp_path / "chain")
    assert caught.value.code == "devchain.folder"


def test_the_store_by_itself(tmp_path):
    with Store(tmp_path) as store:
        store[b"a"], store[b"b"] = b"1", b"2"
        assert (store[b"a"], b"a" in store) == (b"1", True)
        store.discard()
        assert b"a" not in store
        store[b"a"], store[b"b"] = b"1", b""
        store.commit()
        assert (store[b"a"], store[b"b"]) == (b"1", b"")
        del store[b"a"]
        assert b"a" not in store
        with pytest.raises(KeyError):
            store[b"a"]
        with pytest.raises(KeyError):
            del store[b"a"]
        store.discard()
        assert store[b"a"] == b"1"
        del store[b"a"]
        store.commit()
        store[b"c"] = b"never committed"
    with Store(tmp_path) as store:
        assert [key in store for key in (b"a", b"b", b"c")] == [False, True, False]
    with pytest.raises(EmbeddedChainError) as caught:
        store[b"b"]
    assert caught.value.code == "devchain.closed"
    store.close()
