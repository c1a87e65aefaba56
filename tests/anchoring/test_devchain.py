"""The embedded chain reads and proves like any other, is nobody else's, and keeps the event loop free."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from importlib.resources import files

import pytest
import rlp
from devchain_support import START, Sender, devchain
from eth_hash.auto import keccak
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import ROOT

from anchoring.block_bridge import HISTORY, earlier_block, slot_of
from anchoring.calls import AuthorizedCall
from anchoring.devchain import chain as chain_module
from anchoring.devchain.chain import BLOCK_SECONDS, MAX_TASKS
from anchoring.devchain.label import IDS, KIND, NOTICE, is_embedded
from anchoring.devchain.machine import MAX_CLOCK_BEHIND
from anchoring.devchain.opening import opened
from anchoring.errors import AnchoringError, EmbeddedChainError, HeaderError, StorageProofError, UntrustedBlockError
from anchoring.event_proof import proven_block
from anchoring.evm import EvmLedger
from anchoring.header import Header
from anchoring.identity_registry import proven_change, proven_events
from anchoring.layout import proven_facts
from anchoring.ledger import AnchorOf, CallState, HistoryEntry, StateOf
from anchoring.operations import OpenNamespace
from anchoring.registry_calls import ChangeOwner, call_data
from anchoring.signing_key import SigningKey
from anchoring.transactions.endpoint import UnreachableError
from anchoring.transactions.machine import Limits, Transactions
from anchoring.transactions.store import MemoryTransactionStore

ONE = keccak(b"one")
AUTHORITY = SigningKey(bytes([0xA0]) * 32)
PUBLIC_CHAINS = (1, 10, 56, 100, 137, 8453, 42161, 43114, 11155111, 84532, 31337, 1337, 131277322940537)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    with devchain(tmp_path_factory.mktemp("devchain") / "chain") as made:
        yield made


def opening(salt):
    return OpenNamespace(AUTHORITY.address, keccak(b"recovery"), salt)


def carried_out(bench, operation):
    """Send a call that needs no signature; its transaction's hash."""

    async def sent():
        data = AuthorizedCall(operation).data()
        nonce = await bench.endpoint.nonce(bench.chain.gas_account.address, pending=True)
        raw = Sender(bench.chain.gas_account._key).raw(bench.chain.chain.id, nonce, bench.chain.contract.address, data)
        await bench.endpoint.send(raw)
        return keccak(raw)

    return bench.runner.run(sent())


def artifact(name):
    return json.loads(files("anchoring").joinpath("artifacts", f"{name}.json").read_text("utf-8"))


def test_the_contracts_stand_where_they_stand_everywhere(bench):
    for name in ("Create2Factory", "TrustAnchor", "EthereumDIDRegistry"):
        told = artifact(name)
        code_hash = bench.do(bench.endpoint.code_hash(bytes.fromhex(told["address"][2:])))
        assert code_hash.hex() == told["codeHash"][2:]
    assert bench.chain.contract.address.hex() == artifact("TrustAnchor")["address"][2:].lower()
    assert bench.chain.registry.address.hex() == artifact("EthereumDIDRegistry")["address"][2:].lower()
    keyless = artifact("Create2Factory")["transaction"]
    assert bench.do(bench.endpoint.inclusion(bytes.fromhex(keyless["hash"][2:]))).succeeded
    assert bench.do(bench.endpoint.nonce(bytes.fromhex(keyless["sender"][2:]), pending=False)) == 1


@pytest.mark.threat(114)
def test_no_two_folders_have_the_same_chain_and_none_a_public_one(tmp_path, bench):
    with devchain(tmp_path / "other") as other:
        assert other.chain.chain.id != bench.chain.chain.id
        assert other.chain.chain.genesis != bench.chain.chain.genesis
        for made in (other, bench):
            assert is_embedded(made.chain.chain.id)
            assert made.chain.chain.genesis == made.do(made.chain.block(0)).hash
            assert made.do(made.endpoint.chain()) == made.chain.chain
    assert not any(map(is_embedded, PUBLIC_CHAINS))
    assert IDS[-1] < 2**53, "every reader of JSON has it exactly"
    assert KIND == "local"
    assert "proves nothing" in NOTICE


@pytest.mark.threat(114)
@pytest.mark.threat(91)
def test_what_one_demo_anchored_is_not_shown_on_another(tmp_path, bench):
    """The same namespace, opened in both at the same time: the proof of one is none under the other's block."""
    operation = opening(keccak(b"both"))
    carried_out(bench, operation)
    question, block = StateOf(operation.namespace), bench.final()
    with devchain(tmp_path / "other") as other:
        carried_out(other, operation)
        foreign = other.final()
        assert other.do(other.chain.answer(question, foreign)).authority == AUTHORITY.address
        proof = other.do(other.chain.prove([question], foreign))
        with pytest.raises(HeaderError):
            proven_facts(proof, block_hash=block.hash, contract=bench.chain.contract, questions=[question])
        for asked in (block, replace(block, chain=foreign.chain), replace(foreign, number=foreign.number - 1)):
            with pytest.raises(UntrustedBlockError) as caught:
                other.do(other.chain.prove([question], asked))
            assert caught.value.code == "devchain.foreign_block"
            with pytest.raises(UntrustedBlockError):
                other.do(other.chain.events(asked))


def test_a_chain_goes_on_where_it_was(tmp_path):
    clock = [float(START)]
    operations = [opening(keccak(b"%d" % number)) for number in range(3)]
    with devchain(tmp_path, clock=clock) as first:
        chain, gas = first.chain.chain, first.chain.gas_account.address
        for operation in operations[:2]:
            carried_out(first, operation)
        block = first.final()
        proof = first.do(first.chain.prove([StateOf(operations[0].namespace)], block))
    clock[0] += 5
    with devchain(tmp_path, clock=clock) as again:
        assert (again.chain.chain, again.chain.gas_account.address) == (chain, gas)
        assert again.final() == block
        assert again.do(again.chain.prove([StateOf(operations[0].namespace)], block)) == proof
        carried_out(again, operations[2])
        assert again.final().number == block.number + 1
        for operation in operations:
            assert again.do(again.chain.answer(HistoryEntry(operation.namespace, 0), again.final())) is not None


def test_headers_are_what_is_hashed_and_follow_each_other(bench):
    parent = None
    for number in range(bench.final().number + 1):
        block = bench.do(bench.chain.block(number))
        data = bench.do(bench.chain.storage(HISTORY, [slot_of(0)], block)).header
        header = Header.parse(data)
        assert (keccak(data), header.number, len(rlp.decode(data))) == (block.hash, number, 21)
        if parent is None:
            assert header.timestamp == START
        else:
            assert (header.parent_hash, header.timestamp >= parent.timestamp) == (parent.hash, True)
        parent = header


def test_before_the_contract_stood_nothing_is_shown(bench):
    block = bench.do(bench.chain.block(0))
    with pytest.raises(StorageProofError):
        bench.do(bench.chain.answer(AnchorOf(ONE, ONE), block))
    for number in (-1, bench.final().number + 1):
        with pytest.raises(EmbeddedChainError) as caught:
            bench.do(bench.chain.block(number))
        assert caught.value.code == "devchain.block"


@pytest.mark.threat(115)
def test_earlier_blocks_are_bridged_to(bench):
    for _ in range(3):
        bench.do(bench.chain.mine())
    trusted = bench.final()
    for number in (trusted.number - 1, 2, 1, 0):
        proof = bench.do(bench.chain.storage(HISTORY, [slot_of(number)], trusted))
        assert earlier_block(trusted, proof, number) == bench.do(bench.chain.block(number))
    with pytest.raises(StorageProofError):
        bench.do(bench.chain.storage(HISTORY, [slot_of(n) for n in range(129)], trusted))


@pytest.mark.threat(110)
def test_the_events_of_whole_blocks_are_proven(tmp_path):
    sender = Sender(SigningKey(bytes([0x77]) * 32))
    with devchain(tmp_path, at_once=False) as made:
        registry = made.chain.registry

        async def deeds(count):
            for number in range(count):
                nonce = await made.endpoint.nonce(sender.address, pending=True)
                data = b"" if number else call_data(ChangeOwner(sender.address, bytes([7]) * 20))
                to = bytes([9]) * 20 if number else registry.address
                await made.endpoint.send(sender.raw(made.chain.chain.id, nonce, to, data))

        made.do(made.chain.fund(sender.address, 10**20))
        made.do(made.chain.mine())
        for count in (3, 0, 20):
            if count == 20:  # the owner changed: only plain transfers go well
                sender = Sender(SigningKey(bytes([0x78]) * 32))
                made.do(made.chain.fund(sender.address, 10**20))
                made.do(made.chain.mine())
            made.runner.run(deeds(count))
            made.do(made.chain.mine())
            block = made.final()
            events = made.do(made.chain.events(block))
            assert events.count == count
            receipts = proven_block(events.proof, block_hash=block.hash, count=count)
            assert [receipt.succeeded for receipt in receipts] == [True] * count
            shown = proven_events(events, block_hash=block.hash, registry=registry.address)
            assert len(shown.logs) == (1 if count else 0)
            if count:
                slots = made.do(made.chain.storage(registry, [_changed(sender.address)], block))
                changed = proven_change(slots, block_hash=block.hash, registry=registry, identity=sender.address)
                assert changed.number == block.number
            with pytest.raises(AnchoringError):
                proven_block(events.proof, block_hash=block.hash, count=count + 1)


def _changed(identity):
    return keccak(identity.rjust(32, b"\0") + (2).to_bytes(32))


@pytest.mark.threat(98)
def test_blocks_tell_the_time_and_never_run_ahead_of_it(tmp_path):
    with devchain(tmp_path) as made:
        for number in range(30):
            carried_out(made, opening(keccak(b"%d" % number)))
        head = made.do(made.endpoint.head())
        assert (head.number, head.time) == (33, START), "as many as come in a second, all of that second"
        made.clock[0] += BLOCK_SECONDS - 1
        assert made.final().number == 33
        made.clock[0] += 1
        assert (made.final().number, made.do(made.endpoint.head()).time) == (34, START + BLOCK_SECONDS)
        made.clock[0] -= MAX_CLOCK_BEHIND
        carried_out(made, opening(keccak(b"back")))
        assert made.do(made.endpoint.head()).time == START + BLOCK_SECONDS, "never before the block before"
        made.clock[0] -= 1
        with pytest.raises(EmbeddedChainError) as caught:
            made.do(made.chain.mine())
        assert caught.value.code == "devchain.clock"
        made.clock[0] += 10**6
        assert made.do(made.endpoint.head()).time == int(made.clock[0])


def test_blocks_are_made_apart_where_that_was_asked_for(tmp_path):
    with devchain(tmp_path, at_once=False) as made:
        before = made.final().number
        sent = carried_out(made, opening(ONE))
        assert made.do(made.endpoint.inclusion(sent)) is None
        assert made.do(made.endpoint.known(sent))
        made.clock[0] += 10 * BLOCK_SECONDS
        assert made.final().number == before
        assert made.do(made.chain.mine()) == before + 1
        assert made.do(made.endpoint.inclusion(sent)).block == before + 1


def test_the_event_loop_goes_on_meanwhile(bench):
    async def ticks():
        count = 0

        async def tick():
            nonlocal count
            while True:
                count += 1
                await asyncio.sleep(0.01)

        ticking = asyncio.create_task(tick())
        where = await bench.chain.done(lambda: time.sleep(0.3) or threading.current_thread().name)
        ticking.cancel()
        return count, where

    count, where = bench.runner.run(ticks())
    assert count >= 5
    assert where.startswith("devchain")


def test_only_so_many_wait(bench):
    async def crowd():
        gate = threading.Event()
        tasks = [asyncio.ensure_future(bench.chain.done(gate.wait)) for _ in range(MAX_TASKS)]
        await asyncio.sleep(0)
        try:
            await bench.chain.final_block()
        except EmbeddedChainError as error:
            return error.code
        finally:
            gate.set()
            await asyncio.gather(*tasks)
        return None

    assert bench.runner.run(crowd()) == "devchain.crowded"
    assert bench.final()


def test_who_gives_up_waiting_does_not_stop_what_has_begun(bench):
    async def given_up():
        begun, done = threading.Event(), threading.Event()

        def work():
            begun.set()
            time.sleep(0.1)
            done.set()

        task = asyncio.ensure_future(bench.chain.done(work))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return await asyncio.to_thread(done.wait, 5)

    assert bench.runner.run(given_up())


def test_a_folder_is_let_go_of_by_whoever_gave_up_opening_it(tmp_path, monkeypatch):
    made, made_one = chain_module.Machine, threading.Event()

    def slow(*given, **named):
        opened_too_late = made(*given, **named)
        made_one.set()
        time.sleep(0.2)
        return opened_too_late

    monkeypatch.setattr(chain_module, "Machine", slow)

    async def given_up():
        async def enter():
            async with opened(tmp_path):
                pass

        task = asyncio.ensure_future(enter())
        await asyncio.to_thread(made_one.wait, 10)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(given_up())
    monkeypatch.undo()
    codes = []
    while len(codes) < 100:
        try:
            with devchain(tmp_path) as again:
                assert again.final().number >= 3
                break
        except EmbeddedChainError as error:
            codes.append(error.code)
            time.sleep(0.05)
    assert set(codes) <= {"devchain.busy"}
    assert len(codes) < 100, "the folder is still held"


def test_a_closed_chain_says_so_also_to_those_who_wait(tmp_path):
    async def closed_on_them():
        gate, begun = threading.Event(), threading.Event()

        def work():
            begun.set()
            return gate.wait()

        async with opened(tmp_path) as chain:
            first = asyncio.ensure_future(chain.done(work))
            waiting = asyncio.ensure_future(chain.final_block())
            await asyncio.to_thread(begun.wait)
            asyncio.get_running_loop().call_later(0.1, gate.set)
        return chain, await asyncio.gather(first, waiting, return_exceptions=True)

    chain, (first, waiting) = asyncio.run(closed_on_them())
    assert first is True
    assert (type(waiting), waiting.code) == (EmbeddedChainError, "devchain.closed")
    with pytest.raises(EmbeddedChainError) as caught:
        asyncio.run(chain.final_block())
    assert caught.value.code == "devchain.closed"
    with pytest.raises(UnreachableError) as caught:
        asyncio.run(head_of(chain))
    assert "[devchain.closed]" in str(caught.value)


async def head_of(chain):
    async with chain.connect() as endpoint:
        return await endpoint.head()


def test_loading_it_lets_nothing_foreign_go_deeper(tmp_path):
    """In a process of its own: here the EVM is loaded already."""
    code = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from anchoring.devchain.opening import opened\n"
        "async def main():\n"
        "    async with opened(Path(sys.argv[1])):\n"
        "        return sys.getrecursionlimit()\n"
        "before = sys.getrecursionlimit()\n"
        "assert asyncio.run(main()) == before\n"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "chain")], check=True, timeout=60)  # noqa: S603


def test_without_the_extra_it_says_how_to_get_it(tmp_path):
    program = (
        "import asyncio, sys\nfrom pathlib import Path\nsys.modules['eth'] = None\n"
        "from anchoring.devchain.label import NOTICE\nfrom anchoring.devchain.opening import opened\n"
        "async def main():\n"
        "    async with opened(Path(sys.argv[1])): pass\n"
        "try: asyncio.run(main())\n"
        "except Exception as error: print(error.code, '|', error.remedy)\n"
    )
    asked = subprocess.run(  # noqa: S603 - this interpreter, the program above
        [sys.executable, "-c", program, tmp_path], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert asked.stdout.strip() == "devchain.extra | Install it with `pip install 'glejt[devchain]'`."


def test_the_door_loads_no_evm():
    program = (
        "import sys\nimport anchoring.devchain.opening, anchoring.devchain.label\n"
        "print([name for name in ('eth', 'trie', 'rlp', 'sqlite3') if name in sys.modules])\n"
    )
    asked = subprocess.run(  # noqa: S603 - this interpreter, the program above
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert asked.stdout.strip() == "[]"


def test_the_ledger_that_sends_by_itself_gets_there_in_one_or_two_rounds(tmp_path):
    with devchain(tmp_path) as made:
        transactions = Transactions(
            made.chain,
            [made.chain.connect],
            MemoryTransactionStore(),
            made.chain.gas_account,
            "one",
            limits=Limits(halted_after=0.0),
            now=lambda: made.clock[0],
        )
        ledger = EvmLedger(made.chain, transactions)
        call = AuthorizedCall(opening(ONE))
        made.do(ledger.submit(call))
        told = [progress for _ in range(2) for progress in made.do(ledger.advance())]
        assert told[-1].state is CallState.FINALIZED
        made.clock[0] += 86_400
        again = AuthorizedCall(opening(keccak(b"a day later, when nothing had happened")))
        made.do(ledger.submit(again))
        told = [progress for _ in range(2) for progress in made.do(ledger.advance())]
        assert told[-1].state is CallState.FINALIZED


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32)), max_size=12))
def test_any_questions_have_one_proof(bench, pairs):
    """Present and absent, however many: what is proven is what the contract's storage says."""
    operation = opening(keccak(b"both"))
    questions = [*(AnchorOf(*pair) for pair in pairs), StateOf(operation.namespace), HistoryEntry(ONE, 0)]
    block = bench.final()
    proof = bench.do(bench.chain.prove(questions, block))
    shown = proven_facts(proof, block_hash=block.hash, contract=bench.chain.contract, questions=questions).facts
    assert {shown[question] for question in questions[:-2]} <= {None}
    assert shown[questions[-1]] is None
