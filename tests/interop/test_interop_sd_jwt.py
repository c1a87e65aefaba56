"""SD-JWTs between glejt and two other implementations, both ways: the PyPI package and @sd-jwt on Node."""

from datetime import UTC, datetime

import pytest
from jose_support import token as jws_of
from jwcrypto.jwk import JWK
from sd_jwt.common import SDObj
from sd_jwt.holder import SDJWTHolder
from sd_jwt.issuer import SDJWTIssuer
from sd_jwt.verifier import SDJWTVerifier
from sd_jwt_support import HIDDEN, sd_jwt, shown, with_claims
from verification_support import AT, REQUEST, Party, found, one

from did_methods.multikey import KeyType, PrivateKey
from node.status.token_status_list import TokenStatusEntry, pack, read_token_status_list
from node.verification.check import Outcome
from node.verification.received import receive
from node.verification.report import Verdict
from node.wallet.selective_token import select

P256, P256_HOLDER = (
    Party(PrivateKey(KeyType.P256, (41).to_bytes(32))),
    Party(PrivateKey(KeyType.P256, (42).to_bytes(32))),
)
NOW = int(AT.timestamp())
SECRET = P256.private.to_jwk()
HOLDER_SECRET = P256_HOLDER.private.to_jwk()
OURS = with_claims(iss=P256.did, cnf={"jwk": P256_HOLDER.private.public.to_jwk()})
TEXT = sd_jwt(OURS, HIDDEN, P256)
FRAME = {"_sd": ["given_name", "family_name"], "address": {"_sd": ["city"]}, "grades": {"_sd": [1]}}
PRESENTED = {"given_name": True, "grades": {"1": True}}
KB = {"iat": NOW, "aud": REQUEST.domain, "nonce": REQUEST.challenge}


def revealed(text):
    """Our own choice from an SD-JWT: the given name, and the second grade."""
    return select(text, ("/given_name", "/grades/1")).chosen.text


def chosen():
    return {
        **{name: value for name, value in OURS.items() if name not in {"family_name", "address"}},
        "address": {"country": "PL"},
    }


class TestPyPi:
    """The reference implementation in Python."""

    def verified(self, text, nonce=None, audience=None):
        key = JWK(**P256.private.public.to_jwk())
        return SDJWTVerifier(text, lambda _issuer, _header: key, audience, nonce).get_verified_payload()

    def test_ours_is_read(self):
        assert self.verified(TEXT) == OURS
        assert self.verified(revealed(TEXT)) == chosen()

    def test_our_key_binding_is_read(self):
        bound = shown(revealed(TEXT), P256_HOLDER)
        assert self.verified(bound, REQUEST.challenge, REQUEST.domain) == chosen()

    def test_theirs_is_read(self):
        claims = {name: value for name, value in OURS.items() if name != "cnf"}
        marked = {
            SDObj(name) if name in {"given_name", "family_name"} else name: value for name, value in claims.items()
        }
        marked["address"] = {"country": "PL", SDObj("city"): "Łódź"}
        marked["grades"] = ["5.0", SDObj({"level": 6})]
        issuer = SDJWTIssuer(
            marked,
            JWK(**SECRET),
            JWK(**P256_HOLDER.private.public.to_jwk()),
            sign_alg="ES256",
            add_decoy_claims=True,
            extra_header_parameters={"typ": "dc+sd-jwt", "kid": P256.method},
        )
        assert receive(issuer.sd_jwt_issuance).value == OURS
        assert one(issuer.sd_jwt_issuance).verdict is Verdict.ACCEPTED
        holder = SDJWTHolder(issuer.sd_jwt_issuance)
        holder.create_presentation(
            {"given_name": True, "grades": [None, True]},
            REQUEST.challenge,
            REQUEST.domain,
            JWK(**HOLDER_SECRET),
            "ES256",
        )
        assert receive(holder.sd_jwt_presentation).value == chosen()
        entry = one(holder.sd_jwt_presentation, request=REQUEST, at=datetime.now(UTC))  # it signs for no other time
        assert found(entry, "holder") == (Outcome.PASSED, "holder.passed")

    def test_what_it_does_not_look_at(self):
        """Why it is an oracle and no dependency: an expired credential passes there."""
        ended = sd_jwt(with_claims(iss=P256.did, exp=1, nbf=0, iat=0), HIDDEN, P256)
        assert self.verified(ended)["exp"] == 1
        assert one(ended).verdict is Verdict.REJECTED


@pytest.mark.peer
class TestNode:
    """@sd-jwt/sd-jwt-vc."""

    def verified(self, peer, text, holder=None):
        return peer.ask(
            "sdJwtVerify",
            token=text,
            jwk=P256.private.public.to_jwk(),
            holder=holder and P256_HOLDER.private.public.to_jwk(),
            nonce=REQUEST.challenge,
            now=NOW,
        )

    def test_ours_is_read(self, peer):
        assert self.verified(peer, TEXT)["payload"] == OURS
        assert self.verified(peer, revealed(TEXT))["payload"] == chosen()

    def test_our_key_binding_is_read(self, peer):
        answer = self.verified(peer, shown(revealed(TEXT), P256_HOLDER), holder=True)
        assert answer["payload"] == chosen()
        assert {name: answer["kb"][name] for name in KB} == KB

    @pytest.mark.parametrize("key_type", [KeyType.P256, KeyType.ED25519])
    def test_theirs_is_read(self, peer, key_type):
        issuer = P256 if key_type is KeyType.P256 else Party(PrivateKey(key_type, bytes([43]) * 32))
        text = peer.ask(
            "sdJwtIssue",
            claims={**OURS, "iss": issuer.did},
            frame={**FRAME, "_sd_decoy": 2},
            jwk=issuer.private.to_jwk(),
            header={"kid": issuer.method},
        )
        assert receive(text).value == {**OURS, "iss": issuer.did}
        assert one(text).verdict is Verdict.ACCEPTED
        presented = peer.ask("sdJwtPresent", token=text, frame=PRESENTED, jwk=HOLDER_SECRET, claims=KB)
        assert receive(presented).value == {**chosen(), "iss": issuer.did}
        assert found(one(presented, request=REQUEST), "holder")[0] is Outcome.PASSED

    def test_theirs_from_ours_and_ours_from_theirs(self, peer):
        presented = peer.ask("sdJwtPresent", token=TEXT, frame=PRESENTED, jwk=HOLDER_SECRET, claims=KB)
        assert found(one(presented, request=REQUEST), "holder")[0] is Outcome.PASSED
        theirs = peer.ask("sdJwtIssue", claims=OURS, frame=FRAME, jwk=SECRET, header={"kid": P256.method})
        assert self.verified(peer, shown(revealed(theirs), P256_HOLDER), holder=True)["payload"] == chosen()

    def test_status_lists(self, peer):
        values = [0, 1, 2, 3, 0, 0, 1, 0]
        made = peer.ask(
            "sdJwtStatus",
            values=values,
            bits=2,
            claims={"sub": "https://lists.example/1", "iss": P256.did, "iat": NOW},
            header={"alg": "ES256"},
        )
        content = read_token_status_list(made["payload"])
        assert [content.value(TokenStatusEntry(index, content.uri)) for index in range(8)] == values
        assert content.data == pack(dict(enumerate(values)), 8, 2)
        token = jws_of(made["payload"], typ="statuslist+jwt")
        assert [peer.ask("sdJwtStatus", token=token, index=index) for index in range(8)] == values
