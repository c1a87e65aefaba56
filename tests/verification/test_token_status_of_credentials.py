"""A Token Status List named by the token around a credential of the W3C: it withdraws the credential all the same."""

import asyncio

import pytest
from jose_support import token
from sd_jwt_support import LIST, status, status_list
from verification_support import AT, HOLDER, ISSUER, MALLORY, VC, found, one

from did_methods.resolution import Resolution
from node.verification.errors import UnreachableError
from node.verification.gather import gather
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.sources import Sources
from node.verification.trust import NO_TRUST

DOCUMENT = {
    "@context": [VC],
    "type": ["VerifiableCredential"],
    "issuer": ISSUER.did,
    "validFrom": "2026-01-01T00:00:00Z",
    "credentialSubject": {"id": HOLDER.did},
}
FORMS = {"vc+jwt": "", "vc+sd-jwt": "~"}
every_form = pytest.mark.parametrize("typ", FORMS)


def wrapped(typ, by=ISSUER, document=DOCUMENT, **members):
    return token({**document, **members}, by, typ=typ) + FORMS[typ]


def asked(subject, *values):
    copies = tuple(StatusListCopy(LIST, status_list({3: value}), Origin.LIVE, AT) for value in values)
    return found(one(subject, material=VerificationMaterial(status_lists=copies)), "status")


@every_form
@pytest.mark.threat(102)
def test_a_withdrawn_credential(typ):
    subject = wrapped(typ, status=status(3))
    assert asked(subject, 1) == ("failed", "status.revoked")
    assert asked(subject, 2) == ("failed", "status.suspended")
    assert asked(subject, 0) == ("passed", "status.passed")
    assert asked(subject) == ("indeterminate", "status.not_checked")
    assert asked(wrapped(typ)) == ("not_applicable", "status.none")


@every_form
def test_another_way_to_withdraw_is_not_none(typ):
    assert asked(wrapped(typ, status={"identifier_list": {"id": "x"}}))[0] == "indeterminate"


def test_the_worse_of_two_lists_counts():
    other = {
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "3",
        "statusListCredential": "https://lists.example/2",
    }
    assert asked(wrapped("vc+jwt", status=status(3), credentialStatus=other), 1) == ("failed", "status.revoked")
    assert asked(wrapped("vc+jwt", status=status(3), credentialStatus=other), 0)[0] == "indeterminate"


def test_a_stranger_withdraws_nothing():
    signed = ISSUER.sign(DOCUMENT, "eddsa-jcs-2022")
    assert asked(wrapped("vc+jwt", MALLORY, signed, status=status(3)), 1) == ("not_applicable", "status.none")


@every_form
def test_the_list_is_asked_for(typ):
    urls = []

    async def fetch(url, **_limits):
        urls.append(url)
        raise UnreachableError("nobody is there", code="fetch.unreachable", remedy="")

    async def resolve(_did):
        return Resolution(None, {}, {"error": {"type": "https://www.w3.org/ns/did#NOT_FOUND"}})

    material = asyncio.run(gather(wrapped(typ, status=status(3)), Sources(resolve, lambda: AT, fetch), NO_TRUST))
    assert urls == [LIST]
    assert LIST in material.status_failures
