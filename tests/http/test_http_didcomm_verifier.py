"""A verifier asks by invitation; a phone shows what it chooses, and both learn the verdict of the one pipeline."""

import asyncio
from datetime import timedelta

import orjson
import pytest
from disclosure_support import JSONLD
from issuing_support import add_profile, credential
from node_support import PUBLIC_URL, A, B
from phone_support import Phone, posting

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.didcomm.presentation_exchange import read_definition, submission_of
from node.didcomm.protocols import issue_credential, present_proof
from node.didcomm.protocols.step import PROBLEM
from node.exchange.didcomm.asking import ANSWERED_WITHIN
from node.ports.judging import JudgesBusyError
from node.ports.outbox import Claimed
from node.ports.work import Kind
from node.verification.case import Request
from node.wallet.holder import Holder
from node.wallet.present import present

WHY = "To let you work with the machine."


def definition(*paths, filter_=None, **more):
    fields = [{"path": [path], **({"filter": filter_} if filter_ else {})} for path in paths]
    return {"id": "asked", "input_descriptors": [{"id": "one", "constraints": {"fields": fields, **more}}]}


NAMED = definition("$.credentialSubject.achievement.name")


@pytest.fixture
def holding(node, runner):
    """A node, and a phone that holds a credential of which it can choose what to show."""

    async def make():
        did = await add_profile(node, form="ecdsa-sd-2023", status=[])
        phone = Phone(posting(node.client), at=node.clock)
        phone.holder_key = PrivateKey.generate(KeyType.P256)
        phone.holder = str(did_key.create(phone.holder_key.public))
        unbound = credential(did)
        unbound["credentialSubject"].pop("id", None)
        body = {"profile": "profile", "credential": unbound}
        offer = await node.client.post("/organisation/offers", json=body, headers=node.key("issuer"))
        await phone.accept(offer.json()["url"])
        phone.credential = phone.data(issue_credential.CREDENTIAL)[0]["credential"]
        return phone

    node.__dict__["phone"] = runner.run(make())
    return node


async def asked(node, wanted=NAMED, **more):
    body = {"definition": wanted, "why": WHY, **more}
    answer = await node.client.post("/organisation/presentation-requests", json=body, headers=node.key("issuer"))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def state_of(node, request, organisation=A):
    path = f"/organisation/presentation-requests/{request['id']}"
    return await node.client.get(path, headers=node.key("issuer", organisation))


async def shown_by(phone, demand, reveal=()):
    method = did_key.method_id(phone.holder_key.public)
    holder = Holder(method, HeldKeys({method: phone.holder_key}))
    request = Request(demand["challenge"], demand["domain"])
    made = await present(phone.credential, reveal, request, created=phone.at(), jsonld=JSONLD, holder=holder)
    return made.presentation


async def test_a_phone_shows_what_it_chooses_and_both_learn_the_verdict(holding):
    phone, request = holding.phone, await asked(holding)
    assert request["state"] == "invited"
    thread, demand = await phone.asked(request["invitation"]["url"])
    assert (demand["why"], demand["policy"], demand["domain"]) == (WHY, "everyday", PUBLIC_URL)
    assert (await state_of(holding, request)).json()["state"] == "requested"
    name = ("/credentialSubject/achievement/name",)
    await phone.present(thread, await shown_by(phone, demand, name))
    found = (await state_of(holding, request)).json()
    assert found["state"] == "accepted", orjson.dumps(found["report"]).decode()
    assert found["report"]["verdict"] == "accepted"
    (told,) = phone.data(present_proof.ACCEPTED)
    assert told["report"] == found["report"]
    assert phone.exchanges[thread].state == "done"
    assert "challenge" not in orjson.dumps(found).decode().replace("glejt-challenge", "")


@pytest.mark.threat(75)
async def test_what_is_not_shown_is_missing_whoever_signed_for_the_rest(holding):
    phone, request = holding.phone, await asked(holding, definition("$.credentialSubject.result"))
    thread, demand = await phone.asked(request["invitation"]["url"])
    await phone.present(thread, await shown_by(phone, demand))
    found = (await state_of(holding, request)).json()
    assert found["state"] == "rejected"
    assert found["report"]["missing"] == [{"descriptor": "one", "path": "$['credentialSubject']['result']"}]
    (problem,) = phone.data(PROBLEM)
    assert problem["code"] == "e.p.req.not-accepted"


@pytest.mark.threat(75)
@pytest.mark.parametrize(
    "wanted",
    [
        definition("$.a", filter_={"type": "string", "pattern": "^(a+)+$"}),
        definition("$.a", filter_={"contains": {"pattern": "a"}}),
        definition("$..a"),
        definition("$[?(@.a)]"),
        definition("$.a", filter_={"$ref": "https://elsewhere.example/schema"}),
        definition("$.a", statuses={"active": {"directive": "required"}}),
        definition("$.a", filter_={"format": []}),
        definition("$.a", filter_={"type": [["string"]]}),
        definition("$.a", filter_={"required": [{}]}),
        {"id": "asked", "input_descriptors": []},
        {**NAMED, "submission_requirements": [{"rule": "pick", "count": 1, "from": "A"}]},
    ],
    ids=range(11),
)
async def test_what_is_not_evaluated_here_is_refused_and_never_passed_over(node, wanted):
    body = {"definition": wanted, "why": WHY}
    answer = await node.client.post("/organisation/presentation-requests", json=body, headers=node.key("issuer"))
    assert (answer.status_code, answer.json()["code"]) == (400, "exchange.definition")
    assert answer.json()["remedy"]


async def test_one_request_has_one_answer_of_one_phone(holding):
    """Another phone, the same presentation elsewhere, a second one: none of it counts."""
    phone, request = holding.phone, await asked(holding)
    thread, demand = await phone.asked(request["invitation"]["url"])
    shown = await shown_by(phone, demand)
    other = await asked(holding)
    second, _ = await phone.asked(other["invitation"]["url"])
    await phone.present(second, shown)
    assert (await state_of(holding, other)).json()["state"] == "rejected", "it was signed for another request"
    await phone.present(thread, shown)
    assert (await state_of(holding, request)).json()["state"] == "accepted"
    examined = holding.services.judges.examined
    await phone.again(thread)
    assert holding.services.judges.examined == examined
    stranger = Phone(posting(holding.client), at=holding.clock)
    invitation = stranger.invited(request["invitation"]["url"])
    _, messages = stranger.begin(present_proof.Propose(), invitation.sender, pthid=invitation.id)
    await stranger.say(messages)
    assert [each["code"] for each in stranger.data(PROBLEM)] == ["e.p.req.invitation-used"]


async def test_a_credential_of_somebody_else_is_not_accepted(holding):
    phone, request = holding.phone, await asked(holding)
    thief = Phone(posting(holding.client), at=holding.clock)
    thief.credential = phone.credential
    thread, demand = await thief.asked(request["invitation"]["url"])
    shown = await present(
        phone.credential, (), Request(demand["challenge"], demand["domain"]), created=holding.clock(), jsonld=JSONLD
    )
    await thief.present(thread, shown.presentation)
    assert (await state_of(holding, request)).json()["state"] == "rejected"


async def test_a_submission_says_which_credential_is_meant(holding):
    phone, request = holding.phone, await asked(holding)
    thread, demand = await phone.asked(request["invitation"]["url"])
    shown = await shown_by(phone, demand)
    wrong = submission_of(read_definition(demand["definition"]), [3], id="s", format="ldp_vc")
    unsigned = {**shown, "presentation_submission": wrong}
    await phone.present(thread, unsigned)
    found = (await state_of(holding, request)).json()
    assert found["state"] == "rejected"


async def test_what_was_shown_is_judged_also_when_the_judge_was_away(holding, monkeypatch):
    phone, request = holding.phone, await asked(holding)
    thread, demand = await phone.asked(request["invitation"]["url"])
    shown = await shown_by(phone, demand)

    async def busy(*_):
        raise JudgesBusyError

    monkeypatch.setattr(type(holding.services.judges), "examine", busy)
    await phone.present(thread, shown)
    monkeypatch.undo()
    assert (await state_of(holding, request)).json()["state"] == "presented"
    async with holding.store.view(A) as view:
        tasks = [each for each in await view.outbox.waiting() if each.kind == Kind.GO_ON_WITH]
    for task in tasks:
        await holding.services.conversing.keeping.go_on(Claimed(A, task))
    assert (await state_of(holding, request)).json()["state"] == "accepted"
    await phone.again(thread)
    assert phone.exchanges[thread].state == "done"


async def test_who_listens_hears_each_state(holding):
    phone, request = holding.phone, await asked(holding)

    async def listen():
        path = f"/organisation/presentation-requests/{request['id']}/events"
        return await holding.client.get(path, headers=holding.key("issuer"))

    listening = asyncio.create_task(listen())
    thread, demand = await phone.asked(request["invitation"]["url"])
    await phone.present(thread, await shown_by(phone, demand))
    heard = (await listening).text
    states = [orjson.loads(line[6:])["state"] for line in heard.splitlines() if line.startswith("data: ")]
    assert states[-1] == "accepted"
    assert len(states) == len(set(states))


async def test_who_asks_too_late_or_never_answers_is_told(holding):
    phone, request = holding.phone, await asked(holding)
    _, demand = await phone.asked(request["invitation"]["url"])
    assert demand["expires_time"]
    holding.clock.move(ANSWERED_WITHIN + timedelta(seconds=1))
    await holding.services.conversing.keeping.tidy()
    assert (await state_of(holding, request)).json()["state"] == "abandoned"


async def test_requests_are_the_organisations_own(holding):
    request = await asked(holding)
    assert (await state_of(holding, request, B)).status_code == 404
    listed = await holding.client.get("/organisation/presentation-requests", headers=holding.key("issuer", B))
    assert listed.json() == {"requests": []}
    (own,) = (await holding.client.get("/organisation/presentation-requests", headers=holding.key("issuer"))).json()[
        "requests"
    ]
    assert own["id"] == request["id"]
    assert (await state_of(holding, request)).json()["invitation"]["url"]
    for wrong in ({"policy": "none"}, {"why": ""}):
        body = {"definition": NAMED, "why": WHY, **wrong}
        answer = await holding.client.post(
            "/organisation/presentation-requests", json=body, headers=holding.key("issuer")
        )
        assert answer.status_code in {400, 422}
