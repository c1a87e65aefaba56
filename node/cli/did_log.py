"""`glejt did` for did:webvh: the log that a host publishes, its keys and its witnesses."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from did_methods import web, webvh_create
from did_methods.did import parse_did
from did_methods.errors import DidMethodsError
from did_methods.json_web_key import JsonObject
from did_methods.multikey import KeyType, PrivateKey
from did_methods.web import WebPlace
from did_methods.webvh import WITNESS_FILE, webvh_place
from did_methods.webvh_create import UpdateKey
from did_methods.webvh_entry import MAX_TTL, WitnessRule
from did_methods.webvh_log import MAX_LOG_BYTES, METHOD, Version, method_of, read_log
from did_methods.webvh_services import parallel_web
from did_methods.webvh_watchers import watcher_urls
from did_methods.webvh_witness import MAX_WITNESS_BYTES, check_witnesses
from node.adapters.key_file import read_key_file, write_key_file
from node.cli.did import KEY_TYPES, NewKey, new_passphrase, unlock, web_did_at
from node.cli.errors import CliError
from node.cli.files import read_input, write_whole
from node.cli.invocation import Invocation
from node.cli.status import confirm, number_between
from node.config import allows_loopback
from node.documents import MAX_CREDENTIAL_BYTES, parse_object
from node.issuance.did_log import log_key
from node.verification.did_logs import LOG_TOOLS

__all__ = [
    "METHOD",
    "NOTHING_ASKED",
    "NOTHING_CHANGED",
    "Changes",
    "NewLog",
    "Writer",
    "create_log",
    "deactivate_log",
    "rotate_log",
    "update_log",
    "witness_log",
]

_SIGNING: Final = ("ed25519", "p256", "p384")
"""Kinds of keys for a document. Logs themselves are written with Ed25519 keys alone."""
_REPLACED: Final = ("verificationMethod", "authentication", "assertionMethod")
"""What a document says of the key that signs; the rest of it stays when that key is replaced."""


@dataclass(frozen=True, slots=True)
class NewLog:
    """What was asked of `did create --method webvh` beside the key."""

    log: str = "did.jsonl"
    update_key: str = "update-key.json"
    next_key: str | None = None
    portable: bool = False
    witnesses: tuple[str, ...] = ()
    threshold: str | None = None
    watchers: tuple[str, ...] = ()
    ttl: str | None = None


NOTHING_ASKED: Final = NewLog()


@dataclass(frozen=True, slots=True)
class Changes:
    """What an entry is to change of the parameters; `no_witness` and `no_watcher` end what was in force."""

    witnesses: tuple[str, ...] = ()
    no_witness: bool = False
    threshold: str | None = None
    watchers: tuple[str, ...] = ()
    no_watcher: bool = False
    ttl: str | None = None


NOTHING_CHANGED: Final = Changes()


@dataclass(frozen=True, slots=True)
class Writer:
    """The log to be gone on with, and the key that writes; `next_key` is where the next one is put."""

    log: str
    update_key: str
    passphrase_file: str | None
    next_key: str | None = None
    protected: bool = True
    web: str | None = None


def create_log(invocation: Invocation, new: NewKey, ask: NewLog, *, out: str, document: str) -> int:
    """Make a key that signs, one that writes the log, and the log; the DID is the answer."""
    place, files, pages = _places(new, ask, out, document)
    changes = _parameters(ask)
    passphrase = new_passphrase(invocation, new.passphrase_file) if new.protected else None
    signing = PrivateKey.generate(KEY_TYPES[new.key_type])
    writing = [PrivateKey.generate(KeyType.ED25519) for _ in files[1:]]
    if ask.next_key is not None:
        changes["nextKeyHashes"] = [webvh_create.promise(writing[1].public)]
    first = web.new_document(webvh_create.unfinished_did(place), signing.public)
    data = webvh_create.create(first, changes, log_key(writing[0]), LOG_TOOLS, at=datetime.now(UTC))
    version = _last(data)
    did = parse_did(version.did)
    write_key_file(files[0], signing, verification_method=web.method_id(did, signing.public), passphrase=passphrase)
    for file, private in zip(files[1:], writing, strict=True):
        _write_update_key(file, private, passphrase)
    write_whole(pages[0], data, force=False)
    write_whole(pages[1], _page(parallel_web(did, version.document, loopback=True)), force=False)
    invocation.out.answer(version.did)
    invocation.out.remark("remark.key_protected" if new.protected else "remark.key_unprotected", name=out)
    invocation.out.remark("remark.update_key", name=ask.update_key)
    if ask.next_key is not None:
        invocation.out.remark("remark.next_key", name=ask.next_key)
    _tell(invocation, ask.log, version, web_page=document)
    return 0


def _places(new: NewKey, ask: NewLog, out: str, document: str) -> tuple[WebPlace, list[Path], list[Path]]:
    """Where the log will be published, the files of the keys, and those to be published; each of them is new."""
    if new.key_type not in _SIGNING:
        raise CliError("usage.choice", option="--type", value=new.key_type, known=", ".join(_SIGNING))
    if not new.protected and new.passphrase_file:
        raise CliError("usage.passphrase_conflict")
    if new.domain is None:
        raise CliError("usage.domain")
    place = web.web_place(web_did_at(new.domain), loopback=True)  # whether it may be local was asked
    files = [Path(each).expanduser() for each in (out, ask.update_key, ask.next_key) if each is not None]
    pages = [Path(each).expanduser() for each in (ask.log, document)]
    if len({*files, *pages}) < len(files) + len(pages):
        raise CliError("usage.same_file")
    if any(os.path.lexists(file) for file in files):  # before a passphrase is asked for
        raise CliError("key_file.exists")
    for page in pages:
        if os.path.lexists(page):
            raise CliError("output.exists", name=page)
    return place, files, pages


def update_log(invocation: Invocation, writer: Writer, changes: Changes, *, document: str | None) -> int:
    """Go on with a log: another document, other witnesses or watchers, another time for which it is remembered."""
    if document is None and changes == NOTHING_CHANGED:
        raise CliError("usage.no_change")
    state = None
    if document is not None:
        state = parse_object(read_input(document, limit=MAX_CREDENTIAL_BYTES), max_bytes=MAX_CREDENTIAL_BYTES)
    in_force = _last(_log(writer)).parameters
    parameters = _changed(changes, in_force.witness)
    passphrase = None
    if writer.next_key is not None and writer.protected:
        passphrase = new_passphrase(invocation, writer.passphrase_file)
    status = _write(invocation, writer, lambda before: before if state is None else state, passphrase, parameters)
    if "witness" in parameters and in_force.witness is not None:
        invocation.out.remark("remark.approved_by_those_before")
    return status


def rotate_log(invocation: Invocation, writer: Writer, *, out: str) -> int:
    """Go on with a log: another key that signs, in the place of those that did."""
    path = Path(out).expanduser()
    if os.path.lexists(path):
        raise CliError("key_file.exists")
    passphrase = new_passphrase(invocation, writer.passphrase_file) if writer.protected else None
    private = PrivateKey.generate(KeyType.ED25519)
    data = _log(writer)
    did = parse_did(_last(data).did)
    write_key_file(path, private, verification_method=web.method_id(did, private.public), passphrase=passphrase)

    def replaced(state: JsonObject) -> JsonObject:
        signing = web.new_document(did, private.public)
        return state | {name: signing[name] for name in _REPLACED}

    try:
        status = _write(invocation, writer, replaced, passphrase)
    except (CliError, DidMethodsError):
        path.unlink()  # a key that no document names
        raise
    invocation.out.remark("remark.key_protected" if writer.protected else "remark.key_unprotected", name=out)
    return status


def deactivate_log(invocation: Invocation, writer: Writer, *, agreed: bool) -> int:
    """End a log: the identifier is given up, and nothing can follow."""
    data = _log(writer)
    confirm(invocation, "did.confirm_deactivate", yes=agreed, name=_last(data).did)
    key = _update_key(invocation, writer)
    ended = webvh_create.deactivate(data, key, LOG_TOOLS, at=datetime.now(UTC))
    return _finish(invocation, writer, ended)


def witness_log(invocation: Invocation, log: str, *, key: str, passphrase_file: str | None, out: str) -> int:
    """Approve the last version of a log with the key of a witness."""
    data = read_input(log, limit=MAX_LOG_BYTES)
    page = Path(out).expanduser()
    before = read_input(out, limit=MAX_WITNESS_BYTES) if page.exists() else None
    path = Path(key).expanduser()
    approving = log_key(unlock(invocation, read_key_file(path), path, passphrase_file))
    now = datetime.now(UTC)
    approved = webvh_create.approve(data, before, [approving], LOG_TOOLS, at=now)
    write_whole(page, approved, force=True)
    read = check_witnesses(read_log(data, LOG_TOOLS, now=now), approved, LOG_TOOLS)
    invocation.out.answer(_last(data).version_id)
    if read.refusal is None:
        invocation.out.remark("remark.witnessed", name=out)
    else:
        invocation.out.remark("remark.witnesses_missing", name=out)
    return 0


def _write(
    invocation: Invocation,
    writer: Writer,
    change: Callable[[JsonObject], JsonObject],
    passphrase: str | None,
    parameters: JsonObject | None = None,
) -> int:
    """One more entry; where keys were promised, the next one is made and promised too."""
    data = _log(writer)
    last = _last(data)
    promised = bool(last.parameters.next_key_hashes)
    if promised and writer.next_key is None:
        raise CliError("usage.next_key")
    following = None if writer.next_key is None else Path(writer.next_key).expanduser()
    if following is not None and os.path.lexists(following):
        raise CliError("key_file.exists")
    key = _update_key(invocation, writer)
    changes: JsonObject = dict(parameters or {})
    if promised:
        changes["updateKeys"] = [key.public.to_multibase()]
    private = PrivateKey.generate(KeyType.ED25519)
    if following is not None:
        changes["nextKeyHashes"] = [webvh_create.promise(private.public)]
    now = datetime.now(UTC)
    whole = webvh_create.update(data, changes, key, LOG_TOOLS, at=now, document=change(last.document))
    if following is not None:
        _write_update_key(following, private, passphrase)
        invocation.out.remark("remark.next_key", name=writer.next_key)
    return _finish(invocation, writer, whole)


def _finish(invocation: Invocation, writer: Writer, whole: bytes) -> int:
    before, last = _versions(whole)[-2:]
    write_whole(Path(writer.log).expanduser(), whole, force=True)
    if writer.web is not None:
        page = _page(parallel_web(parse_did(last.did), last.document, loopback=True))
        write_whole(Path(writer.web).expanduser(), page, force=True)
    invocation.out.answer(last.version_id)
    _tell(invocation, writer.log, last, web_page=writer.web)
    if before.did != last.did:
        former = webvh_place(parse_did(before.did), loopback=True)
        invocation.out.remark("remark.moved", url=former.log_url)
    return 0


def _tell(invocation: Invocation, log: str, version: Version, *, web_page: str | None) -> None:
    place = webvh_place(parse_did(version.did), loopback=True)
    if version.witness is not None:
        invocation.out.remark("remark.approve", threshold=version.witness.threshold, name=WITNESS_FILE)
    invocation.out.remark("remark.publish", name=log, did=version.did, url=place.log_url)
    if web_page is not None:
        parallel = parallel_web(parse_did(version.did), version.document, loopback=True)["id"]
        invocation.out.remark("remark.publish", name=web_page, did=parallel, url=place.web.url)


def _parameters(ask: NewLog) -> JsonObject:
    changes: JsonObject = {}
    if ask.portable:
        changes["portable"] = True
    return changes | _changed(Changes(ask.witnesses, threshold=ask.threshold, watchers=ask.watchers, ttl=ask.ttl), None)


def _changed(ask: Changes, in_force: WitnessRule | None) -> JsonObject:
    """The parameters that an entry names; a threshold alone is one for the witnesses that are there.

    Who approves the entry itself, no entry decides: the witnesses in force before it, or the first ones at once.

    Spec: https://identity.foundation/didwebvh/v1.0/#witness-lists
    """
    changes: JsonObject = {}
    if (ask.no_witness and (ask.witnesses or ask.threshold)) or (ask.no_watcher and ask.watchers):
        raise CliError("usage.both")
    witnesses = ask.witnesses or (in_force.witnesses if in_force and ask.threshold else ())
    if witnesses:
        count = len(witnesses)
        threshold = count if ask.threshold is None else number_between("--threshold", ask.threshold, 1, count)
        changes["witness"] = webvh_create.witness_parameter(WitnessRule(threshold, witnesses))
    elif ask.threshold is not None:
        raise CliError("usage.threshold")
    if ask.no_witness:
        changes["witness"] = webvh_create.witness_parameter(None)
    if ask.watchers or ask.no_watcher:
        changes["watchers"] = [_watcher(url) for url in ask.watchers]
    if ask.ttl is not None:
        changes["ttl"] = number_between("--ttl", ask.ttl, 0, MAX_TTL)
    return changes


def _watcher(url: str) -> str:
    """The address of a watcher; raises CliError for one that nobody could ask."""
    if watcher_urls(url, "", loopback=allows_loopback(os.environ)) is None:
        raise CliError("usage.watcher", value=url)
    return url


def _log(writer: Writer) -> bytes:
    return read_input(writer.log, limit=MAX_LOG_BYTES)


def _last(log: bytes) -> Version:
    return _versions(log)[-1]


def _versions(log: bytes) -> tuple[Version, ...]:
    read = read_log(log, LOG_TOOLS, now=datetime.now(UTC))
    if read.refusal is not None:
        raise read.refusal.error
    return read.versions


def _update_key(invocation: Invocation, writer: Writer) -> UpdateKey:
    path = Path(writer.update_key).expanduser()
    return log_key(unlock(invocation, read_key_file(path), path, writer.passphrase_file))


def _write_update_key(path: Path, private: PrivateKey, passphrase: str | None) -> None:
    write_key_file(path, private, verification_method=method_of(private.public.to_multibase()), passphrase=passphrase)


def _page(document: JsonObject) -> bytes:
    return f"{json.dumps(document, indent=2)}\n".encode()
