"""What whoever has the machine may do about keys: make one for an organisation, and replace the master key.

A key that is made here is for all that an owner may do and for the node itself. It is the machine's, and no person's:
it decides on nothing that takes a second person.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from node.adapters.master_key import read_passphrase_file
from node.app import master_keys
from node.app.key_services import service_of
from node.app.opening import Errand, OpenNode
from node.app.secret_settings import passphrases_of
from node.documents import JsonObject
from node.issuance.development_issuer import machine_key
from node.ports.errors import RuleError, VaultError
from node.ports.identifiers import new_id
from node.ports.organisations import Organisation, OrganisationId, State

USUAL_DAYS: Final = 90
"""Long enough to set a node up by, and short enough to be noticed."""
MAX_LISTED: Final = 20


async def make_key(node: OpenNode, asked: JsonObject) -> JsonObject:
    """`key`: a key for an organisation, for all that there is. `organisation` may be left out where there is one."""
    organisation = await _organisation(node, asked.get("organisation"))
    days = asked.get("days", USUAL_DAYS)
    lifetime = timedelta(days=days if isinstance(days, int) else USUAL_DAYS)
    key, text = await machine_key(node.store, organisation.id, node.now(), lifetime)
    return {
        "organisation": organisation.id,
        "name": organisation.name,
        "id": key.id,
        "expires": key.expires_at.isoformat(timespec="seconds"),
        "key": text.reveal().decode(),
    }


async def add_organisation(node: OpenNode, asked: JsonObject) -> JsonObject:
    """`organisation`: a new one by its name, and a first key for it."""
    made = Organisation(OrganisationId(new_id()), str(asked["name"]), node.now())
    await node.store.node_change(lambda work: work.organisations.add(made))
    return await make_key(node, {"organisation": made.id})


async def rotate(node: OpenNode, asked: JsonObject) -> JsonObject:
    """`rotate-master-key`: everything under a new one.

    It lies under a passphrase that is named, else is of the service that is set, else lies under the same passphrase.
    """
    if isinstance(file := asked.get("passphrase_file"), str):
        passphrase = read_passphrase_file(Path(file))
    elif (service := await service_of(node.settings)) is not None:
        made = await master_keys.rotate_to_service(node.vault, node.masters, service, node.now())
        return {"master": made}
    elif found := passphrases_of(node.settings):
        passphrase = found[0]
    else:
        passphrase = read_passphrase_file(node.folder.passphrase)
    return {"master": await master_keys.rotate(node.vault, node.masters, passphrase, node.now())}


async def change_passphrase(node: OpenNode, asked: JsonObject) -> JsonObject:
    """`change-passphrase`: the same master key under another passphrase."""
    if isinstance(file := asked.get("passphrase_file"), str):
        await master_keys.change(node.vault, read_passphrase_file(Path(file)))
        return {"file": file, "made_up": False}
    if not master_keys.is_made_up(node.settings, node.folder):
        raise VaultError(
            "the passphrase of this node is not one that glejt made up, so it cannot make up the next",
            code="vault.passphrase_file",
            remedy="Write the new one into a file that only you may read, and name it with --new-passphrase-file.",
        )
    former = await master_keys.change_made_up(node.vault, node.folder, node.now())
    return {"file": str(node.folder.passphrase), "made_up": True, "former": str(former)}


async def _organisation(node: OpenNode, name: object) -> Organisation:
    async with node.store.node_view() as view:
        if isinstance(name, str):
            return await view.organisations.find(OrganisationId(name))
        known = [each for each in await view.organisations.listed(limit=MAX_LISTED) if each.state is State.ACTIVE]
    if len(known) == 1:
        return known[0]
    raise RuleError(
        f"the node has {len(known) or 'no'} organisations",
        code="organisation.which",
        remedy="Name one with --organisation: " + ", ".join(f"{each.id} ({each.name})" for each in known)
        if known
        else "Add one: glejt node organisation NAME",
    )


ERRANDS: Final[Mapping[str, Errand]] = MappingProxyType(
    {
        "key": make_key,
        "organisation": add_organisation,
        "rotate-master-key": rotate,
        "change-passphrase": change_passphrase,
    }
)
