"""SD-JWT VC: whose keys, by certificates and by published metadata, and who is asked for what."""

import asyncio
import json

import pytest
from certificate_support import LEAF, LEAF_KEY, OTHER_KEY, P256, ROOT, ROOTS, URL, certificate, certified
from cryptography.hazmat.primitives.serialization import Encoding
from sd_jwt_support import HIDDEN, LIST, VCT, schemas, sd_jwt, sri, status, status_list, with_claims
from verification_support import AT, EVERYDAY, ISSUER, MALLORY, Party, found, judged, listing, one

from did_methods.multikey import KeyType, PrivateKey
from did_methods.resolution import Resolution
from node.verification.check import CheckName, Outcome
from node.verification.errors import TrustError, UnreachableError
from node.verification.gather import gather
from node.verification.linked_gathering import gather_resources
from node.verification.material import (
    MetadataCopy,
    Origin,
    VerificationMaterial,
)
from node.verification.policy import KeyEvidence, Policy
from node.verification.report import Verdict
from node.verification.sd_jwt_vc.issuer_metadata import metadata_url
from node.verification.sources import Fetched, Sources
from node.verification.trust import NO_TRUST, Trust, parse_trust

WELL_KNOWN = f"{URL}/.well-known/jwt-vc-issuer"


# Certificates


class TestCertificates:
    def test_accepted(self):
        entry = one(certified(LEAF), trust=ROOTS)
        assert entry.verdict is Verdict.ACCEPTED
        assert entry.check(CheckName.ISSUER_KEY).evidence["subject"] == "CN=Demo Issuer"

    def test_through_another_authority(self):
        between = certificate("Demo Office", key=OTHER_KEY, ca=True, hosts=())
        leaf = certificate(by=OTHER_KEY, by_name="Demo Office")
        assert one(certified(leaf, between), trust=ROOTS).verdict is Verdict.ACCEPTED
        assert one(certified(leaf), trust=ROOTS).verdict is Verdict.CANNOT_TELL

    def test_the_subject_is_the_issuer_where_none_is_named(self):
        entry = one(certified(LEAF, iss=None), trust=ROOTS)
        assert entry.verdict is Verdict.ACCEPTED
        assert entry.check(CheckName.ISSUER_KEY).evidence["issuer"] == "x509:CN=Demo Issuer"

    def test_in_the_name_of_the_whole_identifier(self):
        leaf = certificate(hosts=(), uris=("https://elsewhere.example/issuer",))
        assert one(certified(leaf, iss="https://elsewhere.example/issuer"), trust=ROOTS).verdict is Verdict.ACCEPTED
        assert one(certified(leaf, iss="https://elsewhere.example"), trust=ROOTS).verdict is Verdict.REJECTED

    @pytest.mark.parametrize(
        ("subject", "outcome", "code"),
        [
            pytest.param(certified(LEAF, iss="https://other.example"), "failed", "issuer", id="another's name"),
            pytest.param(certified(LEAF, iss="https://a.issuer.example"), "failed", "issuer", id="below the host"),
            pytest.param(
                certified(certificate(hosts=("*.issuer.example",)), iss="https://a.issuer.example"),
                "failed",
                "issuer",
                id="a wildcard",
            ),
            pytest.param(certified(certificate(hosts=())), "failed", "issuer", id="no name"),
            pytest.param(certified(certificate(signs=False)), "failed", "usage", id="not for signatures"),
            pytest.param(certified(certificate(days=(-10, -1))), "indeterminate", "untrusted", id="expired"),
            pytest.param(certified(certificate(days=(1, 10))), "indeterminate", "untrusted", id="not yet"),
            pytest.param(certified(certificate(by=OTHER_KEY)), "indeterminate", "untrusted", id="forged"),
            pytest.param(
                certified(
                    certificate(by=OTHER_KEY, by_name="Nobody"),
                    certificate("Nobody", by=OTHER_KEY, by_name="Nobody", key=OTHER_KEY, ca=True),
                ),
                "indeterminate",
                "untrusted",
                id="an authority of its own",
            ),
            pytest.param(
                certified(certificate(by=LEAF_KEY, by_name="Demo Issuer", key=OTHER_KEY, name="x"), LEAF),
                "indeterminate",
                "untrusted",
                id="a leaf as authority",
            ),
            pytest.param(certified(), "failed", "malformed", id="empty"),
            pytest.param(certified(*[LEAF] * 7), "failed", "malformed", id="too many"),
            pytest.param(certified(x5c="AAAA"), "failed", "malformed", id="no list"),
            pytest.param(certified(x5c=["AAAA"]), "failed", "malformed", id="no certificate"),
            pytest.param(certified(x5c=["!"]), "failed", "malformed", id="no base64"),
            pytest.param(certified(x5c=[5]), "failed", "malformed", id="no text"),
        ],
    )
    def test_not_accepted(self, subject, outcome, code):
        entry = one(subject, trust=ROOTS)
        assert found(entry, "issuer_key") == (Outcome(outcome), f"issuer_key.x5c.{code}")
        assert entry.verdict is not Verdict.ACCEPTED

    def test_nobody_is_trusted_unasked(self):
        assert found(one(certified(LEAF)), "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.x5c.no_roots")

    def test_signed_with_another_key(self):
        entry = one(certified(LEAF, by=Party(PrivateKey(KeyType.P256, (99).to_bytes(32)))), trust=ROOTS)
        assert found(entry, "proof")[0] is Outcome.FAILED

    def test_a_policy_may_find_it_too_little(self):
        policy = Policy("strict", EVERYDAY.requires, key_evidence=frozenset({KeyEvidence.ANCHORED}))
        assert one(certified(LEAF), trust=ROOTS, policy=policy).verdict is not Verdict.ACCEPTED

    def test_a_trust_file_names_authorities(self):
        text = '[[certificates]]\nname = "Demo"\nfile = "root.pem"\n'
        assert parse_trust(text, lambda _: ROOT.public_bytes(Encoding.PEM)).roots == ROOTS.roots
        assert parse_trust(text, lambda _: ROOT.public_bytes(Encoding.DER)).roots == ROOTS.roots
        for wrong in (LEAF.public_bytes(Encoding.PEM), b"none", ROOT.public_bytes(Encoding.PEM) * 2):
            with pytest.raises(TrustError) as caught:
                parse_trust(text, lambda _, wrong=wrong: wrong)
            assert caught.value.code == "trust.certificate"
        with pytest.raises(TrustError):
            parse_trust(text + text, lambda _: ROOT.public_bytes(Encoding.DER))


# Metadata of an issuer


def key(by=P256, **members):
    return {"kid": "first", **by.private.public.to_jwk(), **members}


def published(content, url=WELL_KNOWN, origin=Origin.LIVE):
    return MetadataCopy(url, content if isinstance(content, str) else json.dumps(content), origin, AT)


def material(*copies, **rest):
    return VerificationMaterial(metadata=copies, **rest)


GOOD = {"issuer": URL, "jwks": {"keys": [key()]}}


def by_address(iss=URL, by=P256, **header):
    return sd_jwt(with_claims(iss=iss), HIDDEN, by, **{"kid": "first", **header})


class TestPublishedKeys:
    @pytest.mark.parametrize(
        ("issuer", "expected"),
        [
            (URL, WELL_KNOWN),
            (f"{URL}/", WELL_KNOWN),
            (f"{URL}/tenant/1/", f"{URL}/.well-known/jwt-vc-issuer/tenant/1"),
            (f"{URL}:8443/a", f"{URL}:8443/.well-known/jwt-vc-issuer/a"),
            (f"{URL}?a", None),
            (f"{URL}#a", None),
            (f"{URL}?", None),
            ("https://user@issuer.example", None),
            ("http://issuer.example", None),
            ("https://", None),
            ("https://[", None),
            ("https://issuer\n.example", None),
            ("https://iss\tuer.example", None),
            (f"{URL}/a\r", None),
        ],
    )
    def test_where_they_lie(self, issuer, expected):
        assert metadata_url(issuer) == expected

    def test_inside(self):
        assert one(by_address(), material=material(published(GOOD))).verdict is Verdict.ACCEPTED

    def test_beside(self):
        beside = {"issuer": URL, "jwks_uri": "https://keys.example/set"}
        copies = published(beside), published({"keys": [key()]}, "https://keys.example/set")
        assert one(by_address(), material=material(*copies)).verdict is Verdict.ACCEPTED
        assert one(by_address(), material=material(copies[0])).verdict is Verdict.CANNOT_TELL

    def test_the_only_key_where_none_is_named(self):
        assert one(by_address(kid=None), material=material(published(GOOD))).verdict is Verdict.ACCEPTED
        two = {**GOOD, "jwks": {"keys": [key(), key(kid="second")]}}
        assert one(by_address(kid=None), material=material(published(two))).verdict is Verdict.CANNOT_TELL
        assert one(by_address(), material=material(published(two))).verdict is Verdict.ACCEPTED

    @pytest.mark.parametrize(
        ("content", "outcome", "code"),
        [
            pytest.param({**GOOD, "issuer": "https://other.example"}, "failed", "metadata.issuer", id="another issuer"),
            pytest.param({**GOOD, "issuer": f"{URL}/"}, "failed", "metadata.issuer", id="nearly the issuer"),
            pytest.param({"jwks": GOOD["jwks"]}, "failed", "metadata.issuer", id="no issuer"),
            pytest.param({"issuer": URL}, "indeterminate", "metadata.keys", id="no keys"),
            pytest.param({**GOOD, "jwks_uri": f"{URL}/set"}, "indeterminate", "metadata.keys", id="keys in two places"),
            pytest.param({**GOOD, "jwks": {"keys": [key(kid="other")]}}, "failed", "metadata.kid", id="another kid"),
            pytest.param(
                {**GOOD, "jwks": {"keys": [key(), key()]}}, "indeterminate", "metadata.kid", id="one kid twice"
            ),
            pytest.param(
                {**GOOD, "jwks": {"keys": [key(use="enc")]}}, "failed", "metadata.use", id="not for signatures"
            ),
            pytest.param({**GOOD, "jwks": {"keys": [key(d="AA")]}}, "indeterminate", "metadata.key", id="a secret"),
            pytest.param({**GOOD, "jwks": {"keys": [key()] * 65}}, "indeterminate", "metadata.keys", id="too many"),
            pytest.param({**GOOD, "jwks": [key()]}, "indeterminate", "metadata.keys", id="no set"),
            pytest.param("[]", "indeterminate", "metadata.unreadable", id="no object"),
            pytest.param('{"issuer": 1, "issuer": 2}', "indeterminate", "metadata.unreadable", id="two issuers"),
        ],
    )
    def test_not_accepted(self, content, outcome, code):
        entry = one(by_address(), material=material(published(content)))
        assert found(entry, "issuer_key") == (Outcome(outcome), f"issuer_key.{code}")
        assert entry.verdict is not Verdict.ACCEPTED

    def test_another_key(self):
        entry = one(by_address(by=ISSUER), material=material(published(GOOD)))
        assert entry.verdict is Verdict.REJECTED

    def test_what_came_with_the_file_counts_nothing(self):
        entry = one(by_address(), material=material(published(GOOD, origin=Origin.FILE)))
        assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.from_file")
        saved = VerificationMaterial.from_json(material(published(GOOD)).to_json())
        assert found(one(by_address(), material=saved), "issuer_key")[1] == "issuer_key.from_file"
        own = VerificationMaterial.from_json(material(published(GOOD)).to_json(), own=True)
        assert one(by_address(), material=own).verdict is Verdict.ACCEPTED

    def test_nobody_looked(self):
        assert found(one(by_address()), "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.unresolved")

    def test_an_address_that_cannot_have_any(self):
        assert found(one(by_address(f"{URL}?a=b")), "issuer_key")[0] is Outcome.FAILED
        assert found(one(by_address("urn:issuer")), "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.unsupported")

    def test_a_pinned_document_is_preferred(self):
        document = {
            "id": URL,
            "verificationMethod": [
                {
                    "id": f"{URL}#first",
                    "type": "JsonWebKey",
                    "controller": URL,
                    "publicKeyJwk": P256.private.public.to_jwk(),
                }
            ],
            "assertionMethod": [f"{URL}#first"],
        }
        entry = one(by_address(), trust=Trust(documents={URL: document}))
        assert entry.check(CheckName.ISSUER_KEY).evidence["origin"] == "pinned"
        assert entry.verdict is Verdict.ACCEPTED


class Web:
    """What lies at addresses, and who asked."""

    def __init__(self, pages, *, moved=None):
        self.pages, self.asked, self.moved = pages, [], moved or {}

    async def fetch(self, url, *, accept, max_bytes):
        assert accept
        assert max_bytes
        self.asked.append(url)
        if url not in self.pages:
            raise UnreachableError("nobody is there", code="fetch.unreachable", remedy="")
        body = self.pages[url]
        raw = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
        return Fetched(raw, "application/json", self.moved.get(url, url), AT)

    def sources(self):
        async def resolve(_did):
            return Resolution(None, {}, {"error": {"type": "https://www.w3.org/ns/did#NOT_FOUND"}})

        return Sources(resolve, lambda: AT, self.fetch)

    def gather(self, subject, trust=NO_TRUST):
        return asyncio.run(gather(subject, self.sources(), trust))


class TestGathering:
    def test_metadata_and_the_keys_it_leads_to(self):
        web = Web(
            {
                WELL_KNOWN: {"issuer": URL, "jwks_uri": "https://keys.example/set"},
                "https://keys.example/set": {"keys": [key()]},
            }
        )
        assert one(by_address(), material=web.gather(by_address())).verdict is Verdict.ACCEPTED
        assert web.asked == [WELL_KNOWN, "https://keys.example/set"]

    def test_the_keys_of_another_issuer_are_not_even_fetched(self):
        web = Web({WELL_KNOWN: {"issuer": "https://other.example", "jwks_uri": "https://keys.example/set"}})
        assert one(by_address(), material=web.gather(by_address())).verdict is Verdict.REJECTED
        assert web.asked == [WELL_KNOWN]

    @pytest.mark.parametrize(
        ("answers", "verdict"),
        [
            ("https://evil.example/", Verdict.CANNOT_TELL),
            (f"{WELL_KNOWN}/another-of-this-host", Verdict.CANNOT_TELL),
            (f"{URL}/uploads/metadata.json", Verdict.CANNOT_TELL),
            (f"{WELL_KNOWN}?of=another", Verdict.CANNOT_TELL),
            (WELL_KNOWN.replace("https://issuer", "https://ISSUER"), Verdict.ACCEPTED),
        ],
    )
    def test_no_other_address_answers_for_it(self, answers, verdict):
        """Of another host, or of another issuer, or of whoever may put files there, on the same."""
        web = Web({WELL_KNOWN: GOOD}, moved={WELL_KNOWN: answers})
        assert one(by_address(), material=web.gather(by_address())).verdict is verdict

    def test_nobody_there(self):
        web = Web({})
        assert one(by_address(), material=web.gather(by_address())).verdict is Verdict.CANNOT_TELL

    @pytest.mark.parametrize("subject", [sd_jwt(), certified(LEAF)], ids=["did", "certificates"])
    def test_nobody_is_asked_where_nobody_needs_to(self, subject):
        web = Web({})
        web.gather(subject)
        assert web.asked == []

    def test_the_status_list(self):
        subject = sd_jwt(with_claims(status=status(3)))
        web = Web({LIST: status_list({3: 1})})
        entry = one(subject, material=web.gather(subject))
        assert found(entry, "status") == (Outcome.FAILED, "status.revoked")
        assert web.asked == [LIST]

    def test_the_type_only_once_the_signature_holds(self):
        text = json.dumps({"vct": VCT, "claims": [{"path": ["given_name"], "mandatory": True}]})
        subject = sd_jwt(with_claims(**{"vct#integrity": sri(text)}))
        forged = sd_jwt(with_claims(**{"vct#integrity": sri(text)}), HIDDEN, MALLORY)
        for given_one, asked in ((subject, [VCT]), (forged, [])):
            web = Web({VCT: text})
            gathered = web.gather(given_one)
            report = judged(given_one, material=gathered)
            after = asyncio.run(gather_resources(report, gathered, web.sources()))
            assert web.asked == asked
            if asked:
                assert schemas(one(given_one, material=after)) == ["schema.passed"]


def test_listed_by_its_address():
    party = Party(P256.private, URL)
    entry = one(by_address(), material=material(published(GOOD)), trust=listing(party))
    assert found(entry, "authority")[1] == "authority.listed"
