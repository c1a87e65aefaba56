"""What stands on a printed page: the credential in words, in both languages, and nothing that was not in it."""

import copy
import string
import tomllib
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from micro_credential_support import changed, without
from pdf_support import bytes_of, signed_sample
from picture_support import token

from node.credentials.errors import BadgeError, PaperError
from node.documents import DocumentError
from node.issuance.printed_page import MAX_OUTCOMES, MAX_SECTIONS, page_of

ADDRESS = "https://school.example/credentials/1"


def page(document=None, language="en", **options):
    return page_of(bytes_of(document or signed_sample()), language, **options)


def rows(content):
    """Every labelled line of a page, by its label."""
    lines = [*content["head"], *(row for section in content["sections"] for row in section["rows"]), *content["code"]]
    return dict(lines)


def texts(value):
    """Every text in a value, wherever it stands."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from texts(one)
        case dict():
            for one in value.values():
                yield from texts(one)


def test_the_page_says_what_the_credential_states():
    content = page(address=ADDRESS).content
    assert content["title"] == ["MIG welding, basic level", "en"]
    assert content["class"] == "Micro-credential, 11 of 11 elements, by the rules glejt-mc/1"
    digest = sha256(bytes_of(signed_sample()) + b"\n").hexdigest()
    assert rows(content) == {
        "Awarded to": "Given Family",
        "Issued by": "School of Welding · did:key:z6MknNQD1WHLGGraFi6zcbGevuAgkVfdyCdtZnQTGWVVvR5Q",
        "Date of award": "10 June 2026",
        "Learning outcomes": [["Sets current and wire feed for a given sheet", ""]],
        "Workload": "2 ECTS",
        "Level": "EQF 3",
        "Assessment": "practical task",
        "Supervision": "supervised on site, identity checked",
        "Participation": "on site",
        "Quality assurance": "Welding Quality Board",
        "Attached": "credential.json",
        "Address": ADDRESS,
        "SHA-256": " ".join(digest[at : at + 8] for at in range(0, 64, 8)),
    }


def test_the_page_speaks_polish_and_takes_the_polish_texts_of_the_credential():
    content = page(language="pl").content
    assert content["title"] == ["Spawanie metodą MIG, poziom podstawowy", "pl"]
    assert content["class"] == "Mikropoświadczenie, 11 z 11 elementów, według reguł glejt-mc/1"
    said = rows(content)
    assert said["Efekty uczenia się"] == [["Dobiera prąd i posuw drutu do blachy", "pl"]]
    assert said["Data nadania"] == "10 czerwca 2026"
    assert said["Ocena"] == "zadanie praktyczne"


@pytest.mark.parametrize(
    ("language", "proves", "complements"),
    [
        ("en", "The page itself proves nothing; the attached credential does", "does not replace one"),
        ("pl", "Sama strona niczego nie dowodzi; dowodzi dołączone poświadczenie", "go nie zastępuje"),
    ],
)
@pytest.mark.parametrize("address", [None, ADDRESS])
def test_the_page_says_that_it_proves_nothing_and_how_to_check(language, proves, complements, address):
    said = " ".join(page(language=language, address=address).content["said"]["paragraphs"])
    assert proves in said
    assert complements in said
    assert "glejt verify" in said


def test_the_code_has_the_address_that_was_given_else_that_of_the_credential_else_none():
    assert page(signed_sample(id=ADDRESS)).code.address == ADDRESS
    assert page(signed_sample(id=ADDRESS), address="https://other.example/").code.address == "https://other.example/"
    assert page().code.address is None
    assert page(signed_sample(id="http://school.example/1")).code.address is None
    assert page(signed_sample(id="https://user@evil.example/1")).code.address is None
    assert "Address" not in rows(page().content)


def test_the_class_on_the_page_is_computed_and_never_what_the_credential_calls_itself():
    poorer = without("/credentialSubject/achievement/workload", document=signed_sample())
    assert page(poorer).content["class"].startswith("Achievement badge, 10 of 11")
    none = changed("/credentialSubject/achievement/assessmentType", "none", document=signed_sample())
    assert page(none).content["class"].startswith("Participation badge")
    silent = without("/credentialSubject/achievement/criteria", document=signed_sample())
    assert page(silent).content["class"].startswith("Class not stated")


def test_a_page_has_the_date_of_the_credential():
    assert page().date == datetime(2026, 6, 10, tzinfo=UTC)
    odd = signed_sample(awardedDate="0001-01-01T00:00:00+14:00", validFrom="soon")
    assert page(odd).date is None
    assert rows(page(odd).content)["Date of award"] == "0001-01-01T00:00:00+14:00"


def test_a_day_is_that_of_the_place_where_it_was_written():
    for stated in ("2026-06-10T00:00:00+02:00", "2026-06-10T23:59:59-11:00"):
        assert rows(page(signed_sample(awardedDate=stated)).content)["Date of award"] == "10 June 2026"


@pytest.mark.parametrize(
    ("identifier", "shown"),
    [
        ({"identityType": "emailAddress", "hashed": False, "identityHash": "demo@school.example"}, None),
        ({"identityType": "emailAddress", "hashed": True, "identityHash": "sha256$" + "0" * 64, "salt": "x"}, None),
        ({"identityType": "ext:studentNumber", "hashed": False, "identityHash": "S-17"}, "S-17"),
    ],
)
def test_no_address_and_no_digest_of_a_learner_is_printed(identifier, shown):
    document = changed("/credentialSubject/identifier/0", {"type": "IdentityObject", **identifier}, signed_sample())
    document = without("/credentialSubject/id", document=document)
    assert rows(page(document).content)["Awarded to"] == (shown or "Name not shown.")


def test_an_end_is_said():
    assert rows(page(signed_sample(validUntil="2027-06-10T00:00:00Z")).content)["In force until"] == "10 June 2027"


def test_several_achievements_stand_under_headings_of_their_own():
    document = signed_sample(name="Transcript")
    one = document["credentialSubject"]["achievement"]
    many = [copy.deepcopy(one) | {"id": f"urn:a:{n}", "name": f"Part {n}"} for n in range(MAX_SECTIONS + 2)]
    for achievement in many:
        achievement.pop("nameMap")
    document["credentialSubject"]["achievement"] = many
    content = page(document).content
    assert content["title"] == ["Transcript", ""]
    assert [section["title"][0] for section in content["sections"]] == [f"Part {n}" for n in range(MAX_SECTIONS)]
    assert content["more"].startswith("… and 2 more")


def test_a_long_list_of_outcomes_ends_with_how_many_are_left():
    document = signed_sample()
    achievement = document["credentialSubject"]["achievement"]
    outcome = achievement["resultDescription"][0]
    achievement["resultDescription"] = [outcome | {"id": f"urn:o:{n}", "name": f"Outcome {n}"} for n in range(100)]
    shown = rows(page(document).content)["Learning outcomes"]
    assert len(shown) == MAX_OUTCOMES + 1
    assert shown[-1][0].startswith(f"… and {100 - MAX_OUTCOMES} more")


def test_a_token_is_attached_as_it_stands():
    held = token({"vc": signed_sample()})
    printed = page_of(held, "en")
    assert (printed.file, printed.file_name) == (held + b"\n", "credential.jwt")
    assert printed.media_type == "application/vc+jwt"
    assert printed.content["title"][0] == "MIG welding, basic level"


def test_the_media_type_is_that_of_the_version():
    assert page().media_type == "application/vc"
    old = signed_sample(**{"@context": ["https://www.w3.org/2018/credentials/v1"]})
    assert page(old).media_type == "application/ld+json"


@pytest.mark.parametrize(
    ("credential", "error", "code"),
    [
        (bytes_of(without("/proof", document=signed_sample())), PaperError, "paper.credential"),
        (bytes_of(signed_sample(proof=[])), PaperError, "paper.credential"),
        (b'{"type": ["VerifiablePresentation"], "proof": {}}', PaperError, "paper.credential"),
        (b"{}", PaperError, "paper.credential"),
        (token({"x": 1}), PaperError, "paper.credential"),
        (token({"vc": signed_sample()}, alg="none"), BadgeError, "picture.badge.unsigned"),
        (b'{"a": 1, "a": 2}', DocumentError, "document.duplicate_key"),
        (b"https://school.example/1", DocumentError, "document.syntax"),
        (b"hello", DocumentError, "document.syntax"),
        (b"\xff", DocumentError, "document.not_utf8"),
    ],
)
def test_what_is_no_signed_credential_is_not_printed(credential, error, code):
    with pytest.raises(error) as caught:
        page_of(credential, "en")
    assert caught.value.code == code


@pytest.mark.threat(14)
@settings(max_examples=150, deadline=None)
@given(st.text(min_size=1, max_size=400))
def test_no_text_of_a_credential_can_move_hide_or_bury_another(text):
    document = signed_sample(name=text)
    subject = document["credentialSubject"]
    subject["identifier"][0]["identityHash"] = text
    achievement = subject["achievement"]
    achievement["name"] = achievement["assessmentType"] = achievement["inLanguage"] = text
    achievement["nameMap"] = {"en": text, text: text}
    achievement["workload"][0]["value"] = text
    achievement["resultDescription"][0]["name"] = text
    document["issuer"]["name"] = text
    try:
        printed = page_of(bytes_of(document), "en")
    except UnicodeEncodeError:  # half a character is no text
        return
    for one in texts(printed.content):
        assert len(one) < 2_000
        assert all(c.isprintable() or c in "\u200c\u200d\u2068\u2069" for c in one)
        assert one.count("\u2068") == one.count("\u2069")


def _leaves(table, path=""):
    for key, value in table.items():
        yield from _leaves(value, f"{path}{key}.") if isinstance(value, dict) else [(path + key, value)]


def test_both_catalogues_have_the_same_keys_and_places():
    found = {}
    for language in ("en", "pl"):
        text = files("node.issuance").joinpath("catalogue", f"{language}.toml").read_text("utf-8")
        leaves = dict(_leaves(tomllib.loads(text)))
        found[language] = {
            key: {name for _, name, _, _ in string.Formatter().parse(said) if name} for key, said in leaves.items()
        }
    assert found["en"] == found["pl"]
