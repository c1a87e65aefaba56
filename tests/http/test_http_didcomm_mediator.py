"""The node as a mediator: it serves whom it invited, keeps what comes, and gives it back until it was received."""

from datetime import timedelta

import orjson
import pytest
from didcomm_support import resolvable
from node_support import A
from phone_support import Phone, posting

from did_methods.document import Relationship
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_keys
from did_methods.peer_services import messaging_service
from node.didcomm.forward import wrap
from node.didcomm.message import ENCRYPTED, compose
from node.didcomm.pack import pack
from node.didcomm.protocols.coordinate_mediation import (
    DENIED,
    GRANTED,
    LISTED,
    UPDATED,
    Change,
    QueryRecipients,
    RequestMediation,
    UpdateRecipients,
)
from node.didcomm.protocols.message_pickup import (
    DELIVERED,
    TOLD,
    V3,
    AskDelivery,
    AskStatus,
    Confirm,
    GoLive,
)
from node.didcomm.protocols.step import PROBLEM
from node.ports.threads import KEPT_DEPOSITS

PING = "https://didcomm.org/trust-ping/2.0/ping"


class Mediated(Phone):
    """A phone that is served by a mediator under an identifier for each of its relationships."""

    async def served(self, url):
        self.mediator = (invitation := self.invited(url)).sender
        _, messages = self.begin(RequestMediation(), self.mediator, pthid=invitation.id)
        await self.say(messages)

    async def ask(self, event, **more):
        _, messages = self.begin(event, self.mediator, **more)
        await self.say(messages)

    def identifier(self):
        """One for a relationship: whoever writes to it goes by the mediator."""
        key = PrivateKey.generate(KeyType.X25519)
        routing = self.data(GRANTED)[-1]["routing_dids"][0]
        return str(create_with_keys([(Relationship.KEY_AGREEMENT, key.public)], [messaging_service(routing)]))


@pytest.fixture
def mediated(node, runner):
    async def make():
        answer = await node.client.post("/organisation/mediation-invitations", headers=node.key("owner"))
        phone = Mediated(posting(node.client), at=node.clock)
        await phone.served(answer.json()["url"])
        return phone

    node.__dict__["phone"] = runner.run(make())
    return node


async def served(phone):
    did = phone.identifier()
    await phone.ask(UpdateRecipients((Change(did, "add"),)))
    return did


def forwarded(node, phone, did, text="hello", **more):
    """A message to an identifier, as somebody wraps it who knows its document alone."""
    sender = Phone(at=node.clock)
    message = compose(PING, {"text": text}, sender=sender.did, to=[did])
    packed = pack(
        message, to=[did], sender=sender.did, secrets=sender.secrets, documents=resolvable, at=node.clock()
    ).data
    routing = phone.data(GRANTED)[-1]["routing_dids"]
    return packed, wrap(packed, next_hop=did, routing_keys=routing, documents=resolvable, at=node.clock(), **more)


async def post(node, data):
    answer = await node.client.post("/didcomm", content=data, headers={"Content-Type": ENCRYPTED})
    assert (answer.status_code, answer.content) == (202, b""), "nobody is told what became of it"


def delivered(phone):
    return [each for told in phone.data(DELIVERED) for each in told["messages"]]


async def test_what_comes_for_a_phone_waits_until_it_was_received(mediated):
    phone = mediated.phone
    did = await served(phone)
    assert phone.data(UPDATED) == [{"updated": [{"recipient_did": did, "action": "add", "result": "success"}]}]
    packed, envelope = forwarded(mediated, phone, did)
    await post(mediated, envelope)
    await phone.ask(AskStatus())
    assert phone.data(TOLD)[-1]["count"] == 1
    for _ in range(2):
        await phone.ask(AskDelivery())
    first, second = delivered(phone)
    assert first == second, "it stays until it was received"
    assert orjson.loads(first["message"]) == orjson.loads(packed)
    await phone.ask(Confirm((first["id"],)))
    assert phone.data(TOLD)[-1]["count"] == 0
    await phone.ask(AskDelivery())
    assert len(delivered(phone)) == 2


async def test_version_3_tells_the_status_where_nothing_waits(mediated):
    phone = mediated.phone
    did = await served(phone)
    await phone.ask(AskDelivery(), protocol=V3)
    assert phone.data(TOLD)[-1]["count"] == 0
    await post(mediated, forwarded(mediated, phone, did)[1])
    await phone.ask(AskDelivery(), protocol=V3)
    assert len(delivered(phone)) == 1


async def test_identifiers_are_served_listed_and_left(mediated):
    phone = mediated.phone
    dids = sorted([await served(phone) for _ in range(3)])
    await phone.ask(QueryRecipients(limit=2))
    assert phone.data(LISTED)[-1]["dids"] == dids[:2]
    assert phone.data(LISTED)[-1]["pagination"] == {"count": 2, "offset": 0, "remaining": 1}
    await post(mediated, forwarded(mediated, phone, dids[0])[1])
    await phone.ask(UpdateRecipients((Change(dids[0], "remove"), Change(dids[0], "remove"))))
    assert [each["result"] for each in phone.data(UPDATED)[-1]["updated"]] == ["success", "no_change"]
    await phone.ask(AskStatus())
    assert phone.data(TOLD)[-1]["count"] == 0
    await post(mediated, forwarded(mediated, phone, dids[0])[1])
    await phone.ask(AskStatus())
    assert phone.data(TOLD)[-1]["count"] == 0, "it is served no more"


async def test_a_way_that_closes_after_an_answer_delivers_nothing_live(mediated):
    await mediated.phone.ask(GoLive())
    assert [each["code"] for each in mediated.phone.data(PROBLEM)] == ["e.m.live-mode-not-supported"]


async def test_what_nobody_fetches_in_time_is_dropped(mediated):
    phone = mediated.phone
    did = await served(phone)
    soon = int((mediated.clock() + timedelta(minutes=1)).timestamp())
    await post(mediated, forwarded(mediated, phone, did)[1])
    await post(mediated, forwarded(mediated, phone, did, expires_time=soon)[1])
    mediated.clock.move(timedelta(minutes=2))
    await mediated.services.conversing.keeping.tidy()
    await phone.ask(AskStatus())
    assert phone.data(TOLD)[-1]["count"] == 1
    await post(mediated, forwarded(mediated, phone, did, expires_time=soon)[1])
    mediated.clock.move(KEPT_DEPOSITS)
    await mediated.services.conversing.keeping.tidy()
    await phone.ask(AskStatus())
    assert phone.data(TOLD)[-1]["count"] == 0


@pytest.mark.threat(68)
async def test_who_was_not_invited_to_it_is_not_served(mediated):
    """Mediation is for those whom the organisation invited to it; an invitation to anything else is none to that."""
    body = {"definition": {"id": "a", "input_descriptors": [{"id": "a", "constraints": {}}]}, "why": "A test."}
    asked = await mediated.client.post("/organisation/presentation-requests", json=body, headers=mediated.key("issuer"))
    phone = Mediated(posting(mediated.client), at=mediated.clock)
    await phone.served(asked.json()["invitation"]["url"])
    assert phone.data(DENIED)
    await phone.ask(UpdateRecipients((Change(phone.did, "add"),)))
    assert [each["result"] for each in phone.data(UPDATED)[-1]["updated"]] == ["client_error"]
    stranger = Mediated(posting(mediated.client), at=mediated.clock)
    stranger.mediator = mediated.phone.mediator
    await stranger.ask(RequestMediation())
    assert stranger.received == []


@pytest.mark.threat(68)
async def test_a_flood_for_one_identifier_leaves_room_for_the_others(mediated, monkeypatch):
    monkeypatch.setattr("node.adapters.database.mail_rows.MAX_DEPOSITS", 5)
    phone = mediated.phone
    flooded, quiet = await served(phone), await served(phone)
    for number in range(8):
        await post(mediated, forwarded(mediated, phone, flooded, f"flood {number}")[1])
    await post(mediated, forwarded(mediated, phone, quiet, "offer")[1])
    async with mediated.store.view(A) as view:
        assert (await view.mediation.waiting(phone.mediator, flooded)).count == 5
    await phone.ask(AskDelivery(recipient_did=quiet))
    assert len(delivered(phone)) == 1


@pytest.mark.threat(65)
async def test_a_forward_that_is_not_encrypted_or_holds_what_is_not_is_passed_over(mediated):
    phone = mediated.phone
    did = await served(phone)
    inner = compose(PING, {}, to=[did]).document
    readable = compose("https://didcomm.org/routing/2.0/forward", {"next": did}, to=[phone.mediator])
    packed = pack(
        compose(
            readable.type, readable.body, sender=phone.did, to=[phone.mediator], attachments=[{"data": {"json": inner}}]
        ),
        to=[phone.mediator],
        sender=phone.did,
        secrets=phone.secrets,
        documents=resolvable,
        at=mediated.clock(),
    ).data
    await post(mediated, packed)
    await phone.ask(AskStatus())
    assert phone.data(TOLD)[-1]["count"] == 0
