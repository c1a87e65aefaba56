"""The desk for one person over HTTP: what is awarded, refused, sent again, cancelled, and who may."""

import pytest
from claim_support import AWARDS, EMAIL, NAME, Desk, claim, path_of
from node_support import A, B

from node.adapters.database.schema import METADATA
from node.credentials.identity import identity_hash
from node.ports.links import LIFETIME
from node.ports.organisations import Settings


@pytest.fixture
def desk(node, runner):
    return runner.run(Desk.open(node))


async def test_another_link_ends_the_one_before_and_goes_elsewhere_with_an_entry_in_the_log(desk):
    node, (made, first) = desk.node, await desk.link()
    told = await desk.again(made["id"], email="other@school.example")
    second = path_of(told["link"]["url"])
    assert first != second
    assert (await claim(node, first)).status_code == 410
    answer = await claim(node, second)
    hashed = next(
        one for one in answer.json()["credential"]["credentialSubject"]["identifier"] if one["identityType"] != "name"
    )
    assert hashed["identityHash"] == identity_hash("emailAddress", "other@school.example", hashed["salt"])
    async with node.store.view(A) as view:
        events = [entry.event for entry in await view.audit.entries()]
    linked = next(event for event in events if event.action == "award.link")
    assert linked.details["elsewhere"] is True
    assert "school.example" not in repr(events)


async def test_the_link_to_a_document_is_sent_again_too(desk):
    node, (made, path) = desk.node, await desk.link()
    told = (await claim(node, path)).json()
    first = path_of(told["document"])
    again = await desk.again(made["id"])
    second = path_of(again["link"]["url"])
    assert (await node.client.get(first)).status_code == 410
    assert (await node.client.get(second)).status_code == 200
    node.clock.move(LIFETIME)
    assert (await node.client.get(second)).status_code == 410


async def test_what_is_cancelled_is_claimed_by_nobody(desk):
    node, (made, path) = desk.node, await desk.link()
    answer = await node.client.post(f"{AWARDS}/{made['id']}/cancel", headers=desk.key)
    assert answer.json()["state"] == "cancelled"
    assert (await node.client.get(path)).status_code == 410
    assert (await claim(node, path)).status_code == 410
    assert (await desk.again(made["id"], status=409))["code"] == "award.state"
    other, path = await desk.link()
    await claim(node, path)
    refused = await node.client.post(f"{AWARDS}/{other['id']}/cancel", headers=desk.key)
    assert (refused.status_code, refused.json()["code"]) == (409, "award.state")


async def test_an_award_at_once_is_issued_and_fetched_by_its_link(desk):
    made, path = await desk.link(kind="once")
    assert made["state"] == "issued"
    assert path.startswith("/awards/")
    shown = (await desk.node.client.get(path)).json()
    credential = (await desk.node.client.get(path_of(shown["credential"]))).json()
    assert credential["id"] == f"urn:uuid:{made['id']}"
    for _ in range(2):
        assert (await desk.node.client.get(path)).status_code == 200, "as often as one likes"


@pytest.mark.parametrize("kind", ["once", "claim"])
async def test_the_same_client_key_is_the_same_award(desk, kind):
    first, path = await desk.link(kind=kind, clientKey="row-1")
    again, same = await desk.link(kind=kind, clientKey="row-1")
    assert (again["id"], same) == (first["id"], path)
    for change in ({"name": "Somebody Else"}, {"email": "x@school.example"}, {"award": {"narrative": "other"}}):
        answer = await desk.award(kind=kind, clientKey="row-1", **change)
        assert (answer.status_code, answer.json()["code"]) == (409, "store.conflict")


async def test_an_award_takes_a_second_person_where_that_is_set(desk):
    node = desk.node
    await node.store.change(
        A, lambda unit: unit.settings.keep(Settings(frozenset({"credentials.issue"})), node.clock())
    )
    asked = await desk.award()
    assert asked.status_code == 202
    assert not (await node.client.get(AWARDS, headers=desk.key)).json()["awards"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "A\nBcc: b@c.example"}, "award.name"),
        ({"name": ""}, "award.name"),
        ({"email": "a@b.example\r\nBcc: c@d.example"}, "award.email"),
        ({"email": "no address"}, "award.email"),
        ({"email": "a@localhost"}, "award.email"),
        ({"award": {"id": "urn:x"}}, "award.member"),
        ({"award": {"result": [{"resultDescription": "#none", "status": "Completed"}]}}, "award.result.description"),
        ({"award": {"misspelt": 1}}, "award.member"),
        ({"kind": "later"}, "request.invalid"),
        ({"language": "xx"}, "request.invalid"),
        ({"achievement": ...}, "request.invalid"),
    ],
    ids=range(11),
)
async def test_what_could_not_be_claimed_later_is_refused_now(desk, change, code):
    answer = await desk.award(**change)
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text
    assert not (await desk.node.client.get(AWARDS, headers=desk.key)).json()["awards"]


async def test_a_claim_waits_for_an_issuer_who_does_not_issue_at_the_moment(desk):
    node, (_, path) = desk.node, await desk.link()
    await node.store.change(A, lambda unit: unit.identities.close_profile(f"{A}-profile"))
    answer = await claim(node, path)
    assert (answer.status_code, answer.json()["code"]) == (409, "claim.unready")
    assert (await node.client.get(path)).status_code == 200


@pytest.mark.threat(77)
async def test_links_of_others_are_not_made_and_not_ended(desk):
    node, (made, path) = desk.node, await desk.link()
    for way in ("claim-link", "cancel"):
        answer = await node.client.post(f"{AWARDS}/{made['id']}/{way}", json={}, headers=node.key("issuer", B))
        assert answer.status_code == 404
    assert (await node.client.get(path)).status_code == 200


@pytest.mark.threat(85)
async def test_the_database_alone_leads_to_no_link(desk):
    node, (_, path) = desk.node, await desk.link()
    token = path.rpartition("/")[2]
    assert len(token) == 32, "192 bits"
    async with node.database.reading() as connection:
        rows = [repr((await connection.execute(table.select())).all()) for table in METADATA.sorted_tables]
    assert not [row for row in rows if token in row]
    told = node.log.getvalue() + repr([span.attributes for span in node.traces.get_finished_spans()]).encode()
    assert token.encode() not in told
    assert EMAIL.encode() not in told
    assert NAME.encode() not in told
    metrics = node.services.telemetry.metrics()
    assert token.encode() not in metrics
    assert b"/claims/{token}" in metrics or b"/organisation/awards" in metrics


async def test_who_is_erased_has_no_link(desk):
    node, (made, path) = desk.node, await desk.link()
    assert (await node.client.delete(f"{AWARDS}/{made['id']}", headers=node.key("owner"))).status_code == 204
    assert (await node.client.get(path)).status_code == 410
    async with node.store.view(A) as view:
        assert await view.links.of_award(made["id"]) == ()


async def test_when_an_award_ends_is_known_before_it_is_claimed(desk):
    ends = {"validUntil": "2027-09-01T12:00:00Z"}
    made, path = await desk.link(award=ends, clientKey="row-1")
    again, _ = await desk.link(award=ends, clientKey="row-1")
    assert again["id"] == made["id"]
    asked = {"endsBefore": "2028-01-01T00:00:00Z"}
    found = await desk.node.client.get(AWARDS, headers=desk.key, params=asked)
    assert [one["id"] for one in found.json()["awards"]] == [made["id"]], found.text
    assert (await claim(desk.node, path)).json()["credential"]["validUntil"] == "2027-09-01T12:00:00Z"
    wrong = await desk.award(award={"validUntil": "tomorrow"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "award.time")
