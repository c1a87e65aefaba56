"""The parts of Open Badges 2 by themselves: places of an issuer, recipients, dates, links."""

from datetime import UTC, datetime
from hashlib import md5, sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.credentials.errors import TimestampError
from node.credentials.open_badges_2.dates import parse_date
from node.credentials.open_badges_2.identity import read_identity, same_recipient
from node.credentials.open_badges_2.objects import (
    Assertion,
    Kind,
    Profile,
    authority_of,
    is_assertion,
    link,
    on_the_web,
)
from node.credentials.open_badges_2.scope import Scope

ISSUER = "https://school.example/issuers/1"


def scope(**rules):
    return Scope.of(Profile({"id": ISSUER, **({"verification": rules} if rules else {})}))


@pytest.mark.threat(56)
@pytest.mark.parametrize(
    ("rules", "inside", "outside"),
    [
        (
            {},
            ["https://school.example/a", "http://school.example/a", "https://SCHOOL.example:443/a"],
            [
                "https://evil.example/a",
                "https://school.example.evil.example/a",
                "https://school.example@evil.example/a",
                "https://school.example:8443/a",
                "https://school.example\\@evil.example/a",
                "https://evil.example/https://school.example/",
                "https://evil.example/?https://school.example/",
                "urn:uuid:1",
                "",
            ],
        ),
        (
            {"allowedOrigins": "badges.example"},
            ["https://badges.example/a"],
            ["https://school.example/a", "https://sub.badges.example/a", "https://badges.example.evil.example/a"],
        ),
        (
            {"allowedOrigins": ["https://badges.example/", "files.example:8443"]},
            ["https://badges.example/a", "https://files.example:8443/a"],
            ["https://files.example/a", "https://school.example/a"],
        ),
        (
            {"startsWith": "https://school.example/issuers/1/"},
            ["https://school.example/issuers/1/a", "http://school.example/issuers/1/a"],
            ["https://school.example/issuers/2/a", "https://school.example/", "https://evil.example/issuers/1/a"],
        ),
        (
            {"startsWith": "https://school.example"},
            ["https://school.example/a"],
            ["https://school.example.evil.example/a", "https://school.examples/a"],
        ),
        (
            {"startsWith": ["https://badges.example/school/"], "allowedOrigins": ["badges.example", "school.example"]},
            ["https://badges.example/school/1"],
            ["https://badges.example/other/1", "https://school.example/school/1"],
        ),
        (
            {"startsWith": ["https://one.example/a/", "https://two.example/b/"]},
            ["https://one.example/a/1", "https://two.example/b/1"],
            ["https://two.example/a/1", "https://one.example/b/1"],
        ),
        (
            {"startsWith": "https://one.example/", "allowedOrigins": "two.example"},
            [],
            ["https://one.example/1", "https://two.example/1"],
        ),
    ],
)
def test_the_places_that_a_profile_names(rules, inside, outside):
    places = scope(**rules)
    assert [address for address in inside if not places.holds(address)] == []
    assert [address for address in outside if places.holds(address)] == []


@pytest.mark.parametrize(
    "profile",
    [
        {"id": ISSUER, "verification": {"verificationProperty": "uid"}},
        {"id": ISSUER, "verification": {"startsWith": "not an address"}},
        {"id": ISSUER, "verification": {"startsWith": {"any": 1}}},
        {"id": "urn:uuid:1"},
        {},
    ],
)
def test_rules_that_are_not_known_here_name_no_place(profile):
    assert Scope.of(Profile(profile)) is None


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20))
def test_no_text_before_or_behind_brings_another_host_into_the_scope(host, way):
    address = f"https://{host}school.example.{way}"
    if scope().holds(address):
        assert authority_of(address) == "school.example"


@settings(max_examples=200, deadline=None)
@given(st.text(min_size=1, max_size=40), st.text(max_size=10), st.text(min_size=1, max_size=40))
def test_a_recipient_is_one_with_its_own_hash_and_with_no_others(value, salt, other):
    plain = read_identity({"type": "email", "hashed": False, "identity": value})
    data = (value + salt).encode("utf-8", "surrogatepass")
    for name, digest in (("sha256", sha256(data)), ("md5", md5(data, usedforsecurity=False))):
        hashed = read_identity(
            {"type": "email", "hashed": True, "identity": f"{name}${digest.hexdigest().upper()}", "salt": salt}
        )
        assert same_recipient(plain, hashed) is same_recipient(hashed, plain) is same_recipient(hashed, hashed) is True
        another = read_identity({"type": "email", "identity": other})
        assert same_recipient(another, hashed) is (other == value)
        assert value not in repr(hashed) or len(value) < 3
    assert same_recipient(plain, read_identity({"type": "url", "identity": value})) is False


@pytest.mark.parametrize(
    "recipient",
    [
        None, "x", [], {}, {"type": "email"}, {"identity": "x"}, {"type": "email", "identity": ""},
        {"type": "", "identity": "x"}, {"type": "email", "identity": 7}, {"type": "email", "identity": "x", "salt": 7},
        {"type": "email", "identity": "x", "hashed": True}, {"type": "email", "identity": "x", "hashed": "yes"},
        {"type": "email", "identity": "x", "hashed": None}, {"type": "email", "identity": "x", "hashed": {}},
        {"type": "email", "identity": "sha256$" + "g" * 64, "hashed": True},
        {"type": "email", "identity": "sha256$" + "0" * 32, "hashed": True},
        {"type": "email", "identity": "md5$" + "0" * 64, "hashed": True},
        {"type": "email", "identity": "sha512$" + "0" * 128, "hashed": True},
    ],
)  # fmt: skip
def test_what_names_nobody(recipient):
    assert read_identity(recipient) is None


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2016-12-31T23:59:59+00:00", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2016-12-31T23:59:59Z", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("2016-12-31T23:59Z", datetime(2016, 12, 31, 23, 59, tzinfo=UTC)),
        ("2016-12-31T23:59+0130", datetime(2016, 12, 31, 22, 29, tzinfo=UTC)),
        ("2016-12-31T23:59:59.123456-0100", datetime(2017, 1, 1, 0, 59, 59, 123456, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (1483228799, datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_dates_in_the_spellings_that_badges_have(text, moment):
    assert parse_date(text) == moment


@pytest.mark.threat(28)
@pytest.mark.parametrize(
    "text",
    ["", "2016-12-31", "2016-12-31T23:59:59", "20161231T235959Z", "2016-W52-6T00:00Z", "2016-12-31 23:59:59Z",
     "1483228799", "2016-12-31T23:59:60Z", "2016-12-31T23Z", -1, 10**12, 1.5, True, None, [], {}, "9" * 10_000],
)  # fmt: skip
def test_what_is_no_moment(text):
    with pytest.raises(TimestampError):
        parse_date(text)


def test_what_says_that_it_is_an_assertion():
    assert is_assertion({"type": "Assertion"})
    assert is_assertion({"type": ["https://school.example/T", "Assertion"]})
    assert is_assertion({"uid": "1", "recipient": {}, "badge": "x", "verify": {}})
    for other in (
        {},
        {"type": "BadgeClass"},
        {"type": [], "uid": "1"},
        {"@type": "Assertion"},
        {"type": {"id": "Assertion"}},
    ):
        assert not is_assertion(other)


@pytest.mark.parametrize(
    ("verification", "kind"),
    [
        ({"type": "hosted"}, Kind.HOSTED),
        ({"type": ["HostedBadge"]}, Kind.HOSTED),
        ({"type": "SignedBadge"}, Kind.SIGNED),
        ({"type": ["signed", "https://school.example/T"]}, Kind.SIGNED),
        ({"type": ["signed", "hosted"]}, Kind.OTHER),
        ({"type": "MerkleProofVerification2017"}, Kind.OTHER),
        ({"type": 7}, None),
        ({}, None),
        ("hosted", None),
        (None, None),
    ],
)
def test_how_a_badge_says_that_it_is_to_be_verified(verification, kind):
    assert Assertion({"type": "Assertion", "verification": verification}).kind is kind


def test_a_link_is_an_iri_a_copy_or_both():
    assert link("https://a.example/1") == ("https://a.example/1", None)
    assert link({"id": "https://a.example/1"}) == ("https://a.example/1", None)
    assert link({"id": "https://a.example/1", "name": "x"}) == (
        "https://a.example/1",
        {"id": "https://a.example/1", "name": "x"},
    )
    assert [link(value) for value in (None, "", 7, [], {"id": 7})] == [(None, None)] * 5
    assert on_the_web("HTTPS://a.example") is True
    assert not any(
        map(on_the_web, (None, "", "https://", "ftp://a.example", "https:a.example", "https://a b", "javascript:1"))
    )
