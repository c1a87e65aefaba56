"""An organisation whose lists are published and whose credentials are anchored in the background, on any database."""

import asyncio
import secrets
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import store_samples as samples
from samples import DID, KEY, METHOD, badge, signed
from sqlalchemy import text
from status_support import copy_of

from anchoring.founding import RecoveryKey, found
from anchoring.receipt import Receipt
from anchoring.signing_key import SigningKey
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.timestamps import format_timestamp  # noqa: F401 -- for tests
from node.issuance.background.office import Means, background
from node.issuance.background.worker import Pace
from node.issuance.organisation.events import HEAD
from node.issuance.organisation.log import commitment_to, subject_of_head  # noqa: F401 -- for tests
from node.issuance.publication import Publisher
from node.ports.anchor_rows import BatchRecord, Leaf
from node.ports.identifiers import new_id
from node.ports.organisations import ChainRecord, HostedDid, Profile
from node.ports.outbox import Task
from node.ports.oversight import Event
from node.ports.vault import KeyPurpose
from node.ports.work import anchor_batch
from node.status.bitstring import Bitstring
from node.status.entry import StatusEntry
from node.status.status_list import read_status_list
from node.verification.check import CheckName
from node.verification.material import Origin, VerificationMaterial
from node.verification.policy import built_in
from node.verification.received import read_text
from node.verification.trust import NO_TRUST
from node.verification.verify import verify

A, FORM = samples.A, samples.FORM
LIST, URL = "org-a-list", "https://org-a.example/status/1"
PROFILE = "org-a-profile"
QUICK = Pace(lease=timedelta(seconds=5), poll=0.05, busy=0.1, grace=2.0)


def now():
    return datetime.now(UTC)


async def add_issuer(store, vault, *, form=FORM, options=None, organisation=True, **listed):
    """An organisation with a course, a key that signs, a profile and a list of its own."""
    if organisation:
        await samples.add_organisation(store)
    await vault.take(A, METHOD, KeyPurpose.ASSERTION, KEY, samples.NOW)

    async def work(unit):
        await unit.identities.add_did(HostedDid(DID, samples.NOW, samples.NOW, b"{}", None))
        await unit.identities.add_profile(Profile(PROFILE, DID, METHOD, form, samples.NOW, options or {}))
        await samples.add_course(unit)
        await unit.status.add(samples.status_list(A, **listed))

    await store.change(A, work)


async def add_awards(store, count, first=1, *, places=True):
    """Awards with a credential each, and a place for each in the list."""
    numbers = range(first, first + count)

    async def work(unit):
        await unit.awards.intend([samples.award(A, number) for number in numbers])
        await unit.awards.secure([samples.secured(A, number) for number in numbers], samples.NOW)
        if not places:
            return ()
        return await unit.status.allocate(LIST, [f"{A}-award-{number}" for number in numbers])

    return await store.change(A, work)


async def add_namespace(store, vault, chain_id, contract):
    """A namespace whose authority's key is in the vault, and what opens it."""
    private = PrivateKey.generate(KeyType.SECP256K1)
    opening = found(SigningKey(private.raw).address, RecoveryKey.generate())
    name = f"eip155:{chain_id}:0x{contract.hex()}#0x{opening.namespace.hex()}"
    await vault.take(A, "authority", KeyPurpose.AUTHORITY, private, samples.NOW)
    await store.change(A, lambda unit: unit.identities.add_namespace(ChainRecord(name, samples.NOW, "authority")))
    return name, opening


async def want(store, namespace, numbers, at=None):
    """Have credentials anchored, as issuing does; their commitments."""
    leaves = [
        Leaf(f"{A}-award-{number}", FORM, namespace, secrets.token_bytes(32), secrets.token_bytes(32))
        for number in numbers
    ]

    async def work(unit):
        await unit.anchors.want(leaves)
        await unit.outbox.add([anchor_batch(namespace, at or now())])

    await store.change(A, work)
    return leaves


@asynccontextmanager
async def working(store, vault, **more):
    """Background work at a pace for tests."""
    means = Means(store=store, vault=vault, trust=NO_TRUST, **({"now": now, "pace": QUICK} | more))
    async with background(means) as work:
        yield work


def publisher(store, vault, clock=now):
    return Publisher(store, vault, NO_TRUST, clock)


async def until(done, seconds=20.0):
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not await done():  # noqa: ASYNC110 -- what is waited for is in a database
            await asyncio.sleep(0.02)


async def idle(store):
    """Nothing is due or under way."""
    async with store.view(A) as view:
        return await view.outbox.waiting() == ()


async def published(store, list_id=LIST):
    async with store.view(A) as view:
        return await view.status.published(list_id)


def places(document):
    """Which places a published list says are set, with their values."""
    content = read_status_list(read_text(document.decode()).value)
    return dict(Bitstring(content.data, content.size or 1).nonzero())


def judged(document, place):
    """What a verifier makes of a credential of this issuer that has this place, beside the list."""
    credential = signed(badge(credentialStatus=StatusEntry(URL, place, "revocation").to_json()))
    copies = (copy_of(read_text(document.decode()).whole, Origin.FILE, url=URL, obtained=now()),)
    report = verify(credential, VerificationMaterial(status_lists=copies), built_in(), now())
    check = report.credentials[0].check(CheckName.STATUS)
    return (check.outcome.value, check.code)


def secp256k1():
    return PrivateKey.generate(KeyType.SECP256K1)


def address_of(private):
    return SigningKey(private.raw).address


async def note_something(unit):
    """An event in the log."""
    unit.audit.record(Event(now(), "somebody", "did", "something", {}))


def sign_log():
    return Task(new_id(), HEAD, {}, now(), once=HEAD)


def read_receipt(data):
    return Receipt.decode(data)


def new_batch(namespace):
    return BatchRecord(new_id(), namespace, now(), now(), secrets.token_bytes(32))


async def put_back(connection):
    """As after a restore: nothing is set, and the list was not compared yet."""
    await connection.execute(text("UPDATE status_entries SET value = 0"))
    await connection.execute(text("UPDATE status_lists SET reconciled = :no"), {"no": False})
