"""Identifiers that a node publishes for organisations: made, changed, given up, and nobody else's ever."""

import asyncio
import json
from datetime import timedelta

import pytest
from database_support import fresh_database, postgresql_server
from hosting_support import DIDS, give_up, key_of, make
from node_support import LIFETIME, NOW, PUBLIC_URL, A, B, running_node

from did_methods.did import parse_did
from did_methods.document import DidDocument
from did_methods.web import web_place
from did_methods.webvh import LogFiles, read_files
from node.http.access import SCOPES_OF, Scope
from node.issuance.host import RESERVED
from node.issuance.organisation.second_person import Action, decide
from node.ports.api_keys import authenticate, make_api_key
from node.ports.identifiers import new_id
from node.ports.organisations import Profile, Role, Settings
from node.ports.vault import KeyPurpose, KeyState
from node.verification.check import Outcome
from node.verification.did_logs import LOG_TOOLS
from node.verification.domain_linkage import DomainLinkages
from node.verification.keys import KeyRing
from node.verification.material import ConfigurationCopy, MetadataCopy, Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence, built_in
from node.verification.sd_jwt_vc.issuer_metadata import metadata_url, published_key
from node.verification.trust import NO_TRUST
from node.verification.vocabulary import vocabulary


async def published(node, path):
    return await node.client.get(path)


def path_of(did):
    return did.replace("%", "%25")


async def log_of(node, place="school"):
    return (await published(node, f"/{place}/did.jsonl")).content


def versions(log, did, now):
    read = read_files(parse_did(did), LogFiles(log), LOG_TOOLS, now=now)
    assert read.refusal is None
    return read.versions


async def test_a_did_web_is_published_where_it_is_looked_up(node):
    made = await make(node, method="web", path=["school"], keys=["Ed25519", "P-256", "BLS12-381-G2"])
    assert made["did"] == "did:web:node.example:school"
    url = web_place(parse_did(made["did"])).url
    assert url.startswith(PUBLIC_URL)
    answer = await published(node, url.removeprefix(PUBLIC_URL))
    assert answer.json() == made["document"]
    document = DidDocument.parse(answer.json())
    methods = [each["id"] for each in answer.json()["verificationMethod"]]
    assert all(document.verification_method(each, "assertionMethod").key for each in methods)
    assert len(answer.json()["authentication"]) == 2  # a BBS key answers no challenge
    records = {record.id: record for record in await node.vault.records(A)}
    assert all(records[each].purpose is KeyPurpose.ASSERTION for each in methods)


async def test_a_did_webvh_comes_with_its_history_and_the_did_web_beside_it(node):
    made = await make(node, path=["school"])
    log = await log_of(node)
    (version,) = versions(log, made["did"], node.clock())
    assert version.document == made["document"]
    assert version.parameters.next_key_hashes  # the next key is promised before it is needed
    beside = (await published(node, "/school/did.json")).json()
    assert beside["id"] == "did:web:node.example:school"
    assert made["did"] in beside["alsoKnownAs"]
    listed = (await node.client.get(DIDS, headers=node.key("auditor"))).json()["dids"]
    assert [each["did"] for each in listed] == [made["did"]]
    refused = await node.client.delete(f"{DIDS}/{path_of(beside['id'])}", headers=node.key("owner"))
    assert (refused.status_code, refused.json()["code"]) == (400, "hosting.owner")


async def test_a_key_is_replaced_and_what_the_old_one_signed_can_be_checked(node):
    made = await make(node, path=["school"])
    (old,) = made["document"]["assertionMethod"]
    sent = {"type": "Ed25519", "replaces": old}
    answer = await node.client.post(f"{DIDS}/{made['did']}/keys", json=sent, headers=node.key("owner"))
    assert answer.status_code == 200, answer.text
    document = answer.json()["document"]
    assert document["assertionMethod"][0] == old
    assert len(document["assertionMethod"]) == 2
    first, second = versions(await log_of(node), made["did"], node.clock())
    assert second.document == document
    assert second.parameters.update_keys != first.parameters.update_keys  # the promised key has written it
    states = {record.id: record.state for record in await node.vault.records(A)}
    assert states[old] is KeyState.RETIRED
    assert states[document["assertionMethod"][1]] is KeyState.ACTIVE
    exposed = {"type": "Ed25519", "replaces": document["assertionMethod"][1], "exposed": True}
    answer = await node.client.post(f"{DIDS}/{made['did']}/keys", json=exposed, headers=node.key("owner"))
    assert document["assertionMethod"][1] not in json.dumps(answer.json()["document"])
    assert len(versions(await log_of(node), made["did"], node.clock())) == 3


async def test_services_are_named_and_removed(node):
    made = await make(node, path=["school"])
    name = "eip155:1:0x" + "ab" * 20 + "#0x" + "cd" * 32
    place = f"{DIDS}/{made['did']}/services/anchors"
    put = {"type": "TrustAnchorNamespace", "endpoints": [name]}
    answer = await node.client.put(place, json=put, headers=node.key("owner"))
    assert answer.json()["document"]["service"] == [
        {"id": f"{made['did']}#anchors", "type": "TrustAnchorNamespace", "serviceEndpoint": name}
    ]
    again = await node.client.put(place, json=put, headers=node.key("owner"))
    assert again.headers["etag"] == answer.headers["etag"]
    assert len(versions(await log_of(node), made["did"], node.clock())) == 2  # nothing changed: no version for it
    assert (await published(node, "/school/did.json")).json()["service"][0]["serviceEndpoint"] == name
    gone = await node.client.delete(place, headers=node.key("owner"))
    assert "service" not in gone.json()["document"]


async def test_what_was_changed_meanwhile_is_not_written_over(node):
    made = await make(node, method="web", path=["school"])
    seen = (await node.client.get(f"{DIDS}/{made['did']}", headers=node.key("owner"))).headers["etag"]
    headers = {**node.key("owner"), "If-Match": seen}
    first = await node.client.post(f"{DIDS}/{made['did']}/keys", json={"type": "P-256"}, headers=headers)
    second = await node.client.post(f"{DIDS}/{made['did']}/keys", json={"type": "P-256"}, headers=headers)
    assert (first.status_code, second.status_code, second.json()["code"]) == (200, 409, "store.changed")


async def test_of_changes_at_one_time_the_history_has_one_line_each(node):
    made = await make(node, path=["school"])
    place = f"{DIDS}/{made['did']}"
    answers = await asyncio.gather(
        *(node.client.post(f"{place}/keys", json={}, headers=node.key("owner")) for _ in range(5)),
        *(node.client.delete(place, headers=node.key("owner")) for _ in range(3)),
    )
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) <= {200, 409}
    done = statuses[:5].count(200)
    read = versions(await log_of(node), made["did"], node.clock())
    ended = read[-1].parameters.deactivated
    assert statuses[5:].count(200) == int(ended)
    assert len(read) == 1 + done + (2 if ended else 0)
    keys = [record for record in await node.vault.records(A) if record.purpose is KeyPurpose.ASSERTION]
    assert len(keys) == 1 + done  # of what was not published, no key is kept


@pytest.mark.parametrize("method", ["web", "webvh"])
async def test_a_place_is_never_given_to_anybody_else(node, method):
    made = await make(node, method=method, path=["school"])
    for other in ("web", "webvh"):
        for organisation in (A, B):
            answer = await node.client.post(
                DIDS, json={"method": other, "path": ["school"]}, headers=node.key("owner", organisation)
            )
            assert (answer.status_code, answer.json()["code"]) == (409, "store.conflict")
    ended = await node.client.delete(f"{DIDS}/{made['did']}", headers=node.key("owner"))
    assert ended.json()["active"] is False
    for organisation in (A, B):
        again = {"method": method, "path": ["school"]}
        answer = await node.client.post(DIDS, json=again, headers=node.key("owner", organisation))
        assert answer.status_code == 409


@pytest.mark.parametrize("method", ["web", "webvh"])
async def test_what_was_given_up_names_no_key_and_signs_no_more(node, method):
    made = await make(node, method=method, path=["school"])
    place = f"{DIDS}/{made['did']}"
    assert (await node.client.delete(place, headers=node.key("owner"))).status_code == 200
    gone = await published(node, "/school/did.json")
    assert (gone.status_code, gone.json()["code"]) == (410, "hosting.gone")
    states = {record.state for record in await node.vault.records(A) if record.purpose is KeyPurpose.ASSERTION}
    assert states == {KeyState.RETIRED}
    for answer in (
        await node.client.post(f"{place}/keys", json={}, headers=node.key("owner")),
        await node.client.delete(place, headers=node.key("owner")),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "did.given_up")
    if method == "webvh":
        assert versions(await log_of(node), made["did"], node.clock())[-1].parameters.deactivated


async def test_nobody_changes_or_sees_an_identifier_of_others(node):
    made = await make(node, path=["school"])
    place = f"{DIDS}/{made['did']}"
    stranger = node.key("owner", B)
    for answer in (
        await node.client.get(place, headers=stranger),
        await node.client.post(f"{place}/keys", json={}, headers=stranger),
        await node.client.put(
            f"{place}/services/x", json={"type": "X", "endpoints": ["https://x.example/"]}, headers=stranger
        ),
        await node.client.delete(f"{place}/services/x", headers=stranger),
        await node.client.delete(place, headers=stranger),
    ):
        assert answer.status_code == 404
        assert made["did"] not in answer.text


async def test_the_host_itself_is_for_those_who_manage_the_node(node):
    refused = await node.client.post(DIDS, json={"method": "web"}, headers=node.key("owner"))
    assert (refused.status_code, refused.json()["code"]) == (400, "hosting.owner")
    made = await key_of(node, Scope.ORGANISATION_MANAGE, Scope.NODE_MANAGE)
    answer = await node.client.post(DIDS, json={"method": "web"}, headers=made)
    assert answer.json()["did"] == "did:web:node.example"
    assert (await published(node, "/.well-known/did.json")).json()["id"] == "did:web:node.example"


@pytest.mark.parametrize(
    "path",
    [["status"], ["organisation", "x"], ["didcomm"], ["didcomm", "x"], ["oidc4vci"],
     ["login"], [".well-known"], ["A"], ["a/b"], ["a:b"], ["%41"], [".."], [""], ["a", ""],
     ["-a"], ["a" * 64], ["a"] * 5, ["ą"], ["a b"], ["1.0"]],
)  # fmt: skip
async def test_paths_that_are_the_nodes_own_or_no_paths_are_refused(node, path):
    answer = await node.client.post(DIDS, json={"method": "web", "path": path}, headers=node.key("owner"))
    assert answer.status_code == 400


def test_no_page_of_the_node_is_where_an_identifier_could_be(node):
    firsts = {route.path.split("/")[1] for route in node.app.routes}
    own = {first for first in firsts if first and not first.startswith(("{", "."))}
    assert own <= RESERVED


async def two_persons(node, *actions):
    await node.store.change(A, lambda unit: unit.settings.keep(Settings(frozenset(actions)), NOW))


async def agree(node, approval):
    """Another person, with a key of his own making, agrees to it."""
    key, secret = make_api_key(
        new_id(),
        label="own",
        scopes=SCOPES_OF[Role.ISSUER],
        made_by=f"{A}-issuer",
        at=NOW,
        lifetime=LIFETIME,
        member=f"{A}-issuer",
    )
    await node.store.change(A, lambda unit: unit.api_keys.add(key))
    caller = await authenticate(node.store, secret.reveal().decode(), NOW)
    await node.store.change(A, lambda unit: decide(unit, approval, caller, NOW, grant=True))


async def test_what_takes_a_second_person_is_done_once_and_as_it_was_agreed_to(node):
    await two_persons(node, Action.PROFILES)
    sent = {"method": "web", "path": ["school"], "keys": ["Ed25519"]}
    asked = await node.client.post(DIDS, json=sent, headers=node.key("owner"))
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert await node.vault.records(A) == ()
    consent = {**node.key("owner"), "Glejt-Approval": asked.json()["approval"]}
    early = await node.client.post(DIDS, json=sent, headers=consent)
    assert early.status_code == 409
    await agree(node, asked.json()["approval"])
    other = await node.client.post(DIDS, json={**sent, "path": ["other"]}, headers=consent)
    assert (other.status_code, other.json()["code"]) == (409, "approval.other")
    assert await node.vault.records(A) == ()
    made = await node.client.post(DIDS, json=sent, headers=consent)
    assert made.status_code == 201
    again = await node.client.post(DIDS, json={**sent, "path": ["school"]}, headers=consent)
    assert again.status_code == 409


async def test_each_change_is_written_down_and_no_secret_is(node):
    made = await make(node, path=["school"])
    place = f"{DIDS}/{made['did']}"
    await node.client.post(f"{place}/keys", json={}, headers=node.key("owner"))
    service = {"type": "LinkedDomains", "endpoints": ["https://university.example"]}
    await node.client.put(f"{place}/services/domains", json=service, headers=node.key("owner"))
    await node.client.delete(f"{place}/services/domains", headers=node.key("owner"))
    await node.client.delete(place, headers=node.key("owner"))
    async with node.store.view(A) as view:
        events = [entry.event for entry in await view.audit.entries()]
    assert [event.action for event in events] == [
        "did.create", "did.put_key", "did.put_service", "did.remove_service", "did.give_up",
    ]  # fmt: skip
    assert {event.subject for event in events} == {made["did"]}
    assert {event.actor for event in events} == {f"member:{A}-owner"}


async def test_profiles_of_a_key_that_is_replaced_sign_with_the_new_one(node):
    made = await make(node, path=["school"])
    (old,) = made["document"]["assertionMethod"]
    profile = Profile("school", made["did"], old, "eddsa-rdfc-2022", NOW)
    await node.store.change(A, lambda unit: unit.identities.add_profile(profile))
    sent = {"type": "Ed25519", "replaces": old}
    answer = await node.client.post(f"{DIDS}/{made['did']}/keys", json=sent, headers=node.key("owner"))
    async with node.store.view(A) as view:
        assert (await view.identities.profile("school")).key == answer.json()["document"]["assertionMethod"][1]
    wrong = {"type": "P-256", "replaces": answer.json()["document"]["assertionMethod"][1]}
    answer = await node.client.post(f"{DIDS}/{made['did']}/keys", json=wrong, headers=node.key("owner"))
    assert (answer.status_code, answer.json()["code"]) == (400, "hosting.key")
    async with node.store.view(A) as view:
        (await view.identities.profile("school"))


async def linked(node, place="school", method="webvh", endpoint=PUBLIC_URL):
    """An identifier that is the host's own, by its own word."""
    speaker = await key_of(node, Scope.ORGANISATION_MANAGE, Scope.NODE_MANAGE)
    made = await make(node, path=[place], method=method)
    service = {"type": "LinkedDomains", "endpoints": [endpoint]}
    answer = await node.client.put(f"{DIDS}/{made['did']}/services/domains", json=service, headers=speaker)
    assert answer.status_code == 200, answer.text
    return made["did"]


CONFIGURATION = "/.well-known/did-configuration.json"


async def judged(node, did, document):
    """What a verifier makes of the page and the identifier, each as it is served."""
    page = (await published(node, CONFIGURATION)).text
    known = ResolvedDocument(document, KeyEvidence.NOW_ONLY, Origin.LIVE, node.clock())
    copy = ConfigurationCopy(f"{PUBLIC_URL}{CONFIGURATION}", page, Origin.LIVE, node.clock())
    ring = KeyRing(VerificationMaterial({did: known}, configurations=(copy,)), NO_TRUST, built_in(), node.clock())
    return DomainLinkages(ring, vocabulary(())).of(did, "node.example")


@pytest.mark.parametrize("method", ["web", "webvh"])
async def test_the_host_names_identifiers_that_ask_for_it_and_verifiers_believe_it(node, method):
    assert (await published(node, CONFIGURATION)).status_code == 404
    did = await linked(node, method=method)
    await make(node, path=["other"])
    page = await published(node, CONFIGURATION)
    (credential,) = page.json()["linked_dids"]
    assert credential["issuer"] == did
    document = (await node.client.get(f"{DIDS}/{did}", headers=node.key("owner"))).json()["document"]
    assert (await judged(node, did, document)).code == "domain.passed"
    assert (await published(node, CONFIGURATION)).content == page.content  # kept, and not signed for each who asks
    node.clock.move(timedelta(days=61))
    anew = (await published(node, CONFIGURATION)).json()["linked_dids"][0]
    assert anew["expirationDate"] > credential["expirationDate"]  # long before the other one ends
    assert (await judged(node, did, document)).code == "domain.passed"
    node.clock.move(timedelta(days=-61))
    await node.client.delete(f"{DIDS}/{did}", headers=node.key("owner"))
    assert (await published(node, CONFIGURATION)).status_code == 404


async def test_only_who_manages_the_node_says_that_the_host_is_an_identifiers_own(node):
    made = await make(node, path=["school"])
    service = {"type": "LinkedDomains", "endpoints": [PUBLIC_URL]}
    answer = await node.client.put(f"{DIDS}/{made['did']}/services/x", json=service, headers=node.key("owner"))
    assert (answer.status_code, answer.json()["code"]) == (400, "hosting.owner")


async def test_the_keys_of_an_issuer_are_published_under_its_address(node):
    made = await make(node, path=["school"], keys=["Ed25519", "P-256", "BLS12-381-G2"])
    answer = await published(node, "/.well-known/jwt-vc-issuer/school")
    assert metadata_url(answer.json()["issuer"]) == f"{PUBLIC_URL}/.well-known/jwt-vc-issuer/school"
    kid = made["document"]["assertionMethod"][1]
    copy = MetadataCopy(metadata_url(answer.json()["issuer"]), answer.text, Origin.LIVE, node.clock())
    found = published_key(f"{PUBLIC_URL}/school", kid, VerificationMaterial(metadata=(copy,)), built_in())
    assert found.outcome is Outcome.PASSED
    assert found.public_key.to_multibase() == kid.partition("#")[2]
    assert len(answer.json()["jwks"]["keys"]) == 2
    assert (await published(node, "/.well-known/jwt-vc-issuer")).status_code == 404
    await node.client.delete(f"{DIDS}/{made['did']}", headers=node.key("owner"))
    assert (await published(node, "/.well-known/jwt-vc-issuer/school")).status_code == 404


async def test_what_is_published_can_be_kept_and_is_asked_for_again(node):
    await make(node, path=["school"])
    for page in ("/school/did.json", "/school/did.jsonl", "/.well-known/jwt-vc-issuer/school"):
        first = await published(node, page)
        assert first.headers["cache-control"] == "public, max-age=300"
        assert first.headers["access-control-allow-origin"] == "*"
        again = await node.client.get(page, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
    typed = await node.client.get("/school/did.json", headers={"Accept": "application/did+json"})
    assert typed.headers["content-type"] == "application/did+json"
    await node.client.post(f"{DIDS}/did:web:x/keys", json={}, headers=node.key("owner"))


async def test_the_node_answers_itself_for_its_own_addresses(node):
    made = await make(node, path=["school"])
    pages = node.services.hosting.pages
    fetched = await pages.own(f"{PUBLIC_URL}/school/did.jsonl", node.clock())
    assert fetched.body == await log_of(node)
    for other in (
        f"{PUBLIC_URL}/other/did.jsonl", f"{PUBLIC_URL}/school/did.jsonl?x", "https://node.example.evil/school/did.jsonl",
        f"{PUBLIC_URL}/school%2Fdid.jsonl", f"{PUBLIC_URL}/organisation/dids", "https://other.example/school/did.jsonl",
        f"{PUBLIC_URL}:443/school/did.jsonl", f"{PUBLIC_URL}/", PUBLIC_URL, "",
    ):  # fmt: skip
        assert await pages.own(other, node.clock()) is None
    assert made["did"].encode() in fetched.body


async def test_a_history_ends_before_nobody_could_read_it(node, monkeypatch):
    monkeypatch.setattr("node.issuance.hosted_dids.MAX_ENTRIES", 5)
    made = await make(node, path=["school"])
    place = f"{DIDS}/{made['did']}"
    answers = [await node.client.post(f"{place}/keys", json={}, headers=node.key("owner")) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 409, 409]
    assert answers[-1].json()["code"] == "did.history"
    await give_up(node, made["did"])
    assert len(versions(await log_of(node), made["did"], node.clock())) == 5


async def test_a_clock_that_was_set_back_writes_no_history(node):
    made = await make(node, path=["school"])
    node.clock.move(timedelta(days=1))
    await node.client.post(f"{DIDS}/{made['did']}/keys", json={}, headers=node.key("owner"))
    node.clock.move(timedelta(days=-1))
    answer = await node.client.post(f"{DIDS}/{made['did']}/keys", json={}, headers=node.key("owner"))
    assert (answer.status_code, answer.json()["code"]) == (409, "did.history")


async def test_an_organisation_has_so_many_identifiers_and_no_more(node, monkeypatch):
    monkeypatch.setattr("node.issuance.hosted_dids.MAX_DIDS", 2)
    for place, method in (("one", "webvh"), ("two", "web")):
        await make(node, path=[place], method=method)
    for method in ("web", "webvh"):
        answer = await node.client.post(DIDS, json={"path": ["three"], "method": method}, headers=node.key("owner"))
        assert (answer.status_code, answer.json()["code"]) == (409, "did.full")
    await make(node, B, path=["three"])


async def test_on_the_other_database_a_history_has_one_line_for_each_change_too(tmp_path):
    with postgresql_server() as server, fresh_database(server) as address:
        async with running_node(tmp_path, address=address) as node:
            await test_of_changes_at_one_time_the_history_has_one_line_each(node)
