"""What issuers and domains publish as tokens: status lists, and the credentials of did-configuration.json."""

import asyncio
import json
from datetime import timedelta

import pytest
from domain_support import DOMAIN, asking, linkage, linked, page, said
from jose_support import NOW, token, vc_jwt
from status_support import DAY, LIST, copy_of, having, pointing, status, status_list
from verification_support import AT, ISSUER, MALLORY, VC_1, Party, one, party

from did_methods.multikey import KeyType, PrivateKey
from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT
from node.verification.check import CheckName
from node.verification.material import Origin
from node.verification.sources import Fetched, Sources
from node.verification.status_gathering import ACCEPT, gather_status_lists

P256 = Party(PrivateKey(KeyType.P256, b"\x02" * 32))


def bare(*values, **members):
    document = status_list(values, **members)
    return {name: value for name, value in document.items() if name != "proof"}


def listed(*values, by=ISSUER, claims=None, header=None, **members):
    return vc_jwt({"iat": NOW - 3600, **bare(*values, issuer=by, **members), **(claims or {})}, by, **(header or {}))


def told(text, document=None):
    check = status(document or pointing(), material=having(copy_of(text)))
    return check.outcome.value, check.code


@pytest.mark.parametrize("form", ["embedded", "token"])
def test_a_list_in_a_token_is_a_list(form):
    document = pointing() if form == "embedded" else vc_jwt({k: v for k, v in pointing().items() if k != "proof"})
    assert told(listed(), document) == ("passed", "status.passed")
    assert told(listed(7), document) == ("failed", "status.revoked")
    assert told(f"\n{listed(8)}\n", document) == ("passed", "status.passed")


def test_a_list_by_another_kind_of_key():
    assert told(listed(7, by=P256), pointing(issuer=P256)) == ("failed", "status.revoked")


@pytest.mark.threat(50)
@pytest.mark.parametrize(
    ("text", "code"),
    [
        (listed(by=MALLORY), "status.list.issuer"),
        (vc_jwt(bare(), MALLORY, kid=ISSUER.method), "status.list.proof"),
        (vc_jwt(bare(), MALLORY), "status.list.issuer_key"),
        (listed(header={"alg": "none"}), "status.list.structure"),
        (listed(header={"typ": "vp+jwt"}), "status.list.structure"),
        (token({"vc": bare()}, typ="JWT"), "status.list.structure"),
        (listed(claims={"exp": NOW - 3600}), "status.list.ended"),
        (listed(claims={"nbf": NOW + 3600}), "status.list.not_yet"),
        (listed(claims={"iat": NOW + 3600}), "status.list.not_yet"),
        (listed(claims={"iss": MALLORY.did}), "status.list.structure"),
        (listed(url="https://school.example/status/9"), "status.list.id"),
        (listed()[:-6] + "AAAAAA", "status.list.proof"),
    ],
)
def test_a_token_that_is_not_the_issuers_list_is_never_good(text, code):
    assert told(text) == ("indeterminate", code)


def test_the_later_of_two_lists_counts_whatever_their_form():
    older, newer = status_list((7,), signed=AT - 2 * DAY, until=AT + DAY), listed()
    check = status(pointing(), material=having(older, copy_of(newer)))
    assert check.outcome.value == "failed", "what any of them says to be revoked is revoked"
    check = status(pointing(), material=having(copy_of(listed(7)), status_list()))
    assert check.outcome.value == "failed"


def test_a_fresh_token_is_not_fetched_again():
    asked = []

    async def fetch(url, *, accept, max_bytes):  # noqa: ARG001 -- the port has it
        asked.append((url, accept))
        return Fetched(listed().encode(), "application/vc+jwt", url, AT)

    sources = Sources(resolve=None, now=lambda: AT, fetch=fetch)
    copies, failures = asyncio.run(gather_status_lists([LIST], sources, [copy_of(listed(), Origin.LIVE, obtained=AT)]))
    assert (len(copies), failures, asked) == (1, {}, [])
    stale = copy_of(listed(), Origin.LIVE, obtained=AT - timedelta(hours=1))
    copies, _ = asyncio.run(gather_status_lists([LIST], sources, [stale]))
    assert (len(copies), asked) == (2, [(LIST, ACCEPT)])
    assert "application/vc+jwt" in ACCEPT


# Domains


def seconds(text):
    return int(AT.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def linkage_token(who=ISSUER, by=None, *, claims=None, header=None, **members):
    document = linkage(who, **{"@context": [VC_1, DID_CONFIGURATION_CONTEXT], **members})
    payload = {
        "exp": seconds("2027-01-01T00:00:00Z"),
        "iss": who.did,
        "nbf": seconds("2026-01-01T00:00:00Z"),
        "sub": who.did,
        "vc": document,
        **(claims or {}),
    }
    whole = {name: value for name, value in payload.items() if value is not None}
    return token(whole, by or who, **(header or {}))


SIGNED = ISSUER.sign({"@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"],
                      "issuer": ISSUER.did, "credentialSubject": {"id": "did:example:1"}})  # fmt: skip


def answer(*entries):
    check = one(SIGNED, material=said(page(*entries)), trust=asking()).check(CheckName.AUTHORITY)
    linkage_found = (check.evidence["lists"] or check.evidence["denied"])[0]["linkage"]
    return linkage_found["outcome"], linkage_found["code"]


def test_a_domain_may_name_its_identifiers_in_tokens():
    assert answer(linkage_token()) == ("passed", "domain.passed")
    assert answer(linkage_token(MALLORY), linkage_token()) == ("passed", "domain.passed")
    assert answer(linked(MALLORY), linkage_token()) == ("passed", "domain.passed")
    assert answer(linkage_token(MALLORY)) == ("failed", "domain.other")


@pytest.mark.threat(29)
@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (linkage_token(by=MALLORY), ("failed", "domain.issuer_key")),
        (linkage_token(by=MALLORY, header={"kid": ISSUER.method}), ("failed", "domain.proof")),
        (linkage_token()[:-6] + "AAAAAA", ("failed", "domain.proof")),
        (linkage_token(credentialSubject={"id": ISSUER.did, "origin": "https://evil.example"}),
         ("failed", "domain.origin")),
        (linkage_token(credentialSubject={"id": MALLORY.did, "origin": f"https://{DOMAIN}"}),
         ("failed", "domain.form")),
        (linkage_token(claims={"sub": MALLORY.did}), ("failed", "domain.form")),
        (linkage_token(claims={"iss": MALLORY.did}), ("failed", "domain.form")),
        (linkage_token(claims={"exp": NOW + 5}), ("failed", "domain.form")),
        (linkage_token(claims={"nbf": NOW - 5}), ("failed", "domain.form")),
        (linkage_token(id="urn:uuid:0f0c9d16-61a6-4d3c-9f0e-d3a7a3d7f1a1"), ("failed", "domain.form")),
        (linkage_token(expirationDate="2026-06-01T00:00:00Z", claims={"exp": seconds("2026-06-01T00:00:00Z")}),
         ("failed", "domain.validity")),
        # Not the form of such a token: it could be one in another
        (linkage_token(header={"typ": "JWT"}), ("indeterminate", "domain.unsupported")),
        (linkage_token(header={"kid": None}), ("indeterminate", "domain.unsupported")),
        (linkage_token(header={"alg": "none"}), ("indeterminate", "domain.unsupported")),
        (linkage_token(claims={"iat": NOW}), ("indeterminate", "domain.unsupported")),
        (linkage_token(claims={"nbf": None}), ("indeterminate", "domain.unsupported")),
        (linkage_token(claims={"vc": 7}), ("indeterminate", "domain.unsupported")),
        (linkage_token(claims={"exp": "2027"}), ("indeterminate", "domain.unsupported")),
        (vc_jwt(linkage()), ("indeterminate", "domain.unsupported")),
    ],
)  # fmt: skip
def test_a_token_of_a_domain_that_does_not_hold(entry, expected):
    assert answer(entry) == expected
    assert answer(entry, linkage_token()) == ("passed", "domain.passed"), "entries are independent of one another"


def test_a_linkage_is_no_credential_to_hand_over():
    entry = one(linkage_token())
    assert entry.verdict == "cannot_tell"
    assert entry.check(CheckName.STRUCTURE).code == "jwt.wrapper"
    assert json.loads(page(linkage_token()))["linked_dids"]
    assert party(11).did == ISSUER.did
