"""`glejt verify` remembers between runs how far lists and chains had come, unless it is told not to."""

import asyncio
import json
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from anchoring_support import CONTRACT
from heads_support import DOCUMENT, HEADS, NEW, NEW_HEAD, OLD, OLD_HEAD, TRUST, Heads, published
from ledger_support import CHAIN, NAME, block_of, trusted_chain, trusting
from running import glejt
from status_support import HOUR, LIST, Web, pointing
from verification_support import AT, EVERYDAY, ISSUER, found

from anchoring.heads import digest_of, list_id
from anchoring.layout import slots_of
from node.app import sources
from node.cli.invocation import Invocation
from node.cli.memory import UNREADABLE, Memory, dumped
from node.cli.output import Output
from node.cli.verify import Judge
from node.cli.words import words_in
from node.config import Settings, memory_file
from node.verification.seen import NOTHING_SEEN, Seen, SeenBlock, SeenHead
from node.verification.sources import Sources

BEFORE = Heads({LIST: OLD_HEAD}, number=900, time=AT - 2 * HOUR)
NOW = Heads({LIST: NEW_HEAD})
SEEN = SeenHead(
    CHAIN.id,
    CHAIN.genesis,
    HEADS.contract,
    HEADS.namespace,
    list_id(LIST),
    0,
    2,
    digest_of(published(NEW).encode()),
    NEW_HEAD.time,
)
BLOCK = SeenBlock(CHAIN.id, CHAIN.genesis, NOW.number, NOW.state.hash)
INVOCATION = Invocation(Settings(), Output(words_in("en")))


class Node:
    """A LedgerReader over one state."""

    chain, contract = CHAIN, CONTRACT

    def __init__(self, state):
        self.state = state

    async def final_block(self):
        return block_of(self.state)

    async def prove(self, questions, block):
        assert block.hash == self.state.hash
        return self.state.proof(slot for question in questions for slot in slots_of(question))


def _run(path, record, text, trust=TRUST):
    """One run over one document, with this chain and this list."""

    async def resolve(did):
        raise AssertionError(did)

    memory = Memory(INVOCATION, trust, path)
    asked = Sources(resolve, lambda: AT, Web({LIST: text.encode()}), lambda _chain: Node(record.state))
    judge = Judge(EVERYDAY, trust, None, AT, asked, ledgers=memory.within(None), memory=memory)
    report = asyncio.run(judge.report(json.dumps(DOCUMENT).encode(), None))
    memory.keep()
    return found(report.credentials[0], "status")


@pytest.mark.threat(48)
def test_what_one_run_proves_the_next_one_knows(tmp_path):
    path = tmp_path / "data" / "glejt" / "seen.json"
    assert _run(path, BEFORE, published(OLD)) == ("passed", "status.passed")
    assert _run(path, NOW, published(NEW)) == ("passed", "status.passed")
    assert _run(path, BEFORE, published(OLD)) == ("indeterminate", "status.rolled_back")
    told = Seen.from_json(json.loads(path.read_bytes()))
    assert told == Seen((SEEN,), (BLOCK,))
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [each.name for each in path.parent.iterdir()] == ["seen.json"]


def test_there_is_nothing_of_persons_in_it(tmp_path):
    path = tmp_path / "seen.json"
    _run(path, NOW, published(NEW))
    text = path.read_text()
    for secret in (DOCUMENT["id"], ISSUER.did, LIST, "school.example", "Sample Learner", "index", '"7"'):
        assert secret not in text


def test_nothing_seen_writes_nothing(tmp_path):
    path = tmp_path / "seen.json"
    Memory(INVOCATION, TRUST, path).keep()
    assert list(tmp_path.iterdir()) == []
    _run(path, NOW, published(NEW))
    before = path.stat()
    _run(path, NOW, published(NEW))
    assert path.stat().st_ino == before.st_ino  # what is known already is not written again


def test_a_memory_that_cannot_be_read_is_put_aside_and_the_run_goes_on(tmp_path, capsys):
    path = tmp_path / "seen.json"
    for content in (b"{", b"[]", b"\xff", b'{"version": 9}', b"", dumped(Seen((SEEN,)))[:-30]):
        path.write_bytes(content)
        assert _run(path, NOW, published(NEW)) == ("passed", "status.passed")
        assert "could not be read and was put aside" in capsys.readouterr().err
        assert path.with_name(path.name + UNREADABLE).read_bytes() == content
        assert Seen.from_json(json.loads(path.read_bytes())).heads == (SEEN,)


def test_a_memory_that_cannot_be_written_keeps_nobody_from_an_answer(tmp_path, capsys):
    blocked = tmp_path / "file"
    blocked.write_text("")
    for path in (blocked / "seen.json", tmp_path):
        assert _run(path, NOW, published(NEW)) == ("passed", "status.passed")
        assert "could not be written" in capsys.readouterr().err
    assert blocked.read_text() == ""


def test_runs_at_once_lose_nothing_of_each_other(tmp_path):
    path = tmp_path / "seen.json"
    heads = [replace(SEEN, list_id=bytes([number]) * 32) for number in range(12)]

    def run(head):
        memory = Memory(INVOCATION, TRUST, path)
        memory._learned = NOTHING_SEEN.learning([head], [])
        memory.keep()

    threads = [threading.Thread(target=run, args=(head,)) for head in heads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(Seen.from_json(json.loads(path.read_bytes())).heads) == set(heads)


@pytest.mark.threat(91)
def test_a_chain_does_not_go_back_behind_what_was_final():
    """The reader of the next run is told; it calls no older block final."""
    trust = trusting(ISSUER, chains=[trusted_chain(rpc=("https://one.example",), quorum=1)])
    other = replace(BLOCK, genesis=bytes(32), number=99)
    for seen, expected in (((BLOCK, other), (BLOCK.number, BLOCK.hash)), ((other,), None), ((), None)):
        reader = sources(online=True, trust=trust, seen=seen).ledger(trust.chains[0])
        known = reader.seen
        assert (known and (known.number, known.hash)) == expected
        assert known is None or known.chain == CHAIN


# As people run it

TRUST_FILE = f"""
[[lists]]
name = "demo"
[[lists.issuers]]
did = "{ISSUER.did}"
name = "Example University"
domain = "university.example"
namespaces = ["{NAME}"]

[[chains]]
name = "Ethereum"
id = 1
genesis = "0x{"05" * 32}"
kind = "public"
contract = "0x{CONTRACT.address.hex()}"
code_hash = "0x{CONTRACT.code_hash.hex()}"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "award.json").write_text(json.dumps(pointing()))
    (tmp_path / "old.json").write_text(published(OLD))
    (tmp_path / "trust.toml").write_text(TRUST_FILE)
    memory = tmp_path / ".local" / "share" / "glejt" / "seen.json"
    memory.parent.mkdir(parents=True)
    memory.write_bytes(dumped(Seen((SEEN,), (BLOCK,))))
    return tmp_path


def _verify(folder, *more, **variables):
    at = AT.strftime("%Y-%m-%dT%H:%M:%SZ")
    arguments = ("verify", "award.json", "--offline", "--status", "old.json", "--at", at, *more)
    return glejt(folder, *arguments, env=variables)


@pytest.mark.threat(48)
def test_a_list_from_before_one_that_was_seen(folder):
    done = _verify(folder, "--trust", "trust.toml")
    assert done.returncode == 20
    assert "The list offered is older than one already seen (12 June 2026, 13:33 UTC)." in done.stdout
    for number in range(3):
        (folder / f"award{number}.json").write_text(json.dumps(pointing()))
    many = _verify(folder, *(f"award{number}.json" for number in range(3)), "--trust", "trust.toml", "--jobs", "2")
    assert many.returncode == 20
    assert many.stdout.count("The list offered is older than one already seen") == 4


def test_without_the_memory(folder):
    assert _verify(folder, "--trust", "trust.toml", "--no-memory").returncode == 0
    assert _verify(folder, "--trust", "trust.toml", GLEJT_NO_MEMORY="1").returncode == 0
    assert _verify(folder).returncode == 0  # who trusts no chain has none
    data = folder / "elsewhere"
    assert _verify(folder, "--trust", "trust.toml", XDG_DATA_HOME=str(data)).returncode == 0
    assert not data.exists()


def test_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert memory_file() == Path(tmp_path) / "glejt" / "seen.json"
