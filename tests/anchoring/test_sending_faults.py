"""Nodes that fail their senders, in each question a sender asks: nothing is lost, nothing is there twice."""

import asyncio
from itertools import count

import pytest
from anvil_support import running_chain
from eth_hash.auto import keccak
from evm_support import LIMITS, Bench, Story
from faulty_node import answering, body, changed, faulty_node, late, saying, unanswered, unsent

from anchoring import evm
from anchoring.evm import connected
from anchoring.ledger import CallState
from anchoring.signing_key import SigningKey
from anchoring.transactions import machine
from anchoring.transactions.endpoint import UnreachableError
from anchoring.transactions.problems import Problem
from anchoring.transactions.sight import together
from node.adapters.gas_signers import HeldGasKey

pytestmark = pytest.mark.peer

_values = (keccak(b"fault %d" % number) for number in count())
_keys = (SigningKey(number.to_bytes(32)) for number in count(5000))


@pytest.fixture(scope="module")
def bench():
    with running_chain() as anvil:
        bench = Bench(anvil, anvil.deploy("TrustAnchor")).open()
        anvil.ask("anvil_mine", hex(70))
        yield bench


@pytest.fixture
def node(bench):
    with faulty_node(bench.anvil.port) as node:
        yield node


@pytest.fixture
def story(bench, node):
    """A sender whose only node is the faulty one; what is final it reads elsewhere."""
    key = next(_keys)
    bench.pay(key.address)
    signer = HeldGasKey(key)
    with asyncio.Runner() as runner:
        yield Story(bench, bench.transactions(signer=signer, urls=[node.url]), runner)
    bench.anvil.ask("anvil_dropAllTransactions")
    bench.mine(2)


def anchor(bench):
    return bench.anchor(next(_values))


SENDING = {
    "never heard of": (unsent, Problem.UNREACHABLE),
    "taken, and never said so": (unanswered, Problem.UNREACHABLE),
    "taken, and too much said": (
        body(b'{"jsonrpc": "2.0", "id": 1, "result": "0x' + b"0" * 2_000_000 + b'"}'),
        Problem.UNREACHABLE,
    ),
    "taken, and nonsense said": (body(b"<html>busy</html>"), Problem.UNREACHABLE),
    "taken, and no JSON-RPC said": (body(b'{"ok": true}'), Problem.UNREACHABLE),
    "taken, and no object said": (body(b"7"), Problem.UNREACHABLE),
    "taken, and nested for ever": (body(b'{"error":' * 50_000 + b"1" + b"}" * 50_000), Problem.UNREACHABLE),
    "taken, and an error said": (saying("internal error", passing_on=True), Problem.REJECTED),
    "taken, and said to be known": (saying("already known", passing_on=True), None),
    "taken, and said to be imported": (saying("Transaction already imported", passing_on=True), None),
    "not taken, and said to be known": (saying("already known"), None),
    "not taken, and called too low": (saying("nonce too low: next nonce 9, tx nonce 3"), Problem.NONCE_TAKEN),
    "taken, and called too low": (saying("Nonce too low", passing_on=True), Problem.NONCE_TAKEN),
    "called underpriced": (saying("replacement transaction underpriced"), Problem.UNDERPRICED),
    "called cheap": (saying("max fee per gas less than block base fee: address 0x1"), Problem.UNDERPRICED),
    "said to be poor": (saying("insufficient funds for gas * price + value: balance 0"), Problem.EMPTY),
    "refused": (saying("txpool is full"), Problem.REJECTED),
    "rate limited": (saying("too many requests", code=429), Problem.REJECTED),
    "taken, and another hash said": (changed(lambda _: "0x" + "11" * 32), None),
    "not taken, and a hash said": (answering("0x" + "22" * 32), None),
}


@pytest.mark.threat(93)
@pytest.mark.threat(95)
@pytest.mark.parametrize("name", list(SENDING))
def test_whatever_becomes_of_the_sending(bench, node, story, name):
    fault, problem = SENDING[name]
    call, other = anchor(bench), anchor(bench)
    node.faults["eth_sendRawTransaction"] = fault
    story.submit(call, other)
    story.round()
    assert story.said(call)[1] == problem
    assert story.said(call)[0] is (CallState.SENT if problem is None else CallState.SIGNED)
    node.faults.clear()
    story.finish(call, other)
    assert len(story.stored(call).attempts) == 1, "what was signed once is what was mined"
    assert len(story.stored(other).attempts) == 1


@pytest.mark.threat(95)
def test_what_was_taken_before_the_connection_broke_is_recorded(bench, node, story):
    taken, cut = anchor(bench), anchor(bench)
    answers = iter([late(0), unsent])

    def first_one_then_the_other(call, forward):
        return next(answers)(call, forward)

    node.faults["eth_sendRawTransaction"] = first_one_then_the_other
    story.submit(taken, cut)
    story.round()
    assert [story.stored(call).progress.state for call in (taken, cut)] == [CallState.SENT, CallState.SIGNED]
    node.faults.clear()
    story.finish(taken, cut)


LOOKING = (
    *("eth_chainId", "eth_getBlockByNumber", "eth_getCode", "eth_getTransactionCount", "eth_getBalance"),
    *("eth_maxPriorityFeePerGas", "eth_estimateGas", "eth_getTransactionReceipt", "eth_getTransactionByHash"),
)
MISLEADING = {
    "silence": unsent,
    "nonsense": body(b"no"),
    "an error": saying("server is busy"),
    "nothing": answering(None),
    "text": answering("abc"),
    "a negative number": answering("-0x1"),
    "too large a number": answering("0x" + "f" * 65),
    "a list": answering([]),
}


@pytest.mark.threat(93)
@pytest.mark.parametrize("method", LOOKING)
def test_whatever_cannot_be_seen(bench, node, story, method):
    unsigned, sent = anchor(bench), anchor(bench)
    story.submit(sent)
    story.round()
    story.submit(unsigned)
    for fault in MISLEADING.values():
        node.faults[method] = fault
        story.round()
    bench.mine()
    for fault in MISLEADING.values():
        node.faults[method] = fault
        story.round()
    node.faults.clear()
    story.finish(unsigned, sent)
    for call in (unsigned, sent):
        assert len({each.nonce for each in story.stored(call).attempts}) == 1


@pytest.mark.threat(91)
def test_a_node_that_makes_up_a_receipt_is_not_believed(bench, node, story):
    call = anchor(bench)
    final = bench.anvil.block("finalized")
    node.faults["eth_sendRawTransaction"] = answering("0x" + "22" * 32)
    node.faults["eth_getTransactionReceipt"] = answering(
        {"blockNumber": hex(final.number), "blockHash": "0x" + final.hash.hex(), "status": "0x1"}
    )
    node.faults["eth_getTransactionCount"] = answering("0x0")
    story.submit(call)
    story.round()
    node.faults["eth_getTransactionCount"] = answering("0x1")
    for _ in range(3):
        story.round()
        assert story.said(call) == (CallState.MINED, Problem.DISAGREES)
        bench.anvil.ask("anvil_mine", hex(70))
    node.faults.clear()
    story.finish(call)


@pytest.mark.threat(91)
def test_a_node_that_hides_what_was_mined_makes_nothing_twice(bench, node, story):
    call = anchor(bench)
    story.submit(call)
    story.round()
    bench.mine()
    node.faults["eth_getTransactionReceipt"] = answering(None)
    story.round()
    assert story.said(call) == (CallState.MINED, None), "the proven storage says so"
    assert len(story.stored(call).attempts) == 1
    bench.anvil.ask("anvil_mine", hex(65))
    story.round()
    assert story.said(call) == (CallState.FINALIZED, None)


@pytest.mark.threat(93)
def test_fees_that_a_node_makes_up_are_capped(bench, node, story):
    call = anchor(bench)
    story.submit(call)
    node.faults["eth_maxPriorityFeePerGas"] = answering(hex(10**30))
    story.round()
    [attempt] = story.stored(call).attempts
    assert attempt.fees.priority == LIMITS.caps.priority
    assert attempt.fees.maximum <= LIMITS.caps.maximum
    node.faults["eth_maxPriorityFeePerGas"] = saying("no such method", code=-32601)
    other = anchor(bench)
    story.submit(other)
    story.round()
    [attempt] = story.stored(other).attempts
    assert attempt.fees.priority == evm.USUAL_TIP
    story.finish(call, other)


@pytest.mark.threat(93)
def test_from_a_node_that_keeps_everything_to_itself_one_goes_to_the_next(bench, story):
    with faulty_node(bench.anvil.port) as silent:
        silent.faults |= {
            "eth_sendRawTransaction": answering("0x" + "22" * 32),
            "eth_getTransactionByHash": answering({}),
        }
        key = next(_keys)
        bench.pay(key.address)
        transactions = bench.transactions(signer=HeldGasKey(key), urls=[silent.url, bench.url])
        both, call = Story(bench, transactions, story.runner), anchor(bench)
        both.submit(call)
        both.round()
        assert bench.anvil.ask("txpool_status")["pending"] == "0x0"
        bench.anvil.ask("evm_increaseTime", 31)
        bench.mine()
        both.round()
        assert both.said(call)[1] == Problem.STUCK
        both.finish(call)


@pytest.mark.threat(93)
def test_the_reason_why_a_call_would_fail_is_read_however_it_is_wrapped(bench, node, story):
    call = anchor(bench)
    story.submit(call)
    late_call = keccak(b"DeadlinePassed(uint256)")[:4].hex() + "00" * 32
    wrapped = {"code": 3, "message": "execution reverted", "data": {"data": "0x" + late_call}}
    for fault, problem in (
        (saying("execution reverted", code=3, data="0x" + late_call), Problem.DEADLINE),
        (lambda *_: {"error": wrapped}, Problem.DEADLINE),
        (saying("VM Exception: reverted"), Problem.NOT_TAKEN),
        (saying("execution reverted", code=3, data="0x12345678"), Problem.NOT_TAKEN),
        (saying("execution reverted", code=3, data="zz"), Problem.NOT_TAKEN),
    ):
        node.faults["eth_estimateGas"] = fault
        story.round()
        assert story.said(call) == (CallState.BATCHED, problem)
    node.faults.clear()
    story.finish(call)


def test_a_node_that_takes_its_time_is_given_up(bench, node, story, monkeypatch):
    monkeypatch.setattr(evm, "REQUEST_SECONDS", 0.2)
    call = anchor(bench)
    story.submit(call)
    node.faults["eth_sendRawTransaction"] = late(0.6)
    story.round()
    assert story.said(call) == (CallState.SIGNED, Problem.UNREACHABLE)
    node.faults.clear()
    story.finish(call)


def test_when_one_question_fails_none_goes_on_by_itself():
    asked = []

    async def slow():
        try:
            await asyncio.sleep(60)
        finally:
            asked.append("given up")

    async def failing():
        await asyncio.sleep(0)
        raise UnreachableError("gone")

    async def both():
        with pytest.raises(UnreachableError):
            await together(slow(), failing())
        return list(asked)

    assert asyncio.run(both()) == ["given up"]


@pytest.mark.threat(93)
def test_rounds_that_are_cut_off_by_time_leave_nothing_locked(bench, node, story, monkeypatch):
    call = anchor(bench)
    story.submit(call)
    monkeypatch.setattr(machine, "ROUND_SECONDS", 0.15)
    for method in (*LOOKING, "eth_sendRawTransaction"):
        node.faults = {method: late(0.3)}
        story.round()
    node.faults = {}
    monkeypatch.undo()
    story.finish(call)
    assert len(story.stored(call).attempts) == 1


def test_a_node_that_leads_elsewhere_or_refuses_is_not_followed(bench, node):
    async def chain(url):
        async with connected(url) as endpoint:
            return await endpoint.chain()

    assert asyncio.run(chain(node.url)) == bench.anvil.chain
    node.faults["*"] = body(b"")
    with pytest.raises(UnreachableError):
        asyncio.run(chain(node.url))


def test_a_chain_without_base_fees_is_not_supported(node):
    def before_london(block):
        return {name: value for name, value in block.items() if name != "baseFeePerGas"}

    node.faults["eth_getBlockByNumber"] = changed(before_london)

    async def head():
        async with connected(node.url) as endpoint:
            return await endpoint.head()

    with pytest.raises(UnreachableError, match="base fees"):
        asyncio.run(head())


def test_no_message_shows_what_may_be_a_key():
    async def chain():
        async with connected("http://user:secretsecret@127.0.0.1:9/v3/secretsecret?key=secretsecret") as endpoint:
            await endpoint.chain()

    with pytest.raises(UnreachableError) as caught:
        asyncio.run(chain())
    assert "127.0.0.1:9" in str(caught.value)
    assert "secretsecret" not in str(caught.value)
