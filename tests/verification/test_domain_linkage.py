"""Domains and identifiers that point to each other, by did-configuration.json: both words, or none."""

import asyncio
import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from domain_support import DATA_INTEGRITY, DOMAIN, URL, asking, linkage, linked, page, said
from samples import KEY, signed
from verification_support import (
    AT,
    ISSUER,
    MALLORY,
    STRICT,
    UNIVERSITY,
    VC_1,
    Party,
    credential,
    found,
    gathered,
    listing,
    one,
    party,
    presentation,
)

from did_methods.resolution import Resolution
from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT
from node.credentials.contexts import BUNDLED
from node.documents import UnsecuredDocument
from node.proofs.jsonld import JsonLd
from node.verification import domain_gathering
from node.verification.check import CheckName
from node.verification.domain_gathering import MAX_DOMAINS, asked_domains, speaks_for
from node.verification.domain_linkage import MAX_LINKED
from node.verification.errors import FetchRefusedError, UnreachableError
from node.verification.gather import gather
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.rows import RowState, rows_of
from node.verification.sources import Fetched, Sources
from node.verification.trust import ListedIssuer, Trust, TrustList, parse_trust

SIGNED = ISSUER.sign(credential())


def authority(material, *, trust=None, subject=SIGNED, **inputs):
    """The evidence of the check, what the domain answers, and the state of row 2."""
    entry = one(subject, material=material, trust=trust or asking(), **inputs)
    check = entry.check(CheckName.AUTHORITY)
    row = rows_of({check.name: check for check in entry.checks})[1]
    told = (check.evidence["lists"] or check.evidence["denied"])[0]
    return check, told.get("linkage", {}), row.state


def outcome(content, **inputs):
    """What comes of a page: outcome and code."""
    _, told, _ = authority(content if isinstance(content, VerificationMaterial) else said(content), **inputs)
    return told["outcome"], told["code"]


def test_a_domain_and_an_issuer_that_point_to_each_other():
    check, told, state = authority(said(page(linked())))
    assert told == {
        "outcome": "passed",
        "code": "domain.passed",
        "message": "The domain and the issuer point to each other.",
    }
    assert (check.code, check.outcome, state) == ("authority.listed", "indeterminate", RowState.PASS)
    assert one(SIGNED, material=said(page(linked())), trust=asking()).sentence == "genuine"


@pytest.mark.threat(29)
def test_a_domain_that_does_not_confirm_the_issuer_speaks_against_the_list():
    check, told, state = authority(said(page(linked(MALLORY))))
    assert (told["outcome"], told["code"]) == ("failed", "domain.other")
    assert (check.code, check.outcome, state) == ("authority.domain", "indeterminate", RowState.UNKNOWN)
    assert check.evidence["lists"] == []
    assert check.evidence["denied"][0]["domain"] == DOMAIN
    entry = one(SIGNED, material=said(page(linked(MALLORY))), trust=asking())
    assert (entry.verdict, entry.sentence) == ("accepted", "genuine_but")


def test_another_list_still_counts_and_one_that_was_confirmed_comes_first():
    denied, plain = asking(), listing(ISSUER, name="plain")
    both = Trust(lists=denied.lists + plain.lists)
    check, _, state = authority(said(page(linked(MALLORY))), trust=both)
    assert (check.code, state) == ("authority.listed", RowState.PASS)
    assert [item["list"] for item in check.evidence["lists"]] == ["plain"]
    assert [item["list"] for item in check.evidence["denied"]] == ["demo"]
    check, _, state = authority(said(), trust=both)
    assert [item["list"] for item in check.evidence["lists"]] == ["plain", "demo"]


def test_a_list_that_does_not_ask_is_taken_at_its_word():
    for material in (EMPTY, said(page(linked(MALLORY))), said(page(linked()))):
        check, told, state = authority(material, trust=listing(ISSUER))
        assert (check.code, told, state) == ("authority.listed", {}, RowState.PASS)
        assert check.evidence == {
            "lists": [{"list": "demo", "issuer": "Example University", "domain": DOMAIN}],
            "known": ["demo"],
        }


def test_distrust_decides_before_any_domain_is_looked_at():
    trust = asking()
    entry = replace(trust.lists[0].issuers[ISSUER.did], distrust_from=AT)
    trust = Trust(lists=(replace(trust.lists[0], issuers={ISSUER.did: entry}),))
    assert found(one(SIGNED, material=said(page(linked())), trust=trust), "authority")[1] == "authority.distrusted"


ENDED = {"expirationDate": "2026-06-01T00:00:00Z"}
LATER = {"issuanceDate": "2026-07-01T00:00:00Z"}


def _tampered(**changes):
    entry = linked()
    return entry | changes


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (linked(**ENDED), ("failed", "domain.validity")),
        (linked(**LATER), ("failed", "domain.validity")),
        (linked(by=MALLORY), ("failed", "domain.issuer_key")),
        (ISSUER.sign(linkage(), proof_purpose="authentication"), ("failed", "domain.issuer_key")),
        (_tampered(expirationDate="2030-01-01T00:00:00Z"), ("failed", "domain.proof")),
        (linkage(), ("failed", "domain.structure")),
        (_tampered(proof=[]), ("failed", "domain.structure")),
        (linked(id="urn:uuid:0f0c9d16-61a6-4d3c-9f0e-d3a7a3d7f1a1"), ("failed", "domain.form")),
        (linked(issuanceDate=None, validFrom="2026-01-01T00:00:00Z"), ("failed", "domain.form")),
        (linked(expirationDate=None), ("failed", "domain.form")),
        (linked(type=["VerifiableCredential"], **{"@context": [VC_1, DATA_INTEGRITY]},
                credentialSubject={"id": ISSUER.did}), ("failed", "domain.form")),
        (linked(credentialSubject={"id": MALLORY.did, "origin": f"https://{DOMAIN}"}), ("failed", "domain.form")),
        (linked(credentialSubject=[{"id": ISSUER.did, "origin": f"https://{DOMAIN}"}, {"id": MALLORY.did}]),
         ("failed", "domain.form")),
        (MALLORY.sign(linkage(MALLORY, credentialSubject={"id": ISSUER.did, "origin": f"https://{DOMAIN}"})),
         ("failed", "domain.form")),
        (linked(**{"@context": [VC_1, DATA_INTEGRITY, DID_CONFIGURATION_CONTEXT]}), ("failed", "domain.context")),
        (linked(credentialStatus={"id": "https://university.example/1#1", "type": "BitstringStatusListEntry"},
                **{"@context": [VC_1, DID_CONFIGURATION_CONTEXT, DATA_INTEGRITY, "https://www.w3.org/ns/credentials/status/v1"]}),
         ("indeterminate", "domain.status")),
        (linked() | {"proof": linked()["proof"] | {"cryptosuite": "nosuch-2040"}}, ("indeterminate", "domain.proof")),
    ],
)  # fmt: skip
def test_an_entry_that_does_not_hold(entry, expected):
    assert outcome(page(entry)) == expected


@pytest.mark.threat(29)
@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (f"https://{DOMAIN}", "passed"),
        (f"https://{DOMAIN}/", "passed"),
        *[(origin, "failed") for origin in (
            f"http://{DOMAIN}", DOMAIN, f"https://{DOMAIN}:443", f"https://{DOMAIN}:8443", f"https://{DOMAIN}//",
            f"https://{DOMAIN}/x", f"https://www.{DOMAIN}", f"https://{DOMAIN}.evil.example", f"https://{DOMAIN.upper()}",
            f"https://evil.example/{DOMAIN}", f"https://{DOMAIN}@evil.example", f"https://x{DOMAIN}", f" https://{DOMAIN}",
            "https://evil.example",
        )],
    ],
)  # fmt: skip
def test_the_origin_is_the_one_the_page_came_from(origin, expected):
    entry = linked(credentialSubject={"id": ISSUER.did, "origin": origin})
    assert outcome(page(entry)) == (expected, f"domain.{'passed' if expected == 'passed' else 'origin'}")


def test_entries_are_independent_of_one_another():
    broken = linked(**ENDED)
    assert outcome(page(broken, linked(MALLORY), linked(), "eyJhbGciOiJFZERTQSJ9..x", 7, None, {}))[0] == "passed"
    # One in a form that is not read could be the one that holds.
    assert outcome(page(broken, "eyJhbGciOiJFZERTQSJ9..x")) == ("indeterminate", "domain.unsupported")
    assert outcome(page("eyJhbGciOiJFZERTQSJ9..x")) == ("indeterminate", "domain.unsupported")
    assert outcome(page(7, None, [], {}, {"credentialSubject": []})) == ("failed", "domain.other")
    assert outcome(page()) == ("failed", "domain.other")


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    "content",
    [
        "", "<!doctype html><title>Not found</title>", "null", "[]", "{}", json.dumps({"linked_dids": [linked()]}),
        json.dumps({"@context": "https://www.w3.org/2018/credentials/v1", "linked_dids": [linked()]}),
        json.dumps({"@context": DID_CONFIGURATION_CONTEXT, "linked_dids": linked()}),
        page(linked(), more=True), page(linked())[:-1], page(*[7] * (MAX_LINKED + 1)),
        page(linked()).replace('"linked_dids"', '"linked_dids": [], "linked_dids"', 1),
    ],
)  # fmt: skip
def test_a_page_that_is_none_says_nothing(content):
    assert outcome(content) == ("indeterminate", "domain.malformed")
    check, _, state = authority(said(content))
    assert (check.code, state) == ("authority.listed", RowState.PASS)


@pytest.mark.threat(101)
def test_a_page_that_came_with_the_file_is_nobodys_word():
    """In both directions: it neither confirms an issuer nor speaks against one."""
    for content in (page(linked()), page(linked(MALLORY))):
        assert outcome(said(content, origin=Origin.FILE)) == ("indeterminate", "domain.unreachable")
        capsule = VerificationMaterial.from_json(said(content).to_json())
        assert outcome(capsule) == ("indeterminate", "domain.unreachable")
        own = VerificationMaterial.from_json(said(content).to_json(), own=True)
        assert own == said(content)
        assert outcome(own)[0] != "indeterminate"


def test_what_was_not_asked_or_not_answered_is_not_known():
    assert outcome(said()) == ("indeterminate", "domain.unreachable")
    _, told, _ = authority(said(failure="it answers 404 Not Found"))
    assert "404 Not Found" in told["message"]
    other = said(page(linked()))
    other = replace(other, configurations=(replace(other.configurations[0], url="https://evil.example/x"),))
    assert outcome(other) == ("indeterminate", "domain.unreachable")


def test_the_key_counts_as_of_now_also_under_a_strict_policy():
    material = said(page(linked(UNIVERSITY)), UNIVERSITY)
    trust = replace(asking(UNIVERSITY), documents={UNIVERSITY.did: UNIVERSITY.document()})
    signed = UNIVERSITY.sign(credential(UNIVERSITY))
    assert outcome(material, trust=trust, subject=signed, policy=STRICT) == ("passed", "domain.passed")
    revoked = Trust(lists=trust.lists, documents={UNIVERSITY.did: UNIVERSITY.document(revoked="2026-01-01T00:00:00Z")})
    assert outcome(material, trust=revoked, subject=signed) == ("failed", "domain.issuer_key")


@pytest.mark.parametrize(
    ("did", "speaks"),
    [
        (f"did:web:{DOMAIN}", True),
        (f"did:web:{DOMAIN}:ala", False),
        (f"did:web:{DOMAIN}%3A8443", False),
        (f"did:web:{DOMAIN}%3A443", False),
        (f"did:web:www.{DOMAIN}", False),
        (f"did:web:{DOMAIN}.evil.example", False),
        (ISSUER.did, False),
        ("https://university.example", False),
        ("did:web:", False),
    ],
)
def test_which_identifier_only_the_domain_itself_can_publish(did, speaks):
    assert speaks_for(did, DOMAIN) is speaks


def test_a_domain_that_publishes_the_issuers_keys_itself_has_said_enough():
    signed = UNIVERSITY.sign(credential(UNIVERSITY))
    trust = asking(UNIVERSITY)
    assert outcome(gathered(UNIVERSITY), trust=trust, subject=signed) == ("passed", "domain.did_web")
    assert asked_domains(signed, trust) == []
    # Not where the document is pinned, or came with the file: then the domain has said nothing today.
    pinned = replace(trust, documents={UNIVERSITY.did: UNIVERSITY.document()})
    for material in (EMPTY, gathered(UNIVERSITY)):
        assert outcome(material, trust=pinned, subject=signed) == ("indeterminate", "domain.unreachable")
    assert asked_domains(signed, pinned) == [DOMAIN]
    from_file = gathered(UNIVERSITY, origin=Origin.FILE)
    assert outcome(from_file, trust=trust, subject=signed) == ("indeterminate", "domain.unreachable")
    # Nor for a page below the domain, which somebody else may look after.
    student = party(41, f"did:web:{DOMAIN}:ala")
    signed = student.sign(credential(student))
    assert outcome(gathered(student), trust=asking(student), subject=signed)[0] == "indeterminate"
    assert asked_domains(signed, asking(student)) == [DOMAIN]


# Gathering


class Web:
    """A web of pages, and what was asked of it."""

    def __init__(self, pages=None, error=None):
        self.asked = []
        self._pages = pages or {}
        self._error = error

    async def __call__(self, url, *, accept, max_bytes):
        self.asked.append(url)
        assert (accept, max_bytes) == ("application/json", 256 * 1024)
        if self._error:
            raise self._error
        return Fetched(self._pages[url], "text/html", url, AT)


def _gather(subject, web, trust):
    async def resolve(did):
        return Resolution({"id": did})

    return asyncio.run(gather(subject, Sources(resolve, lambda: AT, web), trust))


def test_the_domain_of_a_listed_issuer_is_asked_once():
    web = Web({URL: page(linked()).encode()})
    material = _gather(presentation(SIGNED, SIGNED, MALLORY.sign(credential(MALLORY))), web, asking())
    assert web.asked == [URL]
    assert material.configurations == said(page(linked())).configurations
    assert outcome(material)[0] == "passed"
    assert VerificationMaterial.from_json(json.loads(json.dumps(material.to_json())), own=True) == material


@pytest.mark.threat(43)
def test_no_domain_is_asked_that_no_list_wants_asked():
    """Whoever checks a document tells nobody: not the issuer, and not a domain that the document names."""
    for trust in (Trust(), listing(ISSUER), asking(MALLORY)):
        web = Web()
        assert _gather(SIGNED, web, trust) == EMPTY
        assert web.asked == []
    for subject in (None, 7, {}, presentation(), credential(issuer=7)):
        assert asked_domains(subject, asking()) == []


@pytest.mark.threat(49)
@pytest.mark.parametrize(
    "error",
    [
        UnreachableError("nobody answers", code="fetch.timeout", remedy="Try again."),
        UnreachableError("it answers 404 Not Found", code="fetch.status", remedy="Ask.", status=404),
        FetchRefusedError("its address is private", code="fetch.address", remedy="Ask."),
    ],
)
def test_a_domain_that_could_not_be_asked_is_noted(error):
    material = _gather(SIGNED, Web(error=error), asking())
    assert (material.failures[URL].code, material.failures[URL].message) == (error.code, str(error))
    _, told, state = authority(material)
    assert told["outcome"] == "indeterminate"
    assert str(error) in told["message"]
    assert state is RowState.PASS


def test_a_page_that_is_no_text_and_one_that_takes_too_long(monkeypatch):
    material = _gather(SIGNED, Web({URL: b"\xff\xfe"}), asking())
    assert material.failures[URL].code == "NOT_TEXT"
    monkeypatch.setattr(domain_gathering, "FETCH_SECONDS", 0.05)

    async def slow(_url, *, accept, max_bytes):
        await asyncio.sleep(10 + len(accept) + max_bytes)

    assert _gather(SIGNED, slow, asking()).failures[URL].code == "TIMEOUT"


def test_only_so_many_domains_are_asked():
    parties = [party(100 + number) for number in range(MAX_DOMAINS + 3)]
    issuers = {p.did: ListedIssuer(p.did, "X", f"u{n}.example") for n, p in enumerate(parties)}
    trust = Trust(lists=(TrustList("demo", issuers, check_domains=True),))
    subject = presentation(*(credential(p) for p in parties))
    assert asked_domains(subject, trust) == [f"u{n}.example" for n in range(MAX_DOMAINS)]


def test_the_trust_file_says_whether_domains_are_asked():
    text = f"""
[[lists]]
name = "demo"
check_domains = true
[[lists.issuers]]
did = "{ISSUER.did}"
name = "Example University"
domain = "{DOMAIN}"
[[lists]]
name = "plain"
issuers = []
"""
    asked, plain = parse_trust(text, lambda _: b"").lists
    assert (asked.check_domains, plain.check_domains) == (True, False)
    assert asked == asking().lists[0]


def test_what_is_issued_here_is_what_a_domain_can_publish():
    school = Party(KEY)
    entry = signed(UnsecuredDocument(linkage(school)))
    subject = school.sign(credential(school))
    assert outcome(said(page(entry)), trust=asking(school), subject=subject) == ("passed", "domain.passed")


# A published example


PUBLISHED = "did:key:z6MkoTHsgNNrby8JzCNQ1iRLyW5QQ6R8Xuu6AA8igGrMVPUM"
# The example of the DID Configuration specification, as trustbloc/vcs carries it with the context.
EXAMPLE = {
    "@context": ["https://www.w3.org/2018/credentials/v1", DID_CONFIGURATION_CONTEXT],
    "issuer": PUBLISHED,
    "issuanceDate": "2020-12-04T14:08:28-06:00",
    "expirationDate": "2025-12-04T14:08:28-06:00",
    "type": ["VerifiableCredential", "DomainLinkageCredential"],
    "credentialSubject": {"id": PUBLISHED, "origin": "https://identity.foundation"},
    "proof": {
        "type": "Ed25519Signature2018",
        "created": "2020-12-04T20:08:28.540Z",
        "jws": "eyJhbGciOiJFZERTQSIsImI2NCI6ZmFsc2UsImNyaXQiOlsiYjY0Il19..D0eDhglCMEjxDV9f_SNxsuU-r3ZB9GR4vaM9TYbyV7"
        "yzs1WfdUyYO8rFZdedHbwQafYy8YOpJ1iJlkSmB4JaDQ",
        "proofPurpose": "assertionMethod",
        "verificationMethod": f"{PUBLISHED}#{PUBLISHED[8:]}",
    },
}


@pytest.mark.parametrize(
    ("at", "origin", "expected"),
    [
        (datetime(2021, 1, 1, tzinfo=UTC), "identity.foundation", ("passed", "domain.passed")),
        (datetime(2026, 1, 1, tzinfo=UTC), "identity.foundation", ("failed", "domain.validity")),
        (datetime(2020, 12, 4, 20, 0, tzinfo=UTC), "identity.foundation", ("failed", "domain.validity")),
        (datetime(2021, 1, 1, tzinfo=UTC), "evil.example", ("failed", "domain.origin")),
    ],
)
def test_the_published_example(at, origin, expected):
    """Signed by other people's software: it also shows that the terms of the context are the published ones."""
    issuers = {PUBLISHED: ListedIssuer(PUBLISHED, "DIF", origin)}
    trust = Trust(lists=(TrustList("demo", issuers, check_domains=True),))
    material = said(page(copy.deepcopy(EXAMPLE)))
    material = replace(
        material,
        configurations=(
            replace(material.configurations[0], url=f"https://{origin}/.well-known/did-configuration.json"),
        ),
    )
    subject = credential(issuer=PUBLISHED)
    entry = one(
        ISSUER.sign(subject), material=material, trust=trust, at=at
    )  # the badge itself does not matter: only what is said of its issuer does
    told = (entry.check(CheckName.AUTHORITY).evidence["lists"] or entry.check(CheckName.AUTHORITY).evidence["denied"])[
        0
    ]
    assert (told["linkage"]["outcome"], told["linkage"]["code"]) == expected


def test_the_context_defines_four_terms_and_no_more():
    rdf = JsonLd(BUNDLED).to_rdf({key: value for key, value in EXAMPLE.items() if key != "proof"})
    base = "https://identity.foundation/.well-known/resources/did-configuration/#"
    assert {term for quad in rdf for term in quad if base in term} == {
        f"<{base}origin>",
        f"<{base}DomainLinkageCredential>",
    }
    (terms,) = BUNDLED[DID_CONFIGURATION_CONTEXT]["@context"]
    assert terms.keys() - {"@version", "@protected"} == {
        "LinkedDomains",
        "DomainLinkageCredential",
        "origin",
        "linked_dids",
    }
    assert all(value == f"{base}{name}" for name, value in terms.items() if not name.startswith("@"))


def test_an_hour_makes_no_difference_and_the_skew_of_clocks_is_allowed_for():
    entry = linked(expirationDate="2026-06-12T14:02:00Z")
    assert outcome(page(entry))[0] == "passed"
    assert outcome(page(entry), at=AT + timedelta(minutes=5))[0] == "failed"
