"""Badges, endorsements and records, both ways: what we compose is read by others, what they issue is read by us."""

import copy
import dataclasses
import json
from dataclasses import asdict
from functools import cache

import jsonschema_rs
import pytest
from award_support import achievement, award, fresh
from samples import DID, signed
from support import vectors
from verification_support import judged

from node.credentials.compose import compose
from node.credentials.endorsement import compose_endorsement, read_endorsement
from node.verification.report import Sentence, Verdict

pytestmark = pytest.mark.peer

CREATED = "2026-06-12T14:03:00Z"
NOW = "2026-06-13T00:00:00Z"
CLR = "https://purl.imsglobal.org/spec/clr/v2p0/context-2.0.1.json"


def composed(issuer=DID, **changes):
    return compose(achievement(), award(issuer={"id": issuer, "name": "School of Welding"}, **changes))


def endorsement(issuer=DID):
    document = {"name": "A word for it", "endorses": achievement().id, "endorsementComment": "Good."}
    other = dataclasses.replace(fresh(issuer), new_id=lambda: "urn:uuid:0d8f6f34-7d0a-4f0e-9c53-6f1a5a1f0c11")
    return compose_endorsement(read_endorsement(document, other))


def record(*held):
    return {
        "@context": [held[0]["@context"][0], CLR, held[0]["@context"][1]],
        "id": "urn:uuid:5f3a2c11-9d1e-4c1f-8a52-0d4f1b6a7e33",
        "type": ["VerifiableCredential", "ClrCredential"],
        "name": "Record of a semester",
        "issuer": {"id": DID, "type": ["Profile"], "name": "School of Welding"},
        "validFrom": CREATED,
        "credentialSubject": {
            "type": ["ClrSubject"],
            "verifiableCredential": list(held),
            "association": [
                {
                    "type": "Association",
                    "associationType": "isPartOf",
                    "sourceId": held[0]["id"],
                    "targetId": "urn:uuid:5f3a2c11-9d1e-4c1f-8a52-0d4f1b6a7e34",
                }
            ],
        },
    }


@cache
def published(kind):
    schema = json.loads(vectors("openbadges", "schemas", "1edtech-gh-pages", f"{kind}.json").read_bytes())
    return jsonschema_rs.Draft201909Validator(schema, validate_formats=True)


def made(name):
    """One of our documents, signed as `glejt issue` signs what it composes."""
    unsigned = {
        "award": lambda: composed(credentialStatus=None),
        "award with a status": composed,
        "award with an endorsement": lambda: composed(
            credentialStatus=None, endorsement=[signed(endorsement(), proof_array=True)]
        ),
        "endorsement": endorsement,
        "record": lambda: record(signed(composed(credentialStatus=None), proof_array=True)),
    }[name]()
    return signed(unsigned, proof_array=True)


OURS = ["award", "award with a status", "award with an endorsement", "endorsement", "record"]


WITH_A_STATUS = "award with a status"
"""Both libraries want the list at hand; `@digitalbazaar/vc` can be asked for the signature alone."""
ASKED = [("verify", name) for name in OURS] + [("dccVerify", name) for name in OURS if name != WITH_A_STATUS]


@pytest.mark.parametrize(("operation", "name"), ASKED)
def test_what_we_compose_is_verified_by_others_and_refused_once_altered(operation, name, peer):
    document = made(name)
    how = {"now": NOW, "bare": name == WITH_A_STATUS} if operation == "verify" else {}
    answer = peer.ask(operation, document=document, **how)
    assert (answer["verified"], answer["errors"]) == (True, [])
    altered = copy.deepcopy(document)
    altered["name"] += "!"
    assert peer.ask(operation, document=altered, **how)["verified"] is False


@pytest.mark.vectors
@pytest.mark.parametrize("name", [name for name in OURS if name != "record"])
def test_what_we_compose_keeps_to_the_published_schema(name):
    kind = "endorsementcredential" if name == "endorsement" else "achievementcredential"
    assert [error.message for error in published(kind).iter_errors(made(name))] == []


@pytest.mark.parametrize("make", [composed, endorsement])
def test_what_dcc_issues_is_verified_here_and_refused_once_altered(make, peer):
    key = peer.generate("Ed25519")
    changes = {"credentialStatus": None} if make is composed else {}
    document = peer.ask("dccIssue", document=make(key.did, **changes), key=asdict(key), date=CREATED)
    assert judged(document).verdict is Verdict.ACCEPTED
    assert peer.ask("dccVerify", document=document)["verified"] is True
    altered = copy.deepcopy(document)
    altered["name"] += "!"
    assert judged(altered).sentence is Sentence.ALTERED


def test_a_record_that_others_sign_is_verified_here_with_what_it_holds(peer):
    key = peer.generate("Ed25519")
    inner = peer.ask("dccIssue", document=composed(key.did, credentialStatus=None), key=asdict(key), date=CREATED)
    whole = record(inner) | {"issuer": {"id": key.did, "type": ["Profile"]}}
    document = peer.ask("sign", document=whole, suite="eddsa-rdfc-2022", key=asdict(key), date=CREATED)
    report = judged(document)
    assert [entry.verdict for entry in report.credentials] == [Verdict.ACCEPTED] * 2
    document["credentialSubject"]["association"][0]["sourceId"] = "urn:uuid:0"
    assert judged(document).credentials[0].sentence is Sentence.ALTERED
