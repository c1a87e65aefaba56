"""Callers of a node in a test who are persons with keys of their own, or the machine; and what became of it."""

from node_support import LIFETIME, NOW, A

from node.http.access import SCOPES_OF, Scope
from node.ports.api_keys import make_api_key
from node.ports.identifiers import new_id
from node.ports.organisations import Role

OWNERS = sorted(SCOPES_OF[Role.OWNER])


def bearer(text):
    return {"Authorization": f"Bearer {text}"}


async def own_key(node, member, *, scopes=OWNERS, organisation=A, made_by=None, lifetime=LIFETIME):  # noqa: PLR0913 -- what is known of a key
    """The header of a member, with a key of the member's own unless somebody else has made it."""
    key, text = make_api_key(
        new_id(),
        label="own",
        scopes=frozenset(scopes),
        made_by=made_by or member,
        at=NOW,
        lifetime=lifetime,
        member=member,
    )
    await node.store.change(organisation, lambda unit: unit.api_keys.add(key))
    return bearer(text.reveal().decode())


async def machine_key(node, organisation=A):
    """The header of a key that was made on the machine."""
    key, text = make_api_key(
        new_id(), label="machine", scopes=frozenset(Scope), made_by="machine", at=NOW, lifetime=LIFETIME
    )
    await node.store.change(organisation, lambda unit: unit.api_keys.add(key))
    return bearer(text.reveal().decode())


async def call(node, method, path, headers, status, /, **sent):
    answer = await node.client.request(method, path, headers=headers, **({"json": sent} if sent else {}))
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def events(node, organisation=A):
    async with node.store.view(organisation) as view:
        return [entry.event for entry in await view.audit.entries()]
