"""`glejt did` for did:ethr: changes that the owner signs, and that whoever pays for gas brings to the registry.

The owner's key never pays and needs no coins. On an embedded chain nobody has to pay.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from anchoring.devchain.label import is_embedded
from anchoring.ledger import CallProgress, CallState
from anchoring.registry_calls import RegistryCall
from anchoring.signing_key import SigningKey
from did_methods.did import Did, parse_did
from did_methods.errors import DidMethodsError, EventsError, UnavailableError
from did_methods.ethr import METHOD, EthrMethod, subject_of
from did_methods.ethr_events import Change, read_changes
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from did_methods.resolution import Resolution
from node.adapters.chain_access import embedded_chain, has_embedded_chain
from node.adapters.key_file import read_key_file, write_key_file
from node.adapters.registry_access import RegistryDoor, at_registry
from node.adapters.registry_reader import RegistryReader
from node.app import anchoring_desk
from node.cli.anchor_chain import (
    CHAIN_FOLDER,
    ChainOptions,
    Office,
    call_json,
    call_text,
    follow,
    run_on_chain,
    state_status,
)
from node.cli.did import new_passphrase, resolved_by, tell_resolution, unlock
from node.cli.errors import CliError, Refused, Unknowable
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.cli.status import confirm
from node.config import anchoring_folder
from node.issuance.errors import IssuanceError
from node.issuance.identity_changes import add_key, add_service, give_up, hand_over, withdraw_key, withdraw_service
from node.issuance.identity_orders import begun_changes, order_changes, stands
from node.verification.ethr_evidence import read_json

JOURNAL: Final = "identities"

type Undo = Callable[[], None]
"""Takes back what was kept."""


@dataclass(frozen=True, slots=True)
class Owner:
    """What was typed of the key that owns an identity, and of how long is waited."""

    key: str | None
    passphrase_file: str | None
    wait: bool
    as_json: bool
    protected: bool = True


@dataclass(frozen=True, slots=True)
class Entries:
    """What a document is to list, and to list no more: keys by their files or as Multikeys, services as KIND=URL."""

    add_keys: tuple[str, ...] = ()
    remove_keys: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    remove_services: tuple[str, ...] = ()


def update_identity(invocation: Invocation, name: str, options: ChainOptions, owner: Owner, entries: Entries) -> int:
    """Change what the document lists, new entries first; with nothing to change, go on with what was begun."""
    did = _did(name)
    calls: list[RegistryCall] = [add_key(did, _public(each)) for each in entries.add_keys]
    calls += [add_service(did, *_service("--service", each)) for each in entries.services]
    calls += [withdraw_key(did, _public(each)) for each in entries.remove_keys]
    calls += [withdraw_service(did, *_service("--remove-service", each)) for each in entries.remove_services]
    return _change(invocation, did, options, owner, calls, _nothing)


def rotate_identity(invocation: Invocation, name: str, options: ChainOptions, owner: Owner, *, out: str) -> int:
    """Hand the identity over to a new key, which lies in its file before anything is signed."""
    did = _did(name)
    path = Path(out).expanduser()
    if os.path.lexists(path):
        raise CliError("key_file.exists")
    passphrase = new_passphrase(invocation, owner.passphrase_file) if owner.protected else None
    private = PrivateKey.generate(KeyType.SECP256K1)

    def keep() -> Undo:
        write_key_file(path, private, verification_method=f"{did}#controller", passphrase=passphrase)
        invocation.out.remark("remark.key_protected" if owner.protected else "remark.key_unprotected", name=out)
        return path.unlink  # where nothing is ordered, it owns nothing

    return _change(invocation, did, options, owner, [hand_over(did, private.public)], keep)


def deactivate_identity(invocation: Invocation, name: str, options: ChainOptions, owner: Owner, *, agreed: bool) -> int:
    """End the identity for ever."""
    did = _did(name)
    confirm(invocation, "did.confirm_deactivate", yes=agreed, name=str(did))
    return _change(invocation, did, options, owner, [give_up(did)], _nothing)


def resolve_embedded(  # noqa: PLR0913 -- what was asked for, and in which form
    invocation: Invocation,
    name: str,
    folder: str,
    *,
    as_json: bool,
    versions: Mapping[str, str | None],
    accept: str | None,
) -> int:
    """Answer with the document of an identity on the embedded chain in a folder."""
    place = Path(folder).expanduser()
    if not has_embedded_chain(place):
        raise CliError("anchor.no_chain", name=place)

    async def resolved() -> Resolution:
        async with embedded_chain(place) as access:
            if access.chain.registry is None:
                raise CliError("did.no_registry", chain=access.chain.name)
            async with at_registry(access, access.chain.registry) as (_, door):
                method = EthrMethod(partial(_reader, door), read_json, lambda: int(time.time()))
                return await resolved_by({METHOD: method}, name, versions)

    invocation.out.remark("anchor.local", name=place)
    return tell_resolution(invocation, asyncio.run(resolved()), name, as_json=as_json, accept=accept)


def _reader(door: RegistryDoor, chain_id: int) -> RegistryReader | None:
    return RegistryReader(door, door.contract) if chain_id == door.chain.id else None


def _nothing() -> Undo:
    """Nothing has to be kept, nor taken back."""
    return lambda: None


@dataclass(frozen=True, slots=True)
class _Desk:
    """The registry on a chain, opened for one identity."""

    opened: Office
    door: RegistryDoor
    identity: bytes

    async def history(self) -> Sequence[Change]:
        """The events of the identity, proven under the newest final block."""
        try:
            return (await read_changes(RegistryReader(self.door, self.door.contract), self.identity)).events
        except (UnavailableError, EventsError) as error:
            raise Unknowable("did.unknown", details=f"{error}. {error.remedy}") from error


def _change(  # noqa: PLR0913, PLR0917 -- what was typed, and what is made of it
    invocation: Invocation,
    did: Did,
    options: ChainOptions,
    owner: Owner,
    calls: Sequence[RegistryCall],
    keep: Callable[[], Undo],
) -> int:
    chain_id = subject_of(did).chain_id
    options = _located(invocation, options, chain_id)
    key = _owner_key(invocation, owner) if calls else None

    async def work(opened: Office) -> int:
        if opened.chain.chain.id != chain_id:
            raise CliError("did.other_chain", name=chain_id, chain=opened.chain.chain.id)
        async with _registry(opened, options, did) as desk:
            return await _changed(desk, did, calls, key, owner, keep)

    return run_on_chain(invocation, replace(options, journal=None), work)


async def _changed(  # noqa: PLR0913, PLR0917 -- as above
    desk: _Desk,
    did: Did,
    calls: Sequence[RegistryCall],
    key: SigningKey | None,
    owner: Owner,
    keep: Callable[[], Undo],
) -> int:
    """1. Order; 2. bring one after the other into a block, then all to the end; 3. see that the events bear it out."""
    opened = desk.opened
    if key is None:
        ids = await begun_changes(opened.desk, desk.identity)
        if not ids:
            raise CliError("usage.no_change")
    else:
        discard = keep()
        try:
            ids = await order_changes(opened.desk, calls, key, desk.history)  # 1.
        except (IssuanceError, CliError):
            discard()
            raise
    told: tuple[CallProgress, ...] = ()
    for count in range(1, len(ids) + 1):  # 2.
        told = (await follow(opened, list(ids[:count]), wait=False)).calls
    if owner.wait:
        told = (await follow(opened, list(ids), wait=True)).calls
    status = state_status(opened, told)
    if all(call.state is CallState.FINALIZED for call in told):  # 3.
        history = await desk.history()
        if not all(stands(call, history, int(opened.desk.now())) for call in calls):
            raise Refused("did.overtaken", name=did)
    _tell(opened, did, told, as_json=owner.as_json)
    return status


def _tell(opened: Office, did: Did, calls: tuple[CallProgress, ...], *, as_json: bool) -> None:
    out = opened.invocation.out
    if as_json:
        out.answer_json({"network": opened.network(), "did": str(did), "calls": [call_json(call) for call in calls]})
    else:
        out.answer(visible(call_text(opened, calls[-1] if calls else None)))


@asynccontextmanager
async def _registry(opened: Office, options: ChainOptions, did: Did) -> AsyncIterator[_Desk]:
    registry = opened.chain.registry
    if registry is None:
        raise CliError("did.no_registry", chain=opened.chain.name)
    async with (
        at_registry(opened.access, registry) as (access, door),
        anchoring_desk(access, _journal(opened, options), opened.caps) as desk,
    ):
        yield _Desk(Office(opened.invocation, access, desk, opened.caps), door, subject_of(did).address)


def _journal(opened: Office, options: ChainOptions) -> Path:
    """The folder of what is written to this registry; that of an embedded chain lies with it."""
    if options.journal is not None:
        return Path(options.journal).expanduser()
    if opened.access.embedded:
        return _folder(options) / JOURNAL
    chain = opened.chain.chain
    return anchoring_folder() / f"{JOURNAL}-{chain.id}-{chain.genesis[:4].hex()}"


def _folder(options: ChainOptions) -> Path:
    return Path(options.embedded).expanduser() if options.embedded else anchoring_folder() / CHAIN_FOLDER


def _located(invocation: Invocation, options: ChainOptions, chain_id: int) -> ChainOptions:
    """The options with the chain that the identifier is on, where none was typed."""
    if options.chain is not None:
        return options
    if options.embedded is not None or is_embedded(chain_id):
        if not has_embedded_chain(_folder(options)):
            raise CliError("anchor.no_chain", name=_folder(options))
        return options
    chains = trust_for(invocation, options.trust).chains
    for chain in chains:
        if chain.chain.id == chain_id:
            return replace(options, chain=chain.name)
    raise CliError("anchor.unknown_chain", chain=chain_id, known=", ".join(chain.name for chain in chains) or "-")


def _owner_key(invocation: Invocation, owner: Owner) -> SigningKey:
    if owner.key is None:
        raise CliError("usage.missing", name="--update-key")
    path = Path(owner.key).expanduser()
    private = unlock(invocation, read_key_file(path), path, owner.passphrase_file)
    if private.public.type is not KeyType.SECP256K1:
        raise CliError("did.owner_key", name=owner.key)
    return SigningKey(private.raw)


def _did(name: str) -> Did:
    try:
        did = parse_did(name)
        subject_of(did)
    except DidMethodsError as error:
        raise CliError("did.invalid", details=f"{error}. {error.remedy}") from error
    return did


def _public(text: str) -> PublicKey:
    """A public key, as a Multikey or out of a key file, which needs no passphrase for that."""
    if text.startswith("z"):
        return PublicKey.from_multibase(text)
    return read_key_file(Path(text).expanduser()).public


def _service(option: str, text: str) -> tuple[str, str]:
    kind, equals, url = text.partition("=")
    if not equals or not kind or not url:
        raise CliError("usage.service", option=option, value=text)
    return kind, url
