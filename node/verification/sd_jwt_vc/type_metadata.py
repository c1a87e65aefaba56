"""What the type of an SD-JWT VC demands of its claims, where the issuer signed which text it means.

A type is an address, at which a text says which claims there are, and which of them may be hidden. It may extend
another type. What lies there today is not what was signed for, unless a digest says so: without one it is not looked
at, and nobody is asked. The digest is signed, so a copy that came with a file counts as much as any other.

Spec: https://www.ietf.org/archive/id/draft-ietf-oauth-sd-jwt-vc-13.html#section-5
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import orjson

from node.credentials.errors import shown
from node.credentials.schemas.errors_found import SchemaError
from node.credentials.sd_jwt_vc import INTEGRITY, TYPE
from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject, JsonValue, parse_object, pointer
from node.proofs.sd_jwt.proof import SdJwtProof
from node.verification.check import Outcome
from node.verification.digests import digests_of
from node.verification.foreign_schema import UnjudgedSchemaError, judge_by
from node.verification.linked import ABSENT, BEST_FIRST, Linked
from node.verification.material import ResourceCopy

HTTPS: Final = "https://"
MAX_EXTENDED: Final = 8
"""Types that extend one another; two or three in practice."""
MAX_CLAIMS: Final = 512
"""Claims that a type describes."""
MAX_ERRORS: Final = 20
"""Errors that are told."""
_EXTENDS: Final = "extends"
_SD: Final = "sd"


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a type says of one claim."""

    path: tuple[str | int | None, ...]
    mandatory: bool
    disclosable: str


class _BrokenTypeError(Exception):
    """A text at the address of a type is none that describes one; `why` ends the code."""

    def __init__(self, message: str, why: str = "failed") -> None:
        super().__init__(message)
        self.why = why


def judge_type(claims: JsonObject, proof: SdJwtProof, copies: Sequence[ResourceCopy], path: str) -> list[Linked]:
    """What became of each text of the type, and of the claims by them; empty for a type that is no https address.

    1. The text of the type is had, and is what the issuer signed for; so is that of each type that it extends, as
       whoever wrote the extending one stated. None extends itself.
    2. Each is about the type that it stands for.
    3. What the extending one says of a claim does not loosen what the other says.
    4. The claims have what is mandatory, unless it may be hidden; what is always, or never, to be hidden is so.
    """
    kind = claims.get(TYPE)
    if not isinstance(kind, str) or not kind.startswith(HTTPS):
        return []
    found: list[Linked] = []
    try:
        texts = _chain(kind, claims.get(INTEGRITY), copies, path + pointer(TYPE), found)
        errors = [*_against(_merged(texts), claims, proof), *_by_schema(texts, claims)] if texts else []  # 3. and 4.
    except _BrokenTypeError as error:
        message = f"Its type cannot be used: {error}."
        return [*found[:-1], replace(found[-1], outcome=Outcome.FAILED, why=error.why, message=message)]
    except UnjudgedSchemaError as error:
        return [*found[:-1], replace(found[-1], outcome=Outcome.INDETERMINATE, why="unsupported", message=f"{error}.")]
    if errors:
        message = "It does not keep to what its type demands."
        listed = tuple([replace(error, path=path + error.path) for error in errors[:MAX_ERRORS]])
        found[0] = replace(found[0], outcome=Outcome.FAILED, why="failed", message=message, errors=listed)
    return found


def _chain(
    name: str, integrity: JsonValue, copies: Sequence[ResourceCopy], path: str, found: list[Linked]
) -> list[JsonObject]:
    """The texts of a type and of those that it extends; empty where one is missing. What became of each is `found`."""
    texts: list[JsonObject] = []
    seen = {name}
    while True:
        linked, text = _had(name, integrity, copies, path)  # 1.
        found.append(linked)
        if text is None:
            return []
        if text.get(TYPE) != name:  # 2.
            raise _BrokenTypeError(f"what lies at {name[:96]} describes {shown(text.get(TYPE))}")
        texts.append(text)
        extended = text.get(_EXTENDS)
        if extended is None:
            return texts
        if not isinstance(extended, str):
            raise _BrokenTypeError(f"it extends {shown(extended)}, which is no type")
        if extended in seen or len(seen) >= MAX_EXTENDED:
            raise _BrokenTypeError("it extends itself, or too many others", "failed.circular")
        seen.add(extended)
        name, integrity = extended, text.get(f"{_EXTENDS}#integrity")


def _had(
    name: str, integrity: JsonValue, copies: Sequence[ResourceCopy], path: str
) -> tuple[Linked, JsonObject | None]:
    """The text of a type, if it is the one whose digest is stated."""
    found = Linked(
        "schema", name, path, Outcome.INDETERMINATE, "unpinned", "No digest says which text describes its type."
    )
    if integrity is None:
        return found, None
    digests = digests_of({"digestSRI": integrity})
    if not digests.groups:
        return replace(found, why="digest", message="The digest of its type cannot be compared here."), None
    held = [(digests.match(copy.content), copy.content) for copy in copies if copy.url == name]
    if not held:
        return replace(found, why=ABSENT, message="What describes its type was not had."), None
    outcome, content = min(held, key=lambda pair: BEST_FIRST.index(pair[0]))
    if outcome is not Outcome.PASSED:
        message = "What lies at the address of its type is not what was signed for."
        return replace(found, outcome=outcome, why="differs", message=message), None
    try:
        text = parse_object(content, max_bytes=MAX_CREDENTIAL_BYTES)
    except DocumentError as error:
        message = f"What describes its type cannot be read: {error}."
        return replace(found, outcome=Outcome.FAILED, why="failed", message=message), None
    return replace(found, outcome=Outcome.PASSED, why="passed", message="It is the type that was signed for."), text


def _merged(texts: Sequence[JsonObject]) -> Mapping[tuple[str | int | None, ...], _Claim]:
    """What all of them say together: the extended one first, then what the extending ones tighten.  3."""
    merged: dict[tuple[str | int | None, ...], _Claim] = {}
    for text in reversed(texts):
        for claim in _claims(text):
            before = merged.get(claim.path)
            kept = {"allowed", claim.disclosable}
            if before is not None and (before.mandatory > claim.mandatory or before.disclosable not in kept):
                raise _BrokenTypeError(f"what it says of {shown(claim.path)} loosens the type that it extends")
            merged[claim.path] = claim
    return merged


def _claims(text: JsonObject) -> Iterator[_Claim]:
    listed = text.get("claims", [])
    if not isinstance(listed, list) or len(listed) > MAX_CLAIMS:
        raise _BrokenTypeError(f"its claims are no list of at most {MAX_CLAIMS}")
    for one in listed:
        path = one.get("path") if isinstance(one, dict) else None
        if not isinstance(one, dict) or not isinstance(path, list) or not path:
            raise _BrokenTypeError("it describes a claim without saying which")
        steps = [step for step in path if step is None or isinstance(step, str) or (type(step) is int and step >= 0)]
        mandatory, disclosable = one.get("mandatory", False), one.get(_SD, "allowed")
        if (
            len(steps) < len(path)
            or not isinstance(mandatory, bool)
            or disclosable not in ("always", "allowed", "never")
        ):
            raise _BrokenTypeError(f"what it says of {shown(path)} cannot be read")
        yield _Claim(tuple(steps), mandatory, str(disclosable))


def _against(
    described: Mapping[tuple[str | int | None, ...], _Claim], claims: JsonObject, proof: SdJwtProof
) -> Iterator[SchemaError]:
    """What the claims lack, or show otherwise than they should.  4."""
    disclosed = proof.opened.processed.disclosed
    for claim in described.values():
        places = _places(claims, claim.path)
        if claim.mandatory and not places and not proof.derived:
            yield SchemaError("", f"{shown(claim.path)} is missing, which the type demands")
        for place in places:
            hidable = any(place == one or place.startswith(f"{one}/") for one in disclosed)
            if (claim.disclosable == "never" and hidable) or (claim.disclosable == "always" and not hidable):
                wanted = "must stand in the open" if hidable else "must be for the holder to disclose"
                yield SchemaError(place, f"by the type it {wanted}")


def _places(claims: JsonObject, path: Sequence[str | int | None]) -> list[str]:
    """The places in the claims that a path leads to."""
    found: list[tuple[str, JsonValue]] = [("", claims)]
    for step in path:
        further: list[tuple[str, JsonValue]] = []
        for place, value in found:
            if isinstance(step, str):
                if isinstance(value, dict) and step in value:
                    further.append((place + pointer(step), value[step]))
            elif isinstance(value, list):
                chosen = range(len(value)) if step is None else [step] if step < len(value) else []
                further += [(place + pointer(index), value[index]) for index in chosen]
        found = further[:MAX_CLAIMS]
    return [place for place, _ in found]


def _by_schema(texts: Sequence[JsonObject], claims: JsonObject) -> Iterator[SchemaError]:
    """What the JSON Schemas inside have against the claims; types had them until the draft of 2025."""
    for text in texts:
        if isinstance(text.get("schema"), dict):
            yield from judge_by(orjson.dumps(text["schema"]), claims)
