"""The first organisation of a node that somebody tries out, and the keys that are made on its machine.

1. The organisation is taken; its id does not change when what follows is done again.
2. In one transaction: its signing key, the DID that is this key, the profile, its status lists, an order to publish
   them, a first key for programs, and what is to be read of it in the log.

A process that dies between 1 and 2 leaves an organisation without a profile, and whoever starts next goes on with 2.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.issuance.organisation.chain_records import ChainRecordsDesk
from node.ports.access import NODES_OWN, SCOPES_OF, Scope
from node.ports.api_keys import MACHINE, Caller, make_api_key
from node.ports.errors import AbsentError
from node.ports.identifiers import new_id
from node.ports.organisations import ApiKey, HostedDid, Organisation, OrganisationId, Profile, Role, State
from node.ports.oversight import Event
from node.ports.secret import Secret
from node.ports.status_rows import ListRecord
from node.ports.store import PublicReader, Store, UnitOfWork
from node.ports.vault import KeyPurpose, Vault
from node.ports.work import publish_list
from node.status.entry import Purpose

if TYPE_CHECKING:
    from node.documents import JsonValue

NAME: Final = "Development issuer"
PROFILE: Final = "dev"
FORM: Final = "eddsa-rdfc-2022"
PURPOSES: Final = (Purpose.REVOCATION, Purpose.SUSPENSION)
ALL: Final = SCOPES_OF[Role.OWNER] - {Scope.APPROVALS_DECIDE} | NODES_OWN
"""What a key made on the machine is for. It is no person's, so it decides nothing that takes a second one."""
FIRST_KEY_DAYS: Final = 90


@dataclass(frozen=True, slots=True)
class Issuer:
    """What was made, with the key that is told once."""

    organisation: Organisation
    did: str
    key: Secret


async def development_issuer(store: Store, vault: Vault, public_url: str, now: Callable[[], datetime]) -> Issuer | None:
    """Make it where the node has no organisation; None where there is one, and it is whole."""
    async with store.node_view() as view:
        known = await view.organisations.listed(limit=2)
        if known and not await _half_made(known, view.public):
            return None
    if known:
        organisation = known[0]
    else:
        organisation = Organisation(OrganisationId(new_id()), NAME, now())
        await store.node_change(lambda node: node.organisations.add(organisation))  # 1.

    private = PrivateKey.generate(KeyType.ED25519)
    did, method = str(did_key.create(private.public)), did_key.method_id(private.public)
    at = now()
    sealed = await vault.seal(organisation.id, method, KeyPurpose.ASSERTION, private, at)
    key, text = make_api_key(
        new_id(), label="first key", scopes=ALL, made_by=MACHINE, at=at, lifetime=timedelta(days=FIRST_KEY_DAYS)
    )
    ids = [new_id() for _ in PURPOSES]
    lists = [
        ListRecord(each, f"{public_url}/status/{each}", PROFILE, purpose)
        for each, purpose in zip(ids, PURPOSES, strict=True)
    ]

    async def work(unit: UnitOfWork) -> None:
        await unit.keys.add(sealed)
        await unit.identities.add_did(HostedDid(did, at, at))
        options: dict[str, JsonValue] = {"status": [purpose.value for purpose in PURPOSES]}
        await unit.identities.add_profile(Profile(PROFILE, did, method, FORM, at, options))
        for record in lists:
            await unit.status.add(record)
        await unit.outbox.add([publish_list(record.id, at) for record in lists])
        await unit.api_keys.add(key)
        unit.audit.record(Event(at, MACHINE, "organisation.found", organisation.id, {"profile": PROFILE, "did": did}))
        _record_key(unit, key, at)

    await store.change(organisation.id, work)  # 2.
    return Issuer(organisation, did, text)


async def development_namespace(store: Store, vault: Vault, contract: str, now: Callable[[], datetime]) -> None:
    """Have a namespace opened for the first issuer in a contract on the embedded chain, where it has none.

    Its recovery key is dropped: who loses such a namespace founds another, as nothing in it counts elsewhere.
    """
    try:
        async with store.node_view() as view:
            owner = await view.public.profile_owner(PROFILE)
            organisation = await view.organisations.find(owner)
    except AbsentError:
        return
    if organisation.name != NAME or organisation.state is not State.ACTIVE:
        return
    async with store.view(owner) as own:
        if await own.identities.namespaces():
            return
    machine = Caller(owner, MACHINE, ALL, made_by=MACHINE)
    await ChainRecordsDesk(store, vault, now).found(machine, contract, None)


async def machine_key(
    store: Store, organisation: OrganisationId, at: datetime, lifetime: timedelta
) -> tuple[ApiKey, Secret]:
    """A key for all that there is, made by whoever has the machine."""
    key, text = make_api_key(
        new_id(), label="made on the machine", scopes=ALL, made_by=MACHINE, at=at, lifetime=lifetime
    )

    async def work(unit: UnitOfWork) -> None:
        await unit.api_keys.add(key)
        _record_key(unit, key, at)

    await store.change(organisation, work)
    return key, text


def _record_key(unit: UnitOfWork, key: ApiKey, at: datetime) -> None:
    unit.audit.record(Event(at, MACHINE, "api_key.make", key.id, {"scopes": [*sorted(key.scopes)]}))


async def _half_made(known: tuple[Organisation, ...], public: PublicReader) -> bool:
    if len(known) != 1 or known[0].name != NAME or known[0].state is not State.ACTIVE:
        return False
    try:
        await public.profile_owner(PROFILE)
    except AbsentError:
        return True
    return False
