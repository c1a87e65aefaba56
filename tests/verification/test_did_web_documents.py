"""did:web in a verification: published documents by the guarded fetcher, pinned ones before them, others never."""

import asyncio
import copy
import json

import pytest
from support import vectors
from verification_support import (
    AT,
    MALLORY,
    UNIVERSITY,
    credential,
    found,
    gathered,
    judged,
    one,
    outcomes,
    party,
    presentation,
)
from web_servers import Names, authority, files, response, serving

from did_methods.resolution import resolve
from did_methods.web import WebMethod
from node.adapters import fetch as fetching
from node.adapters.addresses import kind_of
from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.app import DocumentReader, sources
from node.documents import parse, parse_object
from node.verification.gather import gather
from node.verification.material import Origin, VerificationMaterial
from node.verification.policy import KeyEvidence
from node.verification.sources import Sources, no_fetch
from node.verification.trust import Trust

SOMEWHERE = "127.0.0.77"
"""An address of this machine that these tests take for one of the public internet."""
SIGNED = UNIVERSITY.sign(credential(UNIVERSITY))
HTML = {"Content-Type": "text/html"}
FIXTURES = "dcc-vc-test-fixtures"


@pytest.fixture(autouse=True)
def _somewhere(monkeypatch):
    monkeypatch.setattr(fetching, "kind_of", lambda address: None if str(address) == SOMEWHERE else kind_of(address))


def _sources(fetch):
    methods = {"web": WebMethod(DocumentReader(fetch), parse_object)}
    return Sources(lambda did: resolve(did, methods), lambda: AT)


def visited(  # noqa: PLR0913 -- what the tests vary
    handler, subject, *, trust=None, host="university.example", seconds=5.0, names=()
):
    """The material for a subject whose issuer's host is a server of this test, and that server.

    The server's certificate is for the host, unless it is given other names.
    """

    async def story():
        tls = authority().server(*(names or (host,)))
        async with serving(handler, host=SOMEWHERE, tls=tls) as server:

            async def lookup(name):
                assert name == host
                return (SOMEWHERE,)

            fetch = _at_port(server.port, GuardedFetch(
                Rules(ports=frozenset({443, server.port})), same_host=True, lookup=lookup, tls=authority().client(),
                seconds=seconds,
            ))  # fmt: skip
            return await gather(subject, _sources(fetch), trust or Trust()), server

    return asyncio.run(story())


def _at_port(port, fetch):
    """The same fetcher, for a public internet whose servers all listen at another port than 443."""

    async def ask(url, *, accept, max_bytes):
        scheme, _, rest = url.partition("://")
        name, slash, path = rest.partition("/")
        return await fetch(f"{scheme}://{name}:{port}{slash}{path}", accept=accept, max_bytes=max_bytes)

    return ask


def _published(document):
    return files({"/.well-known/did.json": json.dumps(document).encode()})


def test_a_published_document_counts_as_of_now():
    material, server = visited(_published(UNIVERSITY.document()), SIGNED)
    item = material.documents[UNIVERSITY.did]
    assert (item.document, item.evidence, item.origin) == (UNIVERSITY.document(), KeyEvidence.NOW_ONLY, Origin.LIVE)
    entry = one(SIGNED, material=material)
    assert found(entry, "issuer_key") == ("passed", "issuer_key.passed")
    assert entry.verdict == "accepted"
    assert server.connections == 1
    assert b"Accept: application/did, application/did+json, application/json\r\n" in server.requests[0]


def test_one_host_is_asked_once_for_many_credentials():
    material, server = visited(_published(UNIVERSITY.document()), presentation(*[SIGNED] * 20))
    assert server.connections == 1
    assert UNIVERSITY.did in material.documents


@pytest.mark.threat(43)
def test_nothing_is_asked_where_the_document_is_pinned_or_the_verifier_offline():
    trust = Trust(documents={UNIVERSITY.did: UNIVERSITY.document()})
    material, server = visited(_published(MALLORY.document()), SIGNED, trust=trust)
    assert server.connections == 0
    assert one(SIGNED, material=material, trust=trust).verdict == "accepted"
    material = asyncio.run(gather(SIGNED, sources(), Trust()))
    assert "was not fetched" in material.failures[UNIVERSITY.did].message
    assert "--offline" in material.failures[UNIVERSITY.did].message
    assert found(one(SIGNED, material=material), "issuer_key") == ("indeterminate", "issuer_key.unresolved")


@pytest.mark.threat(101)
def test_what_is_pinned_wins_over_what_is_published_and_what_came_with_the_file():
    """In both directions: a page taken over by somebody else, and a file with a document of its own."""
    forged = party(24, UNIVERSITY.did)
    trust = Trust(documents={UNIVERSITY.did: UNIVERSITY.document()})
    for material in (gathered(forged), VerificationMaterial.from_json(gathered(forged).to_json())):
        assert one(SIGNED, material=material, trust=trust).verdict == "accepted"
        entry = one(forged.sign(credential(UNIVERSITY)), material=material, trust=trust)
        assert found(entry, "issuer_key") == ("failed", "verification_method.absent")
    capsule = VerificationMaterial.from_json(gathered(forged).to_json())
    entry = one(forged.sign(credential(UNIVERSITY)), material=capsule)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")


@pytest.mark.threat(20)
@pytest.mark.threat(49)
@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (_published(MALLORY.document()), "INVALID_DID_DOCUMENT"),
        (files({}), "NOT_FOUND"),
        (response(b"", "410 Gone"), "NOT_FOUND"),
        (response(b"", "500 Oops"), "INTERNAL_ERROR"),
        (response(b"<!doctype html><title>Welcome</title>", headers=HTML), "INVALID_DID_DOCUMENT"),
        (response(json.dumps(UNIVERSITY.document()).encode()[:-9]), "INVALID_DID_DOCUMENT"),
        (response(b'{"id": "did:web:evil.example", "id": "did:web:university.example"}'), "INVALID_DID_DOCUMENT"),
        (response(json.dumps({**UNIVERSITY.document(), "x": "y" * 200_000}).encode()), "INTERNAL_ERROR"),
        (response(b"", "302 Found", {"Location": "https://evil.example/did.json"}), "INTERNAL_ERROR"),
        (response(b"", "302 Found", {"Location": "https://127.0.0.1/did.json"}), "INTERNAL_ERROR"),
    ],
)  # fmt: skip
def test_a_page_that_is_no_document_of_the_issuer_accuses_nobody(handler, code):
    material, _ = visited(handler, SIGNED)
    assert material.failures[UNIVERSITY.did].code == code
    entry = one(SIGNED, material=material)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.unresolved")
    assert entry.sentence == "cannot_tell"


@pytest.mark.threat(49)
def test_a_server_that_does_not_answer_costs_its_time_and_no_more():
    async def silence(_head, writer):
        await asyncio.sleep(0.5)
        writer.close()

    material, _ = visited(silence, SIGNED, seconds=0.1)
    assert material.failures[UNIVERSITY.did].code == "INTERNAL_ERROR"
    assert "longer than" in material.failures[UNIVERSITY.did].message


@pytest.mark.threat(56)
def test_a_server_with_the_certificate_of_another_host():
    material, server = visited(_published(UNIVERSITY.document()), SIGNED, names=("evil.example",))
    assert server.requests == []
    assert UNIVERSITY.did not in material.documents


@pytest.mark.threat(21)
@pytest.mark.threat(56)
@pytest.mark.parametrize(
    "did",
    ["did:web:university.example%40evil.example", "did:web:127.0.0.1", "did:web:localhost%3A8000",
     "did:web:169.254.169.254:latest:meta-data", "did:web:university.example%3A22", "did:web:university.example.",
     "did:web:UNIVERSITY.example"],
)  # fmt: skip
def test_an_issuer_whose_name_leads_elsewhere_is_not_visited(did):
    school = party(25, did)
    asked = Names()
    fetch = GuardedFetch(lookup=asked)
    material = asyncio.run(gather(school.sign(credential(school)), _sources(fetch), Trust()))
    assert asked.asked == []
    assert material.documents == {}
    assert one(school.sign(credential(school)), material=material).verdict != "accepted"


@pytest.mark.vectors
@pytest.mark.parametrize(
    "name",
    sorted(
        str(path.relative_to(vectors(FIXTURES)))
        for path in vectors(FIXTURES).glob("v?/*/*/*.json")
        if "web" in path.parent.name.lower()
    ),
)
@pytest.mark.parametrize("pinned", [True, False])
def test_other_peoples_credentials_by_did_web(name, pinned):
    """DCC's fixtures: the issuers' documents lie beside them. Status and authority are not the question here."""
    expected = json.loads(vectors("expected.json").read_bytes())[f"{FIXTURES}/{name}"]["checks"]["signature"]
    subject = parse(vectors(FIXTURES, name).read_bytes())
    documents = {
        f"/{FIXTURES[4:]}/dids/{kind}/did.json": vectors(FIXTURES, "dids", kind, "did.json").read_bytes()
        for kind in ("legacy", "oidf")
    }
    if pinned:
        trust = Trust(documents={parse_object(d)["id"]: parse_object(d) for d in documents.values()})
        material = asyncio.run(gather(subject, sources(), trust))
    else:
        trust = Trust()
        material, _ = visited(files(documents), subject, host="digitalcredentials.github.io")
    report = judged(subject, material=material, trust=trust)
    got = outcomes(report.credentials[0])
    if expected == "pass":
        assert (got["issuer_key"], got["proof"]) == ("passed", "passed")
        altered = copy.deepcopy(subject)
        altered["credentialSubject"]["achievement"]["name"] = "Other"
        assert outcomes(judged(altered, material=material, trust=trust).credentials[0])["proof"] == "failed"
    else:
        assert (expected, got["issuer_key"]) == ("cannot check", "indeterminate")


def test_offline_is_the_default_of_the_composition():
    assert sources().fetch is no_fetch
    assert sources(online=True).fetch == GuardedFetch()
    assert sources(online=True, loopback=True).fetch == GuardedFetch(Rules(loopback=True))
