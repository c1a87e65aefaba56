"""Nodes that lie, in every way that is known here and in each state of an anchor: never a wrong fact, and an honest
majority still answers."""

import asyncio
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from anvil_support import call_data, running_chain, word
from eth_hash.auto import keccak
from lying_node import LIES, Scene, Upstream, lying_node

from anchoring.errors import IndeterminateError
from anchoring.event_proof import proven_block
from anchoring.layout import namespace_id
from anchoring.ledger import Anchor, AnchorOf
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import RpcError
from node.adapters.json_rpc.reader import JsonRpcReader

pytestmark = pytest.mark.peer

STATES = ["before opened", "absent", "pending", "mined", "final"]
RECOVERY, SALT, VALUE = keccak(b"recovery"), keccak(b"salt"), keccak(b"value")
HOUR = 3600
SLOW = 0.05
"""Seconds that a node is given that takes longer."""


def _chain_in(state, since):
    """A chain, ended at the state; its anchor, if it is final."""
    stack = ExitStack()
    chain = stack.enter_context(running_chain("--slots-in-an-epoch", "1", "--timestamp", str(since)))
    chain.ask("anvil_setBlockTimestampInterval", 12)
    registry = chain.deploy("EthereumDIDRegistry")
    for number in range(3):
        chain.send(registry.address, _attribute(chain, number), sender=number)
    chain.ask("evm_mine")
    events = chain.block().number
    contract = chain.deploy("TrustAnchor")
    stale = chain.block().number
    owner = chain.accounts[0]
    namespace, anchored = namespace_id(owner, RECOVERY, SALT), None
    chain.ask("anvil_mine", "0x4")
    if state != "before opened":
        chain.transact(contract.address, call_data("open(address,bytes32,bytes32)", owner, RECOVERY, SALT))
        chain.transact(contract.address, call_data("anchor(bytes32,bytes32)", namespace, keccak(b"another")))
        chain.ask("anvil_mine", "0x4")
    call = call_data("anchor(bytes32,bytes32)", namespace, VALUE)
    if state == "pending":
        chain.send(contract.address, call)
    if state in ("mined", "final"):
        anchored = int(chain.transact(contract.address, call)["blockNumber"], 16)
    if state == "final":
        chain.ask("anvil_mine", "0x4")
    return stack, SimpleNamespace(
        chain=chain, contract=contract, stale=stale, events=events, state=state,
        question=AnchorOf(namespace, VALUE),
        truth=_anchor(chain, anchored) if state == "final" else None,
    )  # fmt: skip


def _attribute(chain, number):
    """A call of ERC-1056 that leaves an event."""
    name, value = keccak(b"name"), b"value %d" % number
    return call_data(
        "setAttribute(address,bytes32,bytes,uint256)", chain.accounts[number], name, 128, 1000,
        tail=word(len(value)) + value.ljust(32, b"\0"),
    )  # fmt: skip


def _anchor(chain, number):
    block = chain.ask("eth_getBlockByNumber", hex(number), False)
    return Anchor(number, int(block["timestamp"], 16), authority=0, era=0)


@pytest.fixture(scope="module")
def elsewhere():
    """Another chain with the same number, on which the anchor stands and is final."""
    stack, told = _chain_in("final", 1_700_000_000)
    with stack:
        yield Upstream(told.chain.port)


@pytest.fixture(scope="module", params=STATES)
def told(request, elsewhere):
    stack, told = _chain_in(request.param, int(time.time()) - HOUR)
    with stack:
        told.scene = lambda: Scene(upstream, elsewhere, told.stale)
        upstream = Upstream(told.chain.port)
        told.receipts = asyncio.run(_events(_reader(told, [JsonRpc(f"http://127.0.0.1:{told.chain.port}")], 1), told))
        with ExitStack() as nodes:
            first, second, *told.liars = (nodes.enter_context(lying_node(told.scene())) for _ in range(4))
            told.honest = [first, second]
            yield told


def _reader(told, nodes, quorum, **more):
    return JsonRpcReader(told.chain.chain, told.contract, nodes, quorum, **more)


async def _fact(reader, told):
    return await reader.answer(told.question, await reader.final_block())


async def _events(reader, told):
    block = await reader.block(told.events)
    events = await reader.events(block)
    return proven_block(events.proof, block_hash=block.hash, count=events.count)


def _outcomes(told, nodes, quorum, *, slow=False):
    """What a reader says of the anchor and of the events: an answer, or the error of one who cannot say."""
    return [asyncio.run(_outcome(ask, told, nodes, quorum, slow=slow)) for ask in (_fact, _events)]


async def _outcome(ask, told, nodes, quorum, *, slow):
    for node in nodes:
        node.scene.times = 0
    asked = [JsonRpc(node.url, seconds=SLOW if slow and node not in told.honest else 10) for node in nodes]
    try:
        async with _reader(told, asked, quorum, patience=0.02) as reader:
            return await ask(reader, told)
    except IndeterminateError as error:
        return error


def test_there_are_enough_lies():
    assert len(LIES) >= 25
    assert len({lie.name for lie in LIES}) == len(LIES)


def test_the_honest_nodes_tell_the_truth(told):
    assert len(told.receipts) == 3
    assert _outcomes(told, told.honest, 2) == [told.truth, told.receipts]


@pytest.mark.threat(91)
@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.name)
def test_never_a_wrong_fact(told, lie):
    """Asked alone, with one honest node, among two honest ones, and where two of three lie alike."""
    liar, accomplice = told.liars
    liar.lie = accomplice.lie = lie
    first, second = told.honest
    alone = _outcomes(told, [liar], 1, slow=lie.slow)
    pair = _outcomes(told, [liar, first], 2, slow=lie.slow)
    among = _outcomes(told, [liar, first, second], 2, slow=lie.slow)
    alike = _outcomes(told, [liar, accomplice, first], 2, slow=lie.slow)
    truth = [told.truth, told.receipts]
    assert among == truth, "two honest nodes of three still answer"
    for said in (pair, *(() if lie.believed else (alone, alike))):
        for each, true in zip(said, truth, strict=True):
            assert each == true or isinstance(each, RpcError) or (lie.behind and each is None)
            if isinstance(each, RpcError):
                assert each.code.startswith("rpc.")
                assert each.remedy
                assert len(str(each)) < 1500
    if lie.harmless:
        assert alone == truth
    if told.state == "mined" and lie.believed:
        assert isinstance(alone[0], Anchor), "this is what a quorum is for"
    if told.state == "final" and not (lie.harmless or lie.behind or lie.believed):
        assert any(isinstance(each, RpcError) for each in alone), "a lie that nobody notices is none"


@pytest.mark.threat(91)
def test_who_has_seen_a_later_final_block_is_not_led_back(told):
    [liar, _], [honest, _] = told.liars, told.honest
    liar.lie = next(lie for lie in LIES if lie.behind)

    async def story():
        newest = await _reader(told, [JsonRpc(honest.url)], 1).final_block()
        reader = _reader(told, [JsonRpc(liar.url)], 1, seen=newest)
        assert await reader.final_block() == newest
        assert await _fact(reader, told) == told.truth

    asyncio.run(story())
