"""Webhooks: who is told what, signed, at least once, and never at an address inside."""

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from datetime import timedelta

import pytest
from hostile_hosts import ADDRESSES, AUTHORITIES, URLS
from issuing_support import add_profile, credential, issue, set_status
from node_support import NOW, A, B
from organisation_support import call, events
from web_servers import response, serving

from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.issuance.background.tasks import HopelessError
from node.issuance.webhooks.delivering import MAX_FAILURES, Delivering, NotTakenError
from node.ports.awarding import Award, AwardState
from node.ports.links import Link, LinkKind
from node.verification.errors import FetchError

HOOKS = "/organisation/webhooks"
URL = "https://records.university.example/glejt"
LASTING = timedelta(minutes=1)


class Receiver:
    """Takes what is posted, or answers as it is told."""

    def __init__(self, *statuses):
        self.statuses, self.got = list(statuses), []

    async def __call__(self, url, body, headers):
        self.got.append((url, body, headers))
        status = self.statuses.pop(0) if self.statuses else 204
        if isinstance(status, Exception):
            raise status
        return status


async def subscribed(node, *kinds, url=URL):
    made = await call(node, "POST", HOOKS, node.key("owner"), 201, url=url, events=list(kinds))
    return made["id"], made["secret"]


async def deliveries(node, organisation=A):
    async with node.store.view(organisation) as view:
        return [task for task in await view.outbox.waiting() if task.kind == "webhook.deliver"]


async def deliver(node, post, *, note=True):
    """Carry out what is due, once each; the problems."""
    use = Delivering(store=node.store, vault=node.vault, post=post, now=node.clock)
    claimed = await node.store.node_change(
        lambda work: work.worker.claim(["webhook.deliver"], node.clock(), lasting=LASTING, limit=100)
    )
    problems = []
    for each in claimed:
        try:
            await use.carry(each)
        except (NotTakenError, FetchError, HopelessError) as error:
            problems.append(error)
            if note:
                gone = isinstance(error, HopelessError)
                await node.store.node_change(
                    lambda work, each=each, gone=gone: work.worker.failed(each, "x", node.clock(), for_good=gone)
                )
        else:
            await node.store.node_change(lambda work, each=each: work.worker.done(each))
    return problems


def opened(secret, body, headers):
    """What a receiver makes of it: raises AssertionError for what was not signed by this secret."""
    key = b64decode(secret.removeprefix("whsec_"))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    expected = "v1," + b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    assert expected in headers["webhook-signature"].split(" ")
    return json.loads(body)


async def issued(node, number=0):
    answer = await issue(node, credential((await profile(node)), number))
    assert answer.status_code == 201, answer.text
    return answer.json()["verifiableCredential"]["id"]


async def profile(node):
    async with node.store.view(A) as view:
        found = await view.identities.profiles()
    return found[0].did if found else await add_profile(node, status=["revocation", "suspension"])


@pytest.mark.threat(70)
async def test_what_happens_is_told_signed_with_ids_and_nothing_of_a_person(node):
    _, secret = await subscribed(node, "award.issued", "award.revoked", "award.suspended", "award.lifted")
    name = await issued(node)
    for purpose, status in (("suspension", True), ("suspension", False), ("revocation", True), ("revocation", True)):
        await set_status(node, name, purpose, status=status, reason="Demo Learner cheated")
    receiver = Receiver()
    assert await deliver(node, receiver) == []
    said = [opened(secret, body, headers) for _, body, headers in receiver.got]
    assert sorted(each["type"] for each in said) == ["award.issued", "award.lifted", "award.revoked", "award.suspended"]
    (found,) = (await call(node, "GET", "/organisation/awards", node.key("issuer"), 200))["awards"]
    for each in said:
        assert each["data"] == {"organisation": A, "awards": [found["id"]]}
        assert set(each) == {"type", "timestamp", "data"}
    assert {url for url, *_ in receiver.got} == {URL}
    assert "Demo" not in repr(receiver.got)
    assert len({headers["webhook-id"] for *_, headers in receiver.got}) == 4
    assert await deliveries(node) == []
    with pytest.raises(AssertionError):
        opened(secret, receiver.got[0][1] + b" ", receiver.got[0][2])


async def test_nobody_else_is_told_and_nothing_that_was_not_asked_for(node):
    await subscribed(node, "award.revoked")
    await issued(node)
    assert await deliveries(node) == []
    made = await call(node, "POST", HOOKS, node.key("owner", B), 201, url=URL, events=["award.revoked"])
    assert await deliveries(node, B) == []
    for path in ("", "/secret", "/ping"):
        method = "POST" if path else "DELETE"
        assert (
            await node.client.request(method, f"{HOOKS}/{made['id']}{path}", headers=node.key("owner"))
        ).status_code == 404
    for role in ("issuer", "auditor", "designer", "program"):
        answer = await node.client.post(HOOKS, json={"url": URL, "events": ["award.issued"]}, headers=node.key(role))
        assert answer.status_code == 403


async def test_what_is_not_acknowledged_comes_again_under_the_same_id(node):
    hook, secret = await subscribed(node, "award.issued")
    await issued(node)
    receiver = Receiver(500, 302, FetchError("no answer", code="fetch.timeout", remedy="Wait."), 200)
    for number in range(1, 4):
        assert len(await deliver(node, receiver)) == 1
        (shown,) = (await call(node, "GET", HOOKS, node.key("auditor"), 200))["webhooks"]
        assert (shown["failures"], shown["enabled"]) == (number, True)
        assert await deliver(node, receiver) == [], "not before its time"
        node.clock.move(timedelta(hours=1))
    assert await deliver(node, receiver) == []
    assert len(receiver.got) == 4
    assert len({headers["webhook-id"] for *_, headers in receiver.got}) == 1
    assert len({headers["webhook-timestamp"] for *_, headers in receiver.got}) == 4
    assert len({body for _, body, _ in receiver.got}) == 1
    opened(secret, *receiver.got[-1][1:])
    (shown,) = (await call(node, "GET", HOOKS, node.key("auditor"), 200))["webhooks"]
    assert (shown["failures"], shown["failingSince"], shown["problem"]) == (0, None, None)
    assert hook == shown["id"]


@pytest.mark.parametrize("gone", [True, False])
async def test_a_receiver_that_stays_away_is_told_nothing_more_until_it_is_mended(node, gone):
    hook, _ = await subscribed(node, "award.issued")
    await issued(node)
    if gone:
        assert isinstance((await deliver(node, Receiver(410)))[0], HopelessError)
    else:
        for _ in range(MAX_FAILURES - 1):
            await node.store.change(A, lambda unit: unit.webhooks.failed(hook, "x", node.clock()))
        assert len(await deliver(node, Receiver(500))) == 1
        (shown,) = (await call(node, "GET", HOOKS, node.key("auditor"), 200))["webhooks"]
        assert (shown["failures"], shown["enabled"]) == (MAX_FAILURES, True), "not within a day"
        node.clock.move(timedelta(days=1))
        assert len(await deliver(node, Receiver(500))) == 1
    (shown,) = (await call(node, "GET", HOOKS, node.key("auditor"), 200))["webhooks"]
    assert shown["enabled"] is False
    assert [each.action for each in await events(node)][-1] == "webhook.disable"
    await issued(node, 1)
    waiting = await deliveries(node)
    assert len(waiting) == (0 if gone else 1), "nothing new is kept for it"
    node.clock.move(timedelta(days=1))
    receiver = Receiver()
    await deliver(node, receiver)
    assert receiver.got == []
    await call(node, "PATCH", f"{HOOKS}/{hook}", node.key("owner"), 200, enabled=True)
    (dead,) = (await call(node, "GET", "/organisation/outbox?state=dead", node.key("owner"), 200))["tasks"]
    await call(node, "POST", f"/organisation/outbox/{dead['id']}/retry", node.key("owner"), 202)
    assert await deliver(node, receiver) == []
    assert len(receiver.got) == 1, "what was given up arrives once somebody asks for that"


async def test_a_secret_is_replaced_while_both_count_and_is_shown_once(node, tmp_path):
    hook, old = await subscribed(node, "award.issued")
    made = await call(node, "POST", f"{HOOKS}/{hook}/secret", node.key("owner"), 201)
    new = made["secret"]
    assert new != old
    receiver = Receiver()
    await call(node, "POST", f"{HOOKS}/{hook}/ping", node.key("owner"), 202)
    await deliver(node, receiver)
    for secret in (old, new):
        assert opened(secret, *receiver.got[0][1:])["type"] == "ping"
    node.clock.move(timedelta(hours=24))
    use = Delivering(store=node.store, vault=node.vault, post=receiver, now=node.clock)
    await use.tidy()
    await call(node, "POST", f"{HOOKS}/{hook}/ping", node.key("owner"), 202)
    await deliver(node, receiver)
    opened(new, *receiver.got[1][1:])
    with pytest.raises(AssertionError):
        opened(old, *receiver.got[1][1:])
    listed = await node.client.get(HOOKS, headers=node.key("owner"))
    kept = b"".join(path.read_bytes() for path in sorted(tmp_path.glob("node.db*")))
    assert hook.encode() in kept
    for secret in (old, new):
        assert secret not in listed.text
        assert secret.removeprefix("whsec_").encode() not in kept
        assert b64decode(secret.removeprefix("whsec_")) not in kept
    async with node.store.view(A) as view:
        states = sorted(record.state for record in await view.keys.records() if record.purpose == "webhook")
    assert states == ["active", "retired"]


async def test_who_is_removed_is_told_nothing_of_what_waits(node):
    hook, _ = await subscribed(node, "award.issued")
    await issued(node)
    await call(node, "DELETE", f"{HOOKS}/{hook}", node.key("owner"), 204)
    receiver = Receiver()
    assert await deliver(node, receiver) == []
    assert receiver.got == []
    assert (await call(node, "GET", HOOKS, node.key("owner"), 200))["webhooks"] == []


@pytest.mark.threat(56)
async def test_no_hostile_address_is_registered(node):
    hook, _ = await subscribed(node, "award.issued")
    for url in [
        *(f"https://{authority}/x" for authority in AUTHORITIES),
        *URLS,
        "https://node.example/organisation/webhooks",
    ]:
        added = await node.client.post(HOOKS, json={"url": url, "events": ["ping"]}, headers=node.key("owner"))
        assert added.status_code in {400, 422}, url
        added = await node.client.post(HOOKS, json={"url": url, "events": ["award.issued"]}, headers=node.key("owner"))
        changed = await node.client.patch(f"{HOOKS}/{hook}", json={"url": url}, headers=node.key("owner"))
        assert {added.status_code, changed.status_code} <= {400, 422}, url
    (shown,) = (await call(node, "GET", HOOKS, node.key("owner"), 200))["webhooks"]
    assert shown["url"] == URL


@pytest.mark.threat(56)
async def test_no_name_that_leads_inside_is_posted_to(node, monkeypatch):
    connected, answers = [], []

    async def connect(_loop, *where, **_more):
        connected.append(where)
        raise ConnectionRefusedError

    async def lookup(_host):
        return (answers[-1],)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", connect)
    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", connect)
    post = GuardedFetch(Rules(), lookup=lookup).post
    await subscribed(node, "award.issued")
    for number, address in enumerate(ADDRESSES):
        answers.append(address)
        with pytest.raises(FetchError):
            await post(URL, b"{}", {})
        if number == 0:
            await issued(node)
            assert len(await deliver(node, post)) == 1
    assert connected == []
    answers.append("8.8.8.8")
    with pytest.raises(FetchError):
        await post(URL, b"{}", {})
    assert connected, "the watch sees what is connected to"


@pytest.mark.threat(56)
async def test_what_is_posted_goes_nowhere_else_and_no_answer_is_read():
    """A real server: a redirect is no way on, and an answer without an end is left."""
    local = GuardedFetch(Rules(loopback=True))
    for status in (200, 302, 307, 410, 503):
        answer = response(b"x" * 10, status=status, headers={"Location": "http://localhost:1/elsewhere"})
        async with serving(answer) as server:
            sent = {"Content-Type": "application/json", "webhook-id": "1"}
            assert await local.post(f"http://localhost:{server.port}/hook?a=b", b'{"a":1}', sent) == status
            (request,) = server.requests
            head, _, body = request.partition(b"\r\n\r\n")
            assert head.startswith(b"POST /hook?a=b HTTP/1.1\r\n")
            assert b"Content-Length: 7" in head.title()
            assert b"webhook-id: 1" in head
            assert b"Cookie" not in head
            assert body in {b"", b'{"a":1}'}
    with pytest.raises(FetchError) as refused:
        await GuardedFetch(Rules()).post("http://good.edu/", b"{}", {})
    assert refused.value.code.startswith("fetch.")


@pytest.mark.threat(85)
async def test_of_many_awards_one_event_has_the_ids(node):
    from node.issuance.announcing import AWARDS_AT_ONCE, announce  # noqa: PLC0415
    from node.ports.webhooks import EventType  # noqa: PLC0415

    await subscribed(node, "award.issued")
    awards = [f"award-{number}" for number in range(2 * AWARDS_AT_ONCE + 1)]
    await node.store.change(A, lambda unit: announce(unit, EventType.AWARD_ISSUED, NOW, awards, run="run-1"))
    receiver = Receiver()
    await deliver(node, receiver)
    said = [json.loads(body)["data"] for _, body, _ in receiver.got]
    assert sorted(award for each in said for award in each["awards"]) == sorted(awards)
    assert {each["run"] for each in said} == {"run-1"}
    assert max(len(body) for _, body, _ in receiver.got) < 20_000


async def test_of_a_claim_that_nobody_made_a_subscriber_is_told_once(node):
    await subscribed(node, "claim.expired")
    await profile(node)

    async def work(unit):
        for number, days in ((1, 1), (2, 2)):
            award = f"award-{number}"
            await unit.awards.intend([Award(award, award, None, None, "profile", NOW, "Demo Learner")])
            await unit.awards.change(award, AwardState.WAITING, NOW)
            link = Link(f"link-{number}", award, LinkKind.CLAIM, bytes([number]), NOW, NOW + timedelta(days=days))
            await unit.links.put(link)

    await node.store.change(A, work)
    receiver = Receiver()
    use = Delivering(store=node.store, vault=node.vault, post=receiver, now=node.clock)
    for _ in range(6):
        node.clock.move(timedelta(hours=12))
        await use.tidy()
        await deliver(node, receiver)
    said = [json.loads(body) for _, body, _ in receiver.got]
    assert [each["data"]["awards"] for each in said] == [["award-1"], ["award-2"]]
    assert {each["type"] for each in said} == {"claim.expired"}
