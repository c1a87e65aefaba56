"""Histories of documents, read from the files that came with a document: each proves itself or counts for nothing.

Who hands files over may hold some back. A log that was cut is a sound log, so one that did not come from its host shows
what was, and never that nothing followed.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from did_methods import peer
from did_methods.did import Did, parse_did
from did_methods.errors import DidMethodsError, HistoryError
from did_methods.history import KeyEvidence, KeyHistory

LONG_FORM: Final = "long-form"
"""The file that is the long form of a did:peer."""
MAX_REMEMBERED: Final = 8
"""Histories that are kept: one verification asks for the same one several times, and a log may have megabytes."""

type Files = Mapping[str, bytes]


def history_in(identifier: str, files: Files, read_at: datetime) -> KeyHistory:
    """The history that these files prove for an identifier; `read_at` is when they were had.

    Raises DidMethodsError where they prove none.
    """
    found = _remembered(identifier, tuple(sorted(files.items())), read_at)
    if isinstance(found, DidMethodsError):
        raise found.with_traceback(None)
    return found


def proves_all(identifier: str) -> bool:
    """Whether the files of an identifier leave nothing open: nothing can follow them."""
    return identifier.startswith(f"did:{peer.METHOD}:")


@lru_cache(MAX_REMEMBERED)
def _remembered(
    identifier: str, files: tuple[tuple[str, bytes], ...], read_at: datetime
) -> KeyHistory | DidMethodsError:
    try:
        did = parse_did(identifier)
        read = _READERS.get(did.method)
        if read is None:
            raise _no_history(f"documents of did:{did.method} are not read from files here")
        return read(did, dict(files), read_at)
    except DidMethodsError as error:
        return error.with_traceback(None)


def _read_peer(did: Did, files: Files, _read_at: datetime) -> KeyHistory:
    """The document of a short form, by its long form."""
    if LONG_FORM not in files:
        raise _no_history("the long form is not among the files")
    try:
        long_form = files[LONG_FORM].decode("ascii")
    except UnicodeDecodeError as error:
        raise _no_history("the long form is no identifier") from error
    return KeyHistory.of([(None, None, peer.resolve_short(did, long_form), KeyEvidence.IMMUTABLE)])


def _read_webvh(did: Did, files: Files, read_at: datetime) -> KeyHistory:
    """The versions of a log; its times are its controller's own unless witnesses approved each version."""
    from did_methods.webvh import LOG_FILE, WITNESS_FILE, LogFiles, read_files  # noqa: PLC0415 -- few documents have one
    from did_methods.webvh_log import read_log  # noqa: PLC0415 -- as above
    from did_methods.webvh_moves import FORMER_FILE, check_move  # noqa: PLC0415 -- as above
    from node.verification.did_logs import LOG_TOOLS  # noqa: PLC0415 -- as above

    if LOG_FILE not in files:
        raise _no_history("the log is not among the files")
    log = read_files(did, LogFiles(files[LOG_FILE], files.get(WITNESS_FILE)), LOG_TOOLS, now=read_at)
    if log.refusal is not None:
        raise log.refusal.error
    if log.versions[-1].did != str(did):  # what a log calls itself before it moved, nobody has to have published there
        if FORMER_FILE not in files:
            raise _no_history(f"the log is now the one of {log.versions[-1].did[:96]}")
        check_move(did, read_log(files[FORMER_FILE], LOG_TOOLS, now=read_at), log)
    ends = [version.time for version in log.versions[1:]]
    history = KeyHistory.of(
        (
            version.time,
            end,
            version.document,
            KeyEvidence.WITNESSED if version.witness and version.approved_by else KeyEvidence.SELF_DECLARED,
        )
        for version, end in zip(log.versions, (*ends, None), strict=True)
    )
    return history.given_up if log.versions[-1].parameters.deactivated else history


_READERS: Final[Mapping[str, Callable[[Did, Files, datetime], KeyHistory]]] = MappingProxyType(
    {peer.METHOD: _read_peer, "webvh": _read_webvh}
)


def _no_history(reason: str) -> HistoryError:
    return HistoryError(
        reason,
        code="history.files",
        remedy="Resolve the identifier again, or ask whoever handed over the file for a whole one.",
    )
