"""Token Status Lists, which say whether an SD-JWT VC was withdrawn."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jose_support import NOW
from sd_jwt_support import LIST, sd_jwt, status, status_list, with_claims, without
from verification_support import AT, EVERYDAY, ISSUER, MALLORY, found, one

from did_methods.multibase import to_base64url
from node.status.errors import StatusError
from node.status.token_status_list import TokenStatusEntry, pack, read_token_status_list
from node.verification.check import Outcome
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.policy import Policy
from node.verification.report import Verdict


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
