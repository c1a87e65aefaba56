"""What is brought for processes, whatever they ask for: to whom they may ask, and how much at a time."""

import asyncio
import json
import time

import pytest
from ledger_support import trusted_chain
from status_support import Web

from node.adapters.judging.errands import Errands, Load
from node.adapters.judging.protocol import FetchNeed, OwnNeed, PostNeed, need_from_json, need_json
from node.adapters.judging.service import _without_secrets
from node.verification.gather import MAX_AT_ONCE
from node.verification.trust import NO_TRUST, Trust


async def brought(errands, *needs):
    async with errands:
        return await errands.bring(needs, Load(), asyncio.get_running_loop().time() + 5)


@pytest.mark.parametrize(
    "message",
    [
        '{"method":"admin_addPeer"}',
        '[{"method":"eth_getProof"},{"method":"eth_sendRawTransaction"}]',
        '{"method":"eth_call"}',
        "[]",
        "{",
        '"eth_chainId"',
        '{"method":["eth_chainId"]}',
        "[[]]",
        "\u0105",
    ],
)
def test_nodes_are_asked_nothing_that_changes_something(message):
    class Node:
        asked = 0

        async def __aenter__(self):
            return self

        async def __aexit__(self, *_):
            pass

        async def deliver(self, *_):
            Node.asked += 1
            return b"{}"

    made = Errands(NO_TRUST)
    made._nodes = {(1, "http://n:1"): Node()}
    usual = PostNeed(1, "http://n:1", '{"method":"eth_chainId"}', 100)
    need = PostNeed(1, "http://n:1", message, 100)
    answers = asyncio.run(brought(made, usual, need))
    assert answers[usual] == b"{}"
    assert answers[need].code == "rpc.unreachable"
    assert Node.asked == 1


def test_no_node_is_asked_that_nobody_named_and_no_chain_that_is_not_ours():
    needs = (PostNeed(1, "http://other:1", '{"method":"eth_chainId"}', 9), OwnNeed(1))
    answers = asyncio.run(brought(Errands(NO_TRUST), *needs))
    assert {answer.code for answer in answers.values()} == {"rpc.unreachable"}


def test_what_addresses_of_nodes_have_for_keys_goes_to_no_process():
    named = _without_secrets(Trust(chains=(trusted_chain(rpc=("http://user:topsecret@127.0.0.1:1/v3/topsecret",)),)))
    assert named.chains[0].rpc == ("http://127.0.0.1:1",)


def test_strangers_addresses_go_through_the_guard():
    needs = [FetchNeed(url, "*/*", 10) for url in ("http://127.0.0.1/", "https://[::1]/", "file:///etc/passwd")]
    answers = asyncio.run(brought(Errands(NO_TRUST), *needs))
    assert {answer.kind for answer in answers.values()} == {"FetchRefusedError"}


def test_needs_are_told_and_read_alike():
    for need in (
        FetchNeed("https://a.example/", "*/*", 10, True, 5),
        PostNeed(1, "http://n:1", "{}", 9),
        OwnNeed(1),
        OwnNeed(1, (5, b"h" * 32), (b"a" * 20, b"c" * 32), (b"s" * 32,)),
    ):
        assert need_from_json(json.loads(json.dumps(need_json(need)))) == need


def test_a_process_that_needs_much_at_once_gets_it_a_little_at_a_time():
    class Counting(Web):
        now = most = 0

        async def __call__(self, url, *, accept, max_bytes):
            self.now += 1
            self.most = max(self.most, self.now)
            await asyncio.sleep(0.005)
            self.now -= 1
            return await super().__call__(url, accept=accept, max_bytes=max_bytes)

    web = Counting({})
    needs = [FetchNeed(f"https://{number}.example/", "*/*", 10) for number in range(60)]
    answers = asyncio.run(brought(Errands(NO_TRUST, fetch=web), *needs))
    assert len(answers) == 60
    assert web.most <= MAX_AT_ONCE


def test_nor_does_anybody_wait_for_all_of_it_longer_than_there_is_time():
    async def never(_url, *, accept, max_bytes):  # noqa: ARG001 -- as a Fetch has it
        await asyncio.sleep(3600)

    async def story():
        needs = [FetchNeed(f"https://{number}.example/", "*/*", 10) for number in range(60)]
        async with Errands(NO_TRUST, fetch=never) as errands:
            begun = time.monotonic()
            answers = await errands.bring(needs, Load(), asyncio.get_running_loop().time() + 0.3)
            return {answer.code for answer in answers.values()}, time.monotonic() - begun

    codes, took = asyncio.run(story())
    assert codes == {"fetch.timeout"}
    assert took < 3
