"""Row 56: every address in what a stranger has verified, against every way to lead a verifier where it must not go.

Each member is tried with the whole corpus. That a member is looked at at all is shown by names that lead inside: those
are looked up, and their addresses refused; a member that nobody should ask is not even looked up.
"""

import os
import socket

import pytest
from hostile_documents import AT_HOME, FIELDS, PLAIN, hops, identifier
from hostile_hosts import ADDRESSES, AUTHORITIES, URLS
from hostile_watch import PUBLIC_ADDRESS, Watch, inward
from web_servers import response, serving

from node.adapters import fetch as fetching
from node.adapters.fetch import GuardedFetch
from node.adapters.judging.errands import Errands
from node.adapters.web_url import Rules
from node.verification.trust import NO_TRUST

pytestmark = pytest.mark.threat(56)

LONG = bool(os.environ.get("GLEJT_LONG"))
HOSTILE = [*(f"https://{authority}/x" for authority in AUTHORITIES), *URLS]


@pytest.fixture
def watch(node, monkeypatch):
    return Watch(monkeypatch).over(node.services.judges)


def corpus_of(field):
    """All of it; where each needs a request of its own, every second in the short run."""
    every = [identifier(field, each) for each in AUTHORITIES] if field.did else HOSTILE
    return every if LONG or field.batched else every[::2]


def named(field, hosts):
    return [identifier(field, host) if field.did else f"https://{host}/x" for host in hosts]


async def submit(node, field, values):
    """Hand all of them over; each is answered, and nothing is accepted that could not be looked at."""
    for sent in field.make(values):
        headers = node.key("issuer") | {"Content-Type": sent.kind}
        answer = await node.client.post(sent.path, content=sent.content, headers=headers)
        assert answer.status_code < 500, (sent.content[:200], answer.text)


@pytest.mark.parametrize("name", FIELDS)
async def test_no_member_of_a_document_leads_anywhere(node, watch, name):
    """Nor inside by a name; but what is public is asked where a verifier has to, else neither would say anything."""
    field = FIELDS[name]
    await submit(node, field, corpus_of(field))
    assert set(watch.looked_up) <= field.also
    assert watch.connected == []

    watch.forget()

    watch.names = inward(ADDRESSES)
    await submit(node, field, named(field, watch.names))
    assert set(watch.looked_up) == (set(watch.names) if field.asked else set())
    assert watch.connected == []

    watch.forget()
    watch.names = {"public.good.edu": [PUBLIC_ADDRESS]}
    await submit(node, field, named(field, watch.names))
    assert set(watch.looked_up) == (set(watch.names) if field.asked else set())
    assert bool(watch.connected) is field.asked


@pytest.mark.parametrize("name", hops([]))
async def test_nothing_that_a_public_host_answers_leads_anywhere(node, watch, name):
    """A redirect, or an address in what was fetched: it is read as strictly as the first one was."""
    start = {"start.good.edu": [PUBLIC_ADDRESS]}
    inside = inward(ADDRESSES if LONG else list(ADDRESSES)[::3])
    names = [f"https://{host}/x" for host in inside]
    for urls, wanted in ((hostile_hops(), set()), (names, set() if name == AT_HOME else set(inside))):
        watch.forget()
        watch.names = start | inside
        sent, watch.pages = hops(urls)[name]
        for each in sent:
            headers = node.key("issuer") | {"Content-Type": each.kind}
            answer = await node.client.post(each.path, content=each.content, headers=headers)
            assert answer.status_code < 500, answer.text
        also = PLAIN if name == "the class of a badge" else set()
        assert set(watch.looked_up) - {"start.good.edu"} - also == wanted
        assert set(watch.connected) == {PUBLIC_ADDRESS}


def hostile_hops():
    """The corpus, a share of it in the short run, without what names another page of the same host in a redirect."""
    every = [url for url in HOSTILE if "://" in url and not url.startswith((" ", "https:///"))]
    return every if LONG else every[::5]


async def test_a_trap_on_this_machine_is_never_hit(node, monkeypatch):
    """Nothing of the network is a test's own here but names; that the trap works is shown by opening its address."""
    async with serving(response()) as trap:
        rules = Rules(ports=frozenset({443, trap.port}))
        names = {"trap.good.edu": "127.0.0.1", "mapped.good.edu": "::ffff:127.0.0.1", "zero.good.edu": "0.0.0.0"}  # noqa: S104 -- nothing is bound to it

        def look_up(host, *_, **__):
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (names[host.decode().removesuffix(".")], 0))]

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        hosts = [*names, "127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
        urls = [f"https://{host}:{trap.port}/x" for host in hosts]
        dids = [f"{host}:{trap.port}" for host in hosts]

        trapped = [field for field in FIELDS.values() if field.asked and field.batched]

        async def try_all():
            fetches = GuardedFetch(rules), GuardedFetch(rules, same_host=True)
            Watch.bring_by(node.services.judges, Errands(NO_TRUST, fetch=fetches[0], fetch_at_home=fetches[1]))
            for field in trapped:
                await submit(node, field, [identifier(field, did) for did in dids] if field.did else urls)

        await try_all()
        assert trap.connections == 0
        monkeypatch.setattr(fetching, "kind_of", lambda _: None)
        await try_all()
        assert trap.connections > len(trapped) > 5
