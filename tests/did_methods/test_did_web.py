"""did:web: one host per identifier, the same that is shown, and no document but its own."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from did_methods.did import Did, parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.errors import AbsentError, DidMethodsError, InvalidDidError, UnavailableError
from did_methods.multikey import KeyType, PrivateKey
from did_methods.resolution import Problem, resolve
from did_methods.web import ACCEPT, MAX_DOCUMENT_BYTES, WebMethod, create, method_id, new_document, web_place

DID = "did:web:good.edu"
KEY = PrivateKey(KeyType.ED25519, bytes(range(32))).public


class Page:
    """A reader with one answer, which keeps what it was asked."""

    def __init__(self, answer):
        self.asked = []
        self._answer = answer

    async def __call__(self, url, *, accept, max_bytes):
        self.asked.append((url, accept, max_bytes))
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer if isinstance(self._answer, bytes) else json.dumps(self._answer).encode()


def resolved(did, answer, **options):
    page = Page(answer)
    return asyncio.run(resolve(did, {"web": WebMethod(page, json.loads, **options)})), page.asked


# The examples of https://w3c-ccg.github.io/did-method-web/#example-web-method-dids, and some of ours.
@pytest.mark.parametrize(
    ("did", "url"),
    [
        ("did:web:w3c-ccg.github.io", "https://w3c-ccg.github.io/.well-known/did.json"),
        ("did:web:w3c-ccg.github.io:user:alice", "https://w3c-ccg.github.io/user/alice/did.json"),
        ("did:web:example.com%3A3000", "https://example.com:3000/.well-known/did.json"),
        ("did:web:example.com%3A3000:user:alice", "https://example.com:3000/user/alice/did.json"),
        ("did:web:good.edu%3A443", "https://good.edu:443/.well-known/did.json"),
        ("did:web:good.edu:%7Eala", "https://good.edu/~ala/did.json"),
        ("did:web:good.edu:Ala", "https://good.edu/Ala/did.json"),
        ("did:web:xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example/.well-known/did.json"),
        ("did:web:good.edu:.well-known", "https://good.edu/.well-known/did.json"),
    ],
)
def test_where_a_document_is_published(did, url):
    result, asked = resolved(did, {"id": did})
    assert result.document == {"id": did}
    assert result.problem is None
    assert asked == [(url, ACCEPT, MAX_DOCUMENT_BYTES)]


@pytest.mark.threat(21)
@pytest.mark.parametrize(
    "identifier",
    [
        "good.edu%40evil.com", "good.edu%2Fevil.com", "good.edu%23evil", "good.edu%3Fevil", "good.edu%5C",
        "good.edu%00",
        "GOOD.edu", "good.EDU", "Good.edu", "good.edu.", "good..edu", ".good.edu", "-good.edu", "good_x.edu", "good",
        "localhost", "localhost%3A8000", "x.localhost", "intranet", "printer.local", "metadata.google.internal",
        "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.0.0.1%3A8080", "10.0.0.1",
        "169.254.169.254", "1.1.1.1", "%5B%3A%3A1%5D", "%3A%3A1", "good.edu%3A", "good.edu%3A0", "good.edu%3A0443",
        "good.edu%3A65536", "good.edu%3A99999", "good.edu%3A443%3A443", "good.edu%3Ax", "%3A443", "good.edu%3a443",
        "good.edu%7Eevil", "%67ood.edu", "good%2Eedu", "good.edu:..", "good.edu:.", "good.edu:a:..:b",
        "good.edu:%2E%2E",
        "good.edu:a%3Ab", "good.edu:a%2Fb", "good.edu:a%20b", "good.edu::a", "good.edu:", ":good.edu", "good.edu/a",
        "good.edu#", "good.edu?a", "good.edu@evil.com", "evil.com@good.edu", "g\u043e\u043ed.edu", "good\u3002edu",
        "good edu",
        "good.edu\n", "a" * 64 + ".edu", "a." * 126 + "edu", "",
    ],
)  # fmt: skip
def test_an_identifier_that_would_lead_elsewhere_is_never_fetched(identifier):
    result, asked = resolved(f"did:web:{identifier}", {"id": f"did:web:{identifier}"})
    assert asked == []
    assert result.problem is Problem.INVALID_DID
    assert result.problem.means_wrong
    assert result.detail


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
NAMES = st.lists(LABEL, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "edu"]))
TEXT = st.text(alphabet="ag.E-_0:%/?#@47Ex3AF\\~ \u043e", min_size=1, max_size=24)


@pytest.mark.threat(21)
@given(st.one_of(TEXT, TEXT.map(lambda end: f"good.edu{end}"), NAMES))
def test_the_host_that_is_fetched_is_the_host_that_is_shown(identifier):
    """Whatever is taken for a did:web, its host stands in it literally, and the URL asks that host and no other."""
    result, asked = resolved(f"did:web:{identifier}", {})
    if not asked:
        assert result.problem is Problem.INVALID_DID
        return
    ((url, _, _),) = asked
    host, colon, _ = identifier.partition(":")
    name, _, port = host.partition("%3A")
    assert url.startswith(f"https://{name}{':' if port else ''}{port}/")
    assert name == name.lower()
    assert url.endswith("/did.json")
    assert ("/.well-known/did.json" in url) or colon
    assert not set("%@\\ ?#") & set(url)


@pytest.mark.threat(20)
@pytest.mark.parametrize(
    "document",
    [{"id": "did:web:evil.com"}, {"id": "did:web:GOOD.edu"}, {"id": f"{DID}#"}, {"id": f"{DID}%3A443"}, {"id": None},
     {},
     {"id": [DID]}, {"id": f"{DID}:a"}, {"didDocument": {"id": DID}}],
)  # fmt: skip
def test_a_page_of_somebody_else_is_no_document_of_this_did(document):
    result, _ = resolved(DID, document)
    assert (result.document, result.problem) == (None, Problem.INVALID_DID_DOCUMENT)


@pytest.mark.parametrize("page", [b"", b"<!doctype html>", b"{", b'{"id": "did:web:good.edu"'])
def test_a_page_that_is_no_document(page):
    result, _ = resolved(DID, page)
    assert (result.document, result.problem) == (None, Problem.INVALID_DID_DOCUMENT)
    assert "https://good.edu/.well-known/did.json" in result.detail


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (AbsentError("gone", code="fetch.status", remedy="Ask."), Problem.NOT_FOUND),
        (UnavailableError("no answer", code="fetch.timeout", remedy="Try again."), Problem.INTERNAL_ERROR),
    ],
)
def test_what_could_not_be_had_says_why_and_accuses_nobody(error, problem):
    result, _ = resolved(DID, error)
    assert (result.document, result.problem) == (None, problem)
    assert not result.problem.means_wrong
    assert result.detail == f"{error}. {error.remedy}"


def test_this_machine_only_where_it_was_opened():
    for did, url in (
        ("did:web:localhost", "http://localhost/.well-known/did.json"),
        ("did:web:localhost%3A8000:ala", "http://localhost:8000/ala/did.json"),
    ):
        assert resolved(did, {"id": did}, loopback=True)[1][0][0] == url
        assert resolved(did, {"id": did})[1] == []
    for did in ("did:web:127.0.0.1", "did:web:x.localhost", "did:web:LOCALHOST", "did:web:intranet"):
        assert resolved(did, {"id": did}, loopback=True)[1] == []


def test_another_method_is_not_this_one():
    with pytest.raises(InvalidDidError):
        web_place(Did("key", "good.edu"))
    result = asyncio.run(WebMethod(Page({}), json.loads).resolve(Did("key", "good.edu")))
    assert result.problem is Problem.INVALID_DID


@pytest.mark.parametrize(
    ("arguments", "did"),
    [
        ({"host": "good.edu"}, "did:web:good.edu"),
        ({"host": "good.edu", "port": 8443}, "did:web:good.edu%3A8443"),
        ({"host": "good.edu", "path": ("u", "~ala")}, "did:web:good.edu:u:%7Eala"),
    ],
)
def test_a_new_did(arguments, did):
    made = create(**arguments)
    assert str(made) == did
    document = DidDocument.parse(new_document(made, KEY))
    assert document.id == did
    for relationship in (Relationship.ASSERTION_METHOD, Relationship.AUTHENTICATION):
        assert document.verification_method(method_id(made, KEY), relationship).key == KEY
    with pytest.raises(DidMethodsError):
        document.verification_method(method_id(made, KEY), Relationship.KEY_AGREEMENT)
    place = web_place(made)
    assert (place.host, place.port, place.path) == ("good.edu", arguments.get("port"), arguments.get("path", ()))


@pytest.mark.parametrize(
    "arguments",
    [{"host": "Good.edu"}, {"host": "localhost"}, {"host": "good.edu:8443"}, {"host": "good.edu%3A8443"}, {"host": ""},
     {"host": "good.edu:a"}, {"host": "good.edu", "port": 0}, {"host": "good.edu", "port": 70_000},
     {"host": "127.0.0.1"},
     {"host": "good.edu", "path": ("..",)}, {"host": "good.edu", "path": ("a b",)}, {"host": "good.edu",
     "path": ("a/b",)},
     {"host": "good.edu", "path": ("a:b",)}, {"host": "good.edu", "path": ("",)}, {"host": "good.edu", "port": -1}],
)  # fmt: skip
def test_what_no_new_did_can_be_made_of(arguments):
    with pytest.raises(InvalidDidError):
        create(**arguments)


@given(
    NAMES,
    st.none() | st.integers(1, 65_535),
    st.lists(st.from_regex(r"[A-Za-z0-9_~-]{1,6}", fullmatch=True), max_size=3),
)
def test_a_new_did_is_read_as_it_was_made(host, port, path):
    place = web_place(parse_did(str(create(host, port=port, path=path))))
    assert (place.host, place.port, place.path) == (host, port, tuple(path))
