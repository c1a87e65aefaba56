"""What waits for somebody goes to their address: wrapped for their mediator, tried again, by whichever way works."""

from datetime import timedelta

import pytest
from didcomm_support import resolvable
from issuing_support import add_profile, credential
from node_support import A, running_node
from phone_support import Phone, posting

from did_methods.document import Relationship
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_keys
from did_methods.peer_services import messaging_service
from node.didcomm.forward import read_forward
from node.didcomm.message import ENCRYPTED
from node.didcomm.parties import HeldSecrets
from node.didcomm.protocols import issue_credential
from node.didcomm.protocols.issue_credential import Propose
from node.didcomm.unpack import unpack
from node.ports.outbox import Claimed
from node.ports.threads import KEPT_LETTERS
from node.ports.work import Kind
from node.verification.errors import UnreachableError

ADDRESS = "https://phone.example/didcomm"


class Addresses:
    """What was sent where; those in `away` are not reached."""

    def __init__(self):
        self.sent, self.away = [], set()

    async def deliver(self, address, data):
        if address in self.away:
            raise UnreachableError("nobody", code="fetch.unreachable", remedy="Later.")
        self.sent.append((address, data))


@pytest.fixture
def sending(node_template, tmp_path, runner):
    addresses = Addresses()
    opening = running_node(tmp_path, template=node_template, sends=addresses)
    node = runner.run(opening.__aenter__())
    node.__dict__["addresses"] = addresses
    node.__dict__["did"] = runner.run(add_profile(node, status=[]))
    yield node
    runner.run(opening.__aexit__(None, None, None))


async def offered(node):
    unbound = credential(node.did)
    unbound["credentialSubject"].pop("id", None)
    body = {"profile": "profile", "credential": unbound}
    return (await node.client.post("/organisation/offers", json=body, headers=node.key("issuer"))).json()["url"]


async def proposed(node, phone):
    """A proposal by POST without a wish for an answer on the same way."""
    invitation = phone.invited(await offered(node))
    thread, (message,) = phone.begin(Propose(), invitation.sender, pthid=invitation.id)
    answer = await node.client.post("/didcomm", content=phone.packed(message), headers={"Content-Type": ENCRYPTED})
    assert (answer.status_code, answer.content) == (202, b"")
    return thread


async def work(node):
    """Carry out the letters' tasks; the errors."""
    async with node.store.view(A) as view:
        tasks = [each for each in await view.outbox.waiting() if each.kind == Kind.SEND_LETTERS]
    failed = []
    for task in tasks:
        try:
            await node.services.conversing.keeping.send(Claimed(A, task))
        except UnreachableError as error:
            failed.append(error)
    return failed


async def waiting(node, phone, thread):
    async with node.store.view(A) as view:
        return len(await view.threads.letters(phone.exchanges[thread].connection.theirs))


async def test_what_waits_goes_to_the_address_in_their_document(sending):
    phone = Phone(at=sending.clock, address=ADDRESS)
    thread = await proposed(sending, phone)
    assert await waiting(sending, phone, thread) == 1
    sending.addresses.away = {ADDRESS}
    assert await work(sending), "it is tried again by the outbox"
    assert await waiting(sending, phone, thread) == 1
    sending.addresses.away = set()
    assert not await work(sending)
    ((address, data),) = sending.addresses.sent
    assert address == ADDRESS
    phone.take(data)
    assert phone.data(issue_credential.OFFERED)
    assert not await work(sending)
    assert len(sending.addresses.sent) == 1
    assert await waiting(sending, phone, thread) == 0


async def test_whoever_has_no_address_comes_for_it(sending):
    phone = Phone(posting(sending.client), at=sending.clock)
    thread = await proposed(sending, phone)
    assert not await work(sending)
    assert sending.addresses.sent == []
    assert await waiting(sending, phone, thread) == 1
    await phone.again(thread)
    assert phone.data(issue_credential.OFFERED)


async def test_what_nobody_comes_for_is_dropped_in_the_end(sending):
    phone = Phone(at=sending.clock)
    thread = await proposed(sending, phone)
    sending.clock.move(KEPT_LETTERS + timedelta(seconds=1))
    await sending.services.conversing.keeping.tidy()
    async with sending.store.view(A) as view:
        (left,) = await view.threads.letters(phone.exchanges[thread].connection.theirs)
    assert b"e.p.req.time" in left.document, "the offer is gone, and that it was given up is said"


async def test_a_phone_behind_a_mediator_is_written_to_through_it(sending):
    keys = {"mediator": PrivateKey.generate(KeyType.X25519)}
    agreeing = [(Relationship.KEY_AGREEMENT, keys["mediator"].public)]
    uri = "wss://mediator.example/ws"
    mediator = str(create_with_keys(agreeing, [messaging_service(uri)]))
    phone = Phone(at=sending.clock, address=mediator)
    await proposed(sending, phone)
    assert not await work(sending)
    ((address, data),) = sending.addresses.sent
    assert address == uri
    secrets = HeldSecrets({f"{mediator}#key-1": keys["mediator"]})
    outer = unpack(data, secrets=secrets, documents=resolvable, at=sending.clock())
    forward = read_forward(outer.message)
    assert forward.next == phone.did
    phone.take(forward.payloads[0])
    assert phone.data(issue_credential.OFFERED)
