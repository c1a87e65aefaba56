"""Looking identifiers up over HTTP: in every form, with its status, and of others only for those who may."""

from datetime import timedelta
from urllib.parse import quote

import pytest
from hosting_support import DIDS, give_up, key_of, make
from node_support import A, B

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from did_methods.resolution import Problem, Resolution
from did_methods.resolution_result import WORDS, older_result_json, result_json
from node.http.access import Scope
from node.http.routes.resolution import DEREFERENCED
from node.ports.judging import Resolved

RESULT = "application/did-resolution"
OLDER = 'application/ld+json;profile="https://w3id.org/did-resolution"'
FOREIGN = str(did_key.create(PrivateKey.generate(KeyType.ED25519).public))


PRESCRIBED = {
    Problem.INVALID_DID: 400,
    Problem.INVALID_DID_URL: 400,
    Problem.INVALID_OPTIONS: 400,
    Problem.NOT_FOUND: 404,
    Problem.REPRESENTATION_NOT_SUPPORTED: 406,
    Problem.INVALID_DID_DOCUMENT: 500,
    Problem.METHOD_NOT_SUPPORTED: 501,
    Problem.FEATURE_NOT_SUPPORTED: 501,
    Problem.INTERNAL_ERROR: 500,
}
"""The table of the standard, typed off it; "any other error" has 500.

Source: https://www.w3.org/TR/did-resolution/#bindings-https, step 6 (Candidate Recommendation of 2026)
"""


async def look_up(node, name, accept=RESULT, *, encoded=True, **headers):
    path = quote(name, safe="") if encoded else name
    return await node.client.get(f"/1.0/identifiers/{path}", headers={"Accept": accept, **headers})


async def test_accept_decides_between_the_document_and_the_result(node):
    made = await make(node, path=["school"])
    newer = await look_up(node, made["did"])
    assert (newer.status_code, newer.headers["content-type"]) == (200, RESULT)
    assert newer.json()["didDocument"] == made["document"]
    assert newer.json()["didDocumentMetadata"]["versionNumber"] == "1"
    older = await look_up(node, made["did"], OLDER)
    assert older.headers["content-type"] == OLDER
    assert older.json()["didResolutionMetadata"]["contentType"] == "application/did+ld+json"
    for accept in ("application/did", "application/did+json", "application/did+ld+json"):
        alone = await look_up(node, made["did"], accept)
        assert (alone.json(), alone.headers["content-type"]) == (made["document"], accept)
    anything = await look_up(node, made["did"], "*/*")
    assert anything.headers["content-type"] == RESULT
    nothing = await look_up(node, made["did"], "text/html")
    assert nothing.status_code == 406
    assert nothing.json()["didResolutionMetadata"]["error"]["type"].endswith("#REPRESENTATION_NOT_SUPPORTED")


async def test_the_same_in_the_address_as_it_is_and_encoded(node):
    made = await make(node, path=["school"])
    for answer in (await look_up(node, made["did"]), await look_up(node, made["did"], encoded=False)):
        assert answer.json()["didDocument"] == made["document"]


@pytest.mark.parametrize(
    ("name", "accept", "status", "error"),
    [
        ("did:web:node.example:nobody", RESULT, 404, "https://www.w3.org/ns/did#NOT_FOUND"),
        ("did:web:node.example:nobody", OLDER, 404, "notFound"),
        ("did:web:node.example:nobody", "application/did", 404, "https://www.w3.org/ns/did#NOT_FOUND"),
        ("did:Web:x", RESULT, 400, "https://www.w3.org/ns/did#INVALID_DID"),
        ("nothing", OLDER, 400, "invalidDid"),
        ("did:web:node.example?versionId=1&versionNumber=2", RESULT, 400, "https://www.w3.org/ns/did#INVALID_DID_URL"),
        ("did:web:node.example/../x", RESULT, 400, "https://www.w3.org/ns/did#INVALID_DID_URL"),
    ],
)
async def test_what_goes_wrong_is_told_in_the_form_that_was_asked_for(node, name, accept, status, error):
    answer = await look_up(node, name, accept)
    told = answer.json()["didResolutionMetadata"]["error"]
    assert (answer.status_code, told if isinstance(told, str) else told["type"]) == (status, error)
    assert answer.json()["didDocument"] is None


async def test_an_unknown_method_is_one_that_is_not_supported(node):
    answer = await look_up(node, "did:example:123", **node.key("auditor"))
    assert answer.status_code == 501
    assert answer.json()["didResolutionMetadata"]["error"]["type"].endswith("#METHOD_NOT_SUPPORTED")


@pytest.mark.threat(84)
@pytest.mark.parametrize("accept", [RESULT, OLDER, DEREFERENCED, "application/did"])
@pytest.mark.parametrize("problem", [*Problem], ids=lambda each: each.name)
async def test_each_problem_has_the_status_that_the_standard_prescribes(node, problem, accept):
    """Also 500 and 501: they tell of somebody's identifier, in the form of a result, and never that the node failed."""

    async def resolve(_did, *, version=None):
        del version
        failed = Resolution.failed(problem, "as a test has it.")
        return Resolved(result_json(failed), older_result_json(failed), problem)

    node.services.judges.resolve = resolve
    name = f"{FOREIGN}#x" if accept == DEREFERENCED else FOREIGN
    answer = await look_up(node, name, accept, **node.key("auditor"))
    assert answer.status_code == PRESCRIBED.get(problem, 500)
    told = answer.json()
    if accept == DEREFERENCED:
        assert answer.headers["content-type"] == DEREFERENCED
        assert (told["dereferencingMetadata"]["error"]["type"], told["content"]) == (problem, None)
        assert told["contentMetadata"] == {}
        return
    assert answer.headers["content-type"] == (OLDER if accept == OLDER else RESULT)
    assert sorted(told) == ["didDocument", "didDocumentMetadata", "didResolutionMetadata"]
    error = told["didResolutionMetadata"]["error"]
    assert error == (WORDS[problem] if accept == OLDER else error | {"type": problem})
    assert told["didDocument"] is None
    assert "program.failed" not in [line.get("problem") for line in node.lines()]


async def test_what_fails_in_the_node_itself_is_no_result(node):
    async def resolve(_did, *, version=None):
        del version
        raise RuntimeError("of the node's own")

    node.services.judges.resolve = resolve
    answer = await look_up(node, FOREIGN, **node.key("auditor"))
    assert (answer.status_code, answer.json()["code"]) == (500, "program.failed")
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("method", ["web", "webvh"])
async def test_what_was_given_up_is_told_as_such(node, method):
    made = await make(node, path=["school"], method=method)
    await give_up(node, made["did"])
    answer = await look_up(node, made["did"])
    assert (answer.status_code, answer.json()["didDocumentMetadata"]["deactivated"]) == (410, True)
    assert (await look_up(node, made["did"], "application/did")).status_code == 410


async def test_a_version_is_asked_for_in_the_did_url_or_beside_it(node):
    made = await make(node, path=["school"])
    node.clock.move(timedelta(hours=1))
    await node.client.post(f"{DIDS}/{made['did']}/keys", json={"type": "P-256"}, headers=node.key("owner"))
    assert (await look_up(node, made["did"])).json()["didDocument"] != made["document"]
    for path in (
        quote(f"{made['did']}?versionNumber=1", safe=""),
        f"{quote(made['did'], safe='')}?versionNumber=1",
        f"{made['did']}?versionTime=2026-09-01T12:30:00Z",
    ):
        answer = await look_up(node, path, encoded=False)
        assert answer.json()["didDocument"] == made["document"], path
    missing = await look_up(node, f"{made['did']}?versionNumber=9")
    assert missing.status_code == 404
    web = made["document"]["id"].replace(":webvh:" + made["did"].split(":")[2], ":web")
    assert (await look_up(node, f"{web}?versionNumber=1")).status_code == 501


async def test_a_part_or_an_address_is_told_and_nobody_is_led_away(node):
    made = await make(node, path=["school"])
    service = {"type": "Catalogue", "endpoints": ["https://university.example/catalogue"]}
    await node.client.put(f"{DIDS}/{made['did']}/services/catalogue", json=service, headers=node.key("owner"))
    (method,) = made["document"]["verificationMethod"]
    part = await look_up(node, method["id"], "application/did-url-dereferencing")
    assert part.headers["content-type"] == "application/did-url-dereferencing"
    assert part.json()["content"] == method
    assert (await look_up(node, method["id"], "application/did")).json() == method
    url = f"{made['did']}?service=catalogue&relativeRef=/a"
    address = await look_up(node, url, "text/uri-list")
    assert (address.status_code, address.text) == (200, "https://university.example/catalogue/a\r\n")
    told = await look_up(node, url, "*/*")
    assert told.json()["content"] == "https://university.example/catalogue/a"
    absent = await look_up(node, f"{made['did']}#nothing")
    assert absent.status_code == 404
    assert absent.json()["content"] is None


async def test_identifiers_of_others_are_for_those_who_may_verify(node):
    stranger = await look_up(node, FOREIGN)
    assert (stranger.status_code, stranger.json()["code"]) == (401, "access.key")
    issuing = await look_up(node, FOREIGN, **await key_of(node, Scope.CREDENTIALS_ISSUE))
    assert (issuing.status_code, issuing.json()["code"]) == (403, "access.scope")
    answer = await look_up(node, FOREIGN, **node.key("auditor"))
    assert answer.json()["didDocument"]["id"] == FOREIGN


async def test_the_node_never_asks_itself(node):
    asked = []

    async def fetch(url):
        asked.append(url)

    node.services.judges.fetch = fetch
    await make(node, path=["school"])
    webvh = "did:webvh:QmWGMWtRx3wLH69CsKUqhcGHhaNKFbecwApCBNc56joCtX:node.example:school"
    for name in ("did:web:node.example:school", "did:web:node.example", "did:web:node.example:other", webvh):
        await look_up(node, name, **node.key("auditor"))
    assert asked == []
    await look_up(node, "did:web:university.example", **node.key("auditor"))
    assert asked == ["https://university.example/.well-known/did.json"]


async def test_what_an_organisation_publishes_anybody_may_look_up(node):
    made = await make(node, B, path=["academy"])
    assert (await look_up(node, made["did"])).status_code == 200
    assert (await look_up(node, made["did"], **node.key("issuer", A))).status_code == 200
