"""What strangers write around an SD-JWT VC, certificates, metadata, places in lists: noise is refused, no crash."""

import base64
import json

import pytest
from certificate_support import LEAF, ROOTS, URL, certified
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sd_jwt_support import HIDDEN, LIST, sd_jwt, with_claims
from verification_support import AT, EVERYDAY, found, one

from node.status.errors import StatusError
from node.status.token_status_list import read_reference
from node.verification.check import Outcome
from node.verification.material import MetadataCopy, Origin, VerificationMaterial
from node.verification.policy import built_in
from node.verification.report import Verdict
from node.verification.sd_jwt_vc.certificates import certified_key
from node.verification.sd_jwt_vc.issuer_metadata import published_key

DER = LEAF.public_bytes(Encoding.DER)
NAME = DER.index(b"Demo Issuer")
UNUSED_BITS = DER.rindex(b"\x03", 0, len(DER) - 64) + 2
"""The byte of the signature that says how many of its last bits do not count: no reader looks at it, and it is the
authority's signature alone that it stands in. The header with all certificates is signed by the issuer."""
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-1, 2**64)
    | st.floats(allow_nan=False)
    | st.sampled_from(["EC", "P-256", "sig", URL, LIST, ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["issuer", "jwks", "jwks_uri", "keys", "kty", "crv", "x", "y", "kid", "use", "idx", "uri"]),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


def encoded(der):
    return base64.b64encode(der).decode()


@pytest.mark.parametrize(
    ("at", "byte"), [(NAME, 0xFF), (NAME - 2, 0x03), (NAME - 1, 0xFF)], ids=["no text", "bits for a text", "too long"]
)
def test_a_certificate_whose_name_cannot_be_read(at, byte):
    """The library reads a name only once it is asked for, and then fails in more than one way."""
    broken = DER[:at] + bytes([byte]) + DER[at + 1 :]
    for iss in (URL, None):
        entry = one(certified(x5c=[encoded(broken)], iss=iss), trust=ROOTS)
        assert found(entry, "issuer_key") == (Outcome.FAILED, "issuer_key.x5c.malformed")
        assert entry.verdict is not Verdict.ACCEPTED


@settings(max_examples=400, deadline=None)
@given(
    st.integers(0, len(DER) - 1), st.integers(0, 4), st.binary(max_size=4), st.sampled_from([URL, None]), st.booleans()
)
@example(0, 0, b"\xff" * 4, None, False)
def test_no_certificate_crashes_the_judge_and_none_that_was_changed_counts(place, length, noise, issuer, alone):
    changed = DER[:place] + noise + DER[place + length :]
    chain = [encoded(changed)] if alone else [encoded(DER), encoded(changed)]
    _, finding = certified_key(chain, issuer, ROOTS, EVERYDAY, AT)
    json.dumps(finding.evidence)
    if (
        alone
        and changed != DER
        and changed[:UNUSED_BITS] + changed[UNUSED_BITS + 1 :] != DER[:UNUSED_BITS] + DER[UNUSED_BITS + 1 :]
    ):
        assert finding.outcome is not Outcome.PASSED


@settings(max_examples=200, deadline=None)
@given(VALUES | st.text(max_size=40), VALUES, st.sampled_from(["first", None]))
def test_no_metadata_of_an_issuer_crashes_the_judge(content, keys, kid):
    for published in (content, {"issuer": URL, "jwks": keys}, {"issuer": URL, "jwks": {"keys": [keys]}}):
        text = published if isinstance(published, str) else json.dumps(published)
        copy = MetadataCopy(f"{URL}/.well-known/jwt-vc-issuer", text, Origin.LIVE, AT)
        finding = published_key(URL, kid, VerificationMaterial(metadata=(copy,)), built_in())
        assert finding.outcome is not Outcome.PASSED


@settings(max_examples=150, deadline=None)
@given(VALUES)
def test_no_claim_about_a_status_crashes_the_judge(value):
    for claim in (value, {"status_list": value}, {"status_list": {"idx": value, "uri": LIST}}):
        try:
            place = read_reference(claim)
        except StatusError:
            place = None
        assert place is None or read_reference(place.to_json()) == place
        assert one(sd_jwt(with_claims() | {"status": claim}, HIDDEN)).verdict is not Verdict.ACCEPTED
