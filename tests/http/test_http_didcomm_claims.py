"""An award that waits for its learner, taken with a wallet: from the claim page's invitation, or from the desk's."""

import pytest
from claim_support import NAME, Desk
from issuing_support import working_node
from node_support import A
from phone_support import Phone, posting

from node.didcomm.presentation_exchange import MAX_FILTER_DEPTH, DefinitionError, read_definition, unsatisfied
from node.didcomm.protocols import issue_credential
from node.didcomm.protocols.changes import UPGRADED, AskReceipts
from node.didcomm.protocols.step import OVER, PROBLEM
from node.issuance.organisation.second_person import Action
from node.ports.errors import RuleError
from node.ports.offers import OfferGoneError
from node.ports.organisations import Settings


@pytest.fixture
def claiming(node_template, tmp_path, runner):
    opening = working_node(tmp_path, template=node_template)
    node = runner.run(opening.__aenter__())
    node.__dict__["desk"] = runner.run(Desk.open(node, status=[]))
    yield node
    runner.run(opening.__aexit__(None, None, None))


def phone(node):
    return Phone(posting(node.client), at=node.clock)


async def invitation(node, award):
    return await node.client.post(f"/organisation/awards/{award}/invitations", headers=node.key("issuer"))


async def test_an_award_that_waits_is_claimed_by_a_wallet_and_bound_to_its_key(claiming):
    made, _ = await claiming.desk.link()
    answer = await invitation(claiming, made["id"])
    assert answer.status_code == 201, answer.text
    holder = phone(claiming)
    await holder.accept(answer.json()["url"])
    (offer,) = holder.data(issue_credential.OFFERED)
    assert "id" not in offer["credential"]["credentialSubject"]
    (given,) = holder.data(issue_credential.CREDENTIAL)
    assert given["credential"]["credentialSubject"]["id"] == holder.holder
    assert NAME in str(given["credential"]["credentialSubject"])
    assert await claiming.desk.state(made["id"]) == "issued"
    assert (await invitation(claiming, made["id"])).status_code == 409
    async with claiming.store.view(A) as view:
        (handed,) = await view.threads.handed(made["id"])
    assert handed.credential == given["credential"]["id"]


@pytest.mark.threat(69)
async def test_of_two_invitations_to_one_award_one_gets_it(claiming):
    made, path = await claiming.desk.link()
    urls = [(await invitation(claiming, made["id"])).json()["url"] for _ in range(2)]
    first, second = phone(claiming), phone(claiming)
    thread = await second.accept(urls[1], until="offered")
    await first.accept(urls[0])
    await second.say(second.request(thread))
    assert [each["code"] for each in second.data(PROBLEM)] == ["e.p.req.declined"]
    assert second.exchanges[thread].state == "abandoned"
    assert second.data(OVER)
    assert len(first.data(issue_credential.CREDENTIAL)) == 1
    assert (await claiming.client.get(path)).status_code in {404, 410}, "the link was used by that"


async def test_who_asks_for_a_receipt_that_is_not_there_waits_or_is_told(claiming):
    made, _ = await claiming.desk.link()
    holder = phone(claiming)
    thread = await holder.accept((await invitation(claiming, made["id"])).json()["url"])
    (given,) = holder.data(issue_credential.CREDENTIAL)
    to = holder.exchanges[thread].connection.theirs
    asked, messages = holder.begin(AskReceipts(given["credential"]["id"]), to, pthid=thread)
    await holder.say(messages)
    assert holder.data(UPGRADED) == []
    assert holder.exchanges[asked].state == "request-sent", "nothing anchors it, and it is waited"
    other, messages = holder.begin(AskReceipts("urn:example:another"), to, pthid=thread)
    await holder.say(messages)
    assert holder.exchanges[other].state == "abandoned"


async def test_where_issuing_takes_a_second_person_nobody_is_offered_a_credential_whole(claiming):
    await claiming.store.change(
        A, lambda unit: unit.settings.keep(Settings(frozenset({Action.ISSUE.value})), claiming.clock())
    )
    body = {
        "profile": f"{A}-profile",
        "credential": {
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiableCredential"],
            "issuer": claiming.desk.did,
            "credentialSubject": {"name": NAME},
        },
    }
    answer = await claiming.client.post("/organisation/offers", json=body, headers=claiming.key("issuer"))
    assert (answer.status_code, answer.json()["code"]) == (409, "offer.second_person")


async def test_nothing_is_minted_for_what_does_not_wait(claiming):
    done = (await claiming.desk.award(kind="once")).json()
    assert (await invitation(claiming, done["id"])).status_code == 409
    assert (await invitation(claiming, "01990d5e-0000-7000-8000-000000000009")).status_code == 404
    with pytest.raises((OfferGoneError, RuleError)):
        await claiming.services.conversing.handing.mint(A, done["id"], "no link", claiming.clock())


CLAIMS = {
    "type": ["VerifiableCredential", "OpenBadgeCredential"],
    "credentialSubject": [{"name": "A", "level": 6, "nested": {"deep": True}}, {"name": "B"}],
    "score": 0.5,
    "flag": False,
}


def asked(path, filter_=None, **more):
    field = {"path": [path] if isinstance(path, str) else path, **more}
    if filter_ is not None:
        field["filter"] = filter_
    return read_definition({"id": "d", "input_descriptors": [{"id": "one", "constraints": {"fields": [field]}}]})


@pytest.mark.threat(75)
@pytest.mark.parametrize(
    ("path", "filter_", "found"),
    [
        ("$.type", {"contains": {"const": "OpenBadgeCredential"}}, True),
        ("$.type", {"contains": {"const": "Another"}}, False),
        ("$.type[*]", {"const": "OpenBadgeCredential"}, True),
        ("$['type'][1]", {"const": "OpenBadgeCredential"}, True),
        ('$["type"][0]', {"const": "OpenBadgeCredential"}, False),
        ("$.credentialSubject.name", {"enum": ["B"]}, True),
        ("$.credentialSubject.name", {"not": {"enum": ["A", "B"]}}, False),
        ("$.credentialSubject[0].level", {"type": "integer", "minimum": 6, "maximum": 6}, True),
        ("$.credentialSubject.level", {"exclusiveMinimum": 6}, False),
        ("$.credentialSubject.nested.deep", {"const": True}, True),
        ("$.credentialSubject.nested.deep", {"const": 1}, False),
        ("$.score", {"type": "number"}, True),
        ("$.score", {"type": "integer"}, False),
        ("$.flag", {"type": "boolean", "const": False}, True),
        ("$.flag.more", None, False),
        ("$.absent", None, False),
        (["$.absent", "$.flag"], None, True),
        ("$.credentialSubject", {"contains": {"type": "object", "required": ["level"]}}, True),
        ("$.credentialSubject", {"contains": {"properties": {"name": {"const": "C"}}, "required": ["name"]}}, False),
        ("$.type", {"anyOf": [{"maxItems": 1}, {"minItems": 2}]}, True),
        ("$.credentialSubject.name", {"type": "string", "minLength": 2}, False),
    ],
)
def test_what_a_definition_asks_for_is_there_or_it_is_not(path, filter_, found):
    assert (not unsatisfied(asked(path, filter_), [CLAIMS])) is found
    assert unsatisfied(asked(path, filter_), [])


@pytest.mark.threat(75)
def test_a_definition_costs_what_it_has_and_no_more():
    """A ladder: what is longer, deeper or more than anybody asks for is refused before it is evaluated."""
    deep = {"const": 1}
    for _ in range(MAX_FILTER_DEPTH):
        deep = {"not": deep}
    asked("$.a", deep)
    for path, filter_ in (
        ("$.a", {"not": deep}),
        ("$" + ".a" * 33, None),
        ("$." + "a" * 600, None),
        ("$.a", {"enum": list(range(65))}),
        ("$.a", {"anyOf": [{}] * 65}),
        (["$.a"] * 9, None),
    ):
        with pytest.raises(DefinitionError):
            asked(path, filter_)
    wide = {"a": [{"a": [{"a": [{"a": list(range(50))}] * 50}] * 50}] * 50}
    assert unsatisfied(asked("$.a[*].a[*].a[*].a[*]", {"const": -1}), [wide])
