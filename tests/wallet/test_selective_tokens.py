"""SD-JWTs in the wallet: what is chosen, what it shows, and with whose key."""

import asyncio

import pytest
from sd_jwt_support import CLAIMS, HIDDEN, sd_jwt, shown, with_claims
from verification_support import AT, HOLDER, MALLORY, REQUEST, found, one

from node.adapters.held_keys import HeldKeys
from node.credentials.contexts import BUNDLED
from node.proofs.errors import MalformedProofError
from node.proofs.jsonld import JsonLd
from node.verification.check import Outcome
from node.verification.received import receive
from node.verification.report import Verdict
from node.wallet.derive import derive
from node.wallet.errors import WalletError
from node.wallet.holder import Holder
from node.wallet.present import present

JSONLD = JsonLd(BUNDLED)
NESTED = ("/address", "/address/city", "/grades", "/grades/1", "/grades/1/level")


def derived(reveal=(), text=None):
    return derive(text or sd_jwt(), reveal, jsonld=JSONLD)


def presented(reveal=(), text=None, by=HOLDER, method=None):
    holder = by and Holder(method or by.method, HeldKeys({method or by.method: by.private}))
    return asyncio.run(present(text or sd_jwt(), reveal, REQUEST, created=AT, jsonld=JSONLD, holder=holder))


def test_nothing_but_what_nobody_can_hide():
    made = derived()
    assert made.form == "sd-jwt"
    assert one(made.credential).verdict is Verdict.ACCEPTED
    assert {one.path for one in made.disclosed} == {
        *(f"/{name}" for name in ("iss", "iat", "nbf", "exp", "vct")),
        *(f"/cnf/jwk/{name}" for name in ("kty", "crv", "x")),
        "/address/country",
        "/grades/0",
    }
    assert all(one.always for one in made.disclosed)
    assert set(made.hidden) == {"/given_name", "/family_name", "/address/city", "/grades/1/level"}


@pytest.mark.parametrize(
    "reveal", [("/given_name", "/grades/1"), {"claims": [{"path": ["given_name"]}, {"path": ["grades", 1]}]}]
)
def test_what_was_chosen(reveal):
    made = derived(reveal)
    claims = receive(made.credential).value
    assert claims["given_name"] == "Sample"
    assert claims["grades"] == CLAIMS["grades"]
    assert "family_name" not in claims
    assert {one.path for one in made.disclosed if not one.always} == {"/given_name", "/grades/1/level"}


def test_what_is_chosen_brings_what_it_stands_in_and_what_stands_in_it():
    text = sd_jwt(CLAIMS, NESTED)
    assert receive(derived(("/address/city",), text).credential).value["address"] == CLAIMS["address"]
    whole = receive(derived(("/grades",), text).credential).value
    assert whole["grades"] == CLAIMS["grades"]
    assert "address" not in whole


def test_less_can_be_chosen_of_what_was_chosen():
    first = derived(("/given_name", "/family_name")).credential
    again = derived(("/family_name",), first)
    assert "given_name" not in receive(again.credential).value
    assert "family_name" in receive(derived(("/family_name",), shown(first)).credential).value


@pytest.mark.parametrize("place", ["/nothing", "given_name", "/grades/7", "/given_nam"])
def test_nothing_is_there(place):
    with pytest.raises(MalformedProofError):
        derived((place,))


def test_shown_with_the_key_that_it_is_bound_to():
    made = presented(("/given_name",))
    entry = one(made.presentation, request=REQUEST)
    assert found(entry, "holder") == (Outcome.PASSED, "holder.passed")
    assert entry.verdict is Verdict.ACCEPTED
    assert made.remarks == ("wallet.links.signature",)
    by_did = presented((), sd_jwt(with_claims(cnf={"kid": HOLDER.did})))
    assert found(one(by_did.presentation, request=REQUEST), "holder")[0] is Outcome.PASSED


@pytest.mark.parametrize("cnf", [CLAIMS["cnf"], None, {"kid": HOLDER.method}, {"kid": 5}, {"jkt": "x"}])
def test_nobody_elses_key_signs(cnf):
    with pytest.raises(WalletError) as caught:
        presented((), sd_jwt(with_claims(cnf=cnf)), MALLORY)
    assert caught.value.code == "wallet.subject"


def test_without_a_key_it_is_a_bearers():
    made = presented((), by=None)
    assert "wallet.bearer" in made.remarks
    assert one(made.presentation, request=REQUEST).verdict is Verdict.CANNOT_TELL


def test_of_another_token_nothing_can_be_chosen():
    with pytest.raises(WalletError) as caught:
        derived((), sd_jwt(CLAIMS, HIDDEN).split("~")[0])
    assert caught.value.code == "wallet.form"
