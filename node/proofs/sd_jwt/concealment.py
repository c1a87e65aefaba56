"""What the issuer does: values are taken out of the claims, and their digests are left in their place.

How many digests there are says nothing of how many values: decoys bring their number to a power of two. Nor does their
order: those of an object are sorted, and decoys stand anywhere among the elements of an array.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-4.2, https://www.rfc-editor.org/rfc/rfc9901#section-9.4
"""

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from node.documents import JsonObject, JsonValue, pointer
from node.proofs.errors import ProofOptionsError, shown
from node.proofs.sd_jwt.disclosure import (
    DEFAULT_HASH,
    DIGESTS,
    ELEMENT,
    HASH_CLAIM,
    RESERVED_NAMES,
    Disclosure,
    digest_of,
    make_disclosure,
    new_salt,
)
from node.proofs.sd_jwt.sd_jwt import MAX_DISCLOSURES

_REMEDY: Final = "Name what can be hidden by JSON pointers into the claims, each once."


@dataclass(frozen=True, slots=True, kw_only=True)
class ConcealedClaims:
    """The payload to sign, and the Disclosures that go to the holder with it."""

    payload: JsonObject
    disclosures: tuple[Disclosure, ...]


def conceal(
    claims: JsonObject, pointers: Collection[str], *, hash_name: str = DEFAULT_HASH, salt: Callable[[], str] = new_salt
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
    cover = _Cover(wanted, hash_name, salt)
    payload = cover.members(claims, ())
    if wanted:
        raise ProofOptionsError(
            f"there is nothing at {shown(min(wanted))}", code="proof.options.disclosure", remedy=_REMEDY
        )
    if cover.disclosures:
        payload = {**payload, HASH_CLAIM: hash_name}
    return ConcealedClaims(payload=payload, disclosures=tuple(cover.disclosures))


class _Cover:
    """One pass over the claims, from the leaves up; takes out of `wanted` what it finds."""

    def __init__(self, wanted: set[str], hash_name: str, salt: Callable[[], str]) -> None:
        self._wanted, self._hash_name, self._salt = wanted, hash_name, salt
        self.disclosures: list[Disclosure] = []

    def members(self, value: JsonObject, steps: tuple[str | int, ...]) -> JsonObject:
        if reserved := value.keys() & RESERVED_NAMES:
            raise ProofOptionsError(
                f"{min(reserved)} stands at {shown(pointer(*steps))}, and SD-JWT uses that name itself",
                code="proof.options.reserved",
                path=pointer(*steps),
                remedy="Give the member another name.",
            )
        shown_members: JsonObject = {}
        digests: list[str] = []
        for name, member in value.items():
            place = (*steps, name)
            covered = self._value(member, place)
            if self._is_wanted(place):
                digests.append(self._digest(name, covered))
            else:
                shown_members[name] = covered
        if digests:
            digests += [self._decoy() for _ in range(_missing(len(digests)))]
            shown_members[DIGESTS] = [*sorted(digests)]
        return shown_members

    def _elements(self, values: list[JsonValue], steps: tuple[str | int, ...]) -> list[JsonValue]:
        result: list[JsonValue] = []
        hidden = 0
        for index, value in enumerate(values):
            covered = self._value(value, (*steps, index))
            if self._is_wanted((*steps, index)):
                covered = {ELEMENT: self._digest(None, covered)}
                hidden += 1
            result.append(covered)
        for _ in range(_missing(hidden)):
            result.insert(secrets.randbelow(len(result) + 1), {ELEMENT: self._decoy()})
        return result

    def _value(self, value: JsonValue, steps: tuple[str | int, ...]) -> JsonValue:
        if isinstance(value, dict):
            return self.members(value, steps)
        return self._elements(value, steps) if isinstance(value, list) else value

    def _is_wanted(self, place: tuple[str | int, ...]) -> bool:
        at = pointer(*place)
        if at not in self._wanted:
            return False
        self._wanted.remove(at)
        return True

    def _digest(self, name: str | None, value: JsonValue) -> str:
        disclosure = make_disclosure(name, value, salt=self._salt)
        self.disclosures.append(disclosure)
        return disclosure.digest(self._hash_name)

    def _decoy(self) -> str:
        return digest_of(self._salt(), self._hash_name)


def _missing(count: int) -> int:
    """How many decoys bring a count to the next power of two."""
    return (1 << (count - 1).bit_length()) - count if count else 0
