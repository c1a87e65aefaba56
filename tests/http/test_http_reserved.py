"""What the node alone signs for an organisation: whoever has credentials issued has none of it signed.

Each sample is what a key with the scope to issue, and no other, had signed before it was refused.
"""

import json
from base64 import b64encode
from hashlib import sha256

import pytest
from issuing_support import add_profile, issue
from node_support import NOW

from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT
from node.issuance.domain_linkages import linkage_credential
from node.verification.errors import RegisterError
from node.verification.register_form import head_of, read_head

STATUS = "https://www.w3.org/ns/credentials/status#"
HEAD = "https://node.example/register/org-a"


def plain(did, **members):
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "issuer": did,
        "validFrom": "2026-09-01T12:00:00Z",
        "credentialSubject": {"id": did},
        **members,
    }


def of_list(did, kind, subject="BitstringStatusList"):
    return plain(
        did,
        type=["VerifiableCredential", *kind],
        credentialSubject={"type": subject, "statusPurpose": "revocation", "encodedList": "uH4sIAAAAAAAAAA"},
    )


LISTS = {
    "by its term": lambda did: of_list(did, ["BitstringStatusListCredential"]),
    "by its IRI": lambda did: of_list(did, [f"{STATUS}BitstringStatusListCredential"], "Thing"),
    "by its subject": lambda did: of_list(did, []),
    "by its subject's IRI": lambda did: of_list(did, [], f"{STATUS}BitstringStatusList"),
    "by its subject, as one of several": lambda did: of_list(did, [], ["Thing", "StatusList2021"]),
    "by one of its subjects": lambda did: plain(
        did, credentialSubject=[{"id": "urn:example:1"}, {"type": "BitstringStatusList"}]
    ),
}


@pytest.mark.parametrize("case", LISTS)
async def test_no_status_list_is_signed_however_it_is_written(node, case):
    did = await add_profile(node, status=[])
    answer = await issue(node, LISTS[case](did))
    assert (answer.status_code, answer.json()["code"]) == (400, "issuance.reserved"), answer.text


@pytest.mark.parametrize("kind", ["DomainLinkageCredential", f"{DID_CONFIGURATION_CONTEXT}#DomainLinkageCredential"])
async def test_who_issues_gives_no_other_host_to_an_identifier(node, kind):
    did = await add_profile(node, status=[])
    linkage = linkage_credential(did, "https://evil.example", NOW)
    answer = await issue(node, {**linkage, "type": ["VerifiableCredential", kind]})
    assert (answer.status_code, answer.json()["code"]) == (400, "issuance.reserved"), answer.text


def head(did, **members):
    manifest = b'{"format":"glejt/register-manifest/v1"}'
    return {**head_of(HEAD, did, "Org A", f"{HEAD}/manifest", manifest, NOW), **members}


async def test_who_issues_publishes_no_register(node):
    did = await add_profile(node, status=[])
    for members in ({}, {"id": "https://elsewhere.example/head"}, {"credentialSubject": [{"id": did}]}):
        answer = await issue(node, head(did, **members))
        assert (answer.status_code, answer.json()["code"]) == (400, "issuance.reserved"), answer.text


async def test_what_says_something_is_no_head_and_is_issued(node):
    did = await add_profile(node, status=[])
    digest = b64encode(sha256(b"a syllabus").digest()).decode()
    pinned = {"id": "https://school.example/syllabus", "digestSRI": f"sha256-{digest}"}
    given = plain(did, id=HEAD, credentialSubject={"id": did, "name": "Sample School"}, relatedResource=[pinned])
    answer = await issue(node, given)
    assert answer.status_code == 201, answer.text
    signed = json.dumps(answer.json()["verifiableCredential"]).encode()
    with pytest.raises(RegisterError, match="nothing else"):
        read_head(signed, "https://node.example")
