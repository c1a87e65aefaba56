"""Accreditations as documents: two shapes that say the same, nothing lost, and nothing read that is not understood."""

import copy
import json
from datetime import UTC, datetime

import pytest

from node.credentials.accreditation import digest_in, multibase, parse_accreditation
from node.credentials.accreditation_file import compose_accreditation
from node.credentials.context_profile import check_contexts
from node.credentials.contexts import BUNDLED
from node.credentials.credential import check_credential
from node.credentials.draft import Fresh
from node.credentials.errors import AccreditationError, AccreditationFormError
from node.credentials.record_name import Promise, RecordName, with_records
from node.credentials.scope import Level, Scope
from node.proofs.jsonld import JsonLd

BODY, AGENCY, SCHOOL = (f"did:web:{name}.example" for name in ("body", "agency", "school"))
NOW = datetime(2026, 6, 12, 14, 3, tzinfo=UTC)
NAME = RecordName(1, bytes(range(20)), bytes(range(32)))
DIGEST = bytes(range(32))
FILE = {
    "issuer": {"name": "Sample Board"},
    "name": "Accreditation of a school",
    "subject": {"id": SCHOOL, "name": "Sample School"},
    "scopes": [
        {"types": ["OpenBadgeCredential", "Certificate"], "level": [{"framework": "EQF", "code": "4"}]},
        {"limitJurisdiction": ["PL", "DE"], "achievement": ["https://school.example/achievements/1"]},
    ],
    "mayIssue": True,
    "mayAccredit": 1,
    "namespaces": [str(NAME)],
    "parent": {"id": "urn:uuid:1", "digestMultibase": multibase(DIGEST)},
    "validUntil": "2030-01-01T00:00:00Z",
}


def fresh():
    return Fresh(AGENCY, NOW, lambda: "urn:uuid:00000000-0000-4000-8000-000000000001", lambda: "salt")


def composed(**changes):
    return compose_accreditation({**FILE, **changes}, fresh())


def test_it_reads_back_as_what_was_stated():
    found = parse_accreditation(composed())
    assert (found.body, found.subject, found.subject_name) == (AGENCY, SCHOOL, "Sample School")
    assert (found.may_issue, found.depth, found.namespaces) == (True, 1, (NAME,))
    assert (found.parent.id, found.parent.digest) == ("urn:uuid:1", DIGEST)
    assert (found.valid_from, found.valid_until) == (NOW, datetime(2030, 1, 1, tzinfo=UTC))
    assert found.scopes == (
        Scope(frozenset(["OpenBadgeCredential", "Certificate"]), levels=frozenset([Level("EQF", "4")])),
        Scope(achievements=frozenset(["https://school.example/achievements/1"]), countries=frozenset(["PL", "DE"])),
    )


def test_both_shapes_say_the_same():
    document = composed()
    assert document["type"] == [
        "VerifiableCredential",
        "VerifiableAttestation",
        "VerifiableAccreditation",
        "VerifiableAccreditationToAttest",
        "VerifiableAccreditationToAccredit",
        "RecognizedEntityCredential",
    ]
    subject = document["credentialSubject"]
    assert subject["type"] == "RecognizedEntity"
    assert [action["action"] for action in subject["recognizedTo"]] == ["issue", "accredit"]
    assert {action["recognizedBy"] for action in subject["recognizedTo"]} == {AGENCY}
    assert document["termsOfUse"][0]["parentAccreditation"] == "urn:uuid:1"
    plain = composed(mayAccredit=0, mayIssue=True, parent=None, namespaces=[])
    assert "VerifiableAccreditationToAccredit" not in plain["type"]
    assert "accreditationDepth" not in plain["credentialSubject"]
    assert "termsOfUse" not in plain


def test_nothing_of_it_is_lost_in_rdf():
    document = with_records(composed(), [RecordName(1, bytes(range(20)), bytes(range(32)), Promise.ACCREDITATIONS)])
    assert check_credential(document) == []
    assert check_contexts(document) == []
    quads = JsonLd(BUNDLED, rdf_direction="i18n-datatype").to_rdf(document)
    told = {(predicate, value) for _, predicate, value, _ in quads}
    entity = "https://www.w3.org/ns/credentials/recognized-entities#"
    assert (f"<{entity}action>", '"issue"') in told
    assert (f"<{entity}recognizedBy>", f"<{AGENCY}>") in told
    assert ("<https://w3id.org/glejt#levelCode>", '"4"') in told
    assert ("<https://w3id.org/glejt#limitJurisdiction>", '"DE"') in told
    assert ("<https://w3id.org/glejt#anchorNamespace>", f"<{NAME}>") in told
    assert ("<https://w3id.org/glejt#parentAccreditation>", "<urn:uuid:1>") in told


def _without(name):
    return lambda document: document.pop(name)


def _in_subject(**members):
    return lambda document: document["credentialSubject"].update(members)


BROKEN = {
    "no kind": lambda d: d["type"].remove("RecognizedEntityCredential"),
    "no permission": lambda d: d.update(type=[t for t in d["type"] if not t.startswith("VerifiableAccreditationTo")]),
    "less permitted by its types": lambda d: d["type"].remove("VerifiableAccreditationToAttest"),
    "accredits by its types alone": lambda d: d["credentialSubject"]["recognizedTo"].pop(),
    "acts by itself": lambda d: d["credentialSubject"]["recognizedTo"][0].update(recognizedBy=SCHOOL),
    "another action": lambda d: d["credentialSubject"]["recognizedTo"][0].update(action="verify"),
    "an action with a limit": lambda d: d["credentialSubject"]["recognizedTo"][0].update(outputValidation="urn:x"),
    "an action twice": lambda d: d["credentialSubject"]["recognizedTo"].append(
        d["credentialSubject"]["recognizedTo"][0]
    ),
    "no actions": _in_subject(recognizedTo=[]),
    "actions that are none": _in_subject(recognizedTo=["issue"]),
    "two subjects": lambda d: d.update(credentialSubject=[d["credentialSubject"], d["credentialSubject"]]),
    "no subject": _without("credentialSubject"),
    "nobody": lambda d: d["credentialSubject"].pop("id"),
    "no entity": _in_subject(type="Person"),
    "an unknown limit": _in_subject(limitOccupation=["urn:x"]),
    "no issuer": _without("issuer"),
    "no id": _without("id"),
    "no scopes": _in_subject(accreditedFor=[]),
    "nine scopes": _in_subject(accreditedFor=[{}] * 9),
    "an unknown limit of a scope": _in_subject(accreditedFor=[{"limitOccupation": ["x"]}]),
    "schema": _in_subject(accreditedFor=[{"schemaId": "https://schemas.example/1"}]),
    "no depth": lambda d: d["credentialSubject"].pop("accreditationDepth"),
    "depth 0": _in_subject(accreditationDepth=0),
    "depth 3": _in_subject(accreditationDepth=3),
    "depth true": _in_subject(accreditationDepth=True),
    "depth as text": _in_subject(accreditationDepth="1"),
    "depth as a fraction": _in_subject(accreditationDepth=1.5),
    "no namespace": _in_subject(anchorNamespace=["eip155:1"]),
    "a promise": _in_subject(anchorNamespace=[f"{NAME}/heads"]),
    "nine namespaces": _in_subject(anchorNamespace=[str(NAME)] * 9),
    "other terms": lambda d: d["termsOfUse"].append({"type": "IssuerPolicy", "id": "urn:x"}),
    "two parents": lambda d: d["termsOfUse"].append(d["termsOfUse"][0]),
    "a parent without digest": lambda d: d["termsOfUse"][0].pop("digestMultibase"),
    "a parent by another digest": lambda d: d["termsOfUse"][0].update(digestMultibase="zQm"),
    "no terms": lambda d: d.update(termsOfUse=[]),
    "no start": _without("validFrom"),
    "no date": lambda d: d.update(validFrom="tomorrow"),
    "an end before the start": lambda d: d.update(validUntil="2020-01-01T00:00:00Z"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_not_read(kind):
    document = copy.deepcopy(composed())
    BROKEN[kind](document)
    with pytest.raises(AccreditationFormError) as caught:
        parse_accreditation(document)
    assert caught.value.code == "accreditation.form"


@pytest.mark.parametrize(
    ("changes", "code", "path"),
    [
        ({"colour": "red"}, "accreditation.member", "/colour"),
        ({"subject": None}, "accreditation.subject", "/subject"),
        ({"subject": "https://school.example"}, "accreditation.subject", "/subject"),
        ({"subject": f"{SCHOOL}#key"}, "accreditation.subject", "/subject"),
        ({"subject": {"id": SCHOOL, "role": "x"}}, "accreditation.subject", "/subject"),
        ({"subject": {"id": SCHOOL, "name": 3}}, "accreditation.text", "/subject/name"),
        ({"subject": AGENCY}, "accreditation.self", "/subject"),
        ({"scopes": None}, "accreditation.scopes", "/scopes"),
        ({"scopes": []}, "accreditation.scopes", "/scopes"),
        ({"scopes": [{}, {}]}, "accreditation.scope", "/scopes/1"),
        ({"scopes": [{"colour": []}]}, "accreditation.scope", "/scopes/0/colour"),
        ({"mayAccredit": 3}, "accreditation.depth", "/mayAccredit"),
        ({"mayAccredit": True}, "accreditation.depth", "/mayAccredit"),
        ({"mayAccredit": 0, "mayIssue": False}, "accreditation.permission", "/mayIssue"),
        ({"mayIssue": "yes"}, "accreditation.permission", "/mayIssue"),
        ({"namespaces": ["eip155:1"]}, "accreditation.namespace", "/namespaces/0"),
        ({"parent": "urn:uuid:1"}, "accreditation.parent", "/parent"),
        ({"parent": {"id": "urn:uuid:1", "digestMultibase": "u"}}, "accreditation.parent", "/parent"),
        ({"validUntil": "2020-01-01T00:00:00Z"}, "accreditation.period", "/validUntil"),
        ({"validUntil": "later"}, "accreditation.time", "/validUntil"),
    ],
)
def test_each_problem_of_the_file(changes, code, path):
    with pytest.raises(AccreditationError) as caught:
        composed(**changes)
    assert (code, path) in [(problem.code, problem.path) for problem in caught.value.problems]
    assert all(problem.remedy for problem in caught.value.problems)


def test_digests_have_one_form():
    text = multibase(DIGEST)
    assert digest_in(text) == DIGEST
    for other in (
        text[1:],
        text + "=",
        text[:-1],
        "z" + text[1:],
        text.replace("uEi", "uEy"),
        "u",
        "",
        None,
        3,
        "u\u0105",
    ):
        assert digest_in(other) is None


def test_it_fits_under_its_parent_or_is_not_composed():
    wide = parse_accreditation(
        compose_accreditation(
            {"subject": AGENCY, "scopes": [{"level": [{"framework": "EQF", "code": "4"}]}], "mayAccredit": 1},
            Fresh(BODY, NOW, lambda: "urn:uuid:1", lambda: "salt"),
        )
    )
    given = {"subject": SCHOOL, "scopes": [{"level": [{"framework": "EQF", "code": "4"}], "types": ["Certificate"]}]}
    document = compose_accreditation(given, fresh(), (wide, DIGEST))
    assert parse_accreditation(document).parent.digest == DIGEST
    for changes, path in (
        ({"scopes": [{}]}, "/scopes/0"),
        ({"mayAccredit": 1}, "/mayAccredit"),
        ({"parent": {"id": "urn:uuid:2", "digestMultibase": multibase(DIGEST)}}, "/parent"),
    ):
        with pytest.raises(AccreditationError) as caught:
            compose_accreditation({**given, **changes}, fresh(), (wide, DIGEST))
        assert path in [problem.path for problem in caught.value.problems]
    stranger = Fresh(SCHOOL, NOW, lambda: "urn:uuid:3", lambda: "salt")
    with pytest.raises(AccreditationError):
        compose_accreditation({**given, "subject": BODY}, stranger, (wide, DIGEST))


def test_it_is_json_as_it_stands():
    assert json.loads(json.dumps(composed())) == composed()
