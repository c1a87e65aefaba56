"""A node that ends: under load by a signal, by two, and by being killed; nothing that it acknowledged is lost."""

import signal
import threading
import time
from contextlib import suppress

import httpx2
import pytest
from serve_support import QUICK, Load, issue, serving, stored


@pytest.mark.threat(96)
def test_a_node_under_load_answers_what_is_under_way_and_ends(tmp_path):
    with serving(tmp_path, **QUICK) as node:
        load = Load(node)
        assert load.enough.wait(60)
        assert node.interrupt() == 0
        load.end()
    assert load.broken == 0
    assert load.refused == []
    kept = stored(tmp_path)
    assert len(kept) >= len(load.issued)
    assert all(each in kept for each in load.issued)
    assert "The node has ended" in "".join(node.said)


@pytest.mark.threat(96)
def test_a_node_that_is_killed_keeps_what_it_acknowledged(tmp_path):
    with serving(tmp_path, **QUICK) as node:
        load = Load(node)
        assert load.enough.wait(60)
        node.stop(signal.SIGKILL)
        load.end()
        made = node.told["made"]
    with serving(tmp_path, **QUICK) as again:
        again.told["made"] = made
        with httpx2.Client(timeout=30) as client:
            answer = issue(client, again, 1)
        assert answer.status_code == 201
        assert answer.json()["verifiableCredential"] in load.issued
        assert again.stop() == 0
    kept = stored(tmp_path)
    assert all(each in kept for each in load.issued)


def test_a_second_signal_ends_it_at_once(tmp_path):
    with serving(tmp_path, GLEJT_NODE_STOP_SECONDS="300", **QUICK) as node:
        slow = httpx2.Client(timeout=60)

        def body():
            yield b'{"credential": '
            time.sleep(60)

        def send():
            with suppress(httpx2.HTTPError):
                slow.post(f"{node.url}/issuers/dev/credentials/issue", content=body(), headers=node.key)

        threading.Thread(target=send, daemon=True).start()
        time.sleep(1)
        node.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert node.process.poll() is None  # it waits for the request
        node.process.send_signal(signal.SIGTERM)
        assert node.process.wait(10) == -signal.SIGTERM


def test_requests_that_take_too_long_are_broken_off(tmp_path):
    with serving(tmp_path, GLEJT_NODE_STOP_SECONDS="1", **QUICK) as node:

        def body():
            yield b'{"credential": '
            time.sleep(30)

        def send():
            with suppress(httpx2.HTTPError):
                httpx2.post(f"{node.url}/issuers/dev/credentials/issue", content=body(), headers=node.key, timeout=60)

        threading.Thread(target=send, daemon=True).start()
        time.sleep(1)
        assert node.stop() == 0
