"""Proof values of selective disclosure: a header, then an array of components in CBOR, as base64url multibase.

Spec: https://www.w3.org/TR/vc-di-ecdsa/#serializebaseproofvalue, https://www.w3.org/TR/vc-di-bbs/#serializebaseproofvalue
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, NoReturn

from anchoring import cbor
from anchoring.errors import CborError
from did_methods.errors import MultibaseError
from did_methods.multibase import decode_base64url, encode_base64url
from node.proofs.errors import InvalidProofError, MalformedProofError
from node.proofs.selective_disclosure.selection import MAX_POINTERS

MAX_PROOF_BYTES: Final = 192 * 1024
"""Two thousand statements with a signature each."""
HASH_BYTES: Final = 32
_HEADER_BYTES: Final = 3
_CANONICAL_NAME: Final = "c14n"


def encode(header: bytes, components: list[cbor.Value]) -> str:
    """The proof value."""
    return encode_base64url(header + cbor.encode(components, foreign=True))


def decode(text: str, header: bytes, components: int, wanted: str) -> list[cbor.Value]:
    """The components of a proof value with this header; `wanted` names it in an error.

    Raises MalformedProofError, with the code proof.malformed.base_proof or .derived_proof where it is of the suite but
    the other of the two.
    """
    try:
        data = decode_base64url(text, max_chars=2 * MAX_PROOF_BYTES)
    except MultibaseError as error:
        raise MalformedProofError(
            f"the proof value is not canonical base64url multibase: {error}", code="proof.malformed.proof_value"
        ) from error
    found = data[:_HEADER_BYTES]
    if found != header:
        # The two of a suite differ in the last bit.
        if found == header[:2] + bytes([header[2] ^ 1]):
            _refuse_the_other(is_base=header[2] & 1 == 1)
        malformed(f"begins with {found.hex()}; {wanted} begins with {header.hex()}")
    try:
        values = cbor.as_list(cbor.decode(data[_HEADER_BYTES:], max_bytes=MAX_PROOF_BYTES, foreign=True), components)
    except CborError as error:
        raise MalformedProofError(
            f"the proof value cannot be read: {error}", code="proof.malformed.proof_value"
        ) from error
    return values


def byte_string(value: cbor.Value, length: int | None, name: str) -> bytes:
    """A byte string of this length, where one is given."""
    if not isinstance(value, bytes) or length not in (None, len(value)):
        malformed(f"has a {name} that is not {'bytes' if length is None else f'{length} bytes'}")
    return value


def byte_strings(value: cbor.Value, length: int, name: str) -> tuple[bytes, ...]:
    """Byte strings of this length."""
    if not isinstance(value, list):
        malformed(f"has no list of {name}s")
    return tuple(byte_string(item, length, name) for item in value)


def pointers(value: cbor.Value) -> tuple[str, ...]:
    """The mandatory pointers of a base proof."""
    if not isinstance(value, list) or len(value) > MAX_POINTERS:
        malformed(f"has no list of at most {MAX_POINTERS} mandatory pointers")
    return tuple(
        item if isinstance(item, str) else malformed("has a mandatory pointer that is no text") for item in value
    )


def indexes(value: cbor.Value, name: str) -> tuple[int, ...]:
    """Indexes, ascending, none twice."""
    if not isinstance(value, list):
        malformed(f"has no list of {name} indexes")
    numbers = tuple(
        item if isinstance(item, int) else malformed(f"has a {name} index that is no number") for item in value
    )
    if any(second <= first for first, second in pairwise(numbers)):
        malformed(f"has {name} indexes that do not ascend")
    return numbers


def label_map(value: cbor.Value, canonical: Mapping[str, str], to_label: Callable[[cbor.Value], str]) -> dict[str, str]:
    """From the identifiers of the input to the labels that a derived proof brings for its canonical names.

    Raises InvalidProofError unless it names exactly the blank nodes that the document has, each differently.
    """
    if not isinstance(value, dict):
        malformed("has no label map")
    labels = {f"{_CANONICAL_NAME}{number}": to_label(label) for number, label in value.items()}
    if labels.keys() != set(canonical.values()) or len(set(labels.values())) < len(labels):
        raise InvalidProofError(
            "the derived proof names other blank nodes than the document has", code="proof.invalid.label_map"
        )
    return {node: labels[name] for node, name in canonical.items()}


def split(nquads: Sequence[str], mandatory: Sequence[int]) -> tuple[list[str], list[str]]:
    """The mandatory statements and the others; raises MalformedProofError for an index beyond them."""
    if mandatory and mandatory[-1] >= len(nquads):
        malformed(f"has a mandatory index beyond the {len(nquads)} statements of the document")
    chosen = set(mandatory)
    others = [line for index, line in enumerate(nquads) if index not in chosen]
    return [nquads[index] for index in mandatory], others


def hash_of(lines: Iterable[str]) -> bytes:
    """SHA-256 over the joined lines."""
    return hashlib.sha256("".join(lines).encode()).digest()


def malformed(reason: str) -> NoReturn:
    """Refuse a proof value that breaks its specification."""
    raise MalformedProofError(f"the proof value {reason}", code="proof.malformed.proof_value")


def _refuse_the_other(*, is_base: bool) -> NoReturn:
    if is_base:
        raise MalformedProofError(
            "this is a base proof, which is for the holder alone: it shows everything",
            code="proof.malformed.base_proof",
            remedy="Ask the holder to derive a proof that shows what is needed; glejt derive does it.",
        )
    raise MalformedProofError(
        "this proof is derived already; only the base proof can be derived from",
        code="proof.malformed.derived_proof",
        remedy="Derive from the credential that the issuer gave to the holder.",
    )
