"""SD-JWT VC: whose keys by certificates and by published metadata, what a type demands, and Token Status Lists."""

import asyncio
import base64
import datetime as dt
import hashlib
import json
import zlib

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given, settings
from hypothesis import strategies as st
from jose_support import NOW, token
from sd_jwt_support import HIDDEN, VCT, sd_jwt, with_claims, without
from verification_support import AT, EVERYDAY, ISSUER, MALLORY, Party, found, judged, listing, one

from did_methods.multibase import to_base64url
from did_methods.multikey import KeyType, PrivateKey
from did_methods.resolution import Resolution
from node.status.errors import StatusError
from node.status.token_status_list import TokenStatusEntry, pack, read_token_status_list
from node.verification.check import CheckName, Outcome
from node.verification.errors import TrustError, UnreachableError
from node.verification.gather import gather
from node.verification.linked_gathering import gather_resources
from node.verification.material import (
    MetadataCopy,
    Origin,
    ResourceCopy,
    StatusListCopy,
    VerificationMaterial,
)
from node.verification.policy import KeyEvidence, Policy
from node.verification.report import Verdict
from node.verification.sd_jwt_vc.issuer_metadata import metadata_url
from node.verification.sources import Fetched, Sources
from node.verification.trust import NO_TRUST, Trust, TrustedRoot, parse_trust

URL = "https://issuer.example"
WELL_KNOWN = f"{URL}/.well-known/jwt-vc-issuer"
P256 = Party(PrivateKey(KeyType.P256, (21).to_bytes(32)))
AUTHORITY_KEY, LEAF_KEY, OTHER_KEY = (ec.derive_private_key(number, ec.SECP256R1()) for number in (31, 21, 33))


# Certificates


def certificate(  # noqa: PLR0913 -- one keyword per thing that a test varies
    name="Demo Issuer",
    *,
    by=AUTHORITY_KEY,
    by_name="Demo Authority",
    key=LEAF_KEY,
    ca=False,
    hosts=("issuer.example",),
    uris=(),
    days=(-10, 10),
    signs=True,
):
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, by_name)]))
        .public_key(key.public_key())
        .serial_number(1000 + len(name))
        .not_valid_before(AT + dt.timedelta(days=days[0]))
        .not_valid_after(AT + dt.timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=not signs and not ca,
                key_cert_sign=ca,
                crl_sign=ca,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    names = [*map(x509.DNSName, hosts), *map(x509.UniformResourceIdentifier, uris)]
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(by, SHA256())


ROOT = certificate("Demo Authority", key=AUTHORITY_KEY, ca=True, hosts=())
LEAF = certificate()
ROOTS = Trust(roots=(TrustedRoot("Demo", ROOT.public_bytes(Encoding.DER)),))


def chain(*certificates):
    return [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in certificates]


def certified(*certificates, iss=URL, by=P256, **header):
    return sd_jwt(with_claims(iss=iss), HIDDEN, by, **{"kid": None, "x5c": chain(*certificates), **header})


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

    def test_another_host_does_not_answer_for_it(self):
        web = Web({WELL_KNOWN: GOOD}, moved={WELL_KNOWN: "https://evil.example/"})
        assert one(by_address(), material=web.gather(by_address())).verdict is Verdict.CANNOT_TELL

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


# What a type demands


def sri(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def typed(*texts, claims=None, hidden=HIDDEN, origin=Origin.FILE):
    """The report on a credential whose type, and those that it extends, are these texts at these addresses."""
    copies = tuple(ResourceCopy(url, text.encode(), origin, AT) for url, text in texts)
    subject = sd_jwt({**with_claims(**{"vct#integrity": sri(texts[0][1])}), **(claims or {})}, hidden)
    return one(subject, material=VerificationMaterial(resources=copies))


def schemas(entry):
    return [item["code"] for item in entry.check(CheckName.STRUCTURE).evidence.get("schemas", [])]


def text_of(vct=VCT, *claims, **members):
    return json.dumps({"vct": vct, "claims": list(claims), **members})


BASE = "https://credentials.example/base"


def extending(base_text, *claims, vct=VCT, **members):
    return text_of(vct, *claims, extends=BASE, **{"extends#integrity": sri(base_text)}, **members)


class TestTypeMetadata:
    def test_without_a_digest_it_is_not_looked_at(self):
        assert schemas(one(sd_jwt())) == ["schema.unpinned"]

    def test_offline_it_is_open(self):
        entry = one(sd_jwt(with_claims(**{"vct#integrity": sri("x")})))
        assert schemas(entry) == ["schema.absent"]
        assert entry.verdict is Verdict.ACCEPTED

    def test_a_policy_may_demand_it(self):
        policy = Policy("strict", EVERYDAY.requires, schema_required=True)
        assert one(sd_jwt(with_claims(**{"vct#integrity": sri("x")})), policy=policy).verdict is Verdict.CANNOT_TELL
        assert one(sd_jwt(), policy=policy).verdict is Verdict.CANNOT_TELL

    def test_a_type_that_is_no_address(self):
        assert schemas(one(sd_jwt(with_claims(vct="urn:example:type")))) == []

    def test_kept(self):
        text = text_of(
            VCT, {"path": ["given_name"], "mandatory": True, "sd": "always"}, {"path": ["vct"], "sd": "never"}
        )
        assert schemas(typed((VCT, text))) == ["schema.passed"]

    @pytest.mark.parametrize(
        "claim",
        [
            {"path": ["given_name"], "sd": "never"},
            {"path": ["address", "country"], "sd": "always"},
            {"path": ["grades", None], "sd": "always"},
            {"path": ["grades", 1], "sd": "never"},
            {"path": 5},
            {"path": []},
            {"path": [-1]},
            {"path": ["a"], "mandatory": "yes"},
            {"path": ["a"], "sd": "sometimes"},
            "claim",
        ],
    )
    def test_not_kept_or_not_to_be_read(self, claim):
        assert schemas(typed((VCT, text_of(VCT, claim)))) == ["schema.failed"]

    def test_what_is_mandatory_is_there_unless_it_may_be_hidden(self):
        text = text_of(VCT, {"path": ["nickname"], "mandatory": True})
        assert schemas(typed((VCT, text), hidden=())) == ["schema.failed"]
        subject = without(sd_jwt(with_claims(**{"vct#integrity": sri(text)})), "given_name")
        held = VerificationMaterial(resources=(ResourceCopy(VCT, text.encode(), Origin.FILE, AT),))
        assert schemas(one(subject, material=held)) == ["schema.passed"]

    def test_another_text_than_was_signed_for(self):
        subject = sd_jwt(with_claims(**{"vct#integrity": sri("another")}))
        held = VerificationMaterial(resources=(ResourceCopy(VCT, text_of().encode(), Origin.LIVE, AT),))
        assert schemas(one(subject, material=held)) == ["schema.differs"]

    def test_about_another_type(self):
        assert schemas(typed((VCT, text_of("https://credentials.example/other")))) == ["schema.failed"]

    def test_extended(self):
        base = text_of(BASE, {"path": ["given_name"], "mandatory": True})
        assert schemas(typed((VCT, extending(base)), (BASE, base))) == ["schema.passed", "schema.passed"]
        assert schemas(typed((VCT, extending(base)))) == ["schema.passed", "schema.absent"]
        strict = text_of(BASE, {"path": ["given_name"], "sd": "never"})
        assert schemas(typed((VCT, extending(strict)), (BASE, strict))) == ["schema.failed", "schema.passed"]

    @pytest.mark.parametrize(
        ("before", "after"),
        [({"mandatory": True}, {"mandatory": False}), ({"sd": "never"}, {"sd": "always"}), ({"sd": "always"}, {})],
    )
    def test_what_is_extended_is_not_loosened(self, before, after):
        base = text_of(BASE, {"path": ["x"], **before})
        entry = typed((VCT, extending(base, {"path": ["x"], **after})), (BASE, base))
        assert "schema.failed" in schemas(entry)

    def test_one_that_extends_itself_is_refused_whatever_the_policy(self):
        looped = json.dumps({"vct": VCT, "extends": VCT})
        entry = typed((VCT, looped))
        assert found(entry, "structure") == (Outcome.FAILED, "schema.failed.circular")
        assert entry.verdict is Verdict.REJECTED

    def test_too_many(self):
        names = [VCT, *(f"https://credentials.example/{number}" for number in range(12))]
        texts, following = [], None
        for name in reversed(names):
            members = {"vct": name}
            if following:
                members |= {"extends": following[0], "extends#integrity": sri(following[1])}
            following = (name, json.dumps(members))
            texts.insert(0, following)
        assert typed(*texts).verdict is Verdict.REJECTED
        assert typed(*texts[5:], claims={"vct": texts[5][0]}).verdict is Verdict.ACCEPTED

    def test_a_schema_inside(self):
        good = text_of(VCT, schema={"type": "object", "required": ["given_name"]})
        bad = text_of(VCT, schema={"type": "object", "required": ["nickname"]})
        assert schemas(typed((VCT, good))) == ["schema.passed"]
        assert schemas(typed((VCT, bad))) == ["schema.failed"]
        assert schemas(typed((VCT, text_of(VCT, schema={"$ref": "https://evil.example"})))) == ["schema.unsupported"]

    @settings(max_examples=60, deadline=None)
    @given(
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers(-2, 3)
            | st.sampled_from(["given_name", "path", "always", VCT, BASE]),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["path", "sd", "mandatory", "claims", "extends", "vct", "schema"]),
                    inner,
                    max_size=4,
                )
            ),
            max_leaves=10,
        )
    )
    def test_no_text_crashes_the_judge(self, content):
        entry = typed((VCT, json.dumps({"vct": VCT, "claims": content, "extends": content})), (BASE, "{}"))
        assert isinstance(entry.verdict, Verdict)


# Token Status Lists

LIST = "https://lists.example/1"


def status(index=3, uri=LIST):
    return {"status_list": {"idx": index, "uri": uri}}


def status_list(  # noqa: PLR0913 -- as above
    values=(), by=ISSUER, *, size=2, entries=16, typ="statuslist+jwt", header=None, **members
):
    packed = to_base64url(zlib.compress(pack(dict(values), entries, size)))
    claims = {"iss": ISSUER.did, "sub": LIST, "iat": NOW - 60, "status_list": {"bits": size, "lst": packed}, **members}
    claims = {name: value for name, value in claims.items() if value is not None}
    return token(claims, by, **{"typ": typ, **(header or {})})


def asked(*lists, index=3, **inputs):
    copies = tuple(
        StatusListCopy(LIST, *(item if isinstance(item, tuple) else (item, Origin.LIVE)), AT) for item in lists
    )
    subject = sd_jwt(with_claims(status=status(index)))
    return found(one(subject, material=VerificationMaterial(status_lists=copies), **inputs), "status")


class TestStatus:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (0, (Outcome.PASSED, "status.passed")),
            (1, (Outcome.FAILED, "status.revoked")),
            (2, (Outcome.FAILED, "status.suspended")),
            (3, (Outcome.INDETERMINATE, "status.purpose")),
        ],
    )
    @pytest.mark.parametrize("size", [2, 4, 8])
    def test_values(self, value, expected, size):
        assert asked(status_list({3: value, 2: 3, 4: 3}, size=size)) == expected

    def test_the_published_example(self):
        """The 16 values of one bit in section 4.1 of the specification: bytes b9 a3."""
        values = [1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 1]
        assert pack(dict(enumerate(values)), 16, 1).hex() == "b9a3"
        two_bits = [1, 2, 0, 3, 0, 1, 0, 1, 1, 2, 3, 3]
        assert pack(dict(enumerate(two_bits)), 12, 2).hex() == "c944f9"

    @pytest.mark.threat(102)
    def test_withdrawn_however_little_is_shown(self):
        subject = sd_jwt(with_claims(status=status()))
        held = VerificationMaterial(status_lists=(StatusListCopy(LIST, status_list({3: 1}), Origin.LIVE, AT),))
        for hidden in ((), ("given_name",), ("given_name", "family_name", "city", "level")):
            assert one(without(subject, *hidden), material=held).verdict is Verdict.REJECTED

    @pytest.mark.parametrize(
        ("copy", "code"),
        [
            pytest.param(status_list(by=MALLORY), "issuer_key", id="another's key"),
            pytest.param(status_list(by=MALLORY, iss=MALLORY.did), "issuer", id="another issuer"),
            pytest.param(status_list(by=MALLORY, header={"kid": ISSUER.method}), "proof", id="forged"),
            pytest.param(status_list(typ="jwt"), "type", id="another type"),
            pytest.param(status_list(typ="dc+sd-jwt"), "type", id="type of a credential"),
            pytest.param(status_list(sub="https://lists.example/2"), "id", id="another list"),
            pytest.param(status_list(sub=None), "id", id="no list"),
            pytest.param(status_list(iat=None), "valid", id="no date"),
            pytest.param(status_list(iat=NOW + 3600), "not_yet", id="of tomorrow"),
            pytest.param(status_list(exp="never"), "proof", id="no end"),
            pytest.param(status_list(ttl=-1), "ttl", id="no time to live"),
            pytest.param(status_list(status_list={"bits": 3, "lst": "AA"}), "size", id="three bits"),
            pytest.param(status_list(status_list={"bits": True, "lst": "AA"}), "size", id="true bits"),
            pytest.param(status_list(status_list={"bits": 1, "lst": "AA"}), "encoding", id="no zlib"),
            pytest.param(
                status_list(status_list={"bits": 1, "lst": to_base64url(zlib.compress(bytes(2**20 + 1)))}),
                "too_large",
                id="a bomb",
            ),
            pytest.param(
                status_list(status_list={"bits": 1, "lst": to_base64url(zlib.compress(bytes(9)) + b"x")}),
                "encoding",
                id="something behind it",
            ),
            pytest.param(
                status_list(status_list={"bits": 1, "lst": to_base64url(zlib.compress(bytes(99))[:-1])}),
                "encoding",
                id="cut",
            ),
            pytest.param(status_list(status_list=None), "size", id="no list inside"),
            pytest.param("no token", "proof", id="no token"),
            pytest.param(status_list(header={"alg": "none"}), "proof", id="unsigned"),
        ],
    )
    def test_lists_that_say_nothing(self, copy, code):
        outcome, why = asked(copy)
        assert outcome is Outcome.INDETERMINATE
        assert why.removeprefix("status.list.").startswith(code)

    def test_beyond_the_list(self):
        assert asked(status_list(), index=10**6) == (Outcome.INDETERMINATE, "status.list.index")

    def test_one_that_names_nobody_is_the_issuers_by_its_key(self):
        assert asked(status_list(iss=None)) == (Outcome.PASSED, "status.passed")
        assert asked(status_list(by=MALLORY, iss=None))[0] is Outcome.INDETERMINATE

    def test_withdrawn_once_is_withdrawn(self):
        older, later = status_list({3: 1}, iat=NOW - 7200), status_list({})
        assert asked(later, (older, Origin.FILE)) == (Outcome.FAILED, "status.revoked")

    def test_the_latest_counts_else(self):
        older, later = status_list({3: 2}, iat=NOW - 7200), status_list({})
        assert asked(older, later) == (Outcome.PASSED, "status.passed")

    def test_too_old_or_ended(self):
        assert asked(status_list(iat=NOW - 8 * 86_400)) == (Outcome.INDETERMINATE, "status.list.stale")
        assert asked(status_list(exp=NOW - 600)) == (Outcome.INDETERMINATE, "status.list.ended")
        archive = Policy("archive", EVERYDAY.requires, status_age=None)
        assert asked(status_list(iat=NOW - 8 * 86_400), policy=archive)[0] is Outcome.PASSED

    def test_not_at_hand(self):
        assert asked() == (Outcome.INDETERMINATE, "status.not_checked")

    @pytest.mark.parametrize(
        ("claim", "code"),
        [
            ({"other": {}}, "status.unsupported"),
            ({"status_list": []}, "status.entry.list"),
            ({"status_list": {"idx": -1, "uri": LIST}}, "status.entry.index"),
            ({"status_list": {"idx": True, "uri": LIST}}, "status.entry.index"),
            ({"status_list": {"idx": "3", "uri": LIST}}, "status.entry.index"),
            ({"status_list": {"idx": 3}}, "status.entry.list"),
            ({"status_list": {"idx": 3, "uri": 5}}, "status.entry.list"),
        ],
    )
    def test_entries_that_say_nothing(self, claim, code):
        entry = one(sd_jwt(with_claims(status=claim)))
        assert found(entry, "status") == (Outcome.INDETERMINATE, code)
        assert entry.verdict is Verdict.CANNOT_TELL

    @settings(max_examples=80, deadline=None)
    @given(st.sampled_from([1, 2, 4, 8]), st.dictionaries(st.integers(0, 99), st.integers(0, 255), max_size=20))
    def test_what_is_packed_is_read_again(self, size, values):
        values = {index: value % (1 << size) for index, value in values.items()}
        packed = to_base64url(zlib.compress(pack(values, 100, size)))
        content = read_token_status_list({"sub": LIST, "iat": NOW, "status_list": {"bits": size, "lst": packed}})
        assert all(content.value(TokenStatusEntry(index, LIST)) == values.get(index, 0) for index in range(100))

    @settings(max_examples=100, deadline=None)
    @given(st.binary(max_size=60), st.sampled_from([1, 2, 4, 8]))
    def test_no_bytes_crash_the_reader(self, noise, size):
        packed = zlib.compress(bytes(40))
        for raw in (noise, packed[: len(noise)] + noise, noise + packed):
            claims = {"sub": LIST, "iat": NOW, "status_list": {"bits": size, "lst": to_base64url(raw)}}
            try:
                read_token_status_list(claims)
            except StatusError:
                continue


def test_listed_by_its_address():
    party = Party(P256.private, URL)
    entry = one(by_address(), material=material(published(GOOD)), trust=listing(party))
    assert found(entry, "authority")[1] == "authority.listed"
