"""Keeping a node's whole state in one file, and making a node of it again: its database, and its embedded chain.

The file has no master key and no passphrase, so it opens nothing by itself. It names people, and is readable by its
owner alone. A check restores it into a database of its own, whose rows are compared with those that were kept.
"""

import asyncio
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Final

from anchoring.devchain.opening import FILE
from node.adapters.database.backup import Backup, back_up, check_backup, restore, take_out
from node.adapters.database.engine import opened as opened_database
from node.adapters.node_folder import TRIAL, NodeFolder
from node.app.master_keys import service_id
from node.app.node_chain import EMBEDDED
from node.app.opening import Errand, OpenNode
from node.app.secret_settings import address_of
from node.config.node_settings import NodeSettings
from node.documents import JsonObject
from node.ports.errors import BackupError

CHAIN_ENTRY: Final = "chain.sqlite3"
"""The embedded chain in a backup."""
_OWNER_ONLY_FOLDER: Final = 0o700


async def keep(node: OpenNode, asked: JsonObject) -> JsonObject:
    """`backup`: write `file`, which is not there yet; with `check`, restore it elsewhere and compare."""
    path = Path(str(asked["file"]))
    beside = {CHAIN_ENTRY: node.chain.copy} if node.chain.kept_here else {}
    backup = await back_up(node.database, path, node.now(), beside=beside)
    if asked.get("check") is True:
        await checked(path, node.folder.path, node.now())
    return {**_told(backup, path), "service": await service_id(node.database)}


async def checked(path: Path, folder: Path, at: datetime) -> Backup:
    """Restore a backup into a folder that ends with this, and compare; raises BackupError."""
    with tempfile.TemporaryDirectory(prefix=TRIAL, dir=folder) as temporary:
        place = Path(temporary)
        async with opened_database(f"sqlite:///{place / 'restored.sqlite3'}", revision=None) as database:
            backup = await restore(database, path, at, moving=True)
        for name in backup.files:
            await take_out(path, name, place / name)
    return backup


async def make_anew(settings: NodeSettings, path: Path, at: datetime, *, moving: bool) -> JsonObject:
    """Restore a backup into a folder, and a database, that have nothing in them; raises BackupError.

    1. All of the file is read and summed up before anything is touched.
    2. The chain is put in its place: without it, a start would begin another.
    3. The database is filled, in one transaction. Where this is broken off after 2, it is done again from its start.
    """
    folder = NodeFolder(settings.data)
    backup = await asyncio.to_thread(check_backup, path)  # 1.
    if unknown := backup.files.keys() - {CHAIN_ENTRY}:
        raise BackupError(
            f"the backup has {min(unknown)}, which this version of glejt does not know",
            code="backup.revision",
            remedy="Restore it with the version of glejt that made it, or a later one.",
        )
    with folder.held("restoring"):
        async with opened_database(address_of(settings, folder), revision=None) as database:
            if CHAIN_ENTRY in backup.files and settings.chain == EMBEDDED:
                await _put_chain(folder, path)  # 2.
            await restore(database, path, at, moving=moving)  # 3.
            service = await service_id(database)
    return {**_told(backup, path), "folder": str(folder.path), "moving": moving, "service": service}


async def _put_chain(folder: NodeFolder, path: Path) -> None:
    folder.chain.mkdir(_OWNER_ONLY_FOLDER, exist_ok=True)
    target, arriving = folder.chain / FILE, folder.chain / f"{FILE}.arriving"
    arriving.unlink(missing_ok=True)
    await take_out(path, CHAIN_ENTRY, arriving)
    if target.exists():
        if await asyncio.to_thread(lambda: target.read_bytes() == arriving.read_bytes()):
            arriving.unlink()
            return
        arriving.unlink()
        raise BackupError(
            f"there is a chain in {folder.chain} already",
            code="backup.not_empty",
            remedy="Restore into a new folder; compare, and point the settings there.",
        )
    arriving.rename(target)


def _told(backup: Backup, path: Path) -> JsonObject:
    return {
        "file": str(path),
        "made": backup.made_at,
        "revision": backup.revision,
        "tables": len(backup.tables),
        "rows": sum(each.rows for each in backup.tables.values()),
        "keys": backup.tables["api_keys"].rows if "api_keys" in backup.tables else 0,
        "lists": backup.tables["status_lists"].rows if "status_lists" in backup.tables else 0,
        "chain": CHAIN_ENTRY in backup.files,
    }


ERRANDS: Final[Mapping[str, Errand]] = MappingProxyType({"backup": keep})
