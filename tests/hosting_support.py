"""What the tests of what a node publishes share."""

from node_support import LIFETIME, NOW, A

from node.ports.api_keys import make_api_key
from node.ports.identifiers import new_id

DIDS = "/organisation/dids"


async def key_of(node, *scopes):
    """The header of somebody who may do this, and nothing else."""
    key, secret = make_api_key(
        new_id(), label="made", scopes=frozenset(scopes), made_by="machine", at=NOW, lifetime=LIFETIME
    )
    await node.store.change(A, lambda unit: unit.api_keys.add(key))
    return {"Authorization": f"Bearer {secret.reveal().decode()}"}


async def make(node, organisation=A, /, **sent):
    """An identifier that was made and published, as it was answered."""
    answer = await node.client.post(DIDS, json=sent, headers=node.key("owner", organisation))
    assert answer.status_code == 201, answer.text
    return answer.json()


async def give_up(node, did):
    """End an identifier."""
    answer = await node.client.delete(f"{DIDS}/{did}", headers=node.key("owner"))
    assert answer.status_code == 200, answer.text
