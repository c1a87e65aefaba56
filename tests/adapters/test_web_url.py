"""URLs that strangers name: one spelling, one meaning, or none."""

import pytest
from hostile_hosts import AUTHORITIES, URLS
from hypothesis import example, given
from hypothesis import strategies as st

from did_methods.host import MAX_HOST_CHARS, problem_with
from node.adapters.web_url import MAX_URL_CHARS, Rules, join, parse_url
from node.verification.errors import FetchRefusedError

OPEN = Rules(loopback=True)
PLAIN = Rules()
WITH_PORT = Rules(ports=frozenset({443, 8443}))


@pytest.mark.threat(56)
@pytest.mark.parametrize("authority", AUTHORITIES)
def test_a_host_that_leads_nowhere(authority):
    for path in ("", "/", "/x?y=z"):
        with pytest.raises(FetchRefusedError) as refused:
            parse_url(f"https://{authority}{path}", PLAIN)
        assert refused.value.code in {"fetch.host", "fetch.port", "fetch.userinfo", "fetch.url"}
        assert ("@" in authority) == (refused.value.code == "fetch.userinfo")
        assert refused.value.remedy
        assert str(refused.value).replace("…", "").isascii()
        assert len(str(refused.value)) < 400


@pytest.mark.threat(56)
@pytest.mark.parametrize("text", URLS)
def test_a_text_that_is_no_address_for_us(text):
    with pytest.raises(FetchRefusedError) as refused:
        parse_url(text, PLAIN)
    assert refused.value.code in {"fetch.url", "fetch.scheme", "fetch.host"}


@pytest.mark.parametrize(
    ("text", "host", "port", "target", "authority"),
    [
        ("https://good.edu", "good.edu", 443, "/", "good.edu"),
        ("https://good.edu?a=b", "good.edu", 443, "/?a=b", "good.edu"),
        ("https://good.edu?@evil.edu", "good.edu", 443, "/?@evil.edu", "good.edu"),
        ("HTTPS://Good.EDU:443/A/b", "good.edu", 443, "/A/b", "good.edu"),
        ("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example", 443, "/", "xn--mnchen-3ya.example"),
        ("https://a-b.c1.example/~x/%7Ex/a%2Fb", "a-b.c1.example", 443, "/~x/%7Ex/a%2Fb", "a-b.c1.example"),
        ("https://3com.example/@x;y=1,2?q=/?&r=%20", "3com.example", 443, "/@x;y=1,2?q=/?&r=%20", "3com.example"),
        ("https://good.edu//x//", "good.edu", 443, "//x//", "good.edu"),
        ("https://good.edu/..x/...", "good.edu", 443, "/..x/...", "good.edu"),
    ],
)
def test_what_is_taken_is_kept_as_it_is(text, host, port, target, authority):
    url = parse_url(text, PLAIN)
    assert (url.text, url.host, url.port, url.target, url.authority) == (text, host, port, target, authority)
    assert (url.number, url.local) == (None, False)
    assert url.origin == f"https://{authority}"


def test_a_port_that_was_allowed():
    url = parse_url("https://good.edu:8443/x", WITH_PORT)
    assert (url.port, url.authority, url.origin, url.local) == (8443, "good.edu:8443", "https://good.edu:8443", False)
    with pytest.raises(FetchRefusedError, match="port 8444"):
        parse_url("https://good.edu:8444/x", WITH_PORT)
    with pytest.raises(FetchRefusedError, match="port 443"):
        parse_url("https://good.edu/x", Rules(ports=frozenset({8443})))


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:8000/", "http://127.0.0.1:8000/", "http://127.7.7.7/", "http://[::1]:8000/",
        "https://localhost/", "http://good.edu/", "https://good.edu:8000/",
    ],
)  # fmt: skip
def test_what_opens_for_tests_opens_for_this_machine_alone(text):
    assert parse_url(text, OPEN).local
    with pytest.raises(FetchRefusedError):
        parse_url(text, PLAIN)


@pytest.mark.threat(56)
@pytest.mark.parametrize(
    "host",
    ["10.0.0.1", "169.254.169.254", "8.8.8.8", "0.0.0.0", "127.1", "2130706433", "0x7f.1", "[127.0.0.1]",  # noqa: S104 -- an address to refuse
     "::1", "[::ffff:127.0.0.1]", "[fe80::1]", "[::1%25lo]", "LOCALHOST.", "x.localhost", "metadata"],
)  # fmt: skip
def test_other_numbers_stay_closed_in_tests_too(host):
    with pytest.raises(FetchRefusedError):
        parse_url(f"http://{host}/", OPEN)


@pytest.mark.threat(56)
@pytest.mark.parametrize(
    "path",
    ["/a/../b", "/a/%2E%2e/b", "/a/..%2Fb", "/a%2f../b", "/a/..%5cb", "/a/..;x=y/b", "/a/.%2e%3Bx/b", "/a/./b", "/.."],
)
def test_no_server_is_asked_for_a_path_that_it_might_shorten(path):
    with pytest.raises(FetchRefusedError, match="dots"):
        parse_url(f"https://good.edu{path}", PLAIN)


@pytest.mark.threat(56)
@given(st.text(max_size=40) | st.from_regex(r"https://[a-z0-9.@:%\[\]\\/?#-]{0,30}", fullmatch=True))
@example("https://good.edu\\@evil.edu/")
def test_whatever_is_taken_is_read_alike_by_others(text):
    """What other readers of URLs take for the host is the host, or nothing is fetched at all."""
    from urllib.parse import urlsplit  # noqa: PLC0415 -- the other reader

    import httpx2  # noqa: PLC0415 -- likewise

    try:
        url = parse_url(text, PLAIN)
    except FetchRefusedError:
        return
    other = urlsplit(text)
    assert (other.scheme, other.hostname, other.port or 443) == ("https", url.host, url.port)
    assert (other.username, other.password, other.fragment) == (None, None, "")
    assert (httpx2.URL(text).host, httpx2.URL(text).port or 443) == (url.host, url.port)
    assert problem_with(url.host) is None
    assert len(text) <= MAX_URL_CHARS


def test_the_longest_name():
    longest = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])
    assert len(longest) == MAX_HOST_CHARS
    assert problem_with(longest) is None
    assert problem_with(f"{longest}e") is not None


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("https://other.edu/x", "https://other.edu/x"),
        ("HTTP://other.edu/x", "HTTP://other.edu/x"),
        ("javascript:x", "javascript:x"),
        ("//other.edu/x", "https://other.edu/x"),
        ("/x", "https://good.edu/x"),
        ("?x", "https://good.edu/a/b?x"),
        ("x", "https://good.edu/a/x"),
        ("x/y?z=/", "https://good.edu/a/x/y?z=/"),
        ("../x", "https://good.edu/a/../x"),
        ("", "https://good.edu/a/"),
        ("@evil.edu", "https://good.edu/a/@evil.edu"),
        ("\\\\evil.edu", "https://good.edu/a/\\\\evil.edu"),
    ],
)
def test_what_a_reference_means(reference, url):
    assert join(parse_url("https://good.edu/a/b?c/d", PLAIN), reference) == url
