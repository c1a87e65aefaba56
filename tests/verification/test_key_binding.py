"""Who shows an SD-JWT: the key-binding JWT, each MUST of RFC 9901, section 7.3.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-7.3
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jose_support import NOW
from sd_jwt_support import HIDDEN, HOLDER_JWK, sd_jwt, shown, with_claims
from verification_support import HOLDER, MALLORY, REQUEST, UNIVERSITY, credential, found, judged, one

from node.proofs.sd_jwt.disclosure import digest_of
from node.verification.check import CheckName, Outcome
from node.verification.report import Verdict

DOCUMENT = credential(cnf={"jwk": HOLDER_JWK}, description="A course in the spring.")


W3C = "vc+sd-jwt"


def w3c():
    return sd_jwt(DOCUMENT, ("/description",), typ="vc+sd-jwt", cty="vc")


class TestKeyBinding:
    GOOD = shown(sd_jwt())

    def test_shown_live(self):
        entry = one(self.GOOD, request=REQUEST)
        assert found(entry, "holder") == (Outcome.PASSED, "holder.passed")
        assert entry.verdict is Verdict.ACCEPTED

    @pytest.mark.threat(35)
    @pytest.mark.parametrize(
        ("subject", "outcome", "code"),
        [
            pytest.param(sd_jwt(), "indeterminate", "no_proof", id="none"),
            pytest.param(shown(sd_jwt(), MALLORY), "failed", "proof_invalid", id="another key"),
            pytest.param(shown(sd_jwt(), header={"typ": "jwt"}), "failed", "proof_invalid", id="another type"),
            pytest.param(shown(sd_jwt(), header={"typ": None}), "failed", "proof_invalid", id="no type"),
            pytest.param(
                shown(sd_jwt(), header={"jwk": HOLDER_JWK}), "indeterminate", "not_checked", id="brings its key"
            ),
            pytest.param(shown(sd_jwt(), aud="https://evil.example"), "failed", "replay", id="another audience"),
            pytest.param(shown(sd_jwt(), aud=REQUEST.domain + "/"), "failed", "replay", id="nearly the audience"),
            pytest.param(shown(sd_jwt(), aud=[REQUEST.domain]), "failed", "proof_invalid", id="a list of audiences"),
            pytest.param(shown(sd_jwt(), aud=None), "failed", "proof_invalid", id="no audience"),
            pytest.param(shown(sd_jwt(), nonce="another"), "failed", "replay", id="another nonce"),
            pytest.param(shown(sd_jwt(), nonce=None), "failed", "proof_invalid", id="no nonce"),
            pytest.param(shown(sd_jwt(), iat=NOW - 301), "failed", "replay", id="old"),
            pytest.param(shown(sd_jwt(), iat=NOW + 301), "failed", "replay", id="of the future"),
            pytest.param(shown(sd_jwt(), iat=None), "failed", "proof_invalid", id="no iat"),
            pytest.param(shown(sd_jwt(), sd_hash=None), "failed", "proof_invalid", id="no sd_hash"),
            pytest.param(
                shown(sd_jwt(), sd_hash=digest_of("x", "sha-256")), "failed", "proof_invalid", id="another's sd_hash"
            ),
            pytest.param(
                sd_jwt() + shown(sd_jwt()).rpartition("~")[2], "failed", "proof_invalid", id="that of another showing"
            ),
            pytest.param(shown(sd_jwt(with_claims(cnf=None))), "failed", "other_key", id="bound to no key"),
            pytest.param(sd_jwt(with_claims(cnf=None)), "indeterminate", "no_proof", id="bound to no key, no binding"),
        ],
    )
    def test_what_is_not_shown_live_does_not_pass(self, subject, outcome, code):
        entry = one(subject, request=REQUEST)
        assert found(entry, "holder") == (Outcome(outcome), f"holder.{code}")
        assert entry.verdict is not Verdict.ACCEPTED

    @pytest.mark.threat(34)
    @pytest.mark.parametrize("subject", [{"id": None}, {"id": UNIVERSITY.did}], ids=["no identifier", "another's"])
    def test_the_key_binds_whoever_the_subject_is(self, subject):
        """The issuer's word is the key: without an identifier of the subject, or with another's, nothing changes."""
        members = {name: value for name, value in {**DOCUMENT["credentialSubject"], **subject}.items() if value}
        text = sd_jwt({**DOCUMENT, "credentialSubject": members or {"name": "Sample Learner"}}, (), typ=W3C, cty="vc")
        assert found(one(shown(text), request=REQUEST), "holder") == (Outcome.PASSED, "holder.passed")
        assert found(one(shown(text, MALLORY), request=REQUEST), "holder")[0] is Outcome.FAILED
        typed = sd_jwt(with_claims(sub=subject["id"]))
        assert found(one(shown(typed), request=REQUEST), "holder") == (Outcome.PASSED, "holder.passed")
        assert found(one(shown(typed, UNIVERSITY), request=REQUEST), "holder")[0] is Outcome.FAILED

    @pytest.mark.threat(35)
    def test_a_key_binding_under_no_algorithm_is_refused_with_all(self):
        assert judged(shown(sd_jwt(), header={"alg": "none"}), request=REQUEST).verdict is Verdict.REJECTED

    @pytest.mark.threat(35)
    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, len(HIDDEN) - 1))
    def test_nothing_can_be_taken_away_after_binding(self, which):
        jwt, *parts, kb = self.GOOD.split("~")
        subject = "~".join([jwt, *(part for index, part in enumerate(parts) if index != which), kb])
        entry = one(subject, request=REQUEST)
        assert found(entry, "holder") == (Outcome.FAILED, "holder.proof_invalid")

    @pytest.mark.threat(35)
    @settings(max_examples=30, deadline=None)
    @given(st.integers(0, len(HIDDEN) - 1))
    def test_nothing_can_be_added_after_binding(self, which):
        jwt, *parts, _ = sd_jwt().split("~")
        fewer = "".join(f"{part}~" for part in (jwt, *(part for index, part in enumerate(parts) if index != which)))
        kb = shown(fewer).rpartition("~")[2]
        assert found(one(fewer + kb, request=REQUEST), "holder")[0] is Outcome.PASSED
        whole = "".join(f"{part}~" for part in (jwt, *parts))
        assert found(one(whole + kb, request=REQUEST), "holder") == (Outcome.FAILED, "holder.proof_invalid")

    def test_nobody_asked(self):
        entry = one(self.GOOD)
        assert found(entry, "holder") == (Outcome.INDETERMINATE, "holder.no_challenge")
        assert one(sd_jwt()).check(CheckName.HOLDER).evidence == {"bearer": True}

    def test_bound_to_a_method_of_a_did(self):
        subject = shown(sd_jwt(with_claims(cnf={"kid": HOLDER.method})))
        assert found(one(subject, request=REQUEST), "holder")[0] is Outcome.PASSED
        other = shown(sd_jwt(with_claims(cnf={"kid": MALLORY.method})))
        assert found(one(other, request=REQUEST), "holder") == (Outcome.FAILED, "holder.proof_invalid")
        unknown = shown(sd_jwt(with_claims(cnf={"kid": f"{UNIVERSITY.did}#0"})))
        assert found(one(unknown, request=REQUEST), "holder")[0] is Outcome.INDETERMINATE

    @pytest.mark.parametrize("cnf", [{"jkt": "x"}, {"jwk": {"kty": "oct", "k": "AAAA"}}, {"jwk": {"kty": "EC"}}])
    def test_a_key_that_cannot_be_used_leaves_it_open(self, cnf):
        entry = one(shown(sd_jwt(with_claims(cnf=cnf))), request=REQUEST)
        assert found(entry, "holder") == (Outcome.INDETERMINATE, "holder.key")

    def test_a_w3c_credential_too(self):
        entry = one(shown(w3c()), request=REQUEST)
        assert found(entry, "holder")[0] is Outcome.PASSED
        assert entry.verdict is Verdict.ACCEPTED
        assert found(one(shown(w3c(), MALLORY), request=REQUEST), "holder")[0] is Outcome.FAILED
        assert found(one(w3c(), request=REQUEST), "holder")[0] is Outcome.INDETERMINATE
