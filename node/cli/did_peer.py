"""`glejt did create --method peer`: an identifier that holds its keys and services, or a whole document."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from did_methods import peer
from did_methods.did import Did, parse_did
from did_methods.document import Relationship
from did_methods.host import LOCALHOST, problem_with
from did_methods.json_web_key import JsonObject
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from did_methods.peer_services import MAX_SERVICES, messaging_service
from node.adapters.key_file import write_key_file
from node.cli.did import KEY_TYPES, NewKey, new_passphrase
from node.cli.errors import CliError
from node.cli.invocation import Invocation
from node.config import allows_loopback

__all__ = ["NOTHING_ASKED", "NUMALGOS", "NewPeer", "create_peer"]

KEYS_AND_SERVICES: Final = "2"
WHOLE_DOCUMENT: Final = "4"
NUMALGOS: Final = ("0", KEYS_AND_SERVICES, WHOLE_DOCUMENT)
_SIGNING: Final = ("ed25519", "p256", "p384")
"""Kinds of keys that sign for an identifier; a key for BBS signs one achievement."""
_ENDPOINT: Final = re.compile(
    r"(?P<scheme>https|wss|http|ws)://(?P<host>[a-z0-9.-]+)(?::[1-9][0-9]{0,4})?(?:[/?][A-Za-z0-9._~!$&'()*+,;=:@/?%-]*)?"
)
_MAX_ENDPOINT_CHARS: Final = 1024
"""Far beyond any endpoint; the whole identifier has at most four times as many."""
_USES: Final[Mapping[str, Relationship]] = MappingProxyType(
    {
        "authentication": Relationship.AUTHENTICATION,
        "encryption": Relationship.KEY_AGREEMENT,
        "signing": Relationship.ASSERTION_METHOD,
    }
)
_SECURED: Final = frozenset({"https", "wss"})


@dataclass(frozen=True, slots=True)
class NewPeer:
    """What was asked of `did create --method peer` beside the key; the keys are files to be written."""

    numalgo: str = "0"
    services: tuple[str, ...] = ()
    encryption_key: str | None = None
    authentication_key: str | None = None


NOTHING_ASKED: Final = NewPeer()


def create_peer(invocation: Invocation, new: NewKey, ask: NewPeer, *, out: str) -> int:
    """Make the keys of a did:peer that holds several, with their files; the DID is the answer."""
    files = _files(new, ask, out)
    services = [messaging_service(_endpoint(uri)) for uri in ask.services]
    passphrase = new_passphrase(invocation, new.passphrase_file) if new.protected else None
    kinds = {name: KeyType.X25519 if name == "encryption" else KEY_TYPES[new.key_type] for name in files}
    keys = {name: PrivateKey.generate(kind) for name, kind in kinds.items()}
    make = _with_keys if ask.numalgo == KEYS_AND_SERVICES else _with_document
    did, named = make({name: private.public for name, private in keys.items()}, services)
    for name, file in files.items():
        write_key_file(file, keys[name], verification_method=f"{did}#{named[name]}", passphrase=passphrase)
    invocation.out.answer(str(did))
    for file in files.values():
        invocation.out.remark("remark.key_protected" if new.protected else "remark.key_unprotected", name=file)
    if ask.numalgo == KEYS_AND_SERVICES and "authentication" not in files:
        invocation.out.remark("remark.signs_only")
    return 0


def _files(new: NewKey, ask: NewPeer, out: str) -> Mapping[str, Path]:
    """The file of each key to be made, by what it is for; each of them is new."""
    if ask.numalgo not in NUMALGOS:
        raise CliError("usage.choice", option="--numalgo", value=ask.numalgo, known=", ".join(NUMALGOS))
    if ask.numalgo not in {KEYS_AND_SERVICES, WHOLE_DOCUMENT}:
        raise CliError("usage.peer")  # one key is all of a numalgo 0
    if new.key_type not in _SIGNING:
        raise CliError("usage.choice", option="--type", value=new.key_type, known=", ".join(_SIGNING))
    if not new.protected and new.passphrase_file:
        raise CliError("usage.passphrase_conflict")
    if new.domain is not None:
        raise CliError("usage.domain")
    if (new.signs, new.epoch) != (None, None):
        raise CliError("usage.key_scope")
    if len(ask.services) > MAX_SERVICES:
        raise CliError("usage.number", option="--service", value=len(ask.services), lowest=0, highest=MAX_SERVICES)
    asked = {"signing": out, "authentication": ask.authentication_key, "encryption": ask.encryption_key}
    files = {name: Path(file).expanduser() for name, file in asked.items() if file is not None}
    if len(set(files.values())) < len(files):
        raise CliError("usage.same_file")
    if any(os.path.lexists(file) for file in files.values()):  # before a passphrase is asked for
        raise CliError("key_file.exists")
    return MappingProxyType(files)


def _with_keys(keys: Mapping[str, PublicKey], services: list[JsonObject]) -> tuple[Did, Mapping[str, str]]:
    """Numalgo 2: each key is for one thing, so one that is to be for two stands there twice.

    What signs statements comes last: programs of before there was a code for it pass over it, and number the others.
    """
    used = {"authentication": keys.get("authentication", keys["signing"])}
    used |= {name: keys[name] for name in ("encryption", "signing") if name in keys}
    names = {name: f"key-{number}" for number, name in enumerate(used, start=1)}
    return peer.create_with_keys([(_USES[name], key) for name, key in used.items()], services), names


def _with_document(keys: Mapping[str, PublicKey], services: list[JsonObject]) -> tuple[Did, Mapping[str, str]]:
    """Numalgo 4: a document, in which one key may be for several things."""
    names = {name: f"key-{number}" for number, name in enumerate(keys, start=1)}
    authentication = names.get("authentication", names["signing"])
    document: JsonObject = {
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "verificationMethod": [
            {"id": f"#{names[name]}", "type": "Multikey", "publicKeyMultibase": key.to_multibase()}
            for name, key in keys.items()
        ],
        "assertionMethod": [f"#{names['signing']}"],
        "authentication": [f"#{authentication}"],
    }
    if "encryption" in names:
        document["keyAgreement"] = [f"#{names['encryption']}"]
    if services:
        document["service"] = [
            {"id": f"#service-{number}" if number else "#service", **each} for number, each in enumerate(services)
        ]
    return peer.create_with_document(document), names


def _endpoint(uri: str) -> str:
    """An address at which messages are taken, or the DID of who takes them; this machine's only where it was opened."""
    if uri.startswith("did:"):
        return str(parse_did(uri))
    parts = _ENDPOINT.fullmatch(uri) if len(uri) <= _MAX_ENDPOINT_CHARS else None
    local = parts is not None and parts["host"] == LOCALHOST and allows_loopback(os.environ)
    if parts is None or not (local or (parts["scheme"] in _SECURED and problem_with(parts["host"]) is None)):
        raise CliError("usage.endpoint", value=uri)
    return uri
