"""POST /issuers/{profile}/credentials/issue: what a profile signs, refuses, adds, stores, and answers once."""

import asyncio
import json
from dataclasses import replace

import pytest
from disclosure_support import JSONLD
from issuing_support import USUAL, add_profile, credential, issue, working_node
from node_support import NOW, A, B
from samples import badge

from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.key import resolve_key
from node.credentials.achievement import OPEN_BADGES_CONTEXT
from node.issuance.issuing import Issuing
from node.ports.awarding import AwardState
from node.ports.judging import JudgeFailedError
from node.ports.organisations import ChainRecord
from node.proofs.commitment import commitment_of
from node.proofs.data_integrity import verify_proof
from node.proofs.proof import proofs_of
from node.verification.received import subject_of


async def awards_of(node, organisation=A):
    async with node.store.view(organisation) as view:
        return {state: await view.awards.in_state(state) for state in AwardState if await view.awards.in_state(state)}


async def places_of(node, award, organisation=A):
    async with node.store.view(organisation) as view:
        return await view.status.entries_of(award)


async def test_a_credential_is_signed_stored_and_given_a_place(node):
    did = await add_profile(node)
    given = credential(did)
    answer = await issue(node, given)
    assert answer.status_code == 201, answer.text
    signed = answer.json()["verifiableCredential"]
    proof, entry = signed.pop("proof"), signed.pop("credentialStatus")
    assert signed == given
    assert (proof["cryptosuite"], proof["created"]) == (USUAL, "2026-09-01T12:00:00Z")
    assert (entry["type"], entry["statusPurpose"]) == ("BitstringStatusListEntry", "revocation")
    ((award,),) = (await awards_of(node)).values()
    ((place,),) = (await places_of(node, award.id),)
    assert entry["statusListIndex"] == str(place.place)
    async with node.store.view(A) as view:
        (stored,) = await view.awards.credentials(award.id)
        (record,) = await view.status.lists()
        events = await view.audit.entries()
        tasks = await view.outbox.waiting()
    assert json.loads(stored.secured) == answer.json()["verifiableCredential"]
    assert stored.secured in answer.content, "to the byte"
    assert (stored.credential, award.state) == (given["id"], AwardState.ISSUED)
    assert entry["statusListCredential"] == record.url == f"https://node.example/status/{record.id}"
    assert [(entry.event.action, entry.event.subject) for entry in events] == [("credential.issue", award.id)]
    assert {task.kind: task.payload for task in tasks} == {"status.publish": {"list": record.id}, "audit.head": {}}


@pytest.mark.parametrize("form", ["eddsa-jcs-2022", "ecdsa-rdfc-2019", "ecdsa-jcs-2019", "ecdsa-sd-2023"])
async def test_every_cryptosuite_of_a_profile_signs(node, form):
    did = await add_profile(node, form=form)
    answer = await issue(node, credential(did))
    assert answer.status_code == 201, answer.text
    assert answer.json()["verifiableCredential"]["proof"]["cryptosuite"] == form


async def test_a_bbs_key_signs_what_it_is_for(node):
    achievement = badge()["credentialSubject"]["achievement"]["id"]
    did = await add_profile(node, form="bbs-2023", signs=achievement, epoch="2026", status=[])
    answer = await issue(node, credential(did))
    assert answer.json()["verifiableCredential"]["proof"]["cryptosuite"] == "bbs-2023"
    other = await issue(node, credential(did, 1, validFrom="2025-01-01T00:00:00Z"))
    assert (other.status_code, other.json()["code"]) == (400, "issuance.key_scope")


async def issued_twice(node, form, **options):
    did = await add_profile(node, form=form, **options)
    answers = [await issue(node, credential(did), headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    assert answers[0].content == answers[1].content
    return answers[0].json()["verifiableCredential"]


@pytest.mark.parametrize(("form", "kind"), [("jwt", "application/vc+jwt"), ("sd-jwt", "application/vc+sd-jwt")])
async def test_a_token_comes_in_an_envelope_the_same_each_time(node, form, kind):
    envelope = await issued_twice(node, form)
    assert envelope["type"] == "EnvelopedVerifiableCredential"
    assert envelope["@context"] == "https://www.w3.org/ns/credentials/v2"
    head, _, token = envelope["id"].partition(",")
    assert head == f"data:{kind}"
    assert subject_of(token.encode()) == token


@pytest.mark.parametrize("status", [[], ["revocation"], ["revocation", "suspension"]])
async def test_what_is_no_credential_of_the_data_model_comes_as_a_text(node, status):
    token = await issued_twice(node, "sd-jwt", vct="eudi", status=status)
    assert subject_of(token.encode()) == token
    async with node.store.view(A) as view:
        lists = [(record.purpose, record.size) for record in await view.status.lists()]
    assert lists == [("status_list", len(status))] * bool(status)


@pytest.mark.parametrize("issuer", ["text", "object"])
async def test_its_own_did_is_accepted_as_a_text_and_as_an_object(node, issuer):
    did = await add_profile(node)
    named = did if issuer == "text" else {"id": did, "type": ["Profile"], "name": "Test School"}
    answer = await issue(node, badge(issuer=named))
    assert answer.status_code == 201, answer.text
    assert answer.json()["verifiableCredential"]["issuer"] == named


REFUSED = {
    "another issuer": {"issuer": "did:web:other.example"},
    "another issuer in an object": {"issuer": {"id": "did:web:other.example"}},
    "no issuer": {"issuer": None},
    "a number for an issuer": {"issuer": 4},
    "a list for an issuer": {"issuer": []},
    "no context": {"@context": None},
    "a number for contexts": {"@context": 4},
    "numbers among the contexts": {"@context": [4, False]},
    "no type": {"type": None},
    "a number for a type": {"type": 4},
    "numbers among the types": {"type": [2, {"foo": True}, False]},
    "no subject": {"credentialSubject": None},
    "texts for subjects": {"credentialSubject": "did:example:1234"},
    "numbers for subjects": {"credentialSubject": [True, 4]},
    "an empty list of subjects": {"credentialSubject": []},
    "a term that no context knows": {"somethingElse": "x"},
    "a proof": {"proof": {"type": "DataIntegrityProof"}},
    "a status": {"credentialStatus": {"type": "BitstringStatusListEntry"}},
    "a status list": {"type": ["VerifiableCredential", "BitstringStatusListCredential"]},
    "a number for an identifier": {"id": 4},
}


@pytest.mark.parametrize("changes", REFUSED.values(), ids=REFUSED)
async def test_what_no_profile_may_sign_is_refused_and_leaves_nothing(node, changes):
    did = await add_profile(node)
    document = badge(issuer=did) | changes
    answer = await issue(node, {name: value for name, value in document.items() if value is not None})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json"), answer.text
    assert await awards_of(node) == {}
    corrected = await issue(node, badge(issuer=did))
    assert corrected.status_code == 201, "the same identifier can be used once it is right"


async def test_the_message_has_a_credential_and_nothing_that_nobody_knows(node):
    did = await add_profile(node)
    path, headers = "/issuers/profile/credentials/issue", node.key("issuer")
    for message in (
        {"verifiableCredential": credential(did)},
        {"credential": credential(did), "something": 1},
        {"credential": credential(did), "options": {"created": "2026-01-01T00:00:00Z"}},
        {"credential": credential(did), "options": {"credentialId": 4}},
        {"credential": credential(did), "options": {"mandatoryPointers": ["issuer"]}},
        {"credential": credential(did), "options": {"mandatoryPointers": ["/issuer"]}},  # nothing can be hidden
        [],
    ):
        answer = await node.client.post(path, json=message, headers=headers)
        assert answer.status_code == 400, answer.text
    twice = b'{"credential": {"id": "urn:a", "id": "urn:b"}}'
    answer = await node.client.post(path, content=twice, headers={**headers, "Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (400, "document.duplicate_key")
    assert await awards_of(node) == {}


async def test_a_profile_of_another_organisation_is_as_one_that_is_not_there(node):
    did = await add_profile(node)
    answers = [
        await issue(node, credential(did), organisation=B),
        await issue(node, credential(did), "nothing", organisation=B),
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() | {"instance": ""} == answers[1].json() | {"instance": ""}


async def test_a_closed_profile_signs_nothing(node):
    did = await add_profile(node)
    await node.store.change(A, lambda unit: unit.identities.close_profile("profile"))
    assert (await issue(node, credential(did))).status_code == 404


async def test_a_key_without_the_scope_issues_nothing(node):
    did = await add_profile(node)
    assert (await issue(node, credential(did), role="auditor")).status_code == 403
    assert (await issue(node, credential(did), role="program")).status_code == 201


async def test_nothing_is_added_that_the_profile_does_not_say(node):
    did = await add_profile(node, status=[])
    nameless = {name: value for name, value in badge(issuer=did).items() if name not in {"id", "validFrom"}}
    answer = await issue(node, nameless)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["verifiableCredential"]) == {*nameless, "proof"}


async def test_an_identifier_is_given_where_the_profile_says_so(node):
    did = await add_profile(node, generate_id=True)
    nameless = badge(issuer=did, id=None)
    given = [(await issue(node, nameless)).json()["verifiableCredential"]["id"] for _ in range(2)]
    assert all(one.startswith("urn:uuid:") for one in given)
    assert given[0] != given[1]
    named = await issue(node, credential(did))
    assert named.json()["verifiableCredential"]["id"] == credential(did)["id"]


async def test_a_credential_without_a_name_is_known_by_its_credential_id(node):
    did = await add_profile(node, status=[])
    nameless = badge(issuer=did, id=None)
    answer = await issue(node, nameless, credentialId="urn:uuid:of-the-caller")
    assert "id" not in answer.json()["verifiableCredential"]
    async with node.store.view(A) as view:
        assert (await view.awards.of_credential("urn:uuid:of-the-caller")).state is AwardState.ISSUED
    two_names = await issue(node, credential(did), credentialId="urn:uuid:another")
    assert (two_names.status_code, two_names.json()["code"]) == (400, "issuance.identifier")


async def test_two_credentials_never_have_one_identifier(node):
    did = await add_profile(node)
    assert (await issue(node, credential(did))).status_code == 201
    again = await issue(node, credential(did, name="Something else"))
    assert (again.status_code, again.json()["code"]) == (409, "store.conflict")
    same = await issue(node, credential(did))
    assert same.status_code == 409


async def test_places_for_each_purpose_of_the_profile(node):
    did = await add_profile(node, status=["suspension", "revocation"])
    entries = (await issue(node, credential(did))).json()["verifiableCredential"]["credentialStatus"]
    assert [entry["statusPurpose"] for entry in entries] == ["revocation", "suspension"]
    assert len({entry["statusListCredential"] for entry in entries}) == 2


RECORD = f"eip155:1:0x{'ab' * 20}#0x{'cd' * 32}"


async def test_what_a_profile_anchors_names_the_record_and_is_wanted_in_the_same_transaction(node):
    await node.store.change(A, lambda unit: unit.identities.add_namespace(ChainRecord(RECORD, NOW)))
    did = await add_profile(node, anchor=RECORD)
    document = (await issue(node, credential(did))).json()["verifiableCredential"]
    assert [entry["id"] for entry in document["evidence"]] == [RECORD]
    ((award,),) = (await awards_of(node)).values()
    async with node.store.view(A) as view:
        leaf = await view.anchors.leaf(award.id, USUAL)
        kinds = {task.kind: task.payload for task in await view.outbox.waiting()}
    (proof,) = proofs_of(document)
    key = resolved_key(did)
    assert leaf.commitment == commitment_of(verify_proof(document, proof, key, jsonld=JSONLD)).value
    assert (leaf.namespace, len(leaf.salt)) == (RECORD, 32)
    assert kinds["anchor.batch"] == {"namespace": RECORD}


async def test_a_credential_whose_contexts_do_not_know_the_record_is_told_which_context_does(node):
    await node.store.change(A, lambda unit: unit.identities.add_namespace(ChainRecord(RECORD, NOW)))
    did = await add_profile(node, anchor=RECORD)
    plain = {**credential(did), "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential"]}
    plain["credentialSubject"] = {"name": "Demo Learner"}
    answer = await issue(node, plain)
    assert (answer.status_code, answer.json()["code"]) == (400, "issuance.record_context")
    assert answer.json()["errors"][0]["pointer"] == "/credential/@context"
    own = {**plain, "evidence": [{"type": ["Evidenc"]}]}
    assert (await issue(node, own)).json()["code"] == "context.undefined_type"
    open_badges = [*plain["@context"], OPEN_BADGES_CONTEXT]
    assert (await issue(node, {**plain, "@context": open_badges})).status_code == 201


async def test_nothing_is_issued_that_cannot_be_anchored_as_it_promises(node):
    did = await add_profile(node, anchor=RECORD)  # a namespace that the organisation does not have
    answer = await issue(node, credential(did))
    assert answer.status_code in {404, 409}, answer.text
    async with node.store.view(A) as view:
        assert await view.awards.in_state(AwardState.ISSUED) == ()


def resolved_key(did):
    document = DidDocument.parse(resolve_key(parse_did(did)))
    method = document.only_method(Relationship.ASSERTION_METHOD)
    return document.verification_method(method, Relationship.ASSERTION_METHOD).key


async def test_a_full_list_is_followed_by_another_in_the_same_transaction(node):
    did = await add_profile(node)
    await issue(node, credential(did))

    async def fill(unit):
        (record,) = await unit.status.lists()
        await unit.status.seal(record.id, node.clock())
        await unit.status.add(tiny(record))

    await node.store.change(A, fill)
    urls = [
        (await issue(node, credential(did, number))).json()["verifiableCredential"]["credentialStatus"][
            "statusListCredential"
        ]
        for number in range(1, 5)
    ]
    assert urls[:2] == ["https://node.example/status/zz-tiny"] * 2
    assert urls[2] == urls[3] != urls[0]


def tiny(record):
    return replace(record, id="zz-tiny", url="https://node.example/status/zz-tiny", entries=2, version=0, open=True)


async def test_a_credential_of_the_first_data_model_needs_a_profile_without_lists(node):
    old = {
        "@context": ["https://www.w3.org/2018/credentials/v1", "https://w3id.org/security/data-integrity/v2"],
        "id": "urn:uuid:6f0a4c3e-1d2b-4a57-8a52-000000000001",
        "type": ["VerifiableCredential"],
        "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:1234"},
    }
    listed = await add_profile(node)
    plain = await add_profile(node, "plain", status=[])
    refused = await issue(node, old | {"issuer": listed})
    assert (refused.status_code, refused.json()["code"]) == (400, "issuance.version")
    assert (await issue(node, old | {"issuer": plain}, "plain")).status_code == 201


@pytest.mark.threat(82)
async def test_the_same_request_many_times_is_one_credential(node):
    did = await add_profile(node)
    answers = await asyncio.gather(
        *(issue(node, credential(did), headers={"Idempotency-Key": '"one"'}) for _ in range(12))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    ((award,),) = (await awards_of(node)).values()
    assert len(await places_of(node, award.id)) == 1
    other = await issue(node, credential(did, name="Something else"), headers={"Idempotency-Key": '"one"'})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency.other_request")


CRASHES = ("before it is signed", "after it is signed", "after it is stored")


@pytest.mark.threat(82)
@pytest.mark.parametrize("where", CRASHES)
@pytest.mark.parametrize("form", [USUAL, "ecdsa-rdfc-2019"])
async def test_a_request_that_is_sent_again_after_a_crash_goes_on_with_what_was_begun(node, monkeypatch, where, form):
    did = await add_profile(node, form=form)
    nameless = badge(issuer=did, id=None)
    key = {"Idempotency-Key": '"after-a-crash"'}
    real_secure = type(node.services.judges).secure

    async def dying(self, *given, **named):
        if where != CRASHES[0]:
            await real_secure(self, *given, **named)
        raise JudgeFailedError("the power was cut")

    with monkeypatch.context() as patch:
        if where == CRASHES[2]:
            patch.setattr(Issuing, "issue", lost(Issuing.issue))
        else:
            patch.setattr(type(node.services.judges), "secure", dying)
        assert (await issue(node, nameless, headers=key)).status_code == 500
    begun = await awards_of(node)
    answers = [await issue(node, nameless, headers=key) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}, answers[0].text
    assert len({answer.content for answer in answers}) == 1
    ((award,),) = (await awards_of(node)).values()
    assert award.id in {one.id for some in begun.values() for one in some}, "it was gone on with, not begun again"
    assert len(await places_of(node, award.id)) == 1


def lost(real):
    async def issue_and_die(self, caller, order):
        await real(self, caller, order)
        raise JudgeFailedError("the answer was lost")

    return issue_and_die


async def test_what_is_issued_can_be_verified_at_once(tmp_path, node_template):
    async with working_node(tmp_path, template=node_template) as node:
        did = await add_profile(node)
        signed = (await issue(node, credential(did))).json()["verifiableCredential"]
        message = {"verifiableCredential": signed}
        answer = await node.client.post("/credentials/verify", json=message, headers=node.key("issuer"))
        assert answer.status_code == 200, answer.text
        checks = {check["check"]: check["outcome"] for check in answer.json()["report"]["credentials"][0]["checks"]}
        assert checks["status"] == "passed"
