"""A phone in tests: a holder with keys of its own, which speaks DIDComm with a node on any way there is."""

import json
import uuid
from datetime import UTC, datetime

from didcomm_support import resolvable

from did_methods import key as did_key
from did_methods.document import Relationship
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_keys
from did_methods.peer_services import messaging_service
from node.didcomm.message import ENCRYPTED, compose
from node.didcomm.pack import pack
from node.didcomm.parties import HeldSecrets
from node.didcomm.protocols import issue_credential, present_proof
from node.didcomm.protocols.connection import Connection, incoming
from node.didcomm.protocols.holder_binding import Challenge, bind
from node.didcomm.protocols.out_of_band import read_invitation, read_invitation_url
from node.didcomm.protocols.step import Retry, begin, step
from node.didcomm.protocols.table import CREDENTIALS, MEDIATOR, spoken
from node.didcomm.unpack import unpack
from node.proofs.signatures import local_signer

SPOKEN = spoken((*CREDENTIALS, *MEDIATOR[1:]))


def now():
    return datetime.now(UTC)


class Phone:
    """A holder. `send` is a coroutine function from an envelope to those that came back on the same way."""

    def __init__(self, send=None, *, at=now, address=None):
        self.send, self.at = send, at
        agrees, signs = PrivateKey.generate(KeyType.X25519), PrivateKey.generate(KeyType.ED25519)
        keys = [(Relationship.KEY_AGREEMENT, agrees.public), (Relationship.AUTHENTICATION, signs.public)]
        self.did = str(create_with_keys(keys, [messaging_service(address)] if address else []))
        self.secrets = HeldSecrets({f"{self.did}#key-1": agrees, f"{self.did}#key-2": signs})
        self.holder_key = PrivateKey.generate(KeyType.ED25519)
        self.holder = str(did_key.create(self.holder_key.public))
        self.exchanges, self.effects, self.received = {}, [], []

    # Envelopes.

    def packed(self, message, to=None):
        to = to or str(message.to[0].did)
        return pack(message, to=[to], sender=self.did, secrets=self.secrets, documents=resolvable, at=self.at()).data

    def opened(self, data):
        return unpack(data, secrets=self.secrets, documents=resolvable, at=self.at())

    def returning(self, message):
        """The message with the wish to be answered on the same way."""
        return compose(
            message.type,
            message.body,
            sender=self.did,
            to=[str(each.did) for each in message.to],
            id=message.id,
            thid=message.thid,
            pthid=message.pthid,
            created_time=message.created_time,
            expires_time=message.expires_time,
            please_ack=message.please_ack,
            ack=message.ack,
            attachments=[each.source for each in message.attachments],
            headers={**message.headers, "return_route": "all"},
        )

    # Exchanges.

    def keep(self, done):
        if done.exchange is not None:
            self.exchanges[done.exchange.thread] = done.exchange
        self.effects += done.effects
        return done.messages

    def take(self, data):
        """What came; what is to be sent because of it."""
        unpacked = self.opened(data)
        given = incoming(unpacked, known=True)
        self.received.append(unpacked.message)
        found = next((self.exchanges[each] for each in given.threads if each in self.exchanges), None)
        return self.keep(step(found, given, protocols=SPOKEN, at=self.at(), documents=resolvable))

    def begin(self, event, to, *, pthid=None, protocol=None):
        thread = str(uuid.uuid4())
        connection = Connection(self.did, to)
        done = begin(
            event, connection=connection, thread=thread, pthid=pthid, protocol=protocol, protocols=SPOKEN, at=self.at()
        )
        return thread, self.keep(done)

    def do(self, thread, event):
        return self.keep(step(self.exchanges[thread], event, protocols=SPOKEN, at=self.at(), documents=resolvable))

    def data(self, kind):
        return [each.data for each in self.effects if each.kind == kind]

    # Talking, on a way that answers at once.

    async def say(self, messages):
        """Send messages, take what comes back, and send what that leads to."""
        queue = list(messages)
        while queue:
            for answer in await self.send(self.packed(self.returning(queue.pop(0)))):
                queue += self.take(answer)

    def invited(self, url):
        return read_invitation(read_invitation_url(url), self.at())

    async def accept(self, url, *, until="done"):
        """Take up an invitation to receive a credential; the thread."""
        invitation = self.invited(url)
        thread, messages = self.begin(issue_credential.Propose(), invitation.sender, pthid=invitation.id)
        await self.say(messages)
        if until == "offered":
            return thread
        await self.say(self.request(thread))
        if until == "received":
            return thread
        await self.say(self.do(thread, issue_credential.Accept()))
        return thread

    def request(self, thread, *, key=None):
        offer = self.data(issue_credential.OFFERED)[-1]
        kid = did_key.method_id((key or self.holder_key).public)
        binding = bind(Challenge(offer["nonce"], offer["audience"]), kid, local_signer(key or self.holder_key))
        return self.do(thread, issue_credential.Request(format=offer["formats"][0], binding=binding))

    async def asked(self, url):
        """Take up an invitation to show something; the thread, and what is asked for."""
        invitation = self.invited(url)
        thread, messages = self.begin(present_proof.Propose(), invitation.sender, pthid=invitation.id)
        await self.say(messages)
        return thread, self.data(present_proof.DEMANDED)[-1]

    async def present(self, thread, presentation):
        await self.say(self.do(thread, present_proof.Present(presentation=presentation)))

    async def again(self, thread):
        await self.say(self.do(thread, Retry()))


def posting(client, path="/didcomm"):
    """A way by POST: what came back."""

    async def send(data):
        answer = await client.post(path, content=data, headers={"Content-Type": ENCRYPTED})
        assert answer.status_code in {200, 202}, answer.text
        return [answer.content] if answer.status_code == 200 else []

    return send


def written(data):
    return json.loads(data)
