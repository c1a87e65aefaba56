"""What holds transactions up: halted chains, empty wallets, deadlines, clocks, signers, nodes. Nothing gets lost."""

from dataclasses import replace
from itertools import count

import pytest
from anvil_support import Anvil
from eth_hash.auto import keccak
from evm_support import AUTHORITY, GAS_KEY, LIMITS, attempts, senders, sending_bench

from anchoring.calls import AuthorizedCall
from anchoring.errors import AnchoringError
from anchoring.ledger import CallState
from anchoring.operations import AnchorValue, OpenNamespace, SetHead
from anchoring.signing_key import SigningKey
from anchoring.transactions.fees import GWEI
from anchoring.transactions.problems import Problem
from anchoring.transactions.signing import SignerError
from anchoring.transactions.store import MemoryTransactionStore
from node.adapters.gas_signers import HeldGasKey

pytestmark = pytest.mark.peer

_values = (keccak(b"held up %d" % number) for number in count())


@pytest.fixture(scope="module")
def bench():
    with sending_bench() as bench:
        yield bench


@pytest.fixture
def tell(bench):
    with senders(bench) as tell:
        yield tell


@pytest.fixture
def key(tell):
    return tell.key


def anchor(bench, **options):
    return bench.anchor(next(_values), **options)


@pytest.mark.threat(93)
def test_a_chain_that_halts_and_goes_on(bench, tell):
    clock = [1000.0]
    story = tell(limits=replace(LIMITS, halted_after=60.0), monotonic=lambda: clock[0])
    call = anchor(bench)
    story.submit(call)
    story.round()
    assert story.said(call) == (CallState.SENT, None)
    for _ in range(5):
        clock[0] += 360
        story.round()
        assert story.said(call) == (CallState.SENT, Problem.HALTED)
        assert Problem.HALTED in story.last.alerts
    assert len(attempts(story, call)) == 1, "in a chain that stands still, nothing is gained by paying more"
    bench.anvil.ask("anvil_dropAllTransactions")
    story.round()
    assert story.said(call) == (CallState.SENT, Problem.DROPPED)
    bench.anvil.ask("evm_increaseTime", 1800)
    bench.mine()
    story.finish(call)


@pytest.mark.threat(93)
def test_an_empty_wallet_waits_and_is_told_of_before_it_is_empty(bench, tell, key):
    address = "0x" + key.address.hex()
    story, call = tell(), anchor(bench)
    story.submit(call)
    bench.anvil.ask("anvil_setBalance", address, hex(1000))
    bench.mine()
    story.round()
    assert story.said(call) == (CallState.BATCHED, Problem.EMPTY)
    assert set(story.last.alerts) == {Problem.EMPTY, Problem.LOW}
    assert attempts(story, call) == []
    bench.anvil.ask("anvil_setBalance", address, hex(2_000_000 * GWEI))
    bench.mine()
    story.round()
    assert story.said(call) == (CallState.SENT, None)
    assert story.last.alerts == (Problem.LOW,)
    bench.pay(key.address)
    story.finish(call)
    assert story.last.alerts == ()


@pytest.mark.threat(93)
def test_a_wallet_pays_for_no_more_than_it_has(bench, tell, key):
    story, calls = tell(), [anchor(bench) for _ in range(3)]
    story.submit(*calls)
    fees = 2 * int(bench.anvil.ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16) + GWEI
    bench.anvil.ask("anvil_setBalance", "0x" + key.address.hex(), hex(2 * 200_000 * fees + 1000))
    bench.anvil.ask("anvil_setNextBlockBaseFeePerGas", hex((fees - GWEI) // 2))
    bench.mine()
    story.round()
    assert [story.said(call)[1] for call in calls] == [None, None, Problem.EMPTY]


@pytest.mark.threat(93)
def test_no_more_are_under_way_than_nodes_keep(bench, tell):
    story, calls = tell(limits=replace(LIMITS, in_flight=2)), [anchor(bench) for _ in range(5)]
    story.submit(*calls)
    story.round()
    assert [story.said(call)[1] for call in calls] == [None, None, *[Problem.WAITING] * 3]
    story.finish(*calls)


@pytest.mark.threat(112)
def test_a_deadline_that_passes_on_the_way_is_refused_for_good_once_that_is_final(bench, tell):
    story, call = tell(), anchor(bench, lifetime=600)
    story.submit(call)
    story.round()
    bench.anvil.ask("anvil_dropAllTransactions")
    bench.anvil.ask("evm_increaseTime", 601)
    bench.mine()
    for _ in range(2):
        story.round()
        assert story.said(call) == (CallState.SENT, Problem.DEADLINE)
        assert bench.anvil.ask("txpool_status")["pending"] == "0x0", "it is not sent to fail"
    # The chain takes that time back: it can still be carried out, and is.
    bench.anvil.ask("anvil_mine", hex(65))
    story.round()
    assert story.said(call) == (CallState.REFUSED, Problem.DEADLINE)
    assert story.round().calls == ()
    again = anchor(bench)
    story.submit(again)
    story.finish(again)
    assert bench.events(call.operation.value) == 0


@pytest.mark.threat(112)
def test_numbers_that_the_overdue_held_are_used_by_the_others(bench, tell):
    story, overdue, other = tell(), anchor(bench, lifetime=100), anchor(bench)
    story.submit(overdue, other)
    story.round()
    bench.anvil.ask("anvil_dropAllTransactions")
    bench.anvil.ask("evm_increaseTime", 101)
    bench.mine()
    story.finish(other)
    assert [each[0] for each in attempts(story, other)] == [1, 0]


@pytest.mark.threat(93)
def test_what_was_overtaken_while_it_waited_is_refused_and_paid_for_once(bench, tell):
    until = bench.time() + 90_000
    older, newer = (
        bench.call(SetHead(bench.namespace, keccak(b"list"), keccak(b"%d" % version), version, until))
        for version in (2, 3)
    )
    story = tell()
    story.submit(older)
    story.round()
    [(_, ours)] = attempts(story, older)
    bench.anvil.ask("anvil_dropAllTransactions")
    bench.anvil.transact(bench.contract.address, newer.data(), sender=7)
    story.round()
    bench.mine()
    receipt = bench.anvil.ask("eth_getTransactionReceipt", "0x" + ours.hex())
    assert receipt["status"] == "0x0"
    for _ in range(3):
        story.round()
        assert story.said(older) == (CallState.BATCHED, Problem.OUT_OF_TURN)
    bench.anvil.ask("anvil_mine", hex(65))
    story.round()
    assert story.said(older) == (CallState.REFUSED, Problem.OVERTAKEN)
    assert len(attempts(story, older)) == 1


@pytest.mark.threat(107)
def test_what_the_contract_would_not_take_is_not_paid_for(bench, tell):
    strange = SigningKey(bytes([0xEE]) * 32)
    forged = bench.anchor(next(_values), signer=strange)
    unopened = replace(bench.opening, salt=keccak(b"another"))
    early = bench.call(AnchorValue(unopened.namespace, next(_values)))
    story = tell()
    story.submit(forged, early)
    for _ in range(2):
        story.round()
        assert story.said(forged) == (CallState.BATCHED, Problem.NOT_AUTHORITY)
        assert story.said(early) == (CallState.BATCHED, Problem.NO_NAMESPACE)
        bench.mine()
    assert attempts(story, forged) == attempts(story, early) == []


def test_a_namespace_and_what_is_written_into_it_at_once(bench, tell):
    opening = OpenNamespace(AUTHORITY.address, bench.opening.recovery, next(_values))
    story = tell()
    calls = [AuthorizedCall(opening), bench.call(AnchorValue(opening.namespace, next(_values)))]
    story.submit(*calls)
    for _ in range(4):
        story.round()
        bench.mine()
    bench.anvil.ask("anvil_mine", hex(65))
    story.round()
    assert [story.said(call)[0] for call in calls] == [CallState.FINALIZED] * 2


@pytest.mark.threat(93)
def test_a_signer_that_fails_holds_everything_up_and_loses_nothing(bench, tell, key):
    class Silent:
        address, asked = key.address, 0

        async def sign(self, _):
            self.asked += 1
            raise SignerError("locked", code="transaction.signer", remedy="")

    class Careless(Silent):
        async def sign(self, transaction):
            return await HeldGasKey(key).sign(replace(transaction, nonce=transaction.nonce + 1))

    class Other(Silent):
        async def sign(self, transaction):
            return await HeldGasKey(GAS_KEY).sign(transaction)

    store, call, other = MemoryTransactionStore(), anchor(bench), anchor(bench)
    for signer in (silent := Silent(), Careless(), Other()):
        story = tell(store, signer=signer)
        story.submit(call, other)
        story.round()
        assert story.said(call) == story.said(other) == (CallState.BATCHED, Problem.SIGNER)
        assert story.last.alerts == (Problem.SIGNER,)
        assert attempts(story, call) == []
    assert silent.asked == 1, "one that does not answer is not waited for again"
    tell(store).finish(call, other)


@pytest.mark.threat(98)
@pytest.mark.parametrize(
    ("off", "problem"), [(-5 * 31_536_000, Problem.CLOCK_BEHIND), (5 * 31_536_000, Problem.CLOCK_AHEAD)]
)
def test_by_a_clock_that_is_off_nothing_is_signed_and_the_signed_goes_on(bench, tell, off, problem):
    store = MemoryTransactionStore()
    right, before, first, second = tell(store), anchor(bench), anchor(bench), anchor(bench)
    right.submit(before)
    right.finish(before)
    right.submit(first)
    right.round()
    bench.anvil.ask("anvil_dropAllTransactions")

    wrong = tell(store, now=lambda: bench.time() + off, limits=replace(LIMITS, lease_seconds=0.0), holder="two")
    wrong.transactions.reader = right.transactions.reader
    wrong.submit(second)
    wrong.round()
    assert wrong.said(second) == (CallState.BATCHED, problem)
    assert problem in wrong.last.alerts
    bench.mine()
    wrong.round()
    assert wrong.said(first)[0] is CallState.MINED, "its bytes had been signed before"
    assert attempts(wrong, second) == []
    tell(store, holder="three", limits=replace(LIMITS, lease_seconds=0.0)).finish(first, second)


@pytest.mark.threat(91)
@pytest.mark.threat(93)
def test_to_another_chain_or_contract_nothing_is_sent(bench, tell):
    story, call = tell(), anchor(bench)
    reader = story.transactions.reader
    chain, contract = reader.chain, reader.contract
    for other, problem in (
        ({"_chain": replace(chain, id=chain.id + 1)}, Problem.OTHER_CHAIN),
        ({"_chain": replace(chain, genesis=bytes(32))}, Problem.OTHER_CHAIN),
        ({"_contract": replace(contract, code_hash=bytes(32))}, Problem.OTHER_CODE),
        ({"_contract": replace(contract, address=bytes([7]) * 20)}, Problem.OTHER_CODE),
    ):
        strange = tell()
        for name, value in other.items():
            setattr(strange.transactions.reader, name, value)
        strange.submit(call)
        strange.round()
        assert strange.said(call) == (CallState.BATCHED, problem)
        assert strange.last.alerts == (problem,)
        assert attempts(strange, call) == []


@pytest.mark.threat(93)
def test_through_the_first_node_that_is_right(bench, tell):
    with Anvil("--chain-id", "4242") as other:
        elsewhere, nobody = f"http://127.0.0.1:{other.port}", "http://127.0.0.1:9"
        story, call = tell(urls=[nobody, elsewhere, bench.url]), anchor(bench)
        story.submit(call)
        story.round()
        assert story.said(call) == (CallState.SENT, None)
        assert story.last.alerts == (Problem.UNREACHABLE, Problem.OTHER_CHAIN)
        assert other.ask("txpool_status")["pending"] == "0x0"
        story.finish(call)


@pytest.mark.threat(93)
def test_with_every_node_down_it_waits(bench, tell):
    store, call = MemoryTransactionStore(), anchor(bench)
    down = tell(store, urls=["http://127.0.0.1:9", "http://127.0.0.1:10"])
    down.submit(call)
    for _ in range(2):
        down.round()
        assert down.said(call) == (CallState.BATCHED, Problem.UNREACHABLE)
    tell(store).finish(call)


def test_without_proofs_calls_are_sent_and_not_called_final(bench, tell):
    story, call = tell(), anchor(bench)

    async def unproven():
        raise AnchoringError("no quorum", code="rpc.quorum", remedy="")

    honest, story.transactions.reader.final_block = story.transactions.reader.final_block, unproven
    story.submit(call)
    story.round()
    bench.anvil.ask("anvil_mine", hex(70))
    story.round()
    assert story.said(call)[0] is CallState.MINED
    assert story.last.alerts == (Problem.UNREADABLE,)
    story.transactions.reader.final_block = honest
    story.finish(call)
