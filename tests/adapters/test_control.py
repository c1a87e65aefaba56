"""The socket by which commands ask a node: one line there, one back, for the node's own account alone."""

import asyncio
import json
import os
import socket
import struct

import pytest

from node.adapters import control
from node.adapters.control import MAX_LINE_BYTES, ControlError, ask, listening


def encode(answer):
    return json.dumps(answer).encode()


async def echo(question):
    return {"heard": question}


def asked(path, question, answer=echo):
    async def run():
        async with listening(path, answer, encode):
            return await ask(path, question, seconds=10)

    return asyncio.run(run())


def test_a_question_is_answered_and_nothing_is_left_behind(tmp_path):
    assert asked(tmp_path / "control", b'{"a": 1}') == {"heard": {"a": 1}}
    assert not (tmp_path / "control").exists()


def test_a_folder_with_a_long_name_will_do(tmp_path):
    folder = tmp_path / ("long" * 30) / ("name" * 30)
    folder.mkdir(parents=True)
    assert asked(folder / "control", b'{"a": 1}') == {"heard": {"a": 1}}


def test_a_socket_that_a_dead_process_left_is_replaced(tmp_path):
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "control"))
    left.close()
    assert asked(tmp_path / "control", b"{}") == {"heard": {}}


@pytest.mark.threat(85)
def test_it_is_for_its_owner_alone(tmp_path):
    async def run():
        async with listening(tmp_path / "control", echo, encode):
            return (tmp_path / "control").stat().st_mode & 0o077

    assert asyncio.run(run()) == 0


class Peer:
    def __init__(self, user):
        self.user = user

    def getsockopt(self, level, option, size):
        assert (level, option, size) == (socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
        return struct.pack("3i", 1, self.user, 1)


@pytest.mark.threat(85)
def test_another_account_is_not_answered(tmp_path, monkeypatch):
    assert control._is_owner(Peer(os.geteuid()))
    assert control._is_owner(Peer(0))
    assert not control._is_owner(Peer(os.geteuid() + 1))
    monkeypatch.setattr(control, "_is_owner", lambda _: False)
    with pytest.raises(ControlError, match="did not answer"):
        asked(tmp_path / "control", b"{}")


@pytest.mark.parametrize("question", [b"", b"[]", b"{", b'{"a": 1, "a": 2}', b"x" * (MAX_LINE_BYTES + 1)])
def test_what_is_no_question_gets_no_answer_and_does_no_harm(tmp_path, question):
    async def run():
        async with listening(tmp_path / "control", echo, encode):
            with pytest.raises(ControlError):
                await ask(tmp_path / "control", question, seconds=10)
            return await ask(tmp_path / "control", b"{}", seconds=10)

    assert asyncio.run(run()) == {"heard": {}}


def test_a_node_that_does_not_listen_is_told(tmp_path):
    with pytest.raises(ControlError) as refused:
        asyncio.run(ask(tmp_path / "control", b"{}", seconds=1))
    assert refused.value.code == "control.absent"


def test_what_is_under_way_when_the_node_ends_is_broken_off(tmp_path):
    ended = []

    async def slow(question):
        try:
            await asyncio.sleep(60)
        finally:
            ended.append(question)

    async def run():
        async with listening(tmp_path / "control", slow, encode):
            asking = asyncio.create_task(ask(tmp_path / "control", b"{}", seconds=30))
            await asyncio.sleep(0.2)
        with pytest.raises(ControlError):
            await asking

    asyncio.run(run())
    assert ended == [{}]
