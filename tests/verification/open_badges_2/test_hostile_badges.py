"""Whatever a badge, and whatever its hosts publish: a report, never an exception, and never acceptance by accident."""

import json

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from open_badges_2_support import SCHOOL, assertion, jws, material, signed_assertion, signing_world, world
from verification_support import AT, EVERYDAY

from node.verification.report import Verdict
from node.verification.trust import NO_TRUST
from node.verification.verify import verify
from node.verification.wording import wording

NAMES = [
    "id", "type", "@context", "recipient", "badge", "verification", "verify", "issuedOn", "expires", "revoked", "uid",
    "issuer", "publicKey", "owner", "publicKeyPem", "revocationList", "revokedAssertions", "creator", "endorsement",
    "allowedOrigins", "startsWith", "verificationProperty", "identity", "hashed", "salt", "url", "name", "criteria",
]  # fmt: skip
ADDRESSES = [
    f"{SCHOOL}/assertions/1",
    f"{SCHOOL}/issuer",
    f"{SCHOOL}/badges/welding",
    f"{SCHOOL}/keys/1",
    f"{SCHOOL}/revoked",
]
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 2**53 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from(
        [*ADDRESSES, "hosted", "signed", "HostedBadge", "SignedBadge", "Assertion", "https://evil.example/x"]
    ),
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=8,
)
changes = st.lists(st.tuples(st.sampled_from(NAMES), values), min_size=1, max_size=3)


def report(subject, published):
    """The report, in both languages and as JSON."""
    found = verify(subject, material(published), EVERYDAY, AT, trust=NO_TRUST)
    for language in ("en", "pl"):
        wording(found, language)
    json.dumps(found.to_json())
    return found


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes, st.sampled_from(ADDRESSES))
def test_whatever_the_hosts_publish_there_is_a_report(changed, where):
    for subject, published in ((assertion(), world()), (jws(signed_assertion()), signing_world())):
        if where in published:
            published[where] = {**published[where], **dict(changed)}
        report(subject, published)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes)
def test_whatever_a_badge_says_there_is_a_report_and_its_host_decides(changed):
    given_badge = {**assertion(), **dict(changed)}
    found = report(given_badge, world())
    if found.verdict is Verdict.ACCEPTED:
        (entry,) = found.credentials
        assert entry.summary["name"] == "MIG welding, basic level"
        assert entry.summary["issuer"]["id"] == f"{SCHOOL}/issuer"
        for name in ("recipient", "issuedOn", "expires"):
            assert given_badge.get(name) == assertion().get(name)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(values, values)
def test_whatever_is_there_in_the_place_of_an_object_there_is_a_report(one, other):
    published = {**world(), f"{SCHOOL}/badges/welding": one, f"{SCHOOL}/issuer": other}
    assert report(assertion(), published).verdict is not Verdict.ACCEPTED
    report(one, world())
