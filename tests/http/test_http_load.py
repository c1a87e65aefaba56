"""Row 80: more than the node can do changes nothing for those whom it has let in."""

import asyncio
import json
import statistics
import time
from dataclasses import replace
from ipaddress import ip_network

import pytest
from http_samples import sent
from hypothesis import given
from hypothesis import strategies as st
from node_support import WIDE
from starlette.responses import JSONResponse

from node.http.access import PUBLIC, Scope
from node.http.door import Answer, Door
from node.http.frame import buckets
from node.http.frame.addresses import LOCAL, address_of
from node.http.frame.buckets import Buckets
from node.http.limits import Rate

WORKERS = 4
WORK_SECONDS = 0.05
"""A small server: four at work, each for so long, so it does 80 a second."""
CAPACITY = WORKERS / WORK_SECONDS
OVERLOAD = 10
LASTS = 1.5


def costly(services):
    """A route whose work is done by a few, as foreign input is read by a few processes."""
    door, workers = Door(services, tag="Samples"), asyncio.Semaphore(WORKERS)

    async def work():
        async with workers:
            await asyncio.sleep(WORK_SECONDS)
        return JSONResponse({"done": True})

    @door.post("/costly", access=PUBLIC, answers=[Answer(200, "Done.", {"done": True})])
    async def anybodys():
        """Do costly work for anybody."""
        return await work()

    @door.post("/users", access=Scope.CREDENTIALS_ISSUE, answers=[Answer(200, "Done.", {"done": True})])
    async def users():
        """Do costly work for who works here."""
        return await work()

    return door


async def storm(node, rate, *, users=0.0):
    """Requests that come at this rate whatever becomes of them: status and seconds of each, of strangers and users."""
    loop, tasks, own = asyncio.get_running_loop(), [], []
    headers = node.key("issuer")

    async def one(path, headers):
        began = loop.time()
        status, *_ = await sent(node.app, "POST", path, headers=headers)
        return status, loop.time() - began

    began = loop.time()
    while (passed := loop.time() - began) < LASTS:
        tasks += [asyncio.create_task(one("/costly", {})) for _ in range(int(rate * passed) - len(tasks))]
        own += [asyncio.create_task(one("/users", headers)) for _ in range(int(users * passed) - len(own))]
        await asyncio.sleep(0.005)
    found = await asyncio.gather(*tasks), await asyncio.gather(*own)
    return *found, loop.time() - began


def goodput(found, seconds):
    return sum(status == 200 for status, _ in found) / seconds


@pytest.mark.threat(80)
async def test_ten_times_too_much_leaves_four_fifths_of_what_can_be_done(make_node):
    """And those who bring a key wait less than two seconds, whatever strangers do."""
    node = await make_node(replace(WIDE, in_flight=48, without_key=24), routes=[costly])
    calm, _, seconds = await storm(node, CAPACITY)
    usual = goodput(calm, seconds)
    strangers, users, seconds = await storm(node, OVERLOAD * CAPACITY, users=CAPACITY / 10)
    assert {status for status, _ in strangers} == {200, 503}
    assert goodput(strangers + users, seconds) >= 0.8 * usual
    assert [status for status, _ in users] == [200] * len(users)
    assert statistics.quantiles([took for _, took in users], n=100)[98] < 2


@pytest.mark.threat(80)
async def test_whoever_is_not_let_in_is_told_at_once_and_when_to_come_again(make_node, barrier):
    node = await make_node(replace(WIDE, in_flight=3, without_key=2))
    strangers = [asyncio.create_task(sent(node.app, "GET", "/slow")) for _ in range(2)]
    await barrier.reached.wait()
    status, head, body, _ = await sent(node.app, "GET", "/open")
    assert (status, json.loads(body)["code"], head["retry-after"]) == (503, "node.busy", "2")
    user = asyncio.create_task(sent(node.app, "GET", "/slow", headers=node.key("issuer")))
    while barrier.waiting < 3:  # noqa: ASYNC110 -- three of them
        await asyncio.sleep(0)
    assert (await sent(node.app, "GET", "/open", headers=node.key("issuer")))[0] == 503
    for path in ("/health/live", "/health/ready"):
        assert (await sent(node.app, "GET", path))[0] == 200
    barrier.open.set()
    assert [each[0] for each in await asyncio.gather(*strangers, user)] == [200] * 3
    assert (await sent(node.app, "GET", "/open"))[0] == 200
    metrics = node.services.telemetry.metrics().decode()
    assert 'glejt_http_refused_total{reason="overload"} 2.0' in metrics
    assert "glejt_http_in_flight 0.0" in metrics


@pytest.mark.threat(80)
async def test_an_address_that_asks_too_often_waits_and_others_do_not(make_node):
    node = await make_node(replace(WIDE, address=Rate(2, 5)))
    found = [await sent(node.app, "GET", "/open") for _ in range(8)]
    assert [each[0] for each in found] == [200] * 5 + [429] * 3
    assert found[-1][1]["retry-after"] == "1"
    assert (await sent(node.app, "GET", "/open", client=("192.0.2.9", 5)))[0] == 200
    assert (await sent(node.app, "GET", "/open", headers=node.key("issuer")))[0] == 200
    assert (await sent(node.app, "GET", "/health/live"))[0] == 200


@pytest.mark.threat(80)
async def test_a_made_up_key_is_no_way_around_the_limits(make_node):
    node = await make_node(replace(WIDE, address=Rate(0.1, 2), wrong_key=Rate(0.1, 3)))
    wrong = {"Authorization": "Bearer glejt_" + "0" * 16 + "_" + "1" * 64}
    assert [(await sent(node.app, "GET", "/open", headers=wrong))[0] for _ in range(5)] == [401] * 3 + [429] * 2
    basic = {"Authorization": "Basic eDp5"}
    assert [(await sent(node.app, "GET", "/open", headers=basic))[0] for _ in range(4)] == [200] * 2 + [429] * 2


@given(st.lists(st.floats(0, 3), max_size=60), st.integers(1, 8), st.floats(0.1, 10))
def test_a_bucket_never_gives_more_than_it_may(pauses, burst, per_second):
    now, given_at = 1000.0, []
    bucket = Buckets(Rate(per_second, burst), lambda: now)
    for pause in pauses:
        now += pause
        wait = bucket.take("a")
        if wait:
            before, now = now, now + wait + 1e-9
            assert not bucket.wait("a")
            now = before
        else:
            given_at.append(now)
    for number, at in enumerate(given_at):
        since = sum(each >= at for each in given_at[number:])
        assert since <= burst + (now - at) * per_second + 1 + 1e-6


def test_there_are_never_more_buckets_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(buckets, "MAX_NAMES", 100)
    now = 1000.0
    bucket = Buckets(Rate(0.001, 1), lambda: now)
    bucket.take("busy")
    for number in range(1000):
        bucket.take(str(number))
        assert bucket.wait("busy"), "whoever goes on asking is not forgotten"
    assert len(bucket) == 100


OURS = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.threat(80)
@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.5, 198.51.100.7, 10.2.3.4", "198.51.100.7"),
        ("10.0.0.1", "nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7:4711", "10.0.0.1"),
        ("10.0.0.1", ", ".join(["203.0.113.5"] * 5000 + ["198.51.100.7"]), "198.51.100.7"),
        ("10.0.0.1", ", ".join(["203.0.113.5"] + ["10.0.0.2"] * 50), "10.0.0.2"),
        ("2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", "192.0.2.1"),
        ("fd00::1", "2001:db8:1:2:3::", "2001:db8:1:2::/64"),
        ("", "198.51.100.7", LOCAL),
        (None, "", LOCAL),
    ],
)
def test_only_our_own_proxies_say_who_asks(client, forwarded, address):
    headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
    scope = {"client": None if client is None else (client, 1), "headers": headers}
    assert address_of(scope, OURS) == address


async def test_a_refusal_costs_next_to_nothing(make_node, barrier):
    """At least a thousand a second; a loose bound, for what grows with the load would be the harm."""
    node = await make_node(replace(WIDE, in_flight=1, without_key=1))
    held = asyncio.create_task(sent(node.app, "GET", "/slow"))
    await barrier.reached.wait()
    began = time.process_time()
    for _ in range(500):
        assert (await sent(node.app, "GET", "/open"))[0] == 503
    assert time.process_time() - began < 0.5
    barrier.open.set()
    await held
