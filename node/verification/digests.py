"""The digests by which a signed document pins what lies elsewhere.

A digest is `digestSRI`, as Subresource Integrity writes it, or `digestMultibase`, a multihash. Both have to hold where
both are stated. Of several algorithms the strongest counts, and of several digests by it any; a document whose digests
are all by algorithms that are not known here leaves the question open.

Spec: https://www.w3.org/TR/vc-data-model-2.0/#integrity-of-related-resources, https://www.w3.org/TR/SRI/,
https://www.w3.org/TR/cid-1.0/#multihash
"""

import hashlib
import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from did_methods.errors import DidMethodsError
from did_methods.multibase import decode_base58btc, decode_base64url
from node.credentials.structure import one_or_many
from node.documents import JsonObject, JsonValue
from node.verification.check import Outcome

MAX_DIGEST_CHARS: Final = 1_024
"""Some ten digests by the longest algorithm; who states more is not read."""
STRENGTH: Final = ("sha256", "sha384", "sha512")
"""The algorithms, weakest first."""
_MULTIHASH: Final[Mapping[bytes, str]] = MappingProxyType(
    {b"\x12\x20": "sha256", b"\x20\x30": "sha384", b"\x13\x40": "sha512"}
)
"""By the prefix of a multihash: its code and its length."""
_SRI: Final = re.compile(r"(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})(?:\?\S*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Digests:
    """What a document states of the bytes of a resource."""

    groups: tuple[tuple[str, frozenset[bytes]], ...]
    """Algorithm and digests, for each member that states some; each group has to be met by one of its digests."""
    unknown: bool = False
    """Whether a member states digests and none of them by an algorithm that is known here."""

    def __bool__(self) -> bool:
        return bool(self.groups) or self.unknown

    def match(self, content: bytes) -> Outcome:
        """Whether these are the bytes. What does not match fails, whatever else cannot be told."""
        return self._match({name: hashlib.new(name, content).digest() for name, _ in self.groups})

    def match_sha256(self, known: frozenset[bytes]) -> Outcome:
        """Whether one of these SHA-256 digests is what is stated; another algorithm leaves it open."""
        outcomes = [self._match({"sha256": digest}) for digest in known]
        return next((one for one in (Outcome.PASSED, Outcome.INDETERMINATE) if one in outcomes), Outcome.FAILED)

    def _match(self, actual: Mapping[str, bytes]) -> Outcome:
        if any(name in actual and actual[name] not in stated for name, stated in self.groups):
            return Outcome.FAILED
        told = self.groups and all(name in actual for name, _ in self.groups) and not self.unknown
        return Outcome.PASSED if told else Outcome.INDETERMINATE


def digests_of(owner: JsonObject) -> Digests:
    """The digests that an object states; empty where it states none."""
    groups: list[tuple[str, frozenset[bytes]]] = []
    unknown = False
    for member, read in (("digestSRI", _sri), ("digestMultibase", _multibase)):
        if owner.get(member) is None:
            continue
        stated = list(read(owner[member]))
        if stated:
            strongest = max((name for name, _ in stated), key=STRENGTH.index)
            groups.append((strongest, frozenset(digest for name, digest in stated if name == strongest)))
        else:
            unknown = True
    return Digests(tuple(groups), unknown)


def _texts(value: JsonValue) -> Iterator[str]:
    for one, _ in one_or_many(value, ""):
        if isinstance(one, str) and len(one) <= MAX_DIGEST_CHARS:
            yield from one.split()


def _sri(value: JsonValue) -> Iterator[tuple[str, bytes]]:
    for text in _texts(value):
        if match := _SRI.fullmatch(text):
            try:
                digest = b64decode(match[2].replace("-", "+").replace("_", "/") + "==")
            except Base64Error:
                continue
            if len(digest) == hashlib.new(match[1]).digest_size:
                yield match[1], digest


def _multibase(value: JsonValue) -> Iterator[tuple[str, bytes]]:
    for text in _texts(value):
        try:
            raw = decode_base64url(text) if text.startswith("u") else decode_base58btc(text)
        except DidMethodsError:
            continue
        name = _MULTIHASH.get(raw[:2])
        if name is not None and len(raw) == 2 + raw[1]:
            yield name, raw[2:]
