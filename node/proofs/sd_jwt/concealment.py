"""What the issuer does: values are taken out of the claims, and their digests are left in their place.

How many digests there are says nothing of how many values: decoys bring their number to a power of two. Nor does their
order: those of an object are sorted, and decoys stand anywhere among the elements of an array.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-4.2, https://www.rfc-editor.org/rfc/rfc9901#section-9.4
"""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from did_methods.multibase import to_base64url
from node.documents import JsonObject, JsonValue, pointer
from node.proofs.errors import ProofOptionsError, shown
from node.proofs.sd_jwt.disclosure import (
    DEFAULT_HASH,
    DIGESTS,
    ELEMENT,
    HASH_CLAIM,
    RESERVED_NAMES,
    SALT_BYTES,
    Disclosure,
    digest_of,
    make_disclosure,
)
from node.proofs.sd_jwt.sd_jwt import MAX_DISCLOSURES

_REMEDY: Final = "Name what can be hidden by JSON pointers into the claims, each once."


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcealedClaims:
    """The payload to sign, and the Disclosures that go to the holder with it."""

    payload: JsonObject
    disclosures: tuple[Disclosure, ...]


def conceal(
    claims: JsonObject,
    pointers: Collection[str],
    *,
    hash_name: str = DEFAULT_HASH,
    salt: Callable[[], str] | None = None,
) -> ConcealedClaims:
    """The claims with each value that a pointer names behind a digest; one within another is disclosed after it.

    Raises ProofOptionsError for a pointer that names nothing, the claims whole, or what another one names already, and
    for claims with a name that SD-JWT reserves.
    """
    wanted = set(pointers)
    if "" in wanted or len(wanted) < len(pointers) or len(wanted) > MAX_DISCLOSURES:
        raise ProofOptionsError(
            f"{len(pointers)} pointers conceal the claims whole, or one value twice, or more than {MAX_DISCLOSURES}",
            code="proof.options.disclosure",
            remedy=_REMEDY,
        )
    cover = _Cover(wanted, hash_name, salt or _Salts(2 * len(wanted)).next)
    payload = cover.members(claims, _branches(wanted), ())
    if wanted:
        raise ProofOptionsError(
            f"there is nothing at {shown(min(wanted))}", code="proof.options.disclosure", remedy=_REMEDY
        )
    if cover.disclosures:
        payload = {**payload, HASH_CLAIM: hash_name}
    return ConcealedClaims(payload=payload, disclosures=tuple(cover.disclosures))


@dataclass(slots=True)
class _Branch:
    """What is wanted of a value: itself, if it has a pointer, and what is inside it by name or index."""

    inside: "dict[str, _Branch]" = field(default_factory=dict)
    pointer: str | None = None


def _branches(pointers: Collection[str]) -> _Branch:
    """The pointers as a tree, so that only what leads to one of them is looked at member by member."""
    root = _Branch()
    for one in pointers:
        if not one.startswith("/"):
            continue
        branch = root
        for step in one[1:].split("/"):
            name = step.replace("~1", "/").replace("~0", "~") if "~" in step else step
            branch = branch.inside.setdefault(name, _Branch())
        branch.pointer = one
    return root


class _Salts:
    """Salts whose randomness is drawn for many at once."""

    def __init__(self, count: int) -> None:
        self._bytes = secrets.token_bytes(SALT_BYTES * count)
        self._used = 0

    def next(self) -> str:
        """A salt that nobody had before."""
        start, self._used = self._used, self._used + SALT_BYTES
        drawn = self._bytes[start : self._used]
        return to_base64url(drawn or secrets.token_bytes(SALT_BYTES))


class _Cover:
    """One pass over the claims, from the leaves up; takes out of `wanted` what it finds."""

    def __init__(self, wanted: set[str], hash_name: str, salt: Callable[[], str]) -> None:
        self._wanted, self._hash_name, self._salt = wanted, hash_name, salt
        self.disclosures: list[Disclosure] = []

    def members(self, value: JsonObject, branch: _Branch, steps: tuple[str | int, ...]) -> JsonObject:
        """The object with digests in place of what is wanted of it."""
        _refuse_reserved(value, steps)
        shown_members: JsonObject = {}
        digests: list[str] = []
        inside = branch.inside
        for name, member in value.items():
            within = inside.get(name)
            covered = self._value(member, within, (*steps, name)) if isinstance(member, dict | list) else member
            if within is not None and within.pointer in self._wanted:
                self._wanted.discard(within.pointer)
                digests.append(self._digest(name, covered))
            else:
                shown_members[name] = covered
        if digests:
            digests += [self._decoy() for _ in range(_missing(len(digests)))]
            shown_members[DIGESTS] = [*sorted(digests)]
        return shown_members

    def _elements(self, values: list[JsonValue], branch: _Branch, steps: tuple[str | int, ...]) -> list[JsonValue]:
        result: list[JsonValue] = []
        hidden = 0
        for index, value in enumerate(values):
            within = branch.inside.get(str(index))
            covered = self._value(value, within, (*steps, index)) if isinstance(value, dict | list) else value
            if within is not None and within.pointer in self._wanted:
                self._wanted.discard(within.pointer)
                covered = {ELEMENT: self._digest(None, covered)}
                hidden += 1
            result.append(covered)
        for _ in range(_missing(hidden)):
            result.insert(secrets.randbelow(len(result) + 1), {ELEMENT: self._decoy()})
        return result

    def _value(
        self, value: JsonObject | list[JsonValue], branch: _Branch | None, steps: tuple[str | int, ...]
    ) -> JsonValue:
        if branch is None or not branch.inside:
            _refuse_all_reserved(value, steps)
            return value
        return self.members(value, branch, steps) if isinstance(value, dict) else self._elements(value, branch, steps)

    def _digest(self, name: str | None, value: JsonValue) -> str:
        disclosure = make_disclosure(name, value, salt=self._salt)
        self.disclosures.append(disclosure)
        return disclosure.digest(self._hash_name)

    def _decoy(self) -> str:
        return digest_of(self._salt(), self._hash_name)


def _refuse_reserved(value: JsonObject, steps: tuple[str | int, ...]) -> None:
    if not RESERVED_NAMES.isdisjoint(value):
        raise ProofOptionsError(
            f"{min(RESERVED_NAMES & value.keys())} stands at {shown(pointer(*steps))}, a name that SD-JWT itself uses",
            code="proof.options.reserved",
            path=pointer(*steps),
            remedy="Give the member another name.",
        )


def _refuse_all_reserved(value: JsonValue, steps: tuple[str | int, ...]) -> None:
    """The same of what is not covered, and all that is in it."""
    if isinstance(value, dict):
        _refuse_reserved(value, steps)
        for name, inner in value.items():
            _refuse_all_reserved(inner, (*steps, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _refuse_all_reserved(inner, (*steps, index))


def _missing(count: int) -> int:
    """How many decoys bring a count to the next power of two."""
    return (1 << (count - 1).bit_length()) - count if count else 0
