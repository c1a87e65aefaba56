"""The reader of chains on a real one: agreement, finality that only rises, proofs, bridges and events."""

import asyncio
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from anvil_support import call_data, running_chain, word
from eth_hash.auto import keccak
from lying_node import Lie, Scene, Upstream, lying_node, sealed

from anchoring.block_bridge import WINDOW, earlier_block
from anchoring.checkpoint import Chain, TrustedBlock
from anchoring.errors import FactError, StorageProofError, UnprovenError, UntrustedBlockError
from anchoring.event_proof import EventProof, proven_block
from anchoring.header import Header
from anchoring.layout import namespace_id, proven_facts
from anchoring.ledger import AnchorOf, AuthorityAt, HeadOf
from anchoring.storage_proof import Contract
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import NoQuorumError, OtherChainError, RpcConfigError
from node.adapters.json_rpc.reader import MAX_NODES, JsonRpcReader

pytestmark = pytest.mark.peer

RECOVERY, SALT = keccak(b"recovery"), keccak(b"salt")
VALUES = [keccak(b"value %d" % number) for number in range(40)]
DEAD = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def told():
    """A chain with a namespace, forty anchors, and identities that changed; its final block is two behind."""
    with running_chain("--slots-in-an-epoch", "1", "--timestamp", str(int(time.time()) - 7200)) as chain:
        chain.ask("anvil_setBlockTimestampInterval", 12)
        contract, registry = chain.deploy("TrustAnchor"), chain.deploy("EthereumDIDRegistry")
        owner, identity = chain.accounts[0], chain.accounts[1]
        namespace = namespace_id(owner, RECOVERY, SALT)
        chain.transact(contract.address, call_data("open(address,bytes32,bytes32)", owner, RECOVERY, SALT))
        for value in VALUES:
            chain.send(contract.address, call_data("anchor(bytes32,bytes32)", namespace, value))
        chain.ask("evm_mine")
        anchored = chain.block().number
        attributes = []
        for number in range(3):
            for _ in range(number):
                chain.send(registry.address, _attribute(identity, number), sender=1)
            chain.send(registry.address, _attribute(chain.accounts[2], 9), sender=2)
            chain.ask("evm_mine")
            attributes.append(chain.block().number)
        given = call_data("changeOwner(address,address)", identity, chain.accounts[3])
        chain.transact(registry.address, given, sender=1)
        changed = chain.block().number
        chain.ask("anvil_mine", "0x3")
        yield SimpleNamespace(**locals())


def _attribute(identity, number):
    value = b"value %d" % number
    return call_data(
        "setAttribute(address,bytes32,bytes,uint256)", identity, keccak(b"name"), 128, 1000,
        tail=word(len(value)) + value.ljust(32, b"\0"),
    )  # fmt: skip


def _url(told):
    return f"http://127.0.0.1:{told.chain.port}"


def _reader(told, nodes=None, quorum=1, **more):
    return JsonRpcReader(told.chain.chain, told.contract, nodes or [JsonRpc(_url(told))], quorum, **more)


def _run(coroutine):
    return asyncio.run(coroutine)


def test_forty_facts_in_one_proof(told):
    async def story():
        reader = _reader(told)
        block = await reader.final_block()
        assert (block, reader.seen) == (told.chain.block("finalized"), block)
        questions = [*(AnchorOf(told.namespace, value) for value in VALUES), HeadOf(told.namespace, SALT)]
        proof = await reader.prove(questions, block)
        facts = proven_facts(proof, block_hash=block.hash, contract=told.contract, questions=questions).facts
        assert [facts[question].block for question in questions[:-1]] == [told.anchored] * 40
        assert facts[questions[-1]] is None
        with pytest.raises(StorageProofError):
            await reader.prove([HeadOf(told.namespace, value) for value in [*VALUES, *map(keccak, VALUES)]], block)
        with pytest.raises(FactError):
            await reader.answer(AuthorityAt(told.namespace, block.number, 1), block)
        with pytest.raises(UnprovenError):
            await reader.answer(AuthorityAt(told.namespace, block.number + 1, 0), block)

    _run(story())


@pytest.mark.threat(91)
def test_of_another_block_or_chain_nothing_is_shown(told):
    async def story():
        reader, question = _reader(told), AnchorOf(told.namespace, VALUES[0])
        block = await reader.final_block()
        for other in (replace(block, hash=SALT), replace(block, number=block.number - 1), replace(block, number=0)):
            for ask in (lambda other=other: reader.answer(question, other), lambda other=other: reader.events(other)):
                with pytest.raises(NoQuorumError) as caught:
                    await ask()
                assert caught.value.code == "rpc.unproven"
                assert caught.value.reasons[0].code in ("rpc.header", "rpc.proof")
        foreign = replace(block, chain=Chain(block.chain.id, SALT))
        for ask in (reader.answer(question, foreign), reader.events(foreign), reader.header(foreign)):
            with pytest.raises(OtherChainError):
                await ask
        with pytest.raises(NoQuorumError):
            await reader.answer(question, TrustedBlock(block.chain, 10**9, SALT))

    _run(story())


@pytest.mark.threat(91)
@pytest.mark.parametrize("wrong", ["id", "genesis", "address", "code"])
def test_another_chain_or_contract_than_the_pinned_one(told, wrong):
    chain, contract = told.chain.chain, told.contract
    reader = JsonRpcReader(
        {"id": Chain(chain.id + 1, chain.genesis), "genesis": Chain(chain.id, SALT)}.get(wrong, chain),
        {"address": Contract(bytes(20), contract.code_hash), "code": Contract(contract.address, SALT)}.get(
            wrong, contract
        ),
        [JsonRpc(_url(told))],
        1,
    )
    for ask in (reader.final_block(), reader.block(1)):
        with pytest.raises(NoQuorumError) as caught:
            _run(ask)
        [reason] = caught.value.reasons
        assert isinstance(reason, OtherChainError)
        assert reason.code == {"id": "rpc.chain_id", "genesis": "rpc.genesis"}.get(wrong, "rpc.code")
    if wrong in ("address", "code"):
        with pytest.raises(NoQuorumError) as caught:
            _run(reader.prove([HeadOf(SALT, SALT)], told.chain.block("finalized")))
        assert caught.value.reasons[0].code == "rpc.code"


def test_a_light_client_is_known_by_chain_and_code(told):
    """It keeps no first block; that is not asked for then."""
    no_genesis = Lie("", lambda _method, params, result, _: None if "0x0" in params else result)
    scene = Scene(Upstream(told.chain.port), Upstream(told.chain.port), 1)
    with lying_node(scene, no_genesis) as light:
        assert _run(_reader(told, [JsonRpc(light.url)], light=True).final_block()) == told.chain.block("finalized")
        with pytest.raises(NoQuorumError):
            _run(_reader(told, [JsonRpc(light.url)]).final_block())
    other = JsonRpcReader(Chain(1, SALT), told.contract, [JsonRpc(_url(told))], 1, light=True)
    with pytest.raises(NoQuorumError):
        _run(other.final_block())


@pytest.fixture
def nodes(told):
    """Nodes that say of the chain what they are told to, beginning with the truth."""
    with ExitStack() as stack:

        def started(lie=None):
            scene = Scene(Upstream(told.chain.port), Upstream(told.chain.port), 1)
            return stack.enter_context(lying_node(scene, lie))

        yield started


def _final_at(number):
    """A node for which this block is the last final one."""

    def say(method, params, result, scene):
        if method == "eth_getBlockByNumber" and params[0] == "finalized":
            return scene.honest.result(method, hex(number), False)
        return result

    return Lie(f"final at {number}", say)


def _up_to(number):
    """A node that has got no further than this block, and takes an older one for final."""

    def say(method, params, result, scene):
        if method == "eth_getBlockByNumber" and params[0] == "finalized":
            return scene.honest.result(method, hex(number - 1), False)
        if method.startswith("eth_getBlockBy") and result and int(result["number"], 16) > number:
            return None
        return result

    return Lie(f"up to {number}", say)


@pytest.mark.parametrize(
    ("finals", "quorum", "agreed"),
    [([9, 7, 5], 1, 9), ([9, 7, 5], 2, 7), ([9, 7, 5], 3, 5), ([5, 9, 9], 2, 9), ([7, 7, 7], 3, 7), ([6, 9], 2, 6)],
)
def test_the_lower_common_final_block(told, nodes, finals, quorum, agreed):
    listed = [JsonRpc(nodes(_final_at(number)).url) for number in finals]
    assert _run(_reader(told, listed, quorum).final_block()) == told.chain.block(agreed)


@pytest.mark.threat(91)
def test_who_claims_to_be_far_ahead_does_not_keep_others_from_agreeing(told, nodes):
    """On the higher of two honest blocks nobody agrees, as the liar tells of another one; so the lower counts."""

    def ahead(method, params, result, _scene):
        if method != "eth_getBlockByNumber" or params[0] == "0x0":
            return result
        return sealed(result, extraData="0x01", **({"number": "0xffffff"} if params[0] == "finalized" else {}))

    listed = [JsonRpc(nodes(lie).url) for lie in (_final_at(8), _final_at(6), Lie("", ahead))]
    assert _run(_reader(told, listed, 2).final_block()) == told.chain.block(6)


@pytest.mark.threat(91)
def test_final_blocks_never_go_back(told, nodes):
    node = nodes(_final_at(7))

    async def story():
        reader = _reader(told, [JsonRpc(node.url)])
        assert (await reader.final_block()).number == 7
        node.lie = _final_at(5)
        assert (await reader.final_block()).number == 7, "a node that fell back knows the later block all the same"
        node.lie = _final_at(8)
        assert (await reader.final_block()).number == 8
        node.lie = _up_to(6)
        with pytest.raises(NoQuorumError) as caught:
            await reader.final_block()
        assert caught.value.code == "rpc.rolled_back"
        assert reader.seen.number == 8
        # The same in the next run, which is told what was seen.
        again = _reader(told, [JsonRpc(node.url)], seen=reader.seen)
        with pytest.raises(NoQuorumError):
            await again.final_block()
        node.lie = None
        assert (await again.final_block()).number > 8

    _run(story())


@pytest.mark.threat(91)
def test_a_chain_on_which_a_final_block_is_another_one_is_not_believed(told, nodes):
    """The nodes agree with one another, and not with what was final before."""
    node = nodes()
    for number in (told.chain.block("finalized").number, 5):
        reader = _reader(told, [JsonRpc(node.url)], seen=TrustedBlock(told.chain.chain, number, SALT))
        with pytest.raises(NoQuorumError) as caught:
            _run(reader.final_block())
        assert caught.value.code == "rpc.conflict"


@pytest.mark.threat(91)
def test_two_quorums_for_two_chains_are_none(told, nodes):
    def fork(method, _params, result, _scene):
        return (
            sealed(result, extraData="0x01")
            if method == "eth_getBlockByNumber" and result["number"] != "0x0"
            else result
        )

    listed = [JsonRpc(nodes(lie).url) for lie in (None, None, Lie("", fork), Lie("", fork))]
    with pytest.raises(NoQuorumError) as caught:
        _run(_reader(told, listed, 2).final_block())
    assert caught.value.code == "rpc.conflict"
    with pytest.raises(NoQuorumError) as caught:
        _run(_reader(told, listed, 3).final_block())
    assert caught.value.code == "rpc.quorum"
    with pytest.raises(NoQuorumError):
        _run(_reader(told, listed, 2).block(3))


@pytest.mark.threat(91)
def test_a_clock_before_the_chain_takes_no_block_for_final(told):
    now = int(told.chain.ask("eth_getBlockByNumber", "finalized", False)["timestamp"], 16)

    def clock(seconds):
        return lambda: datetime.fromtimestamp(now, UTC) - timedelta(seconds=seconds)

    assert _run(_reader(told, now=clock(119)).final_block())
    with pytest.raises(NoQuorumError) as caught:
        _run(_reader(told, now=clock(121)).final_block())
    assert caught.value.reasons[0].code == "rpc.future"


def test_a_slow_node_is_not_waited_for_while_others_agree(told, nodes):
    def late(handler, body):
        time.sleep(5)
        handler.close_connection = True
        del body

    listed = [JsonRpc(nodes(Lie("late", send=late)).url), *(JsonRpc(nodes().url) for _ in range(2))]
    begun = time.monotonic()
    reader = _reader(told, listed, 2, patience=0.1)
    block = _run(reader.final_block())
    assert _run(reader.answer(AnchorOf(told.namespace, VALUES[0]), block)).block == told.anchored
    assert time.monotonic() - begun < 4.5


def test_a_slow_node_is_waited_for_where_it_takes_it(told, nodes):
    """A fast liar cannot shut out the slow and honest."""

    def late(handler, body):
        time.sleep(0.4)
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    forked = Lie("", lambda method, _p, block, _s: sealed(block, extraData="0x01") if (
        method == "eth_getBlockByNumber" and block["number"] != "0x0") else block)  # fmt: skip
    listed = [JsonRpc(nodes(forked).url), JsonRpc(nodes().url), JsonRpc(nodes(Lie("late", send=late)).url)]
    assert _run(_reader(told, listed, 2, patience=0.05).final_block()) == told.chain.block("finalized")


def test_dead_nodes(told):
    block = _run(_reader(told, [JsonRpc(DEAD), JsonRpc(_url(told))], 1).final_block())
    with pytest.raises(NoQuorumError) as caught:
        _run(_reader(told, [JsonRpc(DEAD), JsonRpc(_url(told))], 2).final_block())
    assert caught.value.reasons[0].code == "rpc.unreachable"
    with pytest.raises(NoQuorumError):
        _run(_reader(told, [JsonRpc(DEAD)], 1).prove([HeadOf(SALT, SALT)], block))


def test_which_lists_of_nodes_are_none(told):
    node, chain = JsonRpc(DEAD), told.chain.chain
    many = [JsonRpc(f"http://127.0.0.1:{port}") for port in range(1, MAX_NODES + 2)]
    twice = [JsonRpc(f"{DEAD}/a"), JsonRpc(f"{DEAD}/b")]
    for listed, quorum in (([], 1), ([node], 0), ([node], 2), ([node], -1), (many, 2), (twice, 1)):
        with pytest.raises(RpcConfigError) as caught:
            JsonRpcReader(chain, told.contract, listed, quorum)
        assert (caught.value.code, bool(caught.value.remedy)) == ("rpc.endpoints", True)
    with pytest.raises(RpcConfigError):
        _reader(told, seen=TrustedBlock(Chain(chain.id + 1, chain.genesis), 1, SALT))


@pytest.mark.threat(115)
def test_earlier_blocks_by_bridge(told):
    async def story():
        async with _reader(told) as reader:
            trusted = await reader.final_block()
            for number in (trusted.number - 1, told.anchored, 1):
                bridge = await reader.bridge(trusted, number)
                assert bridge.block == told.chain.block(number) == await reader.block(number)
                assert earlier_block(trusted, bridge.proof, number) == bridge.block
            for number in (trusted.number, trusted.number + 1, trusted.number - WINDOW - 1):
                with pytest.raises(UntrustedBlockError):
                    await reader.bridge(trusted, number)

    _run(story())


@pytest.mark.threat(91)
def test_blocks_that_are_not_final_are_not_handed_out(told):
    reader = _reader(told)
    final = _run(reader.final_block()).number
    assert _run(reader.block(final)).number == final
    for number in (final + 1, final + 2, 10**6):
        with pytest.raises(NoQuorumError):
            _run(reader.block(number))


@pytest.mark.threat(110)
def test_all_events_of_a_block(told):
    async def story():
        async with _reader(told) as reader:
            for number, count in ((told.anchored, 40), (told.attributes[2], 3), (told.changed + 1, 0)):
                block = await reader.block(number)
                events = await reader.events(block)
                assert events.count == count
                receipts = proven_block(
                    EventProof.decode(events.proof.encode()), block_hash=block.hash, count=events.count
                )
                assert len(receipts) == count
                assert Header.parse(await reader.header(block)).number == number

    _run(story())
