"""A Disclosure: the salt, name and value behind one digest.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-4.2
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import orjson

from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from node.documents import DocumentError, JsonValue, parse
from node.proofs.errors import MalformedProofError, UnsupportedProofError, shown

HASHES: Final = MappingProxyType({"sha-256": hashlib.sha256, "sha-384": hashlib.sha384, "sha-512": hashlib.sha512})
"""The hash algorithms by their names in the IANA registry; `sha-256` is the one that is meant where none is named."""
DEFAULT_HASH: Final = "sha-256"

MAX_DISCLOSURE_BYTES: Final = 256 * 1024
"""One that holds a picture; the whole SD-JWT is bounded as well."""
DIGESTS: Final = "_sd"
ELEMENT: Final = "..."
HASH_CLAIM: Final = "_sd_alg"
RESERVED_NAMES: Final = frozenset({DIGESTS, ELEMENT, HASH_CLAIM})
SALT_BYTES: Final = 16  # RFC 9901, 9.3


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A Disclosure as it was received; `name` is None for one of an element of an array.

    `text` is its base64url form, over which the digest is taken.
    """

    text: str
    salt: str
    name: str | None
    value: JsonValue

    def digest(self, hash_name: str) -> str:
        """The base64url digest that stands for it in the payload."""
        return digest_of(self.text, hash_name)


def digest_of(text: str, hash_name: str) -> str:
    """The base64url digest of the ASCII bytes of a text.

    Raises UnsupportedProofError for a hash algorithm that is not known here.
    """
    if hash_name not in HASHES:
        raise UnsupportedProofError(
            f"the hash algorithm {shown(hash_name)} is not one of {', '.join(HASHES)}", code="proof.unsupported.sd_alg"
        )
    return to_base64url(HASHES[hash_name](text.encode("ascii")).digest())


def new_salt() -> str:
    """128 bits from the operating system's random source, as base64url."""
    return to_base64url(secrets.token_bytes(SALT_BYTES))


def make_disclosure(name: str | None, value: JsonValue, *, salt: Callable[[], str] = new_salt) -> Disclosure:
    """The Disclosure of a member of an object, or of an element of an array where there is no name."""
    drawn = salt()
    content = [drawn, value] if name is None else [drawn, name, value]
    return Disclosure(to_base64url(orjson.dumps(content)), drawn, name, value)


def parse_disclosure(text: str) -> Disclosure:
    """The Disclosure in a base64url text.

    1. It is canonical base64url without padding, of an array in UTF-8 JSON, strictly parsed.
    2. The array has the salt and the value of an element, or the salt, name and value of a member.
    3. The name is not one that RFC 9901 uses itself.

    Raises MalformedProofError.
    """
    # 1.
    try:
        content = parse(from_base64url(text, max_chars=2 * MAX_DISCLOSURE_BYTES), max_bytes=MAX_DISCLOSURE_BYTES)
    except (MultibaseError, DocumentError) as error:
        raise malformed(f"a disclosure cannot be read: {error}", "disclosure") from error
    # 2.
    match content:
        case [str(salt), value]:
            return Disclosure(text, salt, None, value)
        case [str(salt), str(name), value]:
            # 3.
            if name in RESERVED_NAMES:
                raise malformed(f"a disclosure adds {name}, which is reserved", "disclosure")
            return Disclosure(text, salt, name, value)
        case _:
            raise malformed("a disclosure is no array of a salt, perhaps a name, and a value", "disclosure")


def malformed(message: str, kind: str) -> MalformedProofError:
    """The error for an SD-JWT that breaks its specification."""
    return MalformedProofError(message, code=f"proof.malformed.sd_jwt.{kind}")
