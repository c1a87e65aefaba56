"""Files that hold a secret: read within bounds, written whole, for their owner alone."""

import contextlib
import os
import secrets
import stat
from pathlib import Path
from typing import Final, NoReturn

from did_methods.errors import shown
from node.adapters.errors import KeyFileError, damaged
from node.documents import DocumentError, JsonObject, parse_object

# The largest key file written here has 1 kB.
MAX_KEY_FILE_BYTES: Final = 16 * 1024

_OWNER_ONLY: Final = 0o600
_OTHERS: Final = 0o077


def read_secret_file(path: Path) -> tuple[JsonObject, int]:
    """The JSON object in a file, and the file's mode."""
    data, permissions = open_secret_file(path)
    try:
        document = parse_object(data, max_bytes=MAX_KEY_FILE_BYTES)
    except DocumentError:
        # Its message quotes the place, and the place may be the secret.
        raise damaged("it is not a JSON object") from None
    return document, permissions


def open_secret_file(path: Path) -> tuple[bytes, int]:
    """What is in a small file, and the file's mode."""
    try:
        with path.open("rb") as stream:
            permissions = stat.S_IMODE(os.fstat(stream.fileno()).st_mode)
            data = stream.read(MAX_KEY_FILE_BYTES + 1)
    except FileNotFoundError:
        raise KeyFileError(
            f"there is no key file {shown(str(path))}",
            code="key_file.absent",
            remedy="Check the path, or make a key first.",
        ) from None
    except OSError as error:
        raise KeyFileError(
            f"the key file {shown(str(path))} cannot be read: {error.strerror}",
            code="key_file.unreadable",
            remedy="Check who may read the file and the folders above it.",
        ) from error
    if len(data) > MAX_KEY_FILE_BYTES:
        raise KeyFileError(
            f"the file {shown(str(path))} has more than {MAX_KEY_FILE_BYTES} bytes",
            code="key_file.too_large",
            remedy="This is not a key file; check the path.",
        )
    return data, permissions


def require_owner_only(path: Path, permissions: int) -> None:
    """Refuse a bare key that others may read, because it may be known already."""
    # Elsewhere the mode says nothing about who may read a file.
    if os.name == "posix" and permissions & _OTHERS:
        raise KeyFileError(
            f"others may read the bare key in {shown(str(path))}: its mode is {permissions:03o}",
            code="key_file.permissions",
            remedy="Set the mode to 600, and replace the key if others have had access to this machine.",
        )


def write_secret_file(path: Path, data: bytes) -> None:
    """Write a new file that only its owner may read; an existing one is never touched.

    Reserve the name, write beside it, then move the whole file onto the name: no reader sees a part of a key. The bytes
    are on the disk when this returns.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY))
    except FileExistsError:
        raise KeyFileError(
            f"the file {shown(str(path))} exists",
            code="key_file.exists",
            remedy="Choose another name. A key that is overwritten is lost for good.",
        ) from None
    except OSError as error:
        _unwritable(path, error)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        _sync_folder(path.parent)
    except BaseException as error:
        # Also on an interrupt: neither an empty file nor a stray copy of the key stays behind.
        for leftover in (temporary, path):
            with contextlib.suppress(OSError):
                leftover.unlink()
        if isinstance(error, OSError):
            _unwritable(path, error)
        raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # elsewhere a folder cannot be opened; the rename itself is journalled
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(path: Path, error: OSError) -> NoReturn:
    raise KeyFileError(
        f"the key file {shown(str(path))} cannot be written: {error.strerror}",
        code="key_file.unwritable",
        remedy="Choose a folder that exists, that you may write to, and that has room.",
    ) from error
