"""The same statements written otherwise: an RDF proof still holds, a reader of the JSON would overlook them."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld

from node.credentials.contexts import BUNDLED
from node.credentials.credential import Credential, check_credential
from node.credentials.findings import FindingOutcome
from node.credentials.members import check_members
from node.credentials.objects import Objects
from node.credentials.presentation import check_presentation

CRED = "https://www.w3.org/2018/credentials#"
XSD_DATE_TIME = "http://www.w3.org/2001/XMLSchema#dateTime"
STATUS = {
    "id": "https://university.example/status/1#7",
    "type": "BitstringStatusListEntry",
    "statusPurpose": "revocation",
    "statusListIndex": "7",
    "statusListCredential": "https://university.example/status/1",
}
BADGE = {
    "@context": [
        "https://www.w3.org/ns/credentials/v2",
        "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
    ],
    "id": "https://university.example/badges/1",
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "issuer": {"id": "did:example:university", "type": ["Profile"], "name": "Example University"},
    "validFrom": "2026-06-01T00:00:00Z",
    "validUntil": "2026-07-01T00:00:00Z",
    "credentialStatus": STATUS,
    "credentialSubject": {
        "id": "did:example:ada",
        "type": ["AchievementSubject"],
        "achievement": {
            "id": "https://university.example/achievements/welding",
            "type": ["Achievement"],
            "name": "MIG welding, basic level",
            "description": "Welds thin sheet.",
            "criteria": {"narrative": "A sample is welded and examined."},
        },
    },
    "endorsement": [
        {
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            ],
            "id": "https://employer.example/endorsements/1",
            "type": ["VerifiableCredential", "EndorsementCredential"],
            "issuer": "did:example:employer",
            "validFrom": "2026-06-02T00:00:00Z",
            "credentialSubject": {
                "id": "https://university.example/badges/1",
                "type": ["EndorsementSubject"],
                "endorsementComment": "We hire on this.",
            },
        }
    ],
}


def quads(document):
    """What an RDF proof of the document covers, by an independent JSON-LD processor."""

    def load(url, _options):
        return {"contextUrl": None, "documentUrl": url, "document": BUNDLED[url]}

    text = jsonld.normalize(document, {"documentLoader": load, "format": "application/n-quads"})
    assert text.count("\n") > 20
    return text


def altered(change):
    document = copy.deepcopy(BADGE)
    change(document)
    return document


def rename(document, old, new):
    document[new] = document.pop(old)


def move_to_second_object(document):
    subject = document["endorsement"][0]["credentialSubject"]
    subject["type"] = ["EndorsementSubject", "VerifiableCredential", "OpenBadgeCredential"]
    subject["credentialStatus"] = document.pop("credentialStatus")
    subject["validUntil"] = document.pop("validUntil")


def status_as_iri(document):
    rename(document, "credentialStatus", CRED + "credentialStatus")


def end_as_iri(document):
    document[CRED + "validUntil"] = {"@value": document.pop("validUntil"), "@type": XSD_DATE_TIME}


def status_in_a_set(document):
    document["credentialStatus"] = {"@set": [document["credentialStatus"]]}


def status_in_an_included_block(document):
    status = document.pop("credentialStatus")
    document["@included"] = [{"id": document["id"], "type": ["VerifiableCredential"], "credentialStatus": status}]


def subject_by_keyword(document):
    rename(document["credentialSubject"], "id", "@id")


def one_subject_as_two(document):
    """Whoever reads it is told of two persons, and no name."""
    subject = document["credentialSubject"]
    document["credentialSubject"] = [subject, {"id": subject["id"]}]


def status_type_by_keyword(document):
    rename(document["credentialStatus"], "type", "@type")


def name_with_an_index(document):
    achievement = document["credentialSubject"]["achievement"]
    achievement["name"] = {"@value": achievement["name"], "@index": "MIG welding, master level"}


ATTACKS = [
    (status_as_iri, "members.iri", "/https:~1~1www.w3.org~12018~1credentials#credentialStatus"),
    (end_as_iri, "members.iri", "/https:~1~1www.w3.org~12018~1credentials#validUntil"),
    (status_in_a_set, "members.keyword", "/credentialStatus/@set"),
    (status_in_an_included_block, "members.keyword", "/@included"),
    (subject_by_keyword, "members.keyword", "/credentialSubject/@id"),
    (one_subject_as_two, "credential.subject.repeated", "/credentialSubject/1/id"),
    (status_type_by_keyword, "members.keyword", "/credentialStatus/@type"),
    (name_with_an_index, "members.keyword", "/credentialSubject/achievement/name/@index"),
    (move_to_second_object, "members.repeated_id", "/endorsement/0/credentialSubject/id"),
]


def test_the_untouched_badge_passes():
    assert check_credential(BADGE) == []
    assert Credential(BADGE).status == (STATUS,)


@pytest.mark.threat(9)
@pytest.mark.parametrize(("attack", "code", "path"), ATTACKS)
def test_a_statement_in_a_place_nobody_looks_is_found(attack, code, path):
    document = altered(attack)
    assert quads(document) == quads(BADGE), "the proof would hold: only the look at the JSON can tell"
    assert (code, path) in {(finding.code, finding.path) for finding in check_credential(document)}


def test_two_status_entries_with_one_id_leave_open_which_index_is_meant():
    suspension = STATUS | {"statusPurpose": "suspension", "statusListIndex": "9"}
    exchanged = [STATUS | {"statusListIndex": "9"}, suspension | {"statusListIndex": "7"}]
    honest = altered(lambda document: document.update(credentialStatus=[STATUS, suspension]))
    swapped = altered(lambda document: document.update(credentialStatus=exchanged))
    assert quads(honest) == quads(swapped)
    for document in (honest, swapped):
        (finding,) = check_credential(document)
        assert (finding.code, finding.path) == ("credential.status.repeated", "/credentialStatus")
    apart = [STATUS, suspension | {"id": "https://university.example/status/1#9"}]
    assert check_credential(BADGE | {"credentialStatus": apart}) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda document: document["credentialSubject"].update(id="_:b0"), "members.blank_id"),
        (lambda document: document.update({"@graph": []}), "members.keyword"),
        (lambda document: document.update({"@nest": {}}), "members.keyword"),
        (lambda document: document.update({"@reverse": {}}), "members.keyword"),
        (lambda document: document.update({"@value": "x", "@list": []}), "members.keyword"),
        (lambda document: document["credentialSubject"].update({"@unknown": 1}), "members.keyword"),
        (lambda document: document["credentialSubject"].update({"schema:name": "Ada"}), "members.iri"),
        (lambda document: document["credentialSubject"].update({"urn:example:name": "Ada"}), "members.iri"),
    ],
)
def test_what_compacted_form_has_not_is_found(change, code):
    assert code in {finding.code for finding in check_credential(altered(change))}


@pytest.mark.parametrize(
    ("members", "code", "path"),
    [
        ({"urn:example:name": "Ada"}, "members.iri", "/urn:example:name"),
        ({"@id": "urn:example:2"}, "members.keyword", "/@id"),
        ({"id": "_:b0"}, "members.blank_id", "/id"),
        ({"id": "urn:example:1", "type": ["VerifiableCredential"]}, "members.repeated_id", "/id"),
    ],
)
def test_one_oddity_alone_is_found_wherever_it_is(members, code, path):
    objects = Objects({"id": "urn:example:1", "claims": [[{"inner": members}], {"id": "urn:example:3"}]})
    (finding,) = check_members(objects, "/vc", "VerifiableCredential")
    assert (finding.code, finding.path) == (code, f"/vc/claims/0/0/inner{path}")


def test_an_iri_as_name_is_not_called_wrong():
    document = altered(lambda document: document["credentialSubject"].update({"urn:example:name": "Ada"}))
    (finding,) = check_credential(document)
    assert finding.outcome is FindingOutcome.INDETERMINATE


def test_language_values_and_contexts_keep_their_keywords():
    document = altered(
        lambda document: document.update(
            name={"@value": "MIG welding", "@language": "en", "@direction": "ltr"},
            description=[{"@value": "Spawanie", "@language": "pl"}],
        )
    )
    assert check_credential(document) == []
    inline = {"@protected": True, "level": {"@id": "urn:example:level", "@type": "@id"}, "ex": "urn:example:"}
    assert check_members(Objects({"@context": [inline], "id": "urn:example:1"}), "", "VerifiableCredential") == []


def test_a_presentation_leaves_its_credentials_to_themselves():
    hidden = altered(status_as_iri)
    presentation = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiablePresentation"],
        "verifiableCredential": [hidden],
    }
    (finding,) = check_presentation(presentation)
    assert finding.path.startswith("/verifiableCredential/0/https:")
    assert check_presentation(presentation, credentials=False) == []
    (finding,) = check_presentation(presentation | {"@included": []}, credentials=False)
    assert (finding.code, finding.path) == ("members.keyword", "/@included")


@pytest.mark.threat(9)
@given(st.data())
def test_a_keyword_at_any_depth_is_found(data):
    document, path = copy.deepcopy(BADGE), ""
    place = document
    while True:
        inner = [name for name, value in place.items() if isinstance(value, dict)]
        if not inner or data.draw(st.booleans()):
            break
        name = data.draw(st.sampled_from(inner))
        place, path = place[name], f"{path}/{name}"
    keyword = data.draw(st.sampled_from(["@id", "@type", "@graph", "@included", "@nest", "@reverse", "@set", "@list"]))
    place[keyword] = data.draw(st.sampled_from(["x", [], {}, None, {"id": "urn:example:x"}]))
    assert ("members.keyword", f"{path}/{keyword}") in {(f.code, f.path) for f in check_credential(document)}
