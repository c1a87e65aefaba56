"""What the privacy linter says of SD-JWTs: of the credential as it is, and of both wallet forms."""

import pytest
from disclosure_support import CREATED, JSONLD
from micro_credential_support import sample

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.micro_credential.readers.sd_jwt import EUDI, WE_BUILD
from node.issuance.disclosable import Disclosure
from node.issuance.privacy import PrivacyLinter
from node.issuance.selective_token import claims_of
from node.status.token_status_list import TokenStatusEntry

FORMS = [None, EUDI, WE_BUILD]
DAY = CREATED.replace(hour=0, minute=0, second=0, microsecond=0)
TERM = {"validFrom": "2026-06-12T00:00:00Z", "validUntil": "2026-09-12T00:00:00Z"}
"""The least that an issuer has to state for nothing to be said."""
LIST = "https://lists.example/tokens/1"
ENTRY = {
    "id": "https://lists.example/1#7",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": "https://lists.example/1",
}
HOLDER = str(did_key.create(PrivateKey(KeyType.ED25519, b"\x07" * 32).public))
pytestmark = pytest.mark.threat(39)


def document(subject=None, **changes):
    """The complete sample, for a term and about nobody's key; a change to None takes a member away."""
    made = {name: value for name, value in (sample() | TERM | changes).items() if value is not None}
    made["credentialSubject"].pop("id", None)
    made["credentialSubject"] |= subject or {}
    return made


def linter():
    return PrivacyLinter("", Disclosure(), JSONLD)


def linted(vct, made=None, *mandatory, created=DAY, status=None, by=None):
    disclosure = Disclosure(mandatory)
    claims, choosable, *_ = claims_of(made or document(), disclosure, created=created, vct=vct, status=status)
    return [(one.code, one.path) for one in (by or linter()).look_at_claims(claims, choosable)]


@pytest.mark.parametrize("vct", FORMS)
def test_there_are_credentials_of_which_nothing_is_said(vct):
    assert linted(vct) == []


@pytest.mark.parametrize(
    ("vct", "mandatory", "found"),
    [
        (None, "/credentialSubject/identifier", "/credentialSubject/identifier/0/identityHash"),
        (None, "/credentialSubject/identifier/0/identityHash", "/credentialSubject/identifier/0/identityHash"),
        (EUDI, "/given_name", "/given_name"),
        (EUDI, "/family_name", "/family_name"),
        (WE_BUILD, "/givenName", "/givenName"),
        (WE_BUILD, "/familyName", "/familyName"),
    ],
)
def test_who_it_is_where_nobody_can_hide_it(vct, mandatory, found):
    assert ("privacy.identifying", found) in linted(vct, None, mandatory)
    assert {code for code, _ in linted(vct, None, mandatory)} == {"privacy.identifying"}


@pytest.mark.parametrize(
    ("vct", "mandatory", "found"),
    [
        (None, "/id", ["/id"]),
        (None, "/credentialSubject/id", ["/credentialSubject/id"]),
        (None, "/evidence", ["/evidence/0/id"]),
        (EUDI, "/openBadge", ["/openBadge"]),
        (WE_BUILD, "/sub", ["/sub"]),
    ],
)
def test_identifiers_where_nobody_can_hide_them(vct, mandatory, found):
    made = document({"id": "urn:uuid:1"}, evidence=[{"id": "https://school.example/works/17", "type": ["Evidence"]}])
    assert linted(vct, made) == []
    assert linted(vct, made, mandatory) == [("privacy.id", path) for path in found]


@pytest.mark.parametrize("vct", FORMS)
def test_the_key_of_the_holder(vct):
    assert linted(vct, document({"id": HOLDER})) == [("privacy.key", "/cnf")]


@pytest.mark.parametrize("vct", FORMS)
def test_times_finer_than_a_day(vct):
    start, end = ("/validFrom", "/validUntil") if vct is None else ("/nbf", "/exp")
    fine = {"validFrom": "2026-06-12T00:00:01Z", "validUntil": "2026-09-11T23:59:59Z"}
    assert linted(vct, created=DAY.replace(second=1)) == [("privacy.time", "/iat")]
    assert sorted(linted(vct, document(**fine))) == sorted([("privacy.time", start), ("privacy.time", end)])
    awarded = {None: "/awardedDate", EUDI: "/date_of_issuance", WE_BUILD: "/issuanceDate"}[vct]
    assert linted(vct, document(awardedDate="2026-06-10T09:30:00Z")) == [("privacy.time", awarded)]
    if vct is not None:  # in these forms it is text, and may be the day
        assert linted(vct, document(awardedDate="2026-06-10")) == []


@pytest.mark.parametrize("vct", FORMS)
def test_withdrawal(vct):
    until = "/validUntil" if vct is None else "/exp"
    for changes in ({"validUntil": None}, {"validUntil": "2026-09-13T00:00:00Z"}, {"validFrom": None}):
        assert linted(vct, document(**changes)) == [("privacy.lasting", until)]
    place = None if vct is None else TokenStatusEntry(7, LIST)
    path = "/credentialStatus" if vct is None else "/status"
    made = document(credentialStatus=ENTRY, validUntil=None)
    assert linted(vct, made, status=place) == [("privacy.status", path)]


@pytest.mark.parametrize("vct", FORMS)
def test_values_that_few_share(vct):
    looking = linter()
    for number in range(12):
        end = f"2026-09-{1 + number % 2:02}T00:00:00Z"
        linted(vct, document({"id": HOLDER}, id=f"urn:uuid:{number}", validUntil=end), by=looking)
    assert looking.rare() == []
    linted(vct, document(validUntil="2026-09-03T00:00:00Z"), by=looking)
    assert [one.path for one in looking.rare()] == ["/validUntil" if vct is None else "/exp"]


def test_what_was_said_already_is_not_rare_as_well():
    looking = linter()
    for number in range(12):
        linted(EUDI, created=DAY.replace(second=1 + number), by=looking)
    assert looking.rare() == []
