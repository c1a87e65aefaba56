"""A status list as its issuer publishes it: version after version, and nothing withdrawn ever comes back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from samples import DID, KEY, METHOD, badge, finished, profile, signed
from status_support import copy_of

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.credentials.timestamps import parse_timestamp
from node.documents import UnsecuredDocument
from node.issuance.errors import IssuanceError
from node.issuance.secure import Signing
from node.issuance.status_lists import LIFETIME, STEP, bits_of, first_version, next_version
from node.status.bitstring import MIN_ENTRIES, Bitstring
from node.status.entry import StatusEntry
from node.status.errors import BitstringError, FinalStatusError, OutOfRangeError, StatusError
from node.status.status_list import SEALED_UNTIL, build_status_list, read_status_list
from node.verification.check import CheckName
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.policy import built_in
from node.verification.trust import NO_TRUST
from node.verification.verify import verify

URL = "https://school.example/status/1"
NOW = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
HOUR = timedelta(hours=1)
SIGNING = Signing(profile(), HeldKeys({METHOD: KEY}), NO_TRUST)


def begin(purpose="revocation", *, bits=None, now=NOW, **more):
    return finished(first_version(URL, bits or Bitstring.zeros(), SIGNING, purpose=purpose, now=now, **more))


def follow(current, changes=(), *, now=NOW + HOUR, signing=SIGNING, material=EMPTY, **more):
    given = dict.fromkeys(changes, 1) if not isinstance(changes, dict) else changes
    return finished(next_version(current, material, given, signing, now=now, **more))


def places(document):
    return dict(bits_of(read_status_list(document)).nonzero())


def dates(document):
    return tuple(parse_timestamp(document[name]) for name in ("validFrom", "validUntil"))


def pointing(index=7, purpose="revocation"):
    return signed(badge(credentialStatus=StatusEntry(URL, index, purpose).to_json()))


def judged(document, *lists, at, policy="everyday"):
    copies = tuple(copy_of(each, Origin.FILE, url=URL) for each in lists)
    report = verify(document, VerificationMaterial(status_lists=copies), built_in(policy), at)
    return report.credentials[0].check(CheckName.STATUS)


def test_versions_follow_one_another():
    first = begin()
    assert dates(first) == (NOW, NOW + LIFETIME)
    second = follow(first, [7])
    assert dates(second) == (NOW + HOUR, NOW + HOUR + LIFETIME)
    third = follow(second, [9], now=NOW + 2 * HOUR, lifetime=HOUR)
    assert (places(third), dates(third)) == ({7: 1, 9: 1}, (NOW + 2 * HOUR, NOW + 3 * HOUR))
    assert places(first) == {}
    document = pointing()
    assert judged(document, first, at=NOW).code == "status.passed"
    assert judged(document, third, at=NOW + 2 * HOUR).code == "status.revoked"


def test_a_version_is_always_later_than_the_one_before():
    first = begin()
    same_moment = follow(first, now=NOW)
    assert dates(same_moment)[0] == NOW + STEP
    a_little_behind = follow(same_moment, now=NOW - timedelta(seconds=100))
    assert dates(a_little_behind)[0] == NOW + 2 * STEP
    with pytest.raises(IssuanceError) as refused:
        follow(first, now=NOW - timedelta(seconds=121))
    assert refused.value.code == "issuance.clock"


def test_what_else_a_list_says_stays():
    document = build_status_list(
        URL, DID, Bitstring.zeros(), valid_from=NOW, valid_until=NOW + LIFETIME, ttl=timedelta(minutes=1)
    )
    document |= {"name": "Withdrawals 2026", "issuer": {"id": DID, "name": "Test School"}}
    document["credentialSubject"] = [{**document["credentialSubject"], "statusPurpose": ["revocation", "suspension"]}]
    current = finished(SIGNING.secure(UnsecuredDocument(document), created=NOW))
    following = follow(current, [7])
    assert following["name"] == "Withdrawals 2026"
    assert following["issuer"] == {"id": DID, "name": "Test School"}
    assert following["credentialSubject"]["ttl"] == 60_000
    assert following["credentialSubject"]["statusPurpose"] == ["revocation", "suspension"]
    assert places(following) == {7: 1}


@pytest.mark.threat(55)
def test_nothing_final_is_taken_back():
    current = follow(begin(), [7])
    for purpose in ("revocation", "refresh"):
        current = follow(begin(purpose), [7])
        with pytest.raises(FinalStatusError):
            follow(current, {7: 0}, now=NOW + 2 * HOUR)
    lifted = follow(follow(begin("suspension"), [7]), {7: 0}, now=NOW + 2 * HOUR)
    assert places(lifted) == {}


def test_a_sealed_list_is_followed_by_nothing():
    sealed = follow(begin(), [7], seal=True)
    assert parse_timestamp(sealed["validUntil"]) == SEALED_UNTIL
    for change in ({}, {8: 1}):
        with pytest.raises(FinalStatusError) as refused:
            follow(sealed, change, now=NOW + 2 * HOUR)
        assert refused.value.code == "status.final.list"
    far = NOW.replace(year=2056)
    assert judged(pointing(8), sealed, at=far, policy="archive").code == "status.passed"
    assert judged(pointing(7), sealed, at=far, policy="archive").code == "status.revoked"


@pytest.mark.parametrize("size", range(2, 9))
def test_the_length_of_a_list_tells_how_wide_its_entries_are(size):
    current = begin("message", bits=Bitstring.zeros(MIN_ENTRIES, size))
    following = follow(current, {7: (1 << size) - 1, MIN_ENTRIES - 1: 2})
    assert bits_of(read_status_list(following)).size == size
    assert places(following) == {7: (1 << size) - 1, MIN_ENTRIES - 1: 2}
    messages = tuple(f"m{value}" for value in range(1 << size))
    entry = StatusEntry(URL, MIN_ENTRIES - 1, "message", size, messages)
    check = judged(signed(badge(credentialStatus=entry.to_json())), following, at=NOW + HOUR)
    assert (check.code, check.evidence["said"]) == ("status.message", "m2")


@pytest.mark.parametrize(
    ("purpose", "bits"),
    [("revocation", Bitstring.zeros(MIN_ENTRIES, 2)), ("message", Bitstring.zeros(MIN_ENTRIES + 8, 2))],
)
def test_wide_entries_whose_width_could_not_be_told_are_not_made(purpose, bits):
    with pytest.raises(BitstringError) as refused:
        begin(purpose, bits=bits)
    assert refused.value.code == "status.bitstring.entries"


@pytest.mark.parametrize(
    ("change", "error"),
    [({MIN_ENTRIES: 1}, OutOfRangeError), ({-1: 1}, OutOfRangeError), ({7: 2}, BitstringError)],
)
def test_what_cannot_be_set(change, error):
    with pytest.raises(error):
        follow(begin(), change)


def test_only_what_its_issuer_signed_is_followed():
    current = begin()
    stranger = PrivateKey(KeyType.ED25519, bytes([9]) * 32)
    other = profile(stranger)
    theirs = Signing(other, HeldKeys({other.verification_method: stranger}), NO_TRUST)
    with pytest.raises(IssuanceError) as refused:
        follow(current, [7], signing=theirs)
    assert refused.value.code == "issuance.issuer"
    without_proof = {name: value for name, value in current.items() if name != "proof"}
    altered = {**current, "validUntil": "2036-06-12T14:03:00Z"}
    for document in (without_proof, altered, {}, signed()):
        with pytest.raises((IssuanceError, StatusError)):
            follow(document, [7])


def test_an_ended_version_may_be_followed():
    following = follow(begin(), [7], now=NOW + timedelta(days=30))
    assert places(following) == {7: 1}


def test_signing_works_with_a_store_that_waits():
    class Slow(HeldKeys):
        async def sign(self, verification_method, data):
            await asyncio.sleep(0)
            return await super().sign(verification_method, data)

    slow = Signing(profile(), Slow({METHOD: KEY}), NO_TRUST)
    made = asyncio.run(first_version(URL, Bitstring.zeros(), slow, purpose="revocation", now=NOW))
    assert places(made) == {}


class ListsOfAnIssuer(RuleBasedStateMachine):
    """Withdraw, suspend, lift and renew in any order; show any versions, old or new, at any later time.

    Whoever sees a version in which a document is withdrawn never calls it good again. Whoever sees the latest one sees
    everything that was ever withdrawn.
    """

    PLACES = st.sampled_from([0, 7, 8, 131_071])

    def __init__(self):
        super().__init__()
        self.now = NOW
        self.versions = [begin()]
        self.withdrawn = [frozenset()]
        self.suspensions = [begin("suspension")]
        self.suspended = set()

    def _later(self, minutes):
        self.now += timedelta(minutes=minutes)

    @rule(place=PLACES, minutes=st.integers(0, 600))
    def withdraw(self, place, minutes):
        self._later(minutes)
        self.versions.append(follow(self.versions[-1], [place], now=self.now))
        self.withdrawn.append(self.withdrawn[-1] | {place})

    @rule(minutes=st.integers(0, 600))
    def renew(self, minutes):
        self._later(minutes)
        self.versions.append(follow(self.versions[-1], now=self.now))
        self.withdrawn.append(self.withdrawn[-1])

    @precondition(lambda self: self.withdrawn[-1])
    @rule(data=st.data())
    def try_to_take_back(self, data):
        place = data.draw(st.sampled_from(sorted(self.withdrawn[-1])))
        with pytest.raises(FinalStatusError):
            follow(self.versions[-1], {place: 0}, now=self.now)

    @rule(place=PLACES, on=st.booleans())
    def suspend_or_lift(self, place, on):
        self.suspensions.append(follow(self.suspensions[-1], {place: int(on)}, now=self.now))
        (self.suspended.add if on else self.suspended.discard)(place)

    @rule(data=st.data(), place=PLACES, policy=st.sampled_from(["everyday", "strict", "archive"]))
    def show_any_versions(self, data, place, policy):
        chosen = data.draw(st.lists(st.integers(0, len(self.versions) - 1), min_size=1, max_size=3, unique=True))
        at = self.now + STEP * len(self.versions)
        check = judged(pointing(place), *(self.versions[number] for number in chosen), at=at, policy=policy)
        if any(place in self.withdrawn[number] for number in chosen):
            assert check.code == "status.revoked"
        else:
            assert check.code in {"status.passed", "status.list.ended", "status.list.stale"}
            assert (check.code == "status.passed") is (
                policy == "archive" or at - dates(self.versions[max(chosen)])[1] <= timedelta(seconds=120)
            )

    @rule(place=PLACES)
    def show_the_latest_suspensions(self, place):
        at = max(self.now, dates(self.suspensions[-1])[0])
        check = judged(pointing(place, "suspension"), self.suspensions[-1], at=at, policy="archive")
        assert check.code == ("status.suspended" if place in self.suspended else "status.passed")

    @invariant()
    def the_latest_version_has_all(self):
        assert set(places(self.versions[-1])) == self.withdrawn[-1]


TestListsOfAnIssuer = pytest.mark.threat(48)(pytest.mark.threat(55)(ListsOfAnIssuer.TestCase))
TestListsOfAnIssuer.settings = settings(max_examples=20, stateful_step_count=15, deadline=None)
