"""The guarded fetcher: where it connects, and where it never does, by real servers on this machine."""

import asyncio
import logging
import socket
import ssl
from datetime import UTC, datetime

import pytest
from hostile_hosts import ADDRESSES, AUTHORITIES, PUBLIC, URLS
from web_servers import Authority, Names, authority, files, response, serving

from node.adapters import fetch as fetching
from node.adapters.addresses import kind_of
from node.adapters.fetch import MAX_ADDRESSES, MAX_REDIRECTS, GuardedFetch
from node.adapters.web_url import Rules, join, parse_url
from node.verification.errors import FetchError, FetchRefusedError, UnreachableError

NOW = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
LOCAL = Rules(loopback=True)
SOMEWHERE = "127.0.0.77"
"""An address of this machine that some tests take for one of the public internet."""


@pytest.fixture
def somewhere(monkeypatch):
    """One loopback address counts as public, so that a test can stand on the internet without leaving this machine."""
    monkeypatch.setattr(fetching, "kind_of", lambda address: None if str(address) == SOMEWHERE else kind_of(address))
    return SOMEWHERE


async def _fetched(url, fetch, *, max_bytes=10_000):
    return await fetch(url, accept="application/json", max_bytes=max_bytes)


def _local(server, path="/x"):
    return f"http://localhost:{server.port}{path}"


def _secure(server, *, lookup, rules=None, **more):
    """A fetcher for a server with TLS on an address that counts as public."""
    return GuardedFetch(
        rules or Rules(ports=frozenset({443, server.port})), lookup=lookup, tls=authority().client(), **more
    )


async def _refused(url, fetch, error=FetchRefusedError):
    with pytest.raises(error) as refused:
        await _fetched(url, fetch)
    assert refused.value.remedy
    assert refused.value.code.startswith("fetch.")
    return refused.value


def test_what_is_sent_and_what_comes_back():
    async def story():
        answer = response(b'{"a": 1}', headers={"Content-Type": "Application/JSON; charset=utf-8", "Set-Cookie": "a=b"})
        async with serving(answer) as server:
            fetch = GuardedFetch(LOCAL, now=lambda: NOW)
            for _ in range(2):
                fetched = await _fetched(_local(server, "/a%20b/%7Ex?c=d"), fetch)
                assert fetched.body == b'{"a": 1}'
                assert fetched.content_type == "application/json"
                assert fetched.url == _local(server, "/a%20b/%7Ex?c=d")
                assert fetched.at == NOW
            assert server.connections == 2
            for request in server.requests:  # the second is as the first: no cookie, no kept connection
                assert request == (
                    b"GET /a%20b/%7Ex?c=d HTTP/1.1\r\n"
                    b"Host: localhost:" + str(server.port).encode() + b"\r\n"
                    b"Accept: application/json\r\nAccept-Encoding: identity\r\nUser-Agent: glejt\r\n"
                    b"Connection: close\r\n\r\n"
                )

    asyncio.run(story())


@pytest.mark.threat(56)
def test_what_no_stranger_may_name_is_never_looked_up():
    async def story():
        names = Names()
        for url in [*(f"https://{host}/" for host in AUTHORITIES), *URLS]:
            await _refused(url, GuardedFetch(lookup=names))
        assert names.asked == []
        assert len(AUTHORITIES) >= 80

    asyncio.run(story())


@pytest.mark.threat(56)
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_name_with_an_address_inside_a_network(address, monkeypatch):
    """Whichever of its addresses it is, first, last or only: no connection is tried."""
    tried = []
    monkeypatch.setattr(socket.socket, "connect", lambda _self, where: tried.append(where))
    monkeypatch.setattr(socket.socket, "connect_ex", lambda _self, where: tried.append(where))

    async def story():
        for answers in ([address], [address, *PUBLIC[:3]], [*PUBLIC[:3], address]):
            refusal = await _refused("https://good.edu/", GuardedFetch(lookup=Names(good_edu=[answers])))
            assert refusal.code == "fetch.address"

    asyncio.run(story())
    assert tried == []


@pytest.mark.threat(56)
@pytest.mark.parametrize("answer", ["fe80::1%eth0", "localhost", "127.1", "0x7f000001", "good.edu", ""])
def test_a_resolver_that_answers_with_anything_else(answer):
    async def story():
        fetch = GuardedFetch(lookup=Names(good_edu=[[PUBLIC[0], answer]]))
        assert (await _refused("https://good.edu/", fetch)).code == "fetch.address"

    asyncio.run(story())


def test_a_name_without_an_address_and_one_with_too_many():
    async def story():
        nothing = await _refused("https://good.edu/", GuardedFetch(lookup=Names(good_edu=[[]])), UnreachableError)
        assert nothing.code == "fetch.unresolved"
        many = [f"8.8.{number // 250}.{number % 250}" for number in range(MAX_ADDRESSES + 1)]
        refusal = await _refused("https://good.edu/", GuardedFetch(lookup=Names(good_edu=[many])))
        assert refusal.code == "fetch.address"

    asyncio.run(story())


@pytest.mark.threat(56)
@pytest.mark.usefixtures("somewhere")
def test_a_name_server_that_changes_its_answer_after_the_check():
    """DNS rebinding: the address that was checked is the one connected to, and a second question is never asked."""

    async def story():
        async with (
            serving(response(b"public"), host=SOMEWHERE, tls=authority().server("good.edu")) as server,
        ):
            names = Names(good_edu=[[SOMEWHERE], ["127.0.0.1"]])
            fetched = await _fetched(f"https://good.edu:{server.port}/", _secure(server, lookup=names))
            assert fetched.body == b"public"
            assert names.asked == ["good.edu"]
            # The next fetch asks anew, and is refused for what the name has become.
            refusal = await _refused(f"https://good.edu:{server.port}/", _secure(server, lookup=names))
            assert refusal.code == "fetch.address"
            assert server.connections == 1

    asyncio.run(story())


@pytest.mark.threat(56)
@pytest.mark.usefixtures("somewhere")
def test_a_redirect_to_each_hostile_address_and_none_is_followed():
    async def story():
        places = [*(f"//{host}/" for host in AUTHORITIES if host.isascii() and host.isprintable())]
        places += [f"https://{place[2:]}" for place in places]
        # A header is stripped of spaces around it, and what has no scheme is read where it stands.
        places += [url for url in URLS if url.isascii() and url.isprintable() and ":" in url and url == url.strip()]
        async with serving(response(b"secret"), host="127.0.0.1") as trap:
            places += [f"http://127.0.0.1:{trap.port}/", f"https://127.0.0.1:{trap.port}/"]
            places += [
                f"https://[::1]:{trap.port}/",
                f"https://0x7f.1:{trap.port}/",
                f"https://inside.edu:{trap.port}/",
            ]
            pending = iter(places)

            async def redirect(_head, writer):
                writer.write(response(b"", "302 Found", {"Location": next(pending)}))

            async with serving(redirect, host=SOMEWHERE, tls=authority().server("good.edu")) as server:
                names = Names(good_edu=[[SOMEWHERE]], inside_edu=[["127.0.0.1"]])
                fetch = _secure(server, lookup=names, rules=Rules(ports=frozenset({443, server.port, trap.port})))
                start = f"https://good.edu:{server.port}/"
                for place in places:
                    refusal = await _refused(start, fetch)
                    named = await _refused(join(parse_url(start, fetch.rules), place), fetch)
                    assert (refusal.code, str(refusal)) == (named.code, str(named))  # as if it had been named itself
                assert server.connections == len(places)
                assert trap.connections == 0
                assert set(names.asked) == {"good.edu", "inside.edu"}

    asyncio.run(story())


@pytest.mark.threat(56)
@pytest.mark.usefixtures("somewhere")
def test_a_redirect_to_each_address_inside_by_name():
    async def story():
        elsewhere = iter(ADDRESSES)

        async def redirect(_head, writer):
            writer.write(response(b"", "307 Temporary Redirect", {"Location": "https://inside.edu/"}))

        async with serving(redirect, host=SOMEWHERE, tls=authority().server("good.edu")) as server:

            async def lookup(host):
                return (SOMEWHERE,) if host == "good.edu" else (next(elsewhere),)

            for _ in ADDRESSES:
                refusal = await _refused(f"https://good.edu:{server.port}/", _secure(server, lookup=lookup))
                assert refusal.code == "fetch.address"

    asyncio.run(story())


@pytest.mark.usefixtures("somewhere")
def test_an_honest_redirect_is_followed_and_said():
    async def story():
        tls = authority().server("good.edu", "www.good.edu")

        async def redirect(head, writer):
            where = f"https://www.good.edu:{server.port}/there" if b"/moved" in head else "/moved?again#"[:-1]
            found = response(b"here") if b"/there" in head else response(b"x", "301 Moved", {"Location": where})
            writer.write(found)

        async with serving(redirect, host=SOMEWHERE, tls=tls) as server:
            names = Names(good_edu=[[SOMEWHERE]], www_good_edu=[[SOMEWHERE]])
            fetched = await _fetched(f"https://good.edu:{server.port}/", _secure(server, lookup=names))
            assert (fetched.body, fetched.url) == (b"here", f"https://www.good.edu:{server.port}/there")
            assert b"Host: www.good.edu" in server.requests[-1]
            assert b"/moved?again " in server.requests[1]
            staying = _secure(server, lookup=names, same_host=True)
            refusal = await _refused(f"https://good.edu:{server.port}/", staying)
            assert refusal.code == "fetch.redirect"
            assert "www.good.edu" in str(refusal)
            fetched = await _fetched(f"https://www.good.edu:{server.port}/", staying)
            assert fetched.url == f"https://www.good.edu:{server.port}/there"

    asyncio.run(story())


@pytest.mark.threat(56)
def test_a_redirect_without_end_and_one_to_two_places():
    async def story():
        async with serving(response(b"", "302 Found", {"Location": "/again"})) as server:
            assert (await _refused(_local(server), GuardedFetch(LOCAL))).code == "fetch.redirect"
            assert server.connections == MAX_REDIRECTS + 1
        for headers in ({}, {"Location": "/a", "location": "/b"}):
            async with serving(response(b"", "302 Found", headers)) as server:
                assert (await _refused(_local(server), GuardedFetch(LOCAL))).code == "fetch.redirect"
                assert server.connections == 1
        async with serving(response(b"", "302 Found", {"Location": "http://a.example/\xe9"})) as server:
            assert (await _refused(_local(server), GuardedFetch(LOCAL))).code == "fetch.url"

    asyncio.run(story())


@pytest.mark.threat(56)
@pytest.mark.usefixtures("somewhere")
@pytest.mark.parametrize(
    "tls",
    [
        pytest.param(lambda: authority().server("evil.edu"), id="another name"),
        pytest.param(lambda: authority().server("*.edu"), id="too wide"),
        pytest.param(lambda: authority().server("good.edu", ended=True), id="ended"),
        pytest.param(lambda: Authority().server("good.edu"), id="another authority"),
    ],
)
def test_a_server_that_cannot_show_whose_it_is(tls):
    async def story():
        async with serving(response(b"forged"), host=SOMEWHERE, tls=tls()) as server:
            fetch = _secure(server, lookup=Names(good_edu=[[SOMEWHERE]]))
            unreachable = await _refused(f"https://good.edu:{server.port}/", fetch, UnreachableError)
            assert server.requests == []
            assert unreachable.code == "fetch.tls"

    asyncio.run(story())


@pytest.mark.threat(56)
@pytest.mark.usefixtures("somewhere")
def test_a_server_that_speaks_without_tls_or_not_at_all(monkeypatch):
    monkeypatch.setattr(fetching, "CONNECT_SECONDS", 0.1)

    async def story():
        async def chatter(_reader, writer):
            writer.write(response(b"forged"))
            writer.close()

        async def silence(reader, writer):
            await reader.read()
            writer.close()

        for handler, code in ((chatter, "fetch.tls"), (silence, "fetch.unreachable")):
            server = await asyncio.start_server(handler, SOMEWHERE, 0)
            port = server.sockets[0].getsockname()[1]
            fetch = GuardedFetch(Rules(ports=frozenset({port})), lookup=Names(good_edu=[[SOMEWHERE]]))
            assert (await _refused(f"https://good.edu:{port}/", fetch, UnreachableError)).code == code
            server.close()
            server.close_clients()

    asyncio.run(story())


@pytest.mark.usefixtures("somewhere")
def test_the_certificate_is_asked_for_by_name_though_the_connection_goes_to_an_address():
    async def story():
        asked = []
        tls = authority().server("good.edu")
        tls.sni_callback = lambda _socket, name, _context: asked.append(name)
        async with serving(response(b"x"), host=SOMEWHERE, tls=tls) as server:
            await _fetched(f"https://good.edu:{server.port}/", _secure(server, lookup=Names(good_edu=[[SOMEWHERE]])))
            assert asked == ["good.edu"]
            assert f"Host: good.edu:{server.port}\r\n".encode() in server.requests[0]

    asyncio.run(story())


@pytest.mark.usefixtures("somewhere")
def test_another_address_is_tried_where_one_does_not_answer():
    async def story():
        async with serving(response(b"x"), host=SOMEWHERE, tls=authority().server("good.edu")) as server:
            # Nobody listens at the first: a documentation network has no route on most machines, or no answer.
            lookup = Names(good_edu=[["127.0.0.78", SOMEWHERE]])
            fetch = _secure(server, lookup=lookup, rules=Rules(ports=frozenset({server.port}), loopback=True))
            assert (await _fetched(f"https://good.edu:{server.port}/", fetch)).body == b"x"
        gone = await _refused(f"https://good.edu:{server.port}/", fetch, UnreachableError)
        assert gone.code == "fetch.unreachable"

    asyncio.run(story())


@pytest.mark.threat(56)
def test_the_surroundings_change_nothing(monkeypatch, tmp_path):
    """No proxy, no credentials, no debugging aid of the environment has a say."""
    (tmp_path / ".netrc").write_text("default login a password b\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))

    async def story():
        async with serving(response(b"from a proxy")) as proxy, serving(response(b"direct")) as server:
            for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
                monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
            monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
            assert (await _fetched(_local(server), GuardedFetch(LOCAL))).body == b"direct"
            assert proxy.connections == 0
            assert b"uthorization" not in server.requests[0]

    asyncio.run(story())


def test_loopback_is_closed_unless_it_was_opened():
    async def story():
        async with serving(response(b"inside")) as server:
            lookup = Names(good_edu=[["127.0.0.1"]])
            ports = frozenset({443, server.port})
            for url in (_local(server), f"https://localhost:{server.port}/", f"https://good.edu:{server.port}/"):
                await _refused(url, GuardedFetch(Rules(ports=ports), lookup=lookup))
            # Opened for tests, it is this machine alone that may be spoken to without TLS, or at another port.
            for url in (f"http://good.edu:{server.port}/", "https://good.edu:8080/", "http://good.edu/"):
                refusal = await _refused(url, GuardedFetch(LOCAL, lookup=Names(good_edu=[["8.8.8.8"]])))
                assert refusal.code == "fetch.address"
            assert server.connections == 0
            assert (await _fetched(f"http://good.edu:{server.port}/", GuardedFetch(LOCAL, lookup=lookup))).body

    asyncio.run(story())


def test_paths_are_served_and_their_absence_is_told():
    async def story():
        async with serving(files({"/a": b"A"})) as server:
            assert (await _fetched(_local(server, "/a"), GuardedFetch(LOCAL))).body == b"A"
            absent = await _refused(_local(server, "/b"), GuardedFetch(LOCAL), UnreachableError)
            assert (absent.code, absent.status) == ("fetch.status", 404)
            assert "404 Not Found" in str(absent)

    asyncio.run(story())


@pytest.mark.parametrize("status", ["201 Created", "204 No Content", "206 Partial", "300 Choices", "304 Not Modified",
                                    "403 Forbidden", "410 Gone", "500 Oops", "503 Busy", "599 Odd"])  # fmt: skip
def test_only_an_answer_in_full_is_an_answer(status):
    async def story():
        async with serving(response(b"", status)) as server:
            error = await _refused(_local(server), GuardedFetch(LOCAL), UnreachableError)
            assert (error.code, error.status) == ("fetch.status", int(status[:3]))

    asyncio.run(story())


@pytest.mark.threat(44)
def test_nothing_that_was_answered_is_logged(caplog):
    marker = "zofia-kowalska-7301"

    async def story():
        async with serving(response(marker.encode())) as server:
            await _fetched(_local(server), GuardedFetch(LOCAL))
        async with serving(response(marker.encode() * 2000)) as server:
            with pytest.raises(FetchError) as refused:
                await _fetched(_local(server), GuardedFetch(LOCAL))
            assert marker not in str(refused.value)

    with caplog.at_level(logging.DEBUG):
        asyncio.run(story())
    assert marker not in caplog.text


def test_the_certificates_of_the_system_are_checked_by_name():
    context = fetching.tls_of_the_system()
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
