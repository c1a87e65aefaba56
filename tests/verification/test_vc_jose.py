"""Credentials secured with JOSE: each MUST of VC-JOSE for tokens, and what Open Badges adds, one row each.

Spec: https://www.w3.org/TR/vc-jose-cose/#with-jose, #jwt-format-and-requirements; RFC 7515, RFC 7519
"""

import copy
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from integrity_support import PRIVATE_KEYS
from jose_support import NOW, enveloped, token, vc_jwt, vp_jwt
from support import vectors
from verification_support import (
    AT,
    HOLDER,
    ISSUER,
    MALLORY,
    OB,
    UNIVERSITY,
    VC,
    Party,
    badge,
    credential,
    found,
    gathered,
    judged,
    one,
    outcomes,
    party,
    presentation,
)

from did_methods import jwk
from did_methods.multibase import to_base64url
from did_methods.multikey import KeyType
from node.verification.check import CheckName
from node.verification.received import read_text, receive, subject_of
from node.verification.report import Verdict

DOCUMENT = credential()
TOKEN = vc_jwt(DOCUMENT)
ENDS = {"validUntil": "2027-01-01T00:00:00Z"}
P256, P384 = (Party(PRIVATE_KEYS[kind]) for kind in (KeyType.P256, KeyType.P384))
GOOD = {
    "structure": "passed",
    "context": "passed",
    "issuer_key": "passed",
    "proof": "passed",
    "validity": "passed",
}


def told(subject, **inputs):
    entry = one(subject, **inputs)
    return next(
        (str(check.outcome), check.code)
        for check in entry.checks
        if not check.passed or check.name is CheckName.VALIDITY
    )


@pytest.mark.parametrize("by", [ISSUER, P256, P384], ids=["EdDSA", "ES256", "ES384"])
def test_a_credential_in_a_token_is_accepted(by):
    entry = one(vc_jwt(credential(by), by))
    assert outcomes(entry) | GOOD == outcomes(entry)
    assert (entry.verdict, entry.sentence) == ("accepted", "genuine_but")
    assert entry.summary["name"] == "MIG welding"
    (proof,) = entry.check(CheckName.PROOF).evidence["proofs"]
    assert (proof["form"], proof["kind"], proof["method"], proof["counts"]) == (
        "jwt",
        {"Ed25519": "JWT EdDSA", "P-256": "JWT ES256", "P-384": "JWT ES384"}[by.private.type],
        by.method,
        True,
    )


def test_the_form_of_an_embedded_proof_is_told_too():
    (proof,) = one(ISSUER.sign(DOCUMENT)).check(CheckName.PROOF).evidence["proofs"]
    assert proof["form"] == "data-integrity"


@pytest.mark.parametrize(
    "subject",
    [
        pytest.param(TOKEN, id="bare"),
        pytest.param([TOKEN], id="in a list"),
        pytest.param(enveloped(TOKEN), id="enveloped"),
        pytest.param([enveloped(TOKEN)], id="enveloped in a list"),
        pytest.param(presentation(enveloped(TOKEN)), id="presented"),
        pytest.param(enveloped(TOKEN, media_type="application/VC+JWT"), id="media type in capitals"),
    ],
)
def test_the_same_token_wherever_it_stands(subject):
    assert one(subject).verdict == "accepted"


ACCEPTED = [
    # 3.1.1: typ and cty SHOULD be vc+jwt and vc; RFC 7515 4.1.9: application/ may be left out, letters in any case
    pytest.param(vc_jwt(DOCUMENT, typ=None, cty=None), id="no typ, no cty"),
    pytest.param(vc_jwt(DOCUMENT, typ="JWT", cty=None), id="typ of Open Badges"),
    pytest.param(vc_jwt(DOCUMENT, typ="application/VC+JWT", cty="application/vc"), id="whole media types"),
    pytest.param(vc_jwt(DOCUMENT, cty="application/achievement+ld+json"), id="a more specific cty"),
    # 3.1.3: what is not understood MUST be ignored
    pytest.param(vc_jwt(DOCUMENT, unheard="of", b64=True), id="unknown header parameter"),
    # 3.1.3: claims that agree
    pytest.param(vc_jwt({**DOCUMENT, "iss": ISSUER.did, "jti": DOCUMENT["id"], "sub": HOLDER.did}), id="claims agree"),
    pytest.param(vc_jwt({**DOCUMENT, "iat": NOW - 60, "exp": NOW + 60}), id="iat and exp"),
    pytest.param(vc_jwt({**DOCUMENT, "iat": NOW - 60.5}), id="a date with a fraction"),
    pytest.param(vc_jwt({**DOCUMENT, **ENDS, "exp": NOW + 60}), id="exp before validUntil"),
    # kid, absolute and relative to iss; none where the issuer has one key
    pytest.param(vc_jwt(DOCUMENT, kid="#" + ISSUER.method.partition("#")[2]), id="relative kid"),
    pytest.param(vc_jwt(DOCUMENT, kid=ISSUER.method.partition("#")[2]), id="kid without its #"),
    pytest.param(vc_jwt({**DOCUMENT, "iss": ISSUER.did}, kid=None), id="iss alone"),
    pytest.param(vc_jwt(DOCUMENT, kid=None), id="issuer alone"),
]


@pytest.mark.parametrize("text", ACCEPTED)
def test_what_the_specification_allows(text):
    assert one(text).verdict == "accepted"


REFUSED = [
    # 1.1.2.1: claims sets without integrity protection MUST be ignored
    (token(DOCUMENT, alg="none", sign=lambda _: b""), "proof.invalid.algorithm"),
    (token(DOCUMENT, alg="None"), "proof.invalid.algorithm"),
    (token(DOCUMENT, alg="HS256"), "proof.invalid.algorithm"),
    # 1.1.2.1, 3.1.3: vc and vp MUST NOT be present
    (vc_jwt({**DOCUMENT, "vc": DOCUMENT}), "jwt.wrapper"),
    (vc_jwt({"vc": DOCUMENT, "iss": ISSUER.did}), "jwt.wrapper"),
    (vp_jwt({"vp": presentation(enveloped(TOKEN))}), "jwt.wrapper"),
    # RFC 7515 5.2: three parts, base64url, JSON, no member twice
    (token(b'{"a":1', typ="vc+jwt"), "document.syntax"),
    (token(b'{"issuer":"urn:a:1","issuer":"urn:a:2"}', typ="vc+jwt"), "document.duplicate_key"),
    (token(["VerifiableCredential"]), "document.not_object"),
    # RFC 7519 4.1: the types of registered claims
    (vc_jwt({**DOCUMENT, "exp": "2030-01-01T00:00:00Z"}), "proof.malformed.jwt_claim"),
    (vc_jwt({**DOCUMENT, "exp": True}), "proof.malformed.jwt_claim"),
    (vc_jwt({**DOCUMENT, "iat": 1e18}), "document.integer_range"),
    (vc_jwt({**DOCUMENT, "iat": 10**15}), "proof.malformed.jwt_claim"),
    (vc_jwt({**DOCUMENT, "nbf": None}), "proof.malformed.jwt_claim"),
    (vc_jwt({**DOCUMENT, "iss": 7}), "proof.malformed.jwt_claim"),
    (vc_jwt({**DOCUMENT, "aud": [7]}), "proof.malformed.jwt_claim"),
    (vc_jwt({**DOCUMENT, "nonce": ""}), "proof.malformed.jwt_claim"),
    # 3.1.3: claims that contradict the credential
    (vc_jwt({**DOCUMENT, "iss": MALLORY.did}), "jwt.iss"),
    (vc_jwt({**DOCUMENT, "jti": "urn:uuid:another"}), "jwt.jti"),
    (vc_jwt({**DOCUMENT, "sub": MALLORY.did}), "jwt.sub"),
    (vc_jwt({**credential(credentialSubject={"name": "A"}), "sub": HOLDER.did}), "jwt.sub"),
    (vc_jwt({**credential(id=None), "jti": "urn:uuid:another"}), "jwt.jti"),
    # Open Badges 3.0, JWT payload: nbf is validFrom, exp is validUntil
    (vc_jwt({**DOCUMENT, "nbf": NOW}, typ="JWT"), "jwt.nbf"),
    (vc_jwt({**DOCUMENT, **ENDS, "exp": NOW + 60}, typ="JWT"), "jwt.exp"),
    (vc_jwt({**DOCUMENT, "exp": NOW + 60}, typ=None), "jwt.exp"),
    # RFC 8725 3.11: explicit types
    (vc_jwt(DOCUMENT, typ="vp+jwt"), "jwt.typ"),
    (vc_jwt(DOCUMENT, cty="vp"), "jwt.typ"),
    (vc_jwt(DOCUMENT, typ="dc+sd-jwt"), "jwt.typ"),
    (vc_jwt(DOCUMENT, typ="vc+sd-jwt"), "jwt.typ"),
    (vc_jwt(DOCUMENT, typ="kb+jwt"), "jwt.typ"),
    (vc_jwt(DOCUMENT, typ="at+jwt"), "jwt.typ"),
    (vc_jwt(DOCUMENT, typ="entity-statement+jwt"), "jwt.typ"),
    (vp_jwt(presentation(enveloped(TOKEN)), typ="vc+jwt"), "jwt.typ"),
    # An envelope holds a document, not another envelope
    (vc_jwt(enveloped(TOKEN)), "jwt.nested"),
    (vp_jwt(enveloped(vp_jwt(presentation(enveloped(TOKEN))), "Presentation")), "jwt.nested"),
    (token({"type": "Person"}, typ="vc+jwt"), "jwt.payload"),
    # The data model of the payload
    (vc_jwt(credential(issuer=None)), "credential.issuer"),
    (vc_jwt(credential(type=["VerifiableCredential", "VerifiablePresentation"])), "jwt.payload"),
    (vc_jwt({**DOCUMENT, "proof": []}), "proof.malformed.empty"),
]


@pytest.mark.threat(24)
@pytest.mark.parametrize(("text", "code"), REFUSED, ids=[f"{index}-{code}" for index, (_, code) in enumerate(REFUSED)])
def test_what_the_specification_forbids(text, code):
    entry = one(text)
    assert found(entry, "structure") == ("failed", code)
    assert entry.verdict == "rejected"
    assert judged(enveloped(text)).verdict == judged([text]).verdict == "rejected"


OPEN = [
    # Not wrong, and not what is read here
    (token({"vc": DOCUMENT, "iss": ISSUER.did}, typ="JWT"), ("indeterminate", "jwt.wrapper")),
    (token({"vp": presentation(TOKEN)}, typ="JWT"), ("indeterminate", "jwt.wrapper")),
    (vc_jwt(DOCUMENT, crit=["b64"], b64=False), ("indeterminate", "proof.unsupported.critical")),
    (vc_jwt(DOCUMENT, crit=["exp"]), ("indeterminate", "proof.unsupported.critical")),
    (enveloped(TOKEN, media_type="application/vc+cose"), ("indeterminate", "credential.enveloped")),
    (enveloped(TOKEN, media_type="application/vc+jwt;base64"), ("indeterminate", "credential.enveloped")),
    (enveloped(TOKEN, media_type="vc+jwt"), ("indeterminate", "credential.enveloped")),
    (enveloped("x~y~", media_type="application/dc+sd-jwt"), ("indeterminate", "credential.enveloped")),
]  # fmt: skip


@pytest.mark.parametrize(("subject", "expected"), OPEN, ids=[f"{i}-{code}" for i, (_, (_, code)) in enumerate(OPEN)])
def test_what_is_not_read_here_is_neither_right_nor_wrong(subject, expected):
    entry = one(subject)
    assert found(entry, "structure") == expected
    assert entry.verdict == "cannot_tell"


@pytest.mark.parametrize(
    ("wrapper", "code"),
    [
        (enveloped(TOKEN, "Presentation"), "credential.enveloped.kind"),
        (enveloped(TOKEN, "Presentation", media_type="application/vc+jwt"), "credential.enveloped.kind"),
        (enveloped(vp_jwt(presentation(enveloped(TOKEN)))), "jwt.typ"),
        ({**enveloped(TOKEN), "id": TOKEN}, "credential.enveloped.id"),
        ({**enveloped(TOKEN), "id": None}, "credential.enveloped.id"),
        ({name: value for name, value in enveloped(TOKEN).items() if name != "@context"}, "credential.context.missing"),
        (enveloped(""), "proof.malformed.parts"),
        (enveloped(TOKEN + "="), "proof.malformed.base64url"),
        (enveloped(f"{TOKEN};data:application/vc+jwt,{TOKEN}"), "proof.malformed.parts"),
    ],
)
def test_an_envelope_that_is_not_what_it_says(wrapper, code):
    if wrapper["type"] == "EnvelopedVerifiablePresentation" and "vp+jwt" in wrapper["id"]:
        code = "jwt.typ"
    assert found(one(wrapper), "structure") == ("failed", code)


@pytest.mark.threat(24)
def test_another_algorithm_is_not_checked():
    for name in ("ES256K", "PS256", "ES512", "RS512"):
        entry = one(vc_jwt(DOCUMENT, alg=name))
        assert found(entry, "proof") == ("indeterminate", "proof.unsupported.algorithm")
        assert entry.verdict == "cannot_tell"


@pytest.mark.threat(24)
def test_the_kind_of_key_decides_whatever_the_header_says():
    for name in ("ES256", "ES384"):
        entry = one(vc_jwt(DOCUMENT, alg=name))
        assert found(entry, "proof") == ("failed", "proof.invalid.key_type")
    entry = one(vc_jwt(credential(P256), P256, alg="EdDSA"))
    assert found(entry, "proof") == ("failed", "proof.invalid.key_type")


@pytest.mark.threat(24)
@pytest.mark.parametrize("member", ["jwk", "jku", "x5c", "x5u", "x5t#S256"])
def test_a_key_that_comes_along_is_never_used(member):
    """Mallory signs as the issuer, and brings the key to check it with."""
    value = MALLORY.private.public.to_jwk() if member == "jwk" else "https://keys.example/mallory"
    for kid in (ISSUER.method, None):
        forged = vc_jwt(DOCUMENT, MALLORY, kid=kid, **{member: value})
        entry = one(forged)
        assert found(entry, "proof") == ("indeterminate", "proof.unsupported.key_in_header")
        assert entry.verdict == "cannot_tell"


@pytest.mark.threat(24)
def test_somebody_elses_key_is_not_the_issuers():
    entry = one(vc_jwt(DOCUMENT, MALLORY))
    assert found(entry, "issuer_key") == ("failed", "issuer_key.other_controller")
    assert entry.sentence == "wrong_key"
    entry = one(vc_jwt(DOCUMENT, MALLORY, kid=ISSUER.method))
    assert found(entry, "proof") == ("failed", "proof.invalid")
    assert entry.sentence == "altered"
    entry = one(vc_jwt({**DOCUMENT, "iss": MALLORY.did}, MALLORY, kid="#" + MALLORY.method.partition("#")[2]))
    assert found(entry, "structure") == ("failed", "jwt.iss")


def test_the_method_has_to_be_listed_for_statements():
    text = vc_jwt(credential(UNIVERSITY), UNIVERSITY)
    assert one(text, material=gathered(UNIVERSITY)).verdict == "accepted"
    weak = gathered(**{UNIVERSITY.did: UNIVERSITY.document(["authentication"])})
    assert found(one(text, material=weak), "issuer_key") == ("failed", "verification_method.relationship")
    assert found(one(text), "issuer_key") == ("indeterminate", "issuer_key.unresolved")


def test_without_kid_the_issuer_has_one_key_or_it_is_open_which():
    text = vc_jwt(credential(UNIVERSITY), UNIVERSITY, kid=None)
    assert one(text, material=gathered(UNIVERSITY)).verdict == "accepted"
    document = UNIVERSITY.document()
    other = party(15, UNIVERSITY.did).document()
    both = {
        **document,
        "verificationMethod": document["verificationMethod"] + other["verificationMethod"],
        "assertionMethod": document["assertionMethod"] + other["assertionMethod"],
    }
    entry = one(text, material=gathered(**{UNIVERSITY.did: both}))
    assert found(entry, "issuer_key") == ("indeterminate", "verification_method.open")
    assert entry.verdict == "cannot_tell"


RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
SMALL_RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505 -- to be refused
RSA_DID = "did:web:badges.example"


def rsa_material(key):
    numbers = key.public_key().public_numbers()
    members = {"n": numbers.n, "e": numbers.e}
    public = {name: to_base64url(value.to_bytes((value.bit_length() + 7) // 8)) for name, value in members.items()}
    method = {
        "id": f"{RSA_DID}#rsa",
        "type": "JsonWebKey",
        "controller": RSA_DID,
        "publicKeyJwk": {"kty": "RSA", **public},
    }
    relationships = {name: [f"{RSA_DID}#rsa"] for name in ("assertionMethod", "authentication")}
    return gathered(**{RSA_DID: {"id": RSA_DID, "verificationMethod": [method], **relationships}})


def by_rsa(document, key=RSA_KEY, **header):
    return token(
        {**document, "issuer": RSA_DID} if "issuer" in document and isinstance(document["issuer"], str) else document,
        alg="RS256",
        kid=f"{RSA_DID}#rsa",
        sign=lambda data: key.sign(data, PKCS1v15(), SHA256()),
        **header,
    )


BADGE = {**badge(), "issuer": {"id": RSA_DID, "type": ["Profile"], "name": "School of Welding"}}


@pytest.mark.threat(24)
def test_rsa_is_taken_for_open_badges_and_for_nothing_else():
    material = rsa_material(RSA_KEY)
    assert one(by_rsa(BADGE, typ="JWT"), material=material).verdict == "accepted"
    assert one(by_rsa(BADGE, typ="vc+jwt"), material=material).verdict == "accepted"
    entry = one(by_rsa(DOCUMENT, typ="vc+jwt"), material=material)
    assert found(entry, "proof") == ("indeterminate", "proof.unsupported.algorithm")
    altered = by_rsa(BADGE)[:-8] + "AAAAAAAA"
    assert found(one(altered, material=material), "proof")[0] == "failed"


@pytest.mark.threat(24)
def test_a_small_rsa_key_is_refused():
    entry = one(by_rsa(BADGE, SMALL_RSA_KEY), material=rsa_material(SMALL_RSA_KEY))
    assert found(entry, "issuer_key") == ("failed", "key.rsa_size")
    assert entry.verdict == "rejected"


def test_an_rsa_key_verifies_no_data_integrity_proof():
    document = ISSUER.sign(credential(issuer=RSA_DID), method=f"{RSA_DID}#rsa")
    assert found(one(document, material=rsa_material(RSA_KEY)), "proof") == ("failed", "proof.invalid.key_type")


def test_the_dates_of_the_signature_bound_those_of_the_credential():
    assert told(vc_jwt({**DOCUMENT, "exp": NOW - 200})) == ("failed", "validity.proof_expired")
    assert told(vc_jwt({**DOCUMENT, "exp": NOW - 60})) == ("passed", "validity.passed"), "clocks may be off"
    assert told(vc_jwt({**DOCUMENT, "nbf": NOW + 200})) == ("failed", "validity.not_yet")
    assert told(vc_jwt({**DOCUMENT, "nbf": NOW - 200})) == ("passed", "validity.passed")
    assert told(vc_jwt({**DOCUMENT, "iat": NOW + 10**6})) == ("passed", "validity.passed"), "the signer's own word"
    assert told(vc_jwt({**DOCUMENT, "validUntil": "2026-06-01T00:00:00Z", "exp": NOW + 10**6})) == (
        "failed",
        "validity.ended",
    )
    entry = one(vc_jwt({**DOCUMENT, **ENDS, "exp": NOW + 600}))
    assert entry.check(CheckName.VALIDITY).evidence["until"] == "2026-06-12T14:13:00Z"


def test_dates_that_open_badges_says_twice_may_differ_by_less_than_a_second():
    starts = int(AT.timestamp()) - 1000
    document = {**credential(validFrom="2026-06-12T13:46:20.750Z"), "nbf": starts}
    assert one(vc_jwt(document, typ="JWT")).verdict == "accepted"
    assert found(one(vc_jwt({**document, "nbf": starts + 2}, typ="JWT")), "structure") == ("failed", "jwt.nbf")


def test_a_term_without_a_definition_is_signed_all_the_same_and_told():
    entry = one(vc_jwt({**DOCUMENT, "undefinedTerm": "x"}))
    check = entry.check(CheckName.CONTEXT)
    assert (check.outcome, check.code, check.evidence["finding"]) == ("passed",) + ("context.undefined_term",) * 2
    assert entry.verdict == "accepted"
    claims = {
        "iss": ISSUER.did,
        "sub": HOLDER.did,
        "jti": DOCUMENT["id"],
        "iat": NOW,
        "nonce": "x",
        "aud": "https://a.b",
    }
    assert found(one(vc_jwt({**DOCUMENT, **claims})), "context") == ("passed", "context.passed"), "claims are no terms"


def test_an_unknown_context_leaves_it_open():
    document = credential(**{"@context": [VC, "https://unknown.example/v1"]})
    assert found(one(vc_jwt(document)), "context") == ("indeterminate", "context.unknown")


def test_contexts_are_judged_as_in_any_other_form():
    swapped = badge(**{"@context": [VC, OB, {"name": "https://schema.org/description"}]})
    assert found(one(vc_jwt(swapped)), "context")[0] != "passed"


def test_a_proof_inside_the_payload_is_judged_beside_the_envelope():
    """Open Badges: proofs inside are made first, and the claims of the token come after."""
    inside = ISSUER.sign(DOCUMENT)
    both = vc_jwt({**inside, "iss": ISSUER.did, "iat": NOW})
    entry = one(both)
    assert entry.verdict == "accepted"
    assert [proof["form"] for proof in entry.check(CheckName.PROOF).evidence["proofs"]] == ["jwt", "data-integrity"]
    broken = vc_jwt({**inside, "name": "Changed"})
    assert found(one(broken), "proof") == ("failed", "proof.invalid"), "one that counts does not hold"
    foreign = vc_jwt(MALLORY.sign(DOCUMENT))
    assert one(foreign).verdict == "accepted", "somebody else's proof counts neither for nor against"


@pytest.mark.threat(24)
def test_claims_of_an_envelope_by_somebody_else_are_no_part_of_the_document():
    """What a stranger wraps around a document, a key of its own as `cnf` say, was never said by the issuer."""
    around = {**ISSUER.sign(DOCUMENT), "iss": MALLORY.did, "cnf": {"jwk": MALLORY.private.public.to_jwk()}}
    entry = one(vc_jwt(around, MALLORY))
    assert entry.verdict == "rejected"
    assert one(vc_jwt({**around, "iss": ISSUER.did})).verdict == "accepted"


def test_keys_of_a_did_jwk():
    maker = Party(P256.private, str(jwk.create(P256.private.public)))
    assert one(vc_jwt(credential(maker), maker, kid="#0")).verdict == "accepted"
    assert one(vc_jwt(credential(maker), maker, kid=f"{maker.did}#0")).verdict == "accepted"
    assert one(vc_jwt(credential(maker), maker, kid=None)).verdict == "accepted"


def test_what_was_signed_is_kept_and_nothing_is_written_again():
    spaced = json.dumps(DOCUMENT, indent=3).encode()
    text = token(spaced, typ="vc+jwt")
    received = read_text(f"\n{text}\n")
    assert received.envelope.jws.payload == spaced
    assert received.whole == text
    assert one(text).verdict == "accepted"
    assert receive(DOCUMENT).whole is DOCUMENT


@pytest.mark.threat(24)
@given(st.data())
def test_no_altered_token_is_accepted(data):
    place = data.draw(st.integers(0, len(TOKEN) - 1))
    character = data.draw(st.sampled_from("ABCabc019-_.="))
    altered = TOKEN[:place] + character + TOKEN[place + 1 :]
    if altered != TOKEN:
        assert judged(altered).verdict is not Verdict.ACCEPTED


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from([TOKEN, VC, ISSUER.did]),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["@context", "type", "id", "issuer", "vc", "vp", "iss", "exp", "aud", "credentialSubject"]
                ),
                inner,
                max_size=4,
            )
        ),
        max_leaves=8,
    )
)
def test_any_payload_at_all_is_judged_and_none_is_accepted(payload):
    report = judged(token(payload, typ="vc+jwt"))
    assert report.verdict is not Verdict.ACCEPTED
    altered = copy.deepcopy(DOCUMENT)
    altered["credentialSubject"] = payload
    judged(vc_jwt(altered))


@given(st.text(max_size=60))
def test_any_text_at_all_is_judged(text):
    assert judged(text).verdict is not Verdict.ACCEPTED
    assert judged([text, TOKEN]).verdict is not Verdict.ACCEPTED
    assert judged(enveloped(text)).verdict is not Verdict.ACCEPTED


@pytest.mark.vectors
@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("openbadges/1edtech-validator/simple.jwt", "jwt.wrapper"),
        ("vc-data-model-2.0/input/presentation-enveloped-vc-ok.json", "credential.enveloped"),
    ],
)
def test_published_tokens_of_older_forms_are_neither_right_nor_wrong(name, code):
    """The one is of the data model 1.1; the other names a media type that was never registered."""
    entry = one(subject_of(vectors(name).read_bytes()))
    assert found(entry, "structure") == ("indeterminate", code)
    assert entry.verdict == "cannot_tell"
