"""A node as a process and a phone on a WebSocket: it is killed between any two messages, and nothing is lost."""

import asyncio
import os
import signal
from contextlib import asynccontextmanager

import pytest
from didcomm_support import resolvable
from phone_support import Phone
from serve_support import QUICK, serving

from did_methods.document import Relationship
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_keys
from did_methods.peer_services import messaging_service
from node.adapters.dial import GuardedDialer
from node.adapters.didcomm_transport import Transport
from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.didcomm.forward import wrap
from node.didcomm.message import compose
from node.didcomm.pack import pack
from node.didcomm.protocols import issue_credential
from node.didcomm.protocols.coordinate_mediation import (
    GRANTED,
    UPDATED,
    Change,
    RequestMediation,
    UpdateRecipients,
)
from node.didcomm.protocols.message_pickup import DELIVERED, TOLD, AskDelivery, AskStatus, Confirm, GoLive
from node.ports.threads import MAX_DEPOSITS
from node.verification.errors import UnreachableError

LONG = bool(os.environ.get("GLEJT_LONG"))
FLOOD = 10_000 if LONG else 40
"""Messages to a phone that is off; as many as an address may send at once without waiting."""
OFFERS = 5
HERE = Transport(GuardedDialer(GuardedFetch(Rules(loopback=True))))
WAIT_SECONDS = 30


class SocketPhone(Phone):
    """A phone that talks on a WebSocket alone; `line` is the one that is open."""

    line = None

    @asynccontextmanager
    async def on(self, url):
        async with HERE.open(f"{url.replace('http', 'ws', 1)}/didcomm/ws") as self.line:
            yield self

    async def say(self, messages):
        for message in messages:
            await self.line.send(self.packed(self.returning(message)))

    async def hear(self, *, until):
        """Take what comes, and send what that leads to, until something is so."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not until():
                await self.say(self.take(await self.line.receive()))

    async def ask(self, event, kind, **more):
        """Begin an exchange, and wait for what it brings."""
        before = len(self.data(kind))
        _, messages = self.begin(event, self.mediator, **more)
        await self.say(messages)
        await self.hear(until=lambda: len(self.data(kind)) > before)
        return self.data(kind)[-1]


def identifier(phone):
    """One for a relationship: whoever writes to it goes by the mediator."""
    key, routing = PrivateKey.generate(KeyType.X25519), phone.data(GRANTED)[-1]["routing_dids"][0]
    return str(create_with_keys([(Relationship.KEY_AGREEMENT, key.public)], [messaging_service(routing)]))


def offer(node, number=0):
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "id": f"urn:example:{number}",
        "issuer": node.told["made"]["did"],
        "credentialSubject": {"name": "Demo Learner"},
    }
    return post(node, "/organisation/offers", json={"profile": "dev", "credential": credential})["url"]


def post(node, path, **more):
    import httpx2  # noqa: PLC0415 -- as its fixtures

    answer = httpx2.post(f"{node.url}{path}", headers=node.key, timeout=30, **more)
    assert answer.status_code == 201, answer.text
    return answer.json()


@asynccontextmanager
async def again(folder, phone, *, first=None):
    """A node on the same folder, with the phone on a new WebSocket; at the end it is killed."""
    with serving(folder, **QUICK) as node:
        if first is not None:
            first["node"] = node
        async with phone.on(node.url):
            yield node
            node.process.send_signal(signal.SIGKILL)
            node.process.wait(30)


def asked(line, data):
    """What is answered to this."""
    line.send(data)
    return line.recv(timeout=30)


@pytest.mark.threat(68)
def test_a_credential_comes_to_a_phone_though_the_node_is_killed_between_any_two_messages(tmp_path):
    phone = SocketPhone()

    async def work():
        async with again(tmp_path, phone) as node:
            invitation = phone.invited(offer(node))
            thread, messages = phone.begin(issue_credential.Propose(), invitation.sender, pthid=invitation.id)
            await phone.say(messages)  # it may have been taken, or not
        async with again(tmp_path, phone):
            await phone.again(thread)
            await phone.hear(until=lambda: phone.data(issue_credential.OFFERED))
        async with again(tmp_path, phone):
            await phone.say(phone.request(thread))
        async with again(tmp_path, phone):
            await phone.again(thread)
            await phone.hear(until=lambda: phone.data(issue_credential.CREDENTIAL))
        async with again(tmp_path, phone):
            await phone.say(phone.do(thread, issue_credential.Accept()))
        (given,) = phone.data(issue_credential.CREDENTIAL)
        assert given["credential"]["credentialSubject"]["id"] == phone.holder
        assert phone.exchanges[thread].state == "done"

    asyncio.run(work())


def envelope(phone, sender, number, did):
    """A message to an identifier of the phone's, as somebody sends it who knows its document."""
    content = {"content": f"{number}"}
    message = compose("https://didcomm.org/basicmessage/2.0/message", content, sender=sender.did, to=[did])
    packed = pack(
        message, to=[did], sender=sender.did, secrets=sender.secrets, documents=resolvable, at=sender.at()
    ).data
    routing = phone.data(GRANTED)[-1]["routing_dids"]
    return wrap(packed, next_hop=did, routing_keys=routing, documents=resolvable, at=sender.at())


async def send(node, data):
    while True:
        try:
            await HERE.post(f"{node.url}/didcomm", data)
        except UnreachableError as error:
            if error.status != 429:
                raise
            await asyncio.sleep(1)  # it is asked to wait
        else:
            return


@pytest.mark.threat(68)
def test_what_waits_at_the_mediator_survives_a_kill_and_comes_live(tmp_path):
    phone = SocketPhone()
    sender = Phone()

    async def work():
        async with again(tmp_path, phone) as node:
            invitation = phone.invited(post(node, "/organisation/mediation-invitations")["url"])
            phone.mediator = invitation.sender
            await phone.ask(RequestMediation(), GRANTED, pthid=invitation.id)
            flooded, quiet = identifier(phone), identifier(phone)
            await phone.ask(UpdateRecipients((Change(flooded, "add"), Change(quiet, "add"))), UPDATED)
        with serving(tmp_path, **QUICK) as node:  # the phone is off
            for number in range(FLOOD):
                await send(node, envelope(phone, sender, number, flooded))
                if number % (FLOOD // OFFERS) == 0:
                    await send(node, envelope(phone, sender, number, quiet))
            node.process.send_signal(signal.SIGKILL)
            node.process.wait(30)
        expected = min(FLOOD, MAX_DEPOSITS)
        async with again(tmp_path, phone) as node:
            assert (await phone.ask(AskStatus(flooded), TOLD))["count"] == expected
            offers = (await phone.ask(AskDelivery(recipient_did=quiet), DELIVERED))["messages"]
            assert len(offers) == OFFERS, "all of them, however many others came"
            await phone.ask(Confirm(tuple([each["id"] for each in offers])), TOLD)
            got = {each["id"] for each in (await phone.ask(AskDelivery(), DELIVERED))["messages"]}
            assert len(got) == 16
            await phone.ask(Confirm(tuple(got)), TOLD)
        async with again(tmp_path, phone) as node:
            assert (await phone.ask(AskStatus(), TOLD))["count"] == expected - 16
            before = len(phone.data(DELIVERED))
            await phone.ask(GoLive(), TOLD)
            await phone.hear(until=lambda: len(phone.data(DELIVERED)) > before)
            live = {each["id"] for told in phone.data(DELIVERED)[before:] for each in told["messages"]}
            assert live
            assert not live & got, "what was received was deleted"
            await phone.ask(Confirm(tuple(live)), TOLD)
            count = len(phone.data(DELIVERED))
            await send(node, envelope(phone, sender, FLOOD, quiet))
            await phone.hear(until=lambda: len(phone.data(DELIVERED)) > count)

    asyncio.run(work())


def test_on_a_websocket_nobody_else_is_heard_than_who_speaks_didcomm(tmp_path):
    """Another path, what is no envelope, what is too large: closed, and the node goes on."""
    from websockets.exceptions import WebSocketException  # noqa: PLC0415 -- of this test alone
    from websockets.sync.client import connect  # noqa: PLC0415 -- likewise

    with serving(tmp_path, **QUICK) as node:
        url = node.url.replace("http", "ws", 1)
        for path in ("/", "/didcomm", "/organisation", "/didcomm/ws/"):
            with pytest.raises(WebSocketException):
                connect(f"{url}{path}")
        for data in ("{}", "not JSON", b"\xff\xfe", "x" * (2560 * 1024 + 1)):
            with connect(f"{url}/didcomm/ws") as line, pytest.raises(WebSocketException):
                asked(line, data)
        assert node.get("/health/live").status_code == 200
        assert node.stop() == 0
