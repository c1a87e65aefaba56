"""The master key of a node: how it is opened at the start, made at the first one, and replaced.

Starting:

1. Passphrases come from the settings; in development, where none are set, from a file that glejt made up in the folder.
2. The master keys that they open, or that a key management service holds, are opened; the current one has to be. A
   service is asked to open a key of an organisation, as it may have lost its own.
3. Where there is none yet, one is made. The file of a made-up passphrase is on the disk before.
4. What a rotation left to do when it was broken off is done.

Replacing the passphrase, where glejt made it up: the new one lies beside the old one, the master key is put under it,
the old one is kept under another name, for backups that were made before open with it, and then the new one takes its
place. Whoever starts in between tries both.
"""

import asyncio
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final, cast

from node.adapters.database.engine import Database
from node.adapters.database.identifiers import new_id
from node.adapters.database.key_rows import CURRENT, MasterKeyRows
from node.adapters.database.vault import (
    DatabaseVault,
    change_passphrase,
    establish_master_key,
    open_master_keys,
    sample_under,
)
from node.adapters.errors import KeyFileError, PassphraseError
from node.adapters.master_key import LocalMasterKey, read_passphrase_file
from node.adapters.node_folder import PASSPHRASE, NodeFolder
from node.adapters.secret_file import write_secret_file
from node.app.errors import StartError
from node.app.key_services import held_there, not_there, require_working, service_of
from node.app.secret_settings import passphrases_of
from node.config.node_settings import NodeSettings
from node.documents import JsonObject, JsonValue
from node.ports.errors import VaultError
from node.ports.vault import MasterKey

_PASSPHRASE_BYTES: Final = 32


async def open_vault(
    database: Database, settings: NodeSettings, folder: NodeFolder, at: datetime, masters: dict[str, MasterKey]
) -> DatabaseVault:
    """The vault, its master key opened or made, and nothing half rotated; raises StartError and VaultError.

    `masters` takes the master keys that could be opened, and stays the vault's own list of them.
    """
    stored = await _stored(database)
    passphrases = passphrases_of(settings) or _made_up(folder)  # 1.
    service = await service_of(settings)
    if not stored:
        master = await _first(database, settings, folder, service, at)  # 3.
        masters[master.id] = master
    else:
        sealed = any(row["sealed"] is not None and row["state"] == CURRENT for row in stored)
        if sealed and not passphrases:
            raise _absent(folder)
        masters |= await open_master_keys(database, passphrases)  # 2.
        if service is not None:
            masters |= held_there(service, [str(row["id"]) for row in stored])
        await _require_services(database, stored, masters)
        await _settle(database, folder, at)
    vault = DatabaseVault(database, masters)
    await vault.finish_master_key()  # 4.
    await vault.finish_data_keys()
    return vault


async def current_sealed(database: Database) -> JsonObject | None:
    """The master key that counts, as it lies in the database: its id, and what only a passphrase opens.

    One of a service comes with a key of an organisation that only the service opens, where there is one.
    """
    current = next((row for row in await _stored(database) if row["state"] == CURRENT), None)
    if current is None:
        return None
    told: JsonObject = {"id": str(current["id"]), "sealed": cast("JsonValue", current["sealed"])}
    if current["sealed"] is None and (sample := await sample_under(database, str(current["id"]))) is not None:
        wrapped, about = sample
        told |= {"wrapped": wrapped.hex(), "about": about.hex()}
    return told


async def require_openable(current: JsonObject, settings: NodeSettings, folder: NodeFolder) -> None:
    """See that what is set now opens the current master key; raises StartError and VaultError."""
    key_id, sealed = str(current["id"]), current["sealed"]
    if not isinstance(sealed, dict):
        service = await service_of(settings)
        master = None if service is None else held_there(service, [key_id]).get(key_id)
        if master is None:
            raise not_there(key_id)
        if isinstance(wrapped := current.get("wrapped"), str):
            await master.unwrap(bytes.fromhex(wrapped), bytes.fromhex(str(current["about"])))
        else:
            await require_working(master)
        return
    failure: VaultError | StartError = _absent(folder)
    for passphrase in passphrases_of(settings) or _made_up(folder):
        try:
            await asyncio.to_thread(LocalMasterKey.open, key_id, sealed, passphrase)
        except VaultError as error:
            failure = error
        else:
            return
    raise failure


async def rotate(vault: DatabaseVault, masters: dict[str, MasterKey], passphrase: str, at: datetime) -> str:
    """Put everything under a new master key, sealed under this passphrase; the id of the new one."""
    master = LocalMasterKey.create(new_id())
    sealed = master.sealed(passphrase)
    masters[master.id] = master
    await vault.rotate_master_key(master, sealed, at)
    return master.id


async def rotate_to_service(
    vault: DatabaseVault, masters: dict[str, MasterKey], master: MasterKey, at: datetime
) -> str:
    """Put everything under the master key of a key management service; its id."""
    if await current_id(vault.database) == master.id:
        raise VaultError(
            f"everything lies under {master.id} already",
            code="vault.service",
            remedy="Make another key in the service and name that in the settings; to go back to a passphrase, name "
            "its file with --new-passphrase-file.",
        )
    await require_working(master)
    masters[master.id] = master
    await vault.rotate_master_key(master, None, at)
    return master.id


async def service_id(database: Database) -> str | None:
    """The name of the master key, where a service holds it; nothing where it lies under a passphrase."""
    current = await current_sealed(database)
    return None if current is None or current["sealed"] is not None else str(current["id"])


async def current_id(database: Database) -> str | None:
    """The name of the master key that counts."""
    return next((str(row["id"]) for row in await _stored(database) if row["state"] == CURRENT), None)


async def change(vault: DatabaseVault, passphrase: str) -> None:
    """Keep the master key under another passphrase; raises VaultError for one that a service holds."""
    await vault.finish_master_key()
    master = await current_master(vault)
    await change_passphrase(vault.database, master, passphrase)


async def change_made_up(vault: DatabaseVault, folder: NodeFolder, at: datetime) -> Path:
    """The same with a new passphrase that is made up, in the place of the one in the folder; where that is kept."""
    await vault.finish_master_key()
    with suppress(FileNotFoundError):
        folder.next_passphrase.unlink()
    await change(vault, _make_up(folder.next_passphrase))
    return _replaced(folder, at)


async def current_master(vault: DatabaseVault) -> LocalMasterKey:
    """The master key that counts, where it lies under a passphrase."""
    for row in await _stored(vault.database):
        master = vault.masters.get(str(row["id"]))
        if row["state"] == CURRENT and isinstance(master, LocalMasterKey):
            return master
    raise VaultError(
        "the master key lies in a key management service, under no passphrase",
        code="vault.service",
        remedy="Change it there.",
    )


def is_made_up(settings: NodeSettings, folder: NodeFolder) -> bool:
    """Whether the passphrase is one that glejt made up in the folder."""
    return not passphrases_of(settings) and folder.passphrase.exists()


async def _stored(database: Database) -> list[Mapping[str, object]]:
    async with database.reading() as connection:
        return [dict(row) for row in await MasterKeyRows(connection).all()]


async def _first(
    database: Database, settings: NodeSettings, folder: NodeFolder, service: MasterKey | None, at: datetime
) -> MasterKey:
    if service is not None:
        await require_working(service)
        await database.transact(lambda connection: MasterKeyRows(connection).add(service.id, None, at))
        return service
    passphrases = passphrases_of(settings)
    if not passphrases:
        if settings.production:
            raise _absent(folder)
        passphrases = [_make_up(folder.passphrase)]
    try:
        return await establish_master_key(database, passphrases[0], at)
    except PassphraseError as error:
        raise StartError(str(error), code="start.passphrase_weak", remedy=error.remedy) from error


async def _require_services(
    database: Database, stored: list[Mapping[str, object]], masters: Mapping[str, MasterKey]
) -> None:
    """See that a service has the keys that something lies under."""
    for row in stored:
        master, sample = masters.get(str(row["id"])), await sample_under(database, str(row["id"]))
        if row["sealed"] is not None or (sample is None and row["state"] != CURRENT):
            continue
        if master is None:
            raise not_there(str(row["id"]))
        if sample is not None:
            await master.unwrap(*sample)


def _made_up(folder: NodeFolder) -> list[str]:
    """The passphrases that were made up in the folder; both, where one was replacing the other."""
    found = []
    for path in (folder.passphrase, folder.next_passphrase):
        with suppress(KeyFileError):
            found.append(read_passphrase_file(path))
    return found


def _make_up(path: Path) -> str:
    """A passphrase that nobody guesses, on the disk; the one that is there, where it is whole."""
    try:
        return read_passphrase_file(path)
    except PassphraseError:
        path.unlink()  # a process died before it was written; nothing can lie under it
    except KeyFileError as error:
        if error.code != "key_file.absent":
            raise StartError(str(error), code=error.code, remedy=error.remedy) from error
    made = secrets.token_urlsafe(_PASSPHRASE_BYTES)
    write_secret_file(path, f"{made}\n".encode())
    return made


async def _settle(database: Database, folder: NodeFolder, at: datetime) -> None:
    """Give the passphrase that counts its name, where a process died while one replaced the other."""
    if not folder.next_passphrase.exists():
        return
    row = next(row for row in await _stored(database) if row["state"] == CURRENT)
    try:
        passphrase = read_passphrase_file(folder.next_passphrase)
        LocalMasterKey.open(str(row["id"]), row["sealed"], passphrase)  # type: ignore[arg-type]  # JSON of `sealed`
    except (PassphraseError, VaultError):
        folder.next_passphrase.unlink()
    else:
        _replaced(folder, at)


def _replaced(folder: NodeFolder, at: datetime) -> Path:
    """Give the next passphrase the place of the present one, which stays under another name."""
    former = folder.passphrase.with_name(f"{PASSPHRASE}.until-{at:%Y%m%dT%H%M%SZ}")
    if folder.passphrase.exists():
        folder.passphrase.replace(former)
    folder.next_passphrase.replace(folder.passphrase)
    return former


def _absent(folder: NodeFolder) -> StartError:
    return StartError(
        "nothing was given that opens the master key",
        code="start.passphrase_absent",
        remedy="Name the file of the passphrase in passphrase_file, or set GLEJT_NODE_PASSPHRASE; one that "
        f"glejt made up itself belongs at {folder.passphrase}. Without it the keys are lost.",
    )
