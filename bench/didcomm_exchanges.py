"""Credentials to phones over DIDComm: complete issue exchanges in a second, and how soon a message reaches a phone.

    python bench/didcomm_exchanges.py [--exchanges N] [--at-once N] [--phones N] [--database postgresql|ADDRESS]
        [--without-acapy] [--json]

`glejt serve` runs in a process of its own with its judges beside it, on SQLite in a temporary folder or on an empty
PostgreSQL at ADDRESS, or with `postgresql` on one that is started for it and does not wait for its disk. This process
is the phones, each on a WebSocket of its own, from an address of its own as a proxy tells it. One exchange is all of
it: an invitation minted by the issuer's program, taken up, offered, asked for by a key of the phone's, issued,
acknowledged; every credential is looked at. `per core` divides by the processor's time that the server and its judges
took, so what else runs on the machine, the phones among it, does not count.

Then so many phones hold a WebSocket open with live delivery from this node as their mediator, and each is sent a
message: how long it takes from the sender's POST until the phone has it.

On PostgreSQL, two agents of ACA-Py issue to each other beside it on the same server, half of them before us and half
after, and the ratio is told: of exchanges in a second, and of those in a second of the processor's time of who issues.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from didcomm_acapy import ACAPY, Peers, peers, postgresql
from node_http import GLEJT, Client, Node
from websockets.asyncio.client import ClientConnection, connect

from did_methods import jwk, key, peer
from did_methods.did import parse_did
from did_methods.document import DidDocument, Relationship
from did_methods.multikey import KeyType, PrivateKey
from node.didcomm.forward import wrap
from node.didcomm.message import ENCRYPTED, Message, compose
from node.didcomm.pack import pack
from node.didcomm.parties import HeldSecrets
from node.didcomm.protocols import issue_credential
from node.didcomm.protocols.connection import Connection, incoming
from node.didcomm.protocols.coordinate_mediation import GRANTED, UPDATED, Change, RequestMediation, UpdateRecipients
from node.didcomm.protocols.exchange import Exchange
from node.didcomm.protocols.holder_binding import Challenge, bind
from node.didcomm.protocols.machine import Effect, Event
from node.didcomm.protocols.message_pickup import DELIVERED, TOLD, GoLive
from node.didcomm.protocols.out_of_band import Invitation, ShortUrl, read_invitation, read_invitation_url
from node.didcomm.protocols.step import Step, begin, step
from node.didcomm.protocols.table import CREDENTIALS, MEDIATOR, spoken
from node.didcomm.unpack import unpack
from node.documents import JsonObject
from node.proofs.signatures import local_signer

SPOKEN = spoken((*CREDENTIALS, *MEDIATOR[1:]))
READ = {key.METHOD: key.resolve_key, peer.METHOD: peer.resolve_peer, jwk.METHOD: jwk.resolve_jwk}
CREATED = 201
P95 = 0.95
POSTGRESQL = "postgresql"
ACAPY_SHARE = 4
"""Of our exchanges as many are enough of ACA-Py, twice: it takes longer."""
MESSAGE = "https://didcomm.org/basicmessage/2.0/message"
FORWARDED = "X-Forwarded-For"


def documents(did: str) -> DidDocument | None:
    """The document that an identifier holds."""
    parsed = parse_did(did)
    return DidDocument.parse(READ[parsed.method](parsed)) if parsed.method in READ else None


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Result:
    """What was found."""

    exchanges: int
    at_once: int
    a_second: float
    per_core: float
    server_milliseconds: float
    judges_milliseconds: float
    median_milliseconds: float


@dataclass(frozen=True, slots=True)
class Delivered:
    """How soon messages reached phones that hold a WebSocket open."""

    phones: int
    median_milliseconds: float
    p95_milliseconds: float


class Phone:
    """A holder on a WebSocket."""

    def __init__(self, number: int) -> None:
        agrees = PrivateKey.generate(KeyType.X25519)
        self.did = str(peer.create_with_keys([(Relationship.KEY_AGREEMENT, agrees.public)]))
        self.secrets = HeldSecrets({f"{self.did}#key-1": agrees})
        self.holder = PrivateKey.generate(KeyType.ED25519)
        self.address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        self.exchanges = dict[str, Exchange]()
        self.effects: list[Effect] = []
        self.line: ClientConnection | None = None

    async def open(self, port: int) -> None:
        """Hold a way open."""
        headers = {FORWARDED: self.address}
        address = f"ws://127.0.0.1:{port}/didcomm/ws"
        self.line = await connect(address, additional_headers=headers, compression=None, proxy=None)

    async def close(self) -> None:
        """Hang up."""
        if self.line is not None:
            await self.line.close()

    def begin(self, event: Event, invitation: Invitation | None, to: str) -> tuple[str, tuple[Message, ...]]:
        """An exchange of ours."""
        thread = str(uuid.uuid4())
        pthid = None if invitation is None else invitation.id
        done = begin(event, connection=Connection(self.did, to), thread=thread, pthid=pthid, protocols=SPOKEN, at=now())
        return thread, self._kept(done)

    def do(self, thread: str, event: Event) -> tuple[Message, ...]:
        """What we decide."""
        return self._kept(step(self.exchanges[thread], event, protocols=SPOKEN, at=now(), documents=documents))

    def take(self, data: bytes) -> tuple[Message, ...]:
        """What came, and what is answered."""
        given = incoming(unpack(data, secrets=self.secrets, documents=documents, at=now()), known=True)
        found = next((self.exchanges[each] for each in given.threads if each in self.exchanges), None)
        return self._kept(step(found, given, protocols=SPOKEN, at=now(), documents=documents))

    async def say(self, messages: tuple[Message, ...]) -> None:
        """Send messages, with the wish to be answered on the same way."""
        for message in messages:
            to = [str(each.did) for each in message.to]
            wished = compose(
                message.type,
                message.body,
                sender=self.did,
                to=to,
                id=message.id,
                thid=message.thid,
                pthid=message.pthid,
                ack=message.ack,
                attachments=[each.source for each in message.attachments],
                headers={**message.headers, "return_route": "all"},
            )
            packed = pack(wished, to=to, sender=self.did, secrets=self.secrets, documents=documents, at=now())
            if self.line is None:
                raise SystemExit("the phone has no way")
            await self.line.send(packed.data, text=True)

    async def hear(self, kind: str) -> JsonObject:
        """Wait for an effect of this kind."""
        while True:
            for effect in self.effects:
                if effect.kind == kind:
                    self.effects.remove(effect)
                    return effect.data
            if self.line is None:
                raise SystemExit("the phone has no way")
            await self.say(self.take(await self.line.recv(decode=False)))

    def _kept(self, done: Step) -> tuple[Message, ...]:
        if done.exchange is not None:
            self.exchanges[done.exchange.thread] = done.exchange
        self.effects += done.effects
        return done.messages


def invitation_in(url: str) -> Invitation:
    """The invitation in an address."""
    found = read_invitation_url(url)
    if isinstance(found, ShortUrl):
        raise SystemExit("the address is a short one")
    return read_invitation(found, now())


async def posted(client: Client, path: str, asked: Mapping[str, Any], key_: str) -> dict[str, Any]:
    """What was made."""
    status, body = await client.post(path, json.dumps(asked).encode(), key_)
    if status != CREATED:
        raise SystemExit(f"{path} answered {status}: {body[:400].decode()}")
    return dict(json.loads(body))


async def exchanged(node: Node, did: str, number: int) -> float:
    """One exchange, from the click to the acknowledgement; how long it took."""
    phone = Phone(number)
    await phone.open(node.port)
    credential = {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential"],
        "id": f"urn:uuid:{uuid.uuid4()}",
        "issuer": did,
        "credentialSubject": {"name": "Demo Learner"},
    }
    began = time.perf_counter()
    client = await Client.connect(node.port)
    offer = await posted(client, "/organisation/offers", {"profile": "bench", "credential": credential}, node.key)
    client.close()
    invitation = invitation_in(offer["url"])
    thread, messages = phone.begin(issue_credential.Propose(), invitation, invitation.sender)
    await phone.say(messages)
    offered = await phone.hear(issue_credential.OFFERED)
    kid = key.method_id(phone.holder.public)
    binding = bind(Challenge(str(offered["nonce"]), str(offered["audience"])), kid, local_signer(phone.holder))
    formats = offered["formats"]
    chosen = str(formats[0]) if isinstance(formats, list) else ""
    await phone.say(phone.do(thread, issue_credential.Request(format=chosen, binding=binding)))
    issued = await phone.hear(issue_credential.CREDENTIAL)
    document = issued["credential"]
    if not isinstance(document, dict) or document["credentialSubject"]["id"] != str(key.create(phone.holder.public)):  # type: ignore[index,call-overload]
        raise SystemExit("the credential is another one")
    await phone.say(phone.do(thread, issue_credential.Accept()))
    took = time.perf_counter() - began
    await phone.close()
    return took


async def issuing(node: Node, exchanges: int, at_once: int) -> Result:
    """So many exchanges, so many at one time."""
    client = await Client.connect(node.port)
    asked = {"id": "bench", "form": "eddsa-rdfc-2022", "keyType": "Ed25519", "options": {"status": []}}
    did = (await posted(client, "/organisation/profiles", asked, node.key))["did"]
    await asyncio.gather(*[exchanged(node, did, number) for number in range(4)])
    numbers, times = iter(range(100, 100 + exchanges)), list[float]()

    async def work() -> None:
        for number in numbers:
            times.append(await exchanged(node, did, number))

    before, began = node.seconds(), time.perf_counter()
    await asyncio.gather(*[work() for _ in range(at_once)])
    took, after = time.perf_counter() - began, node.seconds()
    server, judges = after[0] - before[0], after[1] - before[1]
    client.close()
    return Result(
        exchanges,
        at_once,
        exchanges / took,
        exchanges / (server + judges),
        1000 * server / exchanges,
        1000 * judges / exchanges,
        1000 * sorted(times)[len(times) // 2],
    )


async def delivering(node: Node, phones: int) -> Delivered:
    """A message to each of so many phones that hold a way open."""
    client = await Client.connect(node.port)
    reached = [await served(node, client, number + 100_000) for number in range(phones)]
    sender, times = Phone(1), list[float]()
    turns = asyncio.Semaphore(16)

    async def one(phone: Phone, routing: str, did: str) -> None:
        message = compose(MESSAGE, {"content": "An offer."}, sender=sender.did, to=[did])
        packed = pack(message, to=[did], sender=sender.did, secrets=sender.secrets, documents=documents, at=now()).data
        data = wrap(packed, next_hop=did, routing_keys=[routing], documents=documents, at=now())
        async with turns:
            began = time.perf_counter()
            await forwarded(node, data, phone.address)
            await phone.hear(DELIVERED)
            times.append(time.perf_counter() - began)

    await asyncio.gather(*[one(*each) for each in reached])
    for phone, _, _ in reached:
        await phone.close()
    client.close()
    times.sort()
    return Delivered(phones, 1000 * times[len(times) // 2], 1000 * times[int(len(times) * P95)])


async def served(node: Node, client: Client, number: int) -> tuple[Phone, str, str]:
    """A phone that the node mediates for, live; by which identifiers it is reached."""
    phone = Phone(number)
    await phone.open(node.port)
    invitation = invitation_in((await posted(client, "/organisation/mediation-invitations", {}, node.key))["url"])
    await phone.say(phone.begin(RequestMediation(), invitation, invitation.sender)[1])
    granted = (await phone.hear(GRANTED))["routing_dids"]
    routing = str(granted[0]) if isinstance(granted, list) else ""
    did = str(peer.create_with_keys([(Relationship.KEY_AGREEMENT, PrivateKey.generate(KeyType.X25519).public)]))
    await phone.say(phone.begin(UpdateRecipients((Change(did, "add"),)), None, invitation.sender)[1])
    await phone.hear(UPDATED)
    await phone.say(phone.begin(GoLive(), None, invitation.sender)[1])
    await phone.hear(TOLD)
    return phone, routing, did


async def forwarded(node: Node, data: bytes, address: str) -> None:
    """A message to the mediator, as anybody sends it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", node.port)
    head = f"POST /didcomm HTTP/1.1\r\nHost: localhost\r\nContent-Type: {ENCRYPTED}\r\n{FORWARDED}: {address}\r\n"
    writer.write(f"{head}Connection: close\r\nContent-Length: {len(data)}\r\n\r\n".encode() + data)
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 202"):
        raise SystemExit(f"the mediator answered {answer[:200].decode()}")


def started(folder: Path, database: str | None) -> Node:
    """A node that was never there before, ready; it believes who comes through this machine."""
    log = (folder / "log").open("wb")
    environment = {**os.environ, "GLEJT_NODE_PROXIES": "127.0.0.1", "GLEJT_NODE_CHAIN": "none"}
    if database is not None:
        environment["GLEJT_NODE_DATABASE"] = database
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [GLEJT, "serve", "--port", "0", "--data", folder / "node", "--json"],
        stdout=subprocess.PIPE,
        stderr=log,
        env=environment,
    )
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    told = json.loads(process.stdout.readline())
    return Node(process, int(told["listens"].rpartition(":")[2]), told["made"]["key"])


async def measured(
    node: Node, asked: argparse.Namespace, database: str | None
) -> tuple[Result, Delivered, Peers | None]:
    """All of it; ACA-Py before us and after, as others load the machine, too."""
    beside = database is not None and not asked.without_acapy
    half = max(asked.at_once, asked.exchanges // ACAPY_SHARE)
    before = await peers(database, half, asked.at_once) if beside and database else None
    result = await issuing(node, asked.exchanges, asked.at_once)
    after = await peers(database, half, asked.at_once) if beside and database else None
    better = None if before is None or after is None else max(before, after, key=lambda each: each.a_second)
    return result, await delivering(node, asked.phones), better


def main() -> None:
    """Measure, and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--exchanges", type=int, default=400)
    parser.add_argument("--at-once", type=int, default=16)
    parser.add_argument("--phones", type=int, default=1000)
    parser.add_argument("--database")
    parser.add_argument("--without-acapy", action="store_true")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    if asked.database and not asked.without_acapy and not ACAPY.exists():
        print("ACA-Py is left out: `make bench` builds its environment, .venv-acapy", file=sys.stderr)
        asked.without_acapy = True
    with ExitStack() as stack:
        database = asked.database
        if database == POSTGRESQL:
            database = stack.enter_context(postgresql())
        node = started(Path(stack.enter_context(tempfile.TemporaryDirectory())), database)
        try:
            result, delivered, beside = asyncio.run(measured(node, asked, database))
        finally:
            node.process.terminate()
            node.process.wait()
    if asked.json:
        told = None if beside is None else asdict(beside)
        print(json.dumps({"exchanges": asdict(result), "delivered": asdict(delivered), "acapy": told}))
        return
    tell(result, delivered, beside)


def tell(result: Result, delivered: Delivered, beside: Peers | None) -> None:
    """The same, for people."""
    print(
        f"{result.exchanges} issue exchanges, {result.at_once} at once: {result.a_second:.1f} a second, "
        f"{result.per_core:.1f} per core ({result.server_milliseconds:.1f} ms of the server, "
        f"{result.judges_milliseconds:.1f} ms of its judges); one takes {result.median_milliseconds:.0f} ms"
    )
    if beside is not None:
        ours = result.server_milliseconds + result.judges_milliseconds
        print(
            f"ACA-Py to ACA-Py, {beside.exchanges} by {beside.at_once} at once, the better of two: "
            f"{beside.a_second:.1f} a second ({beside.issuer_milliseconds:.1f} ms of the issuer, "
            f"{beside.holder_milliseconds:.1f} ms of the holder); one takes {beside.median_milliseconds:.0f} ms"
        )
        print(
            f"{result.a_second / beside.a_second:.1f} times as many a second as ACA-Py, where 20 are wanted; "
            f"{beside.issuer_milliseconds / ours:.1f} times as many by the processor's time of who issues"
        )
    print(
        f"{delivered.phones} phones by WebSocket: a message is there in {delivered.median_milliseconds:.0f} ms, "
        f"95 of 100 within {delivered.p95_milliseconds:.0f} ms"
    )


if __name__ == "__main__":
    sys.exit(main())
