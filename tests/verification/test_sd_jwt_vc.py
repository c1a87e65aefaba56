"""SD-JWT VC before the judge: every MUST of RFC 9901, section 7, and of SD-JWT VC, a row each.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-7, https://datatracker.ietf.org/doc/draft-ietf-oauth-sd-jwt-vc/
"""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jose_support import NOW, encoded, enveloped, token
from sd_jwt_support import (
    CLAIMS,
    HIDDEN,
    HOLDER_JWK,
    VCT,
    digest,
    raw,
    sd_jwt,
    shown,
    with_claims,
    without,
)
from verification_support import (
    AT,
    HOLDER,
    ISSUER,
    MALLORY,
    REQUEST,
    UNIVERSITY,
    VC,
    credential,
    found,
    gathered,
    judged,
    listing,
    one,
    outcomes,
    presentation,
)

from did_methods.multibase import to_base64url
from node.proofs.commitment import SD_JWT_FORM, commitment_of
from node.verification.check import CheckName, Outcome
from node.verification.received import receive, subject_of
from node.verification.report import Verdict

ELEMENT = ["salt-of-an-element", "one more"]
MEMBER = ["salt-of-a-member", "nickname", "Sam"]
OPEN = with_claims(address=None, grades=None)
"""Claims with nothing for a holder to choose."""
DOCUMENT = credential(cnf={"jwk": HOLDER_JWK}, description="A course in the spring.")
W3C_HIDDEN = ("/description",)


def w3c(hidden=W3C_HIDDEN, by=ISSUER, /, document=DOCUMENT, **header):
    return sd_jwt(document, hidden, by, **{"typ": "vc+sd-jwt", "cty": "vc", **header})


def payload_with(**members):
    return {**OPEN, **members}


def altered(text):
    """The same with one Disclosure that says something else under the same salt."""
    jwt, first, *rest = text.split("~")
    return "~".join([jwt, encoded(["another-salt", "given_name", "Other"]), *rest]) if first else text


def by_did_web(**header):
    return sd_jwt(with_claims(iss=UNIVERSITY.did), HIDDEN, UNIVERSITY, **header)


REFUSED = {
    # RFC 9901, 7.1
    "1: no tilde at the end": (sd_jwt().rstrip("~"), "structure"),
    "1: something behind the last tilde": (sd_jwt() + "x", "structure"),
    "2.a: an algorithm that is none": (sd_jwt(alg="none"), "structure"),
    "2.a: a shared secret": (sd_jwt(alg="HS256"), "structure"),
    "2.c: another key": (sd_jwt(CLAIMS, HIDDEN, MALLORY, kid=ISSUER.method), "proof"),
    "2.c: an altered payload": (sd_jwt().replace(".", "." + encoded({**OPEN, "vct": "urn:other"}) + "?", 1), None),
    "2.d: somebody else's key": (sd_jwt(CLAIMS, HIDDEN, MALLORY), "issuer_key"),
    "3.a: a disclosure of nothing that was signed": (altered(sd_jwt()), "structure"),
    "3.a: a hash algorithm that is no text": (raw(payload_with(_sd_alg=5)), "structure"),
    "3.c.i: _sd that is no array": (raw(payload_with(_sd="x")), "structure"),
    "3.c.i: a digest that is no text": (raw(payload_with(_sd=[5])), "structure"),
    "3.c.ii.1: an element where a member belongs": (raw(payload_with(_sd=[digest(ELEMENT)]), ELEMENT), "structure"),
    "3.c.ii.2: a member called _sd": (
        raw(payload_with(_sd=[digest(["s", "_sd", []])]), ["s", "_sd", []]),
        "structure",
    ),
    "3.c.ii.2: a member called ...": (
        raw(payload_with(_sd=[digest(["s", "...", 1])]), ["s", "...", 1]),
        "structure",
    ),
    "3.c.ii.3: a member that is there already": (
        raw(payload_with(_sd=[digest(["s", "given_name", "Other"])]), ["s", "given_name", "Other"]),
        "structure",
    ),
    "3.c.iii.1: a member where an element belongs": (
        raw(payload_with(list=[{"...": digest(MEMBER)}]), MEMBER),
        "structure",
    ),
    "3.c.iii: ... that does not stand alone": (
        raw(payload_with(list=[{"...": digest(ELEMENT), "x": 1}]), ELEMENT),
        "structure",
    ),
    "3.b: a digest inside a disclosed value, disclosed under a name that is taken": (
        raw(
            payload_with(_sd=[digest(["s", "inner", {"a": 1, "_sd": [digest(["t", "a", 2])]}])]),
            ["s", "inner", {"a": 1, "_sd": [digest(["t", "a", 2])]}],
            ["t", "a", 2],
        ),
        "structure",
    ),
    "4: one digest twice": (raw(payload_with(_sd=[digest(MEMBER), digest(MEMBER)]), MEMBER), "structure"),
    "4: one digest twice, in two places": (
        raw(payload_with(_sd=[digest(MEMBER)], inner={"_sd": [digest(MEMBER)]}), MEMBER),
        "structure",
    ),
    "5: a disclosure twice": (raw(payload_with(_sd=[digest(MEMBER)]), MEMBER, MEMBER), "structure"),
    "5: a disclosure that belongs nowhere": (raw(OPEN, MEMBER), "structure"),
    "6: expired": (sd_jwt(with_claims(exp=NOW - 3600)), "validity"),
    "6: not yet in force": (sd_jwt(with_claims(nbf=NOW + 3600)), "validity"),
    "6: a date that is a text": (sd_jwt(with_claims(exp="2099-01-01")), "structure"),
    "6: issued tomorrow": (sd_jwt(with_claims(iat=NOW + 86_400)), "validity"),
    "6: issued tomorrow, disclosed": (sd_jwt(with_claims(iat=NOW + 86_400), ("/iat",)), "validity"),
    # SD-JWT VC
    "2.2.1: no typ": (sd_jwt(typ=None), "structure"),
    "2.2.1: typ of a token": (sd_jwt(typ="jwt"), "structure"),
    "2.2.1: typ of an id token": (sd_jwt(typ="id_token+jwt"), "structure"),
    "2.2.1: typ of a key binding": (sd_jwt(typ="kb+jwt"), "structure"),
    "2.2.1: typ of a W3C token": (sd_jwt(typ="vc+jwt"), "structure"),
    "2.2.2.1: vct is no text": (sd_jwt(with_claims(vct=5)), "structure"),
    "2.2.2.1: vct is empty": (sd_jwt(with_claims(vct="")), "structure"),
    "2.2.2.1: vct with a space": (sd_jwt(with_claims(vct="urn:a b")), "structure"),
    "2.2.2.2: iss is a list": (sd_jwt(with_claims(iss=[ISSUER.did])), "structure"),
    "2.2.2.2: cnf is no object": (sd_jwt(with_claims(cnf="key")), "structure"),
    "2.2.2.2: cnf names two keys": (sd_jwt(with_claims(cnf={"jwk": HOLDER_JWK, "kid": HOLDER.method})), "structure"),
    "2.2.2.2: status is empty": (sd_jwt(with_claims(status={})), "structure"),
    **{
        f"2.2.2.2: {name} disclosed": (sd_jwt(with_claims(**extra), (f"/{name}".replace("~", "~0"),)), "structure")
        for name, extra in {
            "iss": {},
            "nbf": {},
            "exp": {},
            "cnf": {},
            "vct": {},
            "vct#integrity": {"vct#integrity": "sha256-" + "A" * 43 + "="},
            "status": {"status": {"status_list": {"idx": 0, "uri": "https://lists.example/1"}}},
        }.items()
    },
    "2.2.2.2: a part of cnf disclosed": (sd_jwt(CLAIMS, ("/cnf/jwk",)), "structure"),
    "2.2.2.2: a part of status left to disclose": (
        without(
            sd_jwt(
                with_claims(status={"status_list": {"idx": 0, "uri": "https://lists.example/1"}}),
                ("/status/status_list",),
            ),
            "status_list",
        ),
        "structure",
    ),
}


@pytest.mark.threat(36)
@pytest.mark.parametrize("name", REFUSED)
def test_what_breaks_a_must_is_refused(name):
    subject, check = REFUSED[name]
    report = judged(subject)
    assert report.verdict is Verdict.REJECTED
    if check is not None:
        (entry,) = report.credentials
        assert found(entry, check)[0] is Outcome.FAILED, outcomes(entry)


def test_a_sound_one_is_accepted_and_told():
    entry = one(sd_jwt())
    assert entry.verdict is Verdict.ACCEPTED
    assert outcomes(entry) | {"class": "", "authority": ""} == {
        "structure": "passed",
        "context": "passed",
        "issuer_key": "passed",
        "proof": "passed",
        "validity": "passed",
        "status": "not_applicable",
        "anchor": "not_applicable",
        "holder": "indeterminate",
        "authority": "",
        "class": "",
    }
    (proof,) = entry.check(CheckName.PROOF).evidence["proofs"]
    assert (proof["form"], proof["kind"]) == ("sd-jwt", "SD-JWT EdDSA")
    assert entry.summary["subject"] == {"name": "Sample Learner"}


@pytest.mark.parametrize("typ", ["dc+sd-jwt", "vc+sd-jwt", "application/dc+sd-jwt", "DC+SD-JWT"])
def test_both_types_are_taken(typ):
    assert one(sd_jwt(typ=typ)).verdict is Verdict.ACCEPTED


def test_without_anything_to_disclose():
    entry = one(sd_jwt(CLAIMS, ()))
    assert entry.verdict is Verdict.ACCEPTED
    assert "covers" not in entry.check(CheckName.PROOF).evidence["proofs"][0]


def test_what_is_hidden_is_said_to_be_chosen():
    entry = one(without(sd_jwt(), "given_name"))
    assert entry.verdict is Verdict.ACCEPTED
    assert entry.check(CheckName.PROOF).evidence["proofs"][0]["covers"] == "mandatory"
    assert entry.summary["subject"] == {"name": "Learner"}


def test_members_of_disclosed_objects_and_elements_come_back():
    assert receive(sd_jwt()).value == CLAIMS
    nested = sd_jwt(CLAIMS, ("/address", "/address/city", "/grades", "/grades/1", "/grades/1/level"))
    assert receive(nested).value == CLAIMS


@pytest.mark.threat(36)
@pytest.mark.parametrize("disclosed", [True, False], ids=["disclosed", "left hidden"])
@pytest.mark.parametrize("name", ["cnf", "status"])
def test_no_part_of_what_stands_in_the_open_is_for_a_holder_to_show(name, disclosed):
    status = {"status_list": {"idx": 0, "uri": "https://lists.example/1"}}
    claims = with_claims(status=status)
    claims = {**claims, name: {**claims[name], "further": "part"}}
    text = sd_jwt(claims, (f"/{name}/further",))
    entry = one(text if disclosed else without(text, "further"))
    assert found(entry, "structure") == (Outcome.FAILED, "sd_jwt.hidable")


def test_an_unknown_hash_algorithm_leaves_it_open():
    entry = one(raw(payload_with(_sd_alg="sha-1024")))
    assert found(entry, "structure") == (Outcome.INDETERMINATE, "proof.unsupported.sd_alg")


KINDS = {
    ("vct", "dc+sd-jwt"): "accepted",
    ("vct", "vc+sd-jwt"): "accepted",
    ("@context", "vc+sd-jwt"): "accepted",
    ("@context", "dc+sd-jwt"): "rejected",
    ("both", "dc+sd-jwt"): "rejected",
    ("both", "vc+sd-jwt"): "rejected",
    ("neither", "dc+sd-jwt"): "rejected",
    ("neither", "vc+sd-jwt"): "rejected",
    **{
        (kind, typ): "rejected" for kind in ("vct", "@context") for typ in ("kb+jwt", "vc+jwt", "id_token", "jwt", None)
    },
}


@pytest.mark.threat(37)
@pytest.mark.parametrize(("kind", "typ"), KINDS, ids=str)
def test_the_claims_say_what_it_is_and_never_the_type_alone(kind, typ):
    claims = {
        "vct": CLAIMS,
        "@context": DOCUMENT,
        "both": {**DOCUMENT, "iss": ISSUER.did, "vct": VCT},
        "neither": with_claims(vct=None),
    }[kind]
    assert judged(sd_jwt(claims, (), typ=typ)).verdict.value == KINDS[kind, typ]


@pytest.mark.threat(37)
@pytest.mark.parametrize("name", ["vct", "@context"])
def test_what_it_is_cannot_be_disclosed_into_it(name):
    claims = with_claims(**{"vct": None, "@context": None}) if name == "vct" else {**DOCUMENT}
    claims = {**claims, name: VCT if name == "vct" else claims[name]}
    typ = "dc+sd-jwt" if name == "vct" else "vc+sd-jwt"
    entry = one(sd_jwt(claims, ("/" + name,), typ=typ))
    assert found(entry, "structure") == (Outcome.FAILED, "sd_jwt.hidable")
    assert judged(without(sd_jwt(claims, ("/" + name,), typ=typ), name)).verdict is Verdict.REJECTED


@pytest.mark.threat(37)
def test_other_tokens_are_no_sd_jwts():
    assert judged(token(CLAIMS, typ="dc+sd-jwt")).verdict is Verdict.REJECTED
    assert judged(token(DOCUMENT, typ="vc+sd-jwt")).verdict is Verdict.REJECTED
    assert judged(
        token({"iss": ISSUER.did, "aud": "x", "nonce": "y", "iat": NOW, "sd_hash": "z"}, typ="kb+jwt")
    ).verdict is (Verdict.REJECTED)


class TestWithContext:
    """Credentials of the W3C in an SD-JWT."""

    def test_accepted(self):
        entry = one(w3c())
        assert entry.verdict is Verdict.ACCEPTED
        assert found(entry, "context")[0] is Outcome.PASSED
        assert receive(w3c()).value == DOCUMENT

    @pytest.mark.threat(102)
    @pytest.mark.parametrize("name", ["issuer", "type", "validUntil", "credentialStatus", "cnf", "credentialSchema"])
    def test_what_must_stand_in_the_open_does(self, name):
        extra = {
            "validUntil": "2027-01-01T00:00:00Z",
            "credentialStatus": {"type": "BitstringStatusListEntry"},
            "credentialSchema": {"id": "https://example.org/s", "type": "JsonSchema"},
        }
        document = {**DOCUMENT, **({name: extra[name]} if name in extra else {})}
        assert found(one(w3c((f"/{name}",), document=document)), "structure")[0] is Outcome.FAILED
        if isinstance(document[name], dict):
            inner = next(iter(document[name]))
            assert found(one(w3c((f"/{name}/{inner}",), document=document)), "structure")[0] is Outcome.FAILED

    def test_ended_by_the_credential_or_by_the_token(self):
        ended = {**DOCUMENT, "validUntil": "2026-06-01T00:00:00Z"}
        assert found(one(w3c((), document=ended)), "validity") == (Outcome.FAILED, "validity.ended")
        assert found(one(w3c((), document={**DOCUMENT, "exp": NOW - 3600})), "validity")[0] is Outcome.FAILED

    @pytest.mark.parametrize(
        "document",
        [
            {**DOCUMENT, "iss": MALLORY.did},
            {**DOCUMENT, "vc": {}},
            {**DOCUMENT, "type": ["VerifiablePresentation"]},
            {
                **{name: value for name, value in DOCUMENT.items() if name not in {"validFrom", "name", "description"}},
                "@context": ["https://www.w3.org/2018/credentials/v1"],
                "issuanceDate": "2026-03-01T09:00:00Z",
            },
        ],
        ids=["another issuer", "wrapped", "a presentation", "data model 1.1"],
    )
    def test_refused(self, document):
        assert judged(w3c((), document=document)).verdict is Verdict.REJECTED
        assert found(one(w3c((), document=document)), "structure")[1].startswith("jwt.")

    def test_signed_by_somebody_else(self):
        assert judged(w3c(W3C_HIDDEN, MALLORY)).verdict is Verdict.REJECTED

    def test_in_an_envelope_and_a_presentation(self):
        inside = enveloped(w3c(), media_type="application/vc+sd-jwt")
        assert judged(inside).verdict is Verdict.ACCEPTED
        assert judged(presentation(inside)).credentials[0].check(CheckName.PROOF).passed
        for media, content in (
            ("application/vc+sd-jwt", token(DOCUMENT, typ="vc+jwt")),
            ("application/vc+jwt", w3c()),
            ("application/vc+sd-jwt", sd_jwt()),
        ):
            assert judged(enveloped(content, media_type=media)).verdict is Verdict.REJECTED

    def test_certificates_do_not_speak_for_it(self):
        entry = one(w3c(x5c=["AAAA"]))
        assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.unsupported.key_in_header")


class TestIssuerByDid:
    def test_resolved(self):
        entry = one(by_did_web(), material=gathered(UNIVERSITY))
        assert entry.verdict is Verdict.ACCEPTED

    def test_not_resolved(self):
        assert one(by_did_web()).verdict is Verdict.CANNOT_TELL

    def test_named_by_its_key_alone(self):
        assert one(sd_jwt(with_claims(iss=None))).summary["issuer"] == {"id": ISSUER.did}
        assert one(sd_jwt(with_claims(iss=None))).verdict is Verdict.ACCEPTED
        assert one(sd_jwt(with_claims(iss=None), HIDDEN, kid=None)).verdict is Verdict.CANNOT_TELL

    def test_the_only_method_where_none_is_named(self):
        assert one(sd_jwt(kid=None)).verdict is Verdict.ACCEPTED

    @pytest.mark.parametrize("member", ["jwk", "jku", "x5u", "x5t", "x5t#S256"])
    def test_a_header_brings_no_key(self, member):
        entry = one(sd_jwt(**{member: HOLDER_JWK if member == "jwk" else "https://evil.example"}))
        assert found(entry, "proof") == (Outcome.INDETERMINATE, "proof.unsupported.key_in_header")

    def test_certificates_beside_a_did_count_nothing(self):
        entry = one(sd_jwt(x5c=["AAAA"]))
        assert found(entry, "issuer_key") == (Outcome.INDETERMINATE, "issuer_key.x5c.did")
        assert entry.verdict is Verdict.CANNOT_TELL

    def test_recognised_by_a_list(self):
        entry = one(sd_jwt(), trust=listing(ISSUER))
        assert found(entry, "authority")[1] == "authority.listed"


def test_it_lies_in_a_file_as_it_is():
    text = sd_jwt()
    assert subject_of((text + "\n").encode()) == text


def test_in_a_list_and_never_bare_in_a_presentation():
    report = judged([sd_jwt(), sd_jwt()])
    assert [entry.verdict for entry in report.credentials] == [Verdict.ACCEPTED] * 2
    assert judged(presentation(sd_jwt())).verdict is Verdict.REJECTED


def test_the_commitment_is_the_same_however_much_is_shown():
    whole = sd_jwt()
    received = [receive(text).envelope for text in (whole, without(whole, "given_name"), shown(whole))]
    values = {commitment_of(proof.verify(ISSUER.private.public), of_sd_jwt=True) for proof in received}
    (value,) = values
    assert (value.form, value.covers) == (SD_JWT_FORM, "mandatory")
    other = receive(sd_jwt()).envelope
    assert commitment_of(other.verify(ISSUER.private.public), of_sd_jwt=True) != value


def test_whatever_time_it_is_judged_at():
    assert one(sd_jwt(), at=AT + timedelta(days=2)).verdict is Verdict.REJECTED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=4) | st.just(digest(MEMBER)),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["_sd", "...", "_sd_alg", "a", "vct"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@pytest.mark.threat(36)
@settings(max_examples=150, deadline=None)
@given(JSON, st.lists(JSON, max_size=3))
def test_no_claims_and_no_disclosures_crash_the_judge(inner, disclosures):
    subject = raw({**OPEN, "inner": inner}, MEMBER, *disclosures)
    assert isinstance(judged(subject).verdict, Verdict)


@pytest.mark.threat(36)
@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ABab01-_.~{", max_size=60), st.integers(0, 400))
def test_no_text_crashes_the_judge(noise, place):
    text = shown(sd_jwt())
    for subject in (text[:place] + noise + text[place:], noise, text[:place], noise + "~"):
        assert judged(subject, request=REQUEST).verdict is not Verdict.ACCEPTED or subject == text


SHOWN = shown(sd_jwt())  # once: salts are drawn, and examples have to be the same each time


@pytest.mark.threat(36)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_bit_of_it_matters(data):
    text = SHOWN
    index = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(sorted({"A", "b", "~", "."} - {text[index]})))
    subject = text[:index] + other + text[index + 1 :]
    assert judged(subject, request=REQUEST).verdict is not Verdict.ACCEPTED


def test_json_form_is_no_credential():
    payload = json.dumps(CLAIMS).encode()
    assert judged({"payload": to_base64url(payload), "protected": "e30", "signature": "AA"}).verdict is Verdict.REJECTED
    assert VC not in sd_jwt()
