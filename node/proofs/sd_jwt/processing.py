"""What the claims are once the Disclosures stand where their digests do.

Every MUST of the procedure is kept: an SD-JWT that breaks one is refused whole, because whoever composes one so wants
two readers to read two things.

Spec: https://www.rfc-editor.org/rfc/rfc9901#section-7.1
"""

from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from node.documents import MAX_DEPTH, JsonObject, JsonValue, pointer
from node.proofs.errors import shown
from node.proofs.sd_jwt.disclosure import (
    DEFAULT_HASH,
    DIGESTS,
    ELEMENT,
    HASH_CLAIM,
    RESERVED_NAMES,
    Disclosure,
    digest_of,
    malformed,
)

MAX_DIGESTS: Final = 8192
"""Decoys included; eight for each disclosure that is read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessedPayload:
    """The claims with what was disclosed in its place.

    `disclosed` says by JSON pointer into `claims` which Disclosure brought a value; `withheld` counts digests without
    one, decoys among them, and `incomplete` are the objects and arrays in which they stand.
    """

    claims: JsonObject
    disclosed: Mapping[str, Disclosure]
    withheld: int
    incomplete: AbstractSet[str]

    def needed_for(self, pointers: Collection[str]) -> tuple[Disclosure, ...]:
        """The Disclosures without which what these pointers name would not be shown whole.

        Those of the parents are among them, and those of all that is below.
        """
        return tuple(
            disclosure
            for place, disclosure in self.disclosed.items()
            if any(is_within(place, wanted) or is_within(wanted, place) for wanted in pointers)
        )


def process(payload: JsonObject, disclosures: Sequence[Disclosure]) -> ProcessedPayload:
    """The processed payload of an issuer-signed JWT whose signature was checked; steps 3 to 5 of section 7.1.

    3.a. Each Disclosure has its digest, by the algorithm of `_sd_alg`; none is there twice.
    3.b-c. Each embedded digest that has a Disclosure is replaced by it, recursively: a member's in an object, under a
        name that is not there yet; an element's in an array.
    3.d-f. Digests without one are left out, and what only conveys digests.
    4. No digest occurs twice.
    5. Every Disclosure was used.

    Raises MalformedProofError (proof.malformed.sd_jwt.…), and UnsupportedProofError for the hash algorithm.
    """
    hash_name = payload.get(HASH_CLAIM, DEFAULT_HASH)
    if not isinstance(hash_name, str):
        raise malformed(f"{HASH_CLAIM} is {shown(hash_name)}; it must be a text", "hash")
    digest_of("", hash_name)  # an unknown algorithm is said even where nothing is disclosed
    by_digest = {disclosure.digest(hash_name): disclosure for disclosure in disclosures}
    if len(by_digest) < len(disclosures):
        raise malformed("a disclosure is there twice", "duplicate")
    walk = _Walk(by_digest)
    claims = walk.members({name: value for name, value in payload.items() if name != HASH_CLAIM}, ())
    if unused := set(by_digest) - walk.seen:
        raise malformed(f"{len(unused)} disclosures belong to no digest of the payload", "unreferenced")
    return ProcessedPayload(
        claims=claims, disclosed=walk.disclosed, withheld=len(walk.seen) - len(by_digest), incomplete=walk.incomplete
    )


class _Walk:
    """One pass over payload and Disclosures; `seen` are the digests met so far."""

    def __init__(self, by_digest: Mapping[str, Disclosure]) -> None:
        self._by_digest = by_digest
        self.seen: set[str] = set()
        self.disclosed: dict[str, Disclosure] = {}
        self.incomplete: set[str] = set()

    def members(self, value: JsonObject, steps: tuple[str | int, ...]) -> JsonObject:
        """The object with its disclosed members."""
        if misused := (value.keys() & RESERVED_NAMES) - {DIGESTS}:
            raise malformed(f"{min(misused)} stands at {shown(pointer(*steps))}, where it conveys nothing", "reserved")
        result = {name: self._value(member, (*steps, name)) for name, member in value.items() if name != DIGESTS}
        digests = value.get(DIGESTS, [])
        if not isinstance(digests, list):
            raise malformed(f"{DIGESTS} is {shown(digests)}; it must be an array of digests", "digest")
        for digest in digests:
            disclosure = self._disclosure_of(digest)
            if disclosure is None:
                self.incomplete.add(pointer(*steps))
                continue
            name = disclosure.name
            if name is None:
                raise malformed("the disclosure of an element stands for a member", "disclosure")
            if name in result:
                raise malformed(f"a disclosure would replace {shown(name)}, which is there already", "name_clash")
            result[name] = self._placed(disclosure, (*steps, name))
        return result

    def _value(self, value: JsonValue, steps: tuple[str | int, ...]) -> JsonValue:
        if len(steps) > MAX_DEPTH:
            raise malformed(f"disclosures nest values deeper than {MAX_DEPTH}", "too_deep")
        if isinstance(value, dict):
            return self.members(value, steps)
        if isinstance(value, list):
            return self._elements(value, steps)
        return value

    def _elements(self, values: list[JsonValue], steps: tuple[str | int, ...]) -> list[JsonValue]:
        result: list[JsonValue] = []
        for value in values:
            place = (*steps, len(result))
            if not (isinstance(value, dict) and ELEMENT in value):
                result.append(self._value(value, place))
                continue
            if len(value) > 1:
                raise malformed(f"{ELEMENT} does not stand alone in an element of an array", "digest")
            disclosure = self._disclosure_of(value[ELEMENT])
            if disclosure is None:
                self.incomplete.add(pointer(*steps))
                continue
            if disclosure.name is not None:
                raise malformed("the disclosure of a member stands for an element", "disclosure")
            result.append(self._placed(disclosure, place))
        return result

    def _placed(self, disclosure: Disclosure, place: tuple[str | int, ...]) -> JsonValue:
        self.disclosed[pointer(*place)] = disclosure
        return self._value(disclosure.value, place)

    def _disclosure_of(self, digest: JsonValue) -> Disclosure | None:
        if not isinstance(digest, str):
            raise malformed(f"{shown(digest)} stands where a digest belongs", "digest")
        if digest in self.seen:
            raise malformed("a digest occurs twice", "duplicate")
        if len(self.seen) >= MAX_DIGESTS:
            raise malformed(f"there are more than {MAX_DIGESTS} digests", "too_large")
        self.seen.add(digest)
        return self._by_digest.get(digest)


def is_within(place: str, parent: str) -> bool:
    """Whether a pointer names the parent, or something in it."""
    return place == parent or place.startswith(f"{parent}/")
