"""Proof serialization: how the bytes of a signature stand in the proof.

Spec: https://www.w3.org/TR/vc-data-integrity/#proofs (proofValue), https://www.rfc-editor.org/rfc/rfc7797 (jws)
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple

from did_methods.errors import MultibaseError
from did_methods.multibase import (
    MAX_BASE58_PROOF_CHARS,
    decode_base58btc,
    encode_base58btc,
    from_base64url,
)
from node.documents import DocumentError, parse_object
from node.proofs.errors import MalformedProofError, shown

# A detached JWS by an Ed25519 key has some 150 characters; none of a known algorithm has a thousand.
MAX_JWS_CHARS: Final = 1024
_JWS_HEADER: Final = {"alg": "EdDSA", "b64": False, "crit": ["b64"]}


class Serialized(NamedTuple):
    """A signature as read from a proof, and what the signer put before the hash data."""

    signature: bytes
    prefix: bytes = b""


@dataclass(frozen=True, slots=True)
class ProofSerialization:
    """The member of the proof that holds the signature, and its two directions; None where it is not gone here."""

    member: str
    decode: Callable[[str], Serialized] | None = None
    encode: Callable[[bytes], str] | None = None


def _decode_base58btc(text: str) -> Serialized:
    try:
        return Serialized(decode_base58btc(text, max_chars=MAX_BASE58_PROOF_CHARS))
    except MultibaseError as error:
        raise MalformedProofError(
            f"the proof value is not canonical base58btc multibase: {error}",
            code="proof.malformed.proof_value",
            remedy=error.remedy,
        ) from error


def _decode_detached_jws(text: str) -> Serialized:
    header, payload, signature = _jws_parts(text)
    try:
        members = parse_object(from_base64url(header, max_chars=MAX_JWS_CHARS))
        # Exactly these members: an `alg` of the attacker's choice, or an unknown critical extension, is never followed.
        # Python takes 0 for False; JSON does not.
        if payload or members != _JWS_HEADER or members["b64"] is not False:
            raise _bad_jws(text)
        return Serialized(from_base64url(signature, max_chars=MAX_JWS_CHARS), prefix=header.encode("ascii") + b".")
    except (MultibaseError, DocumentError) as error:
        raise _bad_jws(text) from error


def _jws_parts(text: str) -> tuple[str, str, str]:
    parts = text.split(".") if len(text) <= MAX_JWS_CHARS else []
    if len(parts) != 3:  # noqa: PLR2004 - header, payload and signature: the compact serialization
        raise _bad_jws(text)
    return parts[0], parts[1], parts[2]


def _bad_jws(text: str) -> MalformedProofError:
    return MalformedProofError(
        f'the jws {shown(text)} is not a detached JWS with the header {{"alg":"EdDSA","b64":false,"crit":["b64"]}}',
        code="proof.malformed.jws",
    )


BASE58BTC_PROOF_VALUE: Final = ProofSerialization("proofValue", _decode_base58btc, encode_base58btc)
SELECTIVE_PROOF_VALUE: Final = ProofSerialization("proofValue")
"""More than a signature is in it; `selective_disclosure` reads and writes it."""
DETACHED_JWS: Final = ProofSerialization("jws", _decode_detached_jws)
