"""An issuer's desk over HTTP: profiles of every form with keys of their own, a worker that publishes, and requests."""

from contextlib import asynccontextmanager
from datetime import timedelta

from node_support import NOW, A, running_node
from samples import badge

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.issuance.background.office import Means, background
from node.ports.organisations import HostedDid, Profile
from node.ports.vault import KeyPurpose
from node.verification.trust import NO_TRUST

KEY_OF = {
    "eddsa-rdfc-2022": KeyType.ED25519,
    "eddsa-jcs-2022": KeyType.ED25519,
    "ecdsa-rdfc-2019": KeyType.P256,
    "ecdsa-jcs-2019": KeyType.P384,
    "ecdsa-sd-2023": KeyType.P256,
    "bbs-2023": KeyType.BLS12_381_G2,
    "jwt": KeyType.ED25519,
    "sd-jwt": KeyType.P256,
}
USUAL = "eddsa-rdfc-2022"


async def add_profile(node, name="profile", form=USUAL, organisation=A, **options):
    """A profile by a key of its own; its DID."""
    private = PrivateKey.generate(KEY_OF[form])
    did, method = str(did_key.create(private.public)), did_key.method_id(private.public)
    await node.vault.take(organisation, method, KeyPurpose.ASSERTION, private, NOW)

    async def work(unit):
        await unit.identities.add_did(HostedDid(did, NOW, NOW))
        await unit.identities.add_profile(Profile(name, did, method, form, NOW, options))

    await node.store.change(organisation, work)
    return did


async def issue(  # noqa: PLR0913 -- what a request has
    node, credential, profile="profile", *, role="issuer", organisation=A, headers=None, **options
):
    """The answer to a request to issue."""
    message = {"credential": credential, **({"options": options} if options else {})}
    headers = {**node.key(role, organisation), **(headers or {})}
    return await node.client.post(f"/issuers/{profile}/credentials/issue", json=message, headers=headers)


async def verify(node, credential, *, role="issuer", **options):
    """The answer to a request to verify a credential."""
    message = {"verifiableCredential": credential, "options": options}
    return await node.client.post("/credentials/verify", json=message, headers=node.key(role))


async def set_status(  # noqa: PLR0913 -- as above
    node, credential, purpose="revocation", *, status=True, role="issuer", organisation=A, **more
):
    """The answer to a request to change a status."""
    entry = {"type": "BitstringStatusListEntry", "statusPurpose": purpose}
    message = {"credentialId": credential, "credentialStatus": entry, "status": status, **more}
    return await node.client.post("/credentials/status", json=message, headers=node.key(role, organisation))


def credential(did, number=0, **changes):
    """A badge of this issuer's, with an identifier of its own."""
    return badge(id=f"urn:uuid:6f0a4c3e-1d2b-4a57-8a52-{number:012d}", issuer=did, **changes)


@asynccontextmanager
async def working_node(folder, **given):
    """A running node whose outbox is worked off, and whose clock goes on."""
    later = Later()
    async with running_node(folder, work=later, **given) as node:
        node.clock.step = timedelta(milliseconds=1)
        means = Means(store=node.store, vault=node.vault, trust=NO_TRUST, now=node.clock)
        async with background(means) as later.target:
            yield node


class Later:
    """A Nudge that is known once the node runs."""

    target = None

    def wake(self):
        self.target.wake()

    async def published(self, list_id, after):
        return await self.target.published(list_id, after)

    async def oldest_waiting(self):
        return await self.target.oldest_waiting()
