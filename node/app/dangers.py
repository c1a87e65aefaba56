"""What a node in production refuses to run with: each default that is for trying glejt out, and what loses data.

1. The master key opens by what somebody keeps elsewhere, not by a file beside the database.
2. Others reach the node by https, at an address that stays.
3. What is anchored lies on a chain that others believe.
4. Strangers cannot have this machine's own addresses asked, and no page shows what is in memory.
5. Nobody else on the machine reads the node's files, and nobody on the way to the mail server what is in letters, or on
   the way to the database what is in it: encryption to whoever answers is none against who stands between, so the
   server has to be the one that its certificate names.
6. What was acknowledged is on a disk: neither the file system nor the database only says so.
"""

import os
import stat
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from node.adapters.database.engine import Database, file_of
from node.adapters.database.ways import unchecked_hosts
from node.adapters.node_folder import NodeFolder
from node.app.errors import Danger
from node.config import LOOPBACK
from node.config.node_settings import NodeSettings

FORGETFUL: Final = frozenset({"tmpfs", "ramfs", "devtmpfs", "hugetlbfs"})
"""File systems in memory."""
REMOTE: Final = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "vboxsf", "fuse.sshfs", "afs", "ceph", "glusterfs"}
)
"""File systems over a network, whose locks and waits do not keep what SQLite takes for granted."""
CARELESS: Final = frozenset({"nobarrier", "barrier=0"})
"""Options of a mount by which a disk is not waited for."""
MOUNTS: Final = Path("/proc/self/mountinfo")
_OTHERS: Final = 0o077


def dangers_of(
    settings: NodeSettings, folder: NodeFolder, address: str, environment: Mapping[str, str]
) -> tuple[Danger, ...]:
    """What can be told before anything is opened; `address` is the database's."""
    found = [*_of_the_key(settings, folder), *_of_the_outside(settings), *_of_mail(settings)]
    found += _of_the_way(address, environment)
    return (*found, *_of_the_process(settings, environment), *_of_the_files(settings, folder, address))


async def danger_of_the_database(database: Database) -> Danger | None:
    """Step 6 for the database itself, once it is open."""
    if await database.is_durable():
        return None
    return Danger(
        "danger.database",
        "the database does not wait for the disk",
        "Set fsync = on and synchronous_commit = on (or remote_write, remote_apply) in the settings of PostgreSQL.",
    )


def file_system_danger(path: Path, mounts: str | None = None) -> Danger | None:
    """What is wrong with where a SQLite file lies; nothing where the system does not tell."""
    mount = _mount_of(
        path, MOUNTS.read_text("utf-8", "replace") if mounts is None and MOUNTS.exists() else mounts or ""
    )
    if mount is None:
        return None
    kind, options = mount
    if kind in FORGETFUL:
        what = f"{path} lies in memory ({kind}), and is gone when the machine is switched off"
    elif kind in REMOTE:
        what = f"{path} lies on another machine ({kind}), where SQLite cannot tell what is on the disk"
    elif options & CARELESS:
        what = f"{path} lies on a disk that is not waited for ({', '.join(sorted(options & CARELESS))})"
    else:
        return None
    return Danger("danger.file_system", what, "Put the folder on a disk of this machine, or use PostgreSQL.")


def _of_the_key(settings: NodeSettings, folder: NodeFolder) -> Iterator[Danger]:
    remedy = "Keep the passphrase outside the node's folder and its backups, and name its file in passphrase_file."
    passphrase = settings.passphrase is not None or settings.passphrase_file is not None
    if not passphrase and settings.key_service is None and settings.pkcs11_token is None:
        yield Danger("danger.passphrase", "nothing opens the master key but what glejt would make up itself", remedy)
    elif settings.passphrase_file is not None and settings.passphrase_file.resolve().is_relative_to(
        folder.path.resolve()
    ):
        yield Danger("danger.passphrase", "the passphrase lies beside the database that it opens", remedy)
    pin = settings.pkcs11_pin_file
    if pin is not None and pin.resolve().is_relative_to(folder.path.resolve()):
        yield Danger(
            "danger.passphrase",
            "the PIN of the token lies beside the database that it opens",
            "Keep it outside the node's folder and its backups, and name its file in pkcs11_pin_file.",
        )


def _of_the_outside(settings: NodeSettings) -> Iterator[Danger]:
    if settings.public_url is None or not settings.public_url.startswith("https://"):
        yield Danger(
            "danger.public_url",
            f"others would reach the node at {settings.public_url or 'this machine alone'}",
            "Set public_url to https:// and the host by which others reach it; it stands in what is issued.",
        )
    if settings.chain == "embedded":
        yield Danger(
            "danger.chain",
            "the embedded chain proves nothing to others",
            "Set chain to one of the trust file, or to none.",
        )


def _of_mail(settings: NodeSettings) -> Iterator[Danger]:
    if settings.mail_host is not None and settings.mail_encryption == "none":
        yield Danger(
            "danger.mail",
            "letters with private links would go to the mail server for everybody on the way to read",
            "Set mail_encryption to starttls or tls.",
        )


def _of_the_way(address: str, environment: Mapping[str, str]) -> Iterator[Danger]:
    if hosts := unchecked_hosts(address, environment):
        yield Danger(
            "danger.database_way",
            f"whoever stands between could read and change what goes to PostgreSQL at {', '.join(hosts)[:160]}",
            "Add ?sslmode=verify-full&sslrootcert=FILE to the address of the database; FILE has the certificate of the "
            "authority that vouches for its server.",
        )


def _of_the_process(settings: NodeSettings, environment: Mapping[str, str]) -> Iterator[Danger]:
    if settings.allow_loopback or environment.get(LOOPBACK) == "1":
        yield Danger(
            "danger.loopback",
            "strangers can have this machine's own addresses asked",
            f"Remove allow_loopback and {LOOPBACK}.",
        )
    if environment.get("GLEJT_DEBUG") or environment.get("PYTHONASYNCIODEBUG") or sys.flags.dev_mode:
        yield Danger(
            "danger.debug",
            "errors are shown with what is in memory",
            "Remove GLEJT_DEBUG, PYTHONDEVMODE and PYTHONASYNCIODEBUG.",
        )
    if "eatmydata" in environment.get("LD_PRELOAD", ""):
        yield Danger("danger.file_system", "waiting for the disk is switched off (eatmydata)", "Remove LD_PRELOAD.")


def _of_the_files(settings: NodeSettings, folder: NodeFolder, address: str) -> Iterator[Danger]:
    if folder.foreign_owner():
        yield Danger("danger.folder", f"{folder.path} belongs to another account", f"chown -R it to {os.geteuid()}.")
    if opened := folder.open_to_others():
        yield Danger(
            "danger.folder", f"others on this machine may look into {opened[0]}", f"chmod -R go= {folder.path}"
        )
    for path in secret_files(settings):
        if path.exists() and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            yield Danger("danger.files", f"others on this machine may read {path}", f"chmod 600 {path}")
    if (file := file_of(address)) is not None and (danger := file_system_danger(file)) is not None:
        yield danger


def secret_files(settings: NodeSettings) -> tuple[Path, ...]:
    """The files in which secrets are."""
    named = (
        settings.database_file,
        settings.passphrase_file,
        settings.former_passphrase_file,
        settings.gas_key,
        settings.gas_passphrase_file,
        settings.mail_password_file,
        settings.pkcs11_pin_file,
    )
    return tuple(path for path in named if path is not None)


def _mount_of(path: Path, mounts: str) -> tuple[str, set[str]] | None:
    """Kind and options of the file system on which a path lies: that of the longest mount point above it."""
    place = path.resolve()
    best: tuple[int, str, set[str]] | None = None
    for line in mounts.splitlines():
        left, separator, right = line.partition(" - ")
        fields, behind = left.split(), right.split()
        if not separator or len(fields) < 6 or len(behind) < 3:  # noqa: PLR2004 -- as proc(5) has them
            continue
        point = Path(fields[4].encode().decode("unicode_escape"))
        if place.is_relative_to(point) and (best is None or len(point.parts) >= best[0]):
            best = (len(point.parts), behind[0], {*fields[5].split(","), *behind[2].split(",")})
    return None if best is None else best[1:]
