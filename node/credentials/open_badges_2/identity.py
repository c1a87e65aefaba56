"""Whom a badge was awarded to: an address or other identifier, in the clear or hashed with a salt.

A hash of an e-mail address is no secret: whoever has a list of addresses finds the one. What is here never shows in the
`repr` of anything, and no message repeats it.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html#IdentityObject
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import md5, sha256
from types import MappingProxyType
from typing import Final

from node.documents import JsonObject, JsonValue


class IdentityHash(StrEnum):
    """The hashes by which a recipient may be named."""

    SHA256 = "sha256"
    MD5 = "md5"
    """Broken long ago. It still tells two recipients apart, and hides nobody."""


_DIGEST_CHARS: Final[Mapping[IdentityHash, int]] = MappingProxyType({IdentityHash.SHA256: 64, IdentityHash.MD5: 32})
_HASHED: Final = re.compile(r"(sha256|md5)\$([0-9a-fA-F]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Identity:
    """A recipient: `kind` is the property by which they are named; `hash` is None for one in the clear."""

    kind: str
    hash: IdentityHash | None
    value: str = field(repr=False)
    """The identifier, or the digest in lower-case hexadecimal."""
    salt: str = field(repr=False)


def read_identity(recipient: JsonValue) -> Identity | None:
    """The recipient that an identity object names; None where it names nobody that could be told from others.

    `hashed` may be left out, or be a text: badges of the years before version 2.0 have both.
    """
    if not isinstance(recipient, dict):
        return None
    kind, value, salt = recipient.get("type"), recipient.get("identity"), recipient.get("salt") or ""
    if isinstance(kind, list) and len(kind) == 1:
        kind = kind[0]
    hashed = recipient.get("hashed", False)
    if not (isinstance(kind, str) and kind and isinstance(value, str) and value and isinstance(salt, str)):
        return None
    if hashed in (False, "false"):
        return Identity(kind, None, value, "")
    match = _HASHED.fullmatch(value)
    if hashed not in (True, "true") or match is None:
        return None
    algorithm = IdentityHash(match[1])
    digest = match[2].lower()
    return Identity(kind, algorithm, digest, salt) if len(digest) == _DIGEST_CHARS[algorithm] else None


def same_recipient(one: Identity, other: Identity) -> bool | None:
    """Whether two identities name one recipient; None where that cannot be told, as of hashes under different salts."""
    if one.kind != other.kind:
        return False
    if one.hash is None and other.hash is None:
        return one.value == other.value
    if one.hash is None:
        return _digest(one.value, other) == other.value
    if other.hash is None:
        return _digest(other.value, one) == one.value
    if (one.hash, one.salt) != (other.hash, other.salt):
        return None
    return one.value == other.value


def told(identity: Identity | None) -> JsonObject:
    """What may be told of how a recipient is named, without a trace of who it is."""
    if identity is None:
        return {}
    return {
        "hashed": identity.hash is not None,
        **({"algorithm": identity.hash.value, "salted": bool(identity.salt)} if identity.hash else {}),
    }


def _digest(value: str, like: Identity) -> str:
    """The digest of an identifier by the hash and the salt of another identity."""
    data = (value + like.salt).encode("utf-8", "surrogatepass")
    return (sha256(data) if like.hash is IdentityHash.SHA256 else md5(data, usedforsecurity=False)).hexdigest()
