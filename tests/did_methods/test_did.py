"""DIDs and DID URLs: what is written is what is read, and nothing hides in between."""

import re
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from did_methods.did import MAX_DID_CHARS, MAX_DID_URL_CHARS, Did, DidUrl, parse_did, parse_did_url
from did_methods.errors import InvalidDidError, InvalidDidUrlError

# The grammar of DID 1.0, section 3.1, restated: what is accepted here must be a part of it.
ABNF = re.compile(
    r"did:[a-z0-9]+:(?:(?:[A-Za-z0-9.\-_]|%[0-9A-Fa-f]{2})*:)*(?:[A-Za-z0-9.\-_]|%[0-9A-Fa-f]{2})+", re.ASCII
)

ID_CHARS = "ABCXYZabcxyz0189-_"


def joined(pieces, **size):
    return st.lists(st.sampled_from(pieces), **size).map("".join)


SEGMENTS = joined([*ID_CHARS, "a.b", "%3A", "%7E"], min_size=1, max_size=12)
DIDS = st.builds(
    lambda method, segments: f"did:{method}:{':'.join(segments)}",
    st.text(st.sampled_from("abcxyz0189"), min_size=1, max_size=12),
    st.lists(SEGMENTS, min_size=1, max_size=6),
).filter(lambda text: len(text) <= MAX_DID_CHARS)
URL_TEXT = joined([*ID_CHARS, *"~!$&'()*+,;=:@", "%C5%82"], min_size=1, max_size=8)
URLS = st.builds(
    lambda did, path, query, fragment: did + "".join(f"/{part}" for part in path) + query + fragment,
    DIDS,
    st.lists(URL_TEXT, max_size=3),
    st.just("") | URL_TEXT.map(lambda text: f"?{text}/?x"),
    st.just("") | URL_TEXT.map(lambda text: f"#{text}"),
).filter(lambda text: len(text) <= MAX_DID_URL_CHARS)


@pytest.mark.parametrize(
    "text",
    [
        "did:example:123456789abcdefghi",
        "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK",
        "did:web:localhost%3A8443:users:alice",
        "did:web:example.edu:%7Ealice",
        "did:ethr:0x1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "did:pkh:eip155:1:0xb9c5714089478a327f09197987f16f9e5d936e8a",
        "did:webvh:QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ:example.com",
        "did:example:a...b",
    ],
)
def test_dids_of_known_methods_are_read(text):
    did = parse_did(text)
    assert str(did) == text
    assert text == f"did:{did.method}:{did.identifier}"
    assert str(parse_did_url(text + "#key-1")) == text + "#key-1"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("did:example:1", DidUrl(Did("example", "1"))),
        ("did:example:1#k", DidUrl(Did("example", "1"), fragment="k")),
        ("did:example:1?service=a&relativeRef=/b", DidUrl(Did("example", "1"), query="service=a&relativeRef=/b")),
        ("did:example:1/a/b?c=d#e", DidUrl(Did("example", "1"), "/a/b", "c=d", "e")),
        ("did:example:1:2/a", DidUrl(Did("example", "1:2"), "/a")),
    ],
)
def test_did_urls_fall_into_their_parts(text, expected):
    assert parse_did_url(text) == expected
    assert str(expected) == text


@pytest.mark.threat(21)
@settings(deadline=None)
@given(DIDS)
def test_every_well_formed_did_comes_back(text):
    assert str(parse_did(text)) == text
    assert ABNF.fullmatch(text)


@pytest.mark.threat(21)
@settings(deadline=None)
@given(URLS)
def test_every_well_formed_did_url_comes_back(text):
    assert str(parse_did_url(text)) == text


@pytest.mark.threat(21)
@settings(deadline=None)
@given(
    DIDS,
    st.integers(0, 60),
    st.integers(0, 3),
    joined([*"%/?#@\\ :.A4F0\t\n\x00é", "%2F", "%40", "%2e", "%25", "%00", "did:", "//"], max_size=6),
)
def test_a_damaged_did_is_refused_or_read_as_written(text, position, cut, insertion):
    damaged = text[:position] + insertion + text[position + cut :]
    try:
        did = parse_did(damaged)
    except InvalidDidError as error:
        assert error.remedy  # noqa: PT017 - refused or read as written, both are right
    else:
        assert str(did) == damaged
        assert ABNF.fullmatch(damaged)
        assert not set(re.findall("%..", damaged)) - {"%3A", "%7E"}


@pytest.mark.threat(21)
@settings(deadline=None)
@given(DIDS.map(lambda text: "did:web:" + text.split(":", 2)[2]))
def test_the_host_that_would_be_fetched_is_the_host_that_is_shown(text):
    host, *path = parse_did(text).identifier.split(":")
    target = urlsplit("https://" + "/".join(unquote(part) for part in [host, *path]))
    assert target.netloc == unquote(host)
    assert target.username is None
    assert target.query == target.fragment == ""
    assert target.netloc.split(":")[0] == re.split("%3A", host)[0].replace("%7E", "~")
    assert not {".", ".."} & set(target.path.split("/"))


ATTACKS = {
    "at sign": "did:web:good.edu%40evil.com",
    "slash": "did:web:evil.com%2F.good.edu",
    "fragment": "did:web:evil.com%23.good.edu",
    "query": "did:web:evil.com%3Fgood.edu",
    "backslash": "did:web:evil.com%5C.good.edu",
    "nul": "did:web:evil.com%00.good.edu",
    "newline": "did:web:evil.com%0A.good.edu",
    "double encoding": "did:web:good.edu%2540evil.com",
    "second spelling of a letter": "did:web:%67ood.edu",
    "second spelling of a dot": "did:web:good%2Eedu",
    "full-width slash": "did:web:evil.com%EF%BC%8Fgood.edu",
    "broken UTF-8": "did:web:good.edu%C3",
    "bracket": "did:web:%5B::1%5D",
    "semicolon": "did:web:good.edu%3Bevil",
}


@pytest.mark.threat(21)
@pytest.mark.parametrize("text", ATTACKS.values(), ids=ATTACKS)
def test_characters_that_mislead_are_refused_behind_percent_encoding(text):
    for parse, error, kind in ((parse_did, InvalidDidError, "did"), (parse_did_url, InvalidDidUrlError, "did_url")):
        with pytest.raises(error) as caught:
            parse(text)
        assert caught.value.code in {f"{kind}.percent_encoding", f"{kind}.syntax"}


@pytest.mark.threat(21)
@pytest.mark.parametrize(
    "text",
    [
        "did:web:good.edu:..:evil",
        "did:web:good.edu:.:evil",
        "did:web:..",
        "did:web:good.edu:%2E%2E",
        "did:web:good.edu:.%2E",
    ],
)
def test_dot_segments_are_refused(text):
    with pytest.raises(InvalidDidError) as caught:
        parse_did(text)
    assert caught.value.code in {"did.dot_segment", "did.percent_encoding"}


@pytest.mark.threat(21)
@pytest.mark.parametrize(
    "text",
    [
        "",
        "did",
        "did:",
        "did:web",
        "did:web:",
        "did::abc",
        "did:web::abc",
        "did:web:abc:",
        "did:web:a::b",
        "DID:web:abc",
        "did:WEB:abc",
        "did:web-x:abc",
        "did:web:user@abc",
        "did:web:abc/path",
        "did:web:abc?query",
        "did:web:abc#key",
        "did:web:abc#",
        "did:web:a b",
        "did:web:abc ",
        " did:web:abc",
        "did:web:abc\n",
        "did:web:gööd.edu",
        "did:web:good.\N{CYRILLIC SMALL LETTER IE}du",
        "did:web:abc%",
        "did:web:abc%3",
        "did:web:abc%3a8443",
        "did:web:abc%zz",
        "did:web:[::1]",
        "did:web:a\\b",
        "did:web:a,b",
        "did:web:\N{FULLWIDTH DIGIT ONE}",
        "urn:did:web:abc",
    ],
)
def test_what_is_not_a_did_is_refused(text):
    with pytest.raises(InvalidDidError) as caught:
        parse_did(text)
    assert caught.value.code == "did.syntax"
    assert caught.value.remedy


@pytest.mark.threat(21)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("did:example:1#", "did_url.syntax"),
        ("did:example:1?", "did_url.syntax"),
        ("did:example:1/", "did_url.syntax"),
        ("did:example:1//a", "did_url.syntax"),
        ("did:example:1#a#b", "did_url.syntax"),
        ("did:example:1#ключ", "did_url.syntax"),
        ("did:example:1 #a", "did_url.syntax"),
        ("did:example:1#a%2f", "did_url.syntax"),
        ("did:example:1:#a", "did_url.syntax"),
        ("did:example:1@evil.com#a", "did_url.syntax"),
        ("#key-1", "did_url.syntax"),
        ("https://example.com/#key-1", "did_url.syntax"),
        ("did:example:1/../a", "did_url.dot_segment"),
        ("did:example:1/%2E%2E/a", "did_url.dot_segment"),
        ("did:example:1/a%2Fb", "did_url.percent_encoding"),
        ("did:example:1/a%5Cb", "did_url.percent_encoding"),
        ("did:example:1#a%00", "did_url.percent_encoding"),
        ("did:example:1?a=%23b", "did_url.percent_encoding"),
        ("did:example:1%40evil.com#a", "did_url.percent_encoding"),
    ],
)
def test_what_is_not_a_did_url_is_refused(text, code):
    with pytest.raises(InvalidDidUrlError) as caught:
        parse_did_url(text)
    assert caught.value.code == code


def test_a_did_at_the_limit_is_read_and_one_beyond_is_refused():
    text = "did:example:" + "a" * (MAX_DID_CHARS - len("did:example:"))
    assert str(parse_did(text)) == text
    with pytest.raises(InvalidDidError) as caught:
        parse_did(text + "a")
    assert caught.value.code == "did.too_long"
    assert len(str(caught.value)) < 200
    with pytest.raises(InvalidDidUrlError):
        parse_did_url(text + "a#key")
    assert str(parse_did_url(text + "#key")) == text + "#key"
    with pytest.raises(InvalidDidUrlError) as caught:
        parse_did_url(text + "#" + "k" * MAX_DID_URL_CHARS)
    assert caught.value.code == "did_url.too_long"
