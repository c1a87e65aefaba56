"""A register as a node publishes it, as bytes by their paths, to be served and tampered with."""

import asyncio
import dataclasses
from contextlib import asynccontextmanager
from datetime import timedelta

import orjson
from award_support import achievement_file
from node_support import NOW, A, running_node
from picture_support import png

from did_methods.key import create as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.http.application import application
from node.issuance.registering import Registrar
from node.ports.organisations import HostedDid, Profile
from node.ports.vault import KeyPurpose
from node.verification.trust import NO_TRUST

HOME = "/organisation/achievements"


def draft(**changes):
    """A complete draft: the sample file, without what publication gives."""
    document = achievement_file(**{"image": None} | changes)
    own = document.pop("id")
    document.pop("creditsAvailable", None)
    described = document.get("resultDescription", [])
    document["resultDescription"] = [{**one, "id": one["id"].replace(own, "")} for one in described]
    return document


async def add_signer(node, organisation=A, *, did=None, name="school"):
    """A DID of an organisation with a key that signs; by default one that shows its key itself."""
    key = PrivateKey.generate(KeyType.ED25519)
    if did is None:
        did = str(did_key(key.public))
        method, document = f"{did}#{did.removeprefix('did:key:')}", None
    else:
        method = f"{did}#key"
        document = orjson.dumps(
            {
                "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
                "id": did,
                "verificationMethod": [
                    {
                        "id": method,
                        "type": "Multikey",
                        "controller": did,
                        "publicKeyMultibase": key.public.to_multibase(),
                    }
                ],
                "assertionMethod": [method],
            }
        )
    await node.vault.take(organisation, method, KeyPurpose.ASSERTION, key, NOW)

    async def work(unit):
        await unit.identities.add_did(HostedDid(did, NOW, NOW, document))
        await unit.identities.add_profile(Profile(name, did, method, "eddsa-rdfc-2022", NOW))

    await node.store.change(organisation, work)
    return did


async def publish(node, content=None, organisation=A):
    """The id of an achievement that is published over HTTP."""
    headers = node.key("designer", organisation)
    made = (await node.client.post(HOME, json=content or draft(), headers=headers)).json()
    answer = await node.client.post(f"{HOME}/{made['id']}/publish", json={"revision": 1}, headers=headers)
    assert answer.status_code == 201, answer.text
    return made["id"]


async def upload(node):
    headers = {**node.key("designer"), "Content-Type": "image/png"}
    return (await node.client.post("/organisation/pictures", content=png(), headers=headers)).json()["url"]


@asynccontextmanager
async def node_at(folder, url):
    """A node that others reach at this address."""

    def make(services):
        return application(dataclasses.replace(services, public_url=url))

    async with running_node(folder, make=make) as node:
        yield node


def registrar(node, url):
    return Registrar(node.store, node.vault, NO_TRUST, url, node.clock)


async def pages_of(node, url):
    """Everything that the register leads to, by its path."""
    pages = {}

    async def get(path):
        answer = await node.client.get(path, headers={"Accept": "application/ld+json, application/json"})
        assert answer.status_code == 200, path
        pages[path] = answer.content
        return orjson.loads(answer.content)

    index = await get("/register")
    for one in index["registers"]:
        head = await get(one["head"].removeprefix(url))
        manifest = await get(head["relatedResource"][0]["id"].removeprefix(url))
        for page in manifest["pages"]:
            for entry in (await get(page["url"].removeprefix(url)))["entries"]:
                path = entry["url"].removeprefix(url)
                pages[path] = (await node.client.get(path)).content
    return pages


def built(folder, url, *, did=None, achievements=2, later=False):
    """The pages of a register with some achievements and a picture; `later` also those after one more was published."""

    async def work():
        async with node_at(folder, url) as node:
            await add_signer(node, did=did)
            picture = await upload(node)
            for number in range(achievements):
                await publish(node, draft(name=f"Course number {number}", image={"id": picture}))
            await registrar(node, url).publish(A)
            first = await pages_of(node, url)
            if not later:
                return first
            node.clock.move(timedelta(hours=1))
            await publish(node, draft(name="One more course"))
            await registrar(node, url).publish(A)
            return first, await pages_of(node, url)

    return asyncio.run(work())
