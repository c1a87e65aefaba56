"""`glejt did`: make and look up decentralized identifiers."""

import asyncio
import getpass
import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from did_methods import jwk, key, peer, pkh, web, webvh_log
from did_methods.dereferencing import is_whole
from did_methods.did import Did, DidUrl, parse_did_url
from did_methods.errors import DidMethodsError
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from did_methods.resolution import Method, Problem, Resolution
from did_methods.resolution import resolve as resolve_did
from did_methods.resolution_result import RESULT, represent
from did_methods.versions import VersionedMethod, VersionQuery
from did_methods.webvh import webvh_place
from node.adapters.key_file import KeyFile, write_key_file
from node.app import methods
from node.cli.errors import CliError, Refused, Unknowable
from node.cli.files import read_first_line, write_whole
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation, path_of
from node.cli.output import fit
from node.config import allows_loopback
from node.issuance.disclosable import KeyScope
from node.verification.trust import NO_TRUST, Trust

KEY_TYPES: Final = MappingProxyType(
    {
        "ed25519": KeyType.ED25519,
        "p256": KeyType.P256,
        "p384": KeyType.P384,
        "bls12-381-g2": KeyType.BLS12_381_G2,
    }
)
DID_METHODS: Final = (key.METHOD, jwk.METHOD, peer.METHOD, pkh.METHOD, web.METHOD, webvh_log.METHOD, "ethr")
UNSUPPORTED: Final = (
    Problem.METHOD_NOT_SUPPORTED,
    Problem.FEATURE_NOT_SUPPORTED,
    Problem.REPRESENTATION_NOT_SUPPORTED,
    Problem.UNSUPPORTED_PUBLIC_KEY_TYPE,
)
"""What another program may be able to tell, and a second try will not."""
_AT_THIS_MACHINE: Final = re.compile(
    r"did:web(?:vh:[^:]*)?:localhost(?:%3A[0-9]+)?(?:[:?#]|$)", re.ASCII | re.IGNORECASE
)
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
NO_VERSIONS: Final[Mapping[str, str | None]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NewKey:
    """What was asked of `did create`."""

    method: str
    key_type: str
    domain: str | None
    passphrase_file: str | None
    protected: bool
    signs: str | None = None
    epoch: str | None = None


def create(invocation: Invocation, new: NewKey, *, out: str, document: str) -> int:
    """Make a key and answer with its DID. One that a host publishes needs a document, which is written to a file."""
    if new.method not in DID_METHODS:
        raise CliError("usage.choice", option="--method", value=new.method, known=", ".join(DID_METHODS))
    if new.key_type not in KEY_TYPES:
        raise CliError("usage.choice", option="--type", value=new.key_type, known=", ".join(KEY_TYPES))
    if not new.protected and new.passphrase_file:
        raise CliError("usage.passphrase_conflict")
    if (new.method == web.METHOD) != (new.domain is not None):
        raise CliError("usage.domain")
    if new.method == pkh.METHOD and KEY_TYPES[new.key_type] is not KeyType.ED25519:
        raise CliError("usage.account")
    scope = _scope(new)
    published = None if new.domain is None else web_did_at(new.domain)
    path, page = Path(out).expanduser(), Path(document).expanduser()
    if path.exists():  # before a passphrase is asked for
        raise CliError("key_file.exists")
    if published is not None and os.path.lexists(page):
        raise CliError("output.exists", name=page)
    passphrase = new_passphrase(invocation, new.passphrase_file) if new.protected else None
    private = PrivateKey.generate(KEY_TYPES[new.key_type])
    did, method = _names(new.method, private.public) if published is None else _published(published, private.public)
    write_key_file(path, private, verification_method=method, passphrase=passphrase, scope=scope)
    if published is not None:
        text = json.dumps(web.new_document(published, private.public), indent=2)
        write_whole(page, f"{text}\n".encode(), force=False)
        invocation.out.remark("remark.publish", name=document, did=did, url=web.web_place(published, loopback=True).url)
    invocation.out.answer(did)
    invocation.out.remark("remark.key_protected" if new.protected else "remark.key_unprotected", name=out)
    return 0


def _scope(new: NewKey) -> KeyScope | None:
    """What a BBS key is for; no other key is for anything."""
    given = (new.signs, new.epoch)
    if KEY_TYPES[new.key_type] is KeyType.BLS12_381_G2:
        if new.signs is None or new.epoch is None:
            raise CliError("usage.key_scope")
        return KeyScope(new.signs, new.epoch)
    if given != (None, None):
        raise CliError("usage.key_scope")
    return None


def web_did_at(domain: str) -> Did:
    """The did:web at what `--domain` names: a host, perhaps a port, and folders behind slashes; raises InvalidDidError.

    This machine's own name is one only where whoever started the program opened it: nobody else can look such a DID up.
    """
    authority, *folders = domain.rstrip("/").split("/")
    host, colon, port = authority.replace("%3A", ":").partition(":")
    number = int(port) if _PORT.fullmatch(port) else None
    if colon and number is None:
        host = authority  # no name of a host, and refused as such
    return web.create(host, port=number, path=folders, loopback=allows_loopback(os.environ))


def resolve(  # noqa: PLR0913 -- what was asked for, and in which form
    invocation: Invocation,
    name: str,
    *,
    as_json: bool,
    versions: Mapping[str, str | None] = NO_VERSIONS,
    accept: str | None = None,
    trust: str | None = None,
) -> int:
    """Answer with the document that a DID stands for; with `as_json`, with the whole result of its resolution.

    `accept` names the media type of the answer as a reader on the network would, and asks for JSON by that.
    `versions` asks for a version by `versionId`, `versionTime` or `versionNumber`, as the query of a DID URL does.
    """
    result = asyncio.run(resolved(invocation, name, versions, trust_for(invocation, trust)))
    told_whole = as_json or accept is not None
    shut = _AT_THIS_MACHINE.match(name) is not None and not allows_loopback(os.environ)
    if result.problem is Problem.INVALID_DID and shut and not told_whole:
        raise CliError("did.this_machine", details=result.detail)
    return tell_resolution(invocation, result, name, as_json=as_json, accept=accept)


def tell_resolution(invocation: Invocation, result: Resolution, name: str, *, as_json: bool, accept: str | None) -> int:
    """Answer with what came of a resolution."""
    as_json = as_json or accept is not None
    if as_json:
        invocation.out.answer_json(represent(result, accept or RESULT).body)
    if result.problem is not None:
        refusal = refusal_of(result.problem, result, name)
        if as_json:
            return refusal.status
        raise refusal
    if not as_json:
        invocation.out.answer_json(result.document, indent=2)
        if result.deactivated:
            invocation.out.remark("remark.given_up")
    return 0


async def resolved(
    invocation: Invocation,
    name: str,
    versions: Mapping[str, str | None] = NO_VERSIONS,
    trust: Trust = NO_TRUST,
) -> Resolution:
    """The resolution of what was typed: a DID, or a DID URL that asks for a version."""
    known = methods(online=not invocation.settings.offline, loopback=allows_loopback(os.environ), trust=trust)
    return await resolved_by(known, name, versions)


async def resolved_by(known: Mapping[str, Method], name: str, versions: Mapping[str, str | None]) -> Resolution:
    """The same by these methods."""
    asked = {parameter: value for parameter, value in versions.items() if value is not None}
    if not asked and "?" not in name:
        return await resolve_did(name, known)
    if len(asked) > 1:
        raise CliError("usage.version")
    try:
        url = parse_did_url(name)
        query = VersionQuery.of(url)
        if url.path or url.fragment is not None or (asked and url.query is not None):
            raise CliError("usage.version")
        query = VersionQuery.read(*next(iter(asked.items()))) if asked else query
    except DidMethodsError as error:
        return Resolution.failed(Problem.INVALID_DID_URL, f"{error}. {error.remedy}")
    method = known.get(url.did.method)
    if query.is_present or method is None:
        return await resolve_did(url.did, known)
    if not isinstance(method, VersionedMethod):
        return Resolution.failed(
            Problem.FEATURE_NOT_SUPPORTED, f"the DID method {url.did.method} keeps no versions that can be asked for."
        )
    return await method.resolve_version(url.did, query)


def part_asked_for(name: str) -> DidUrl | None:
    """The DID URL that was typed, where it stands for more than a document; None for anything else."""
    try:
        url = parse_did_url(name)
        return None if is_whole(url) else url
    except DidMethodsError:
        return None


def unlock(invocation: Invocation, key_file: KeyFile, name: Path, passphrase_file: str | None) -> PrivateKey:
    """The private key of a file; a passphrase is read from its file or asked for."""
    if not key_file.protected:
        return key_file.unlock()
    file = path_of(passphrase_file, invocation.settings.passphrase_file)
    if file is not None:
        return key_file.unlock(read_first_line(file))
    return key_file.unlock(ask_passphrase(invocation, "remark.passphrase", name=str(name)))


def _names(method: str, public: PublicKey) -> tuple[str, str]:
    """The DID of a key, and the id of the verification method in its document."""
    if method == key.METHOD:
        return str(key.create(public)), key.method_id(public)
    if method == peer.METHOD:
        did = peer.create_with_key(public)
        return str(did), f"{did}#{public.to_multibase()}"
    if method == pkh.METHOD:
        did = pkh.create(public)
        return str(did), pkh.method_id(did)
    did = jwk.create(public)
    return str(did), jwk.method_id(did)


def _published(did: Did, public: PublicKey) -> tuple[str, str]:
    """The same for a DID whose document lists the key."""
    return str(did), web.method_id(did, public)


def new_passphrase(invocation: Invocation, passphrase_file: str | None) -> str:
    """The passphrase for a new key file, from its file or asked for twice."""
    file = path_of(passphrase_file, invocation.settings.passphrase_file)
    if file is not None:
        return read_first_line(file)
    first = ask_passphrase(invocation, "remark.passphrase_new")
    if first != ask_passphrase(invocation, "remark.passphrase_again"):
        raise CliError("input.passphrases_differ")
    return first


def ask_passphrase(invocation: Invocation, question: str, **values: str) -> str:
    """A passphrase typed at a terminal; without one nobody waits."""
    if not sys.stdin.isatty():
        raise CliError("input.no_terminal")
    try:
        return getpass.getpass(invocation.words(question, **fit(values)))
    except EOFError as error:
        invocation.out.say()  # the question still waits at the end of its line
        raise CliError("input.ended") from error


def refusal_of(problem: Problem, result: Resolution, name: str) -> CliError:
    """What was typed is no DID (2), the DID stands for nothing (1), or it could not be told (20)."""
    if problem is Problem.INVALID_DID_URL or (problem is Problem.INVALID_DID and not _has_place(name)):
        return CliError("did.invalid", details=result.detail)
    if problem.means_wrong or problem is Problem.NOT_FOUND:
        return Refused("did.refused", details=result.detail)
    return Unknowable("did.unsupported" if problem in UNSUPPORTED else "did.unknown", details=result.detail)


def _has_place(name: str) -> bool:
    """Whether this is a sound did:webvh, whose log is then what is wrong: its method calls both by one name."""
    try:
        url = parse_did_url(name)
        webvh_place(url.did, loopback=True)
    except DidMethodsError:
        return False
    return not url.path and url.fragment is None  # of a part of it, nothing was looked up
