"""Compact JWS: parsed strictly, signed, verified.

A JWS says of itself how it is to be checked, and whoever forges one says what suits. So nothing of its header is
obeyed but the choice among the algorithms that the caller allows: no key in it is used, no address in it is asked, and
whatever would change what is signed is refused.

Spec: https://www.rfc-editor.org/rfc/rfc7515#section-7.1, https://www.rfc-editor.org/rfc/rfc8725#section-3
"""

import re
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

import orjson

from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import PublicKey
from node.documents import DocumentError, JsonObject, parse_object
from node.proofs.errors import (
    InvalidProofError,
    MalformedProofError,
    ProofOptionsError,
    UnsupportedProofError,
    shown,
)
from node.proofs.jose.algorithms import ALGORITHMS, SIGNING, Algorithm, VerificationKey, check_signature

MAX_PAYLOAD_BYTES: Final = 1024 * 1024
"""A presentation with the credentials in it."""
MAX_HEADER_BYTES: Final = 4 * 1024
"""Algorithm, type and key identifier take 200 bytes; a header with a certificate chain is not read."""
MAX_SIGNATURE_BYTES: Final = 1024
"""One by an RSA key of 8192 bits."""

CERTIFICATES: Final = "x5c"
KEYS_IN_HEADER: Final = ("jwk", "jku", CERTIFICATES, "x5u", "x5t", "x5t#S256")
"""Parameters that bring or name a key beside `kid`. Whoever forges a JWS writes there what fits."""
NOTHING: Final[frozenset[str]] = frozenset()
_COMPACT: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Jws:
    """A compact JWS as it was received; nothing of it has been verified.

    `payload` is what was signed, byte for byte, and `text` the whole of it.
    """

    text: str
    header: JsonObject
    payload: bytes
    signature: bytes

    @property
    def signing_input(self) -> bytes:
        """The bytes under the signature: header and payload as they were encoded."""
        return self.text[: self.text.rindex(".")].encode()

    @property
    def algorithm(self) -> str:
        """`alg`, which may be one that nobody should use."""
        return str(self.header["alg"])

    @property
    def kid(self) -> str | None:
        """`kid`, which says whose key it is said to be."""
        return self._text("kid")

    @property
    def typ(self) -> str | None:
        """`typ`, a media type in lower case and without `application/`."""
        return _media_type(self._text("typ"))

    @property
    def cty(self) -> str | None:
        """`cty`, a media type in lower case and without `application/`."""
        return _media_type(self._text("cty"))

    def _text(self, name: str) -> str | None:
        value = self.header.get(name)
        return value if isinstance(value, str) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedJws:
    """A JWS whose signature by `key` holds; whose key it is, and what the payload says, was not looked at.

    `signature` is its one identifying form; with the signing input it names the signed object.
    """

    jws: Jws
    algorithm: Algorithm
    key: VerificationKey
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedJws:
    """A JWS but for its signature: `signing_input` goes to the signer, wherever that is, its answer to `complete`."""

    signing_input: bytes
    key: PublicKey
    algorithm: Algorithm

    def complete(self, signature: bytes) -> str:
        """The compact JWS; raises InvalidProofError if the signature is not one by the key over the signing input."""
        normalized = check_signature(self.algorithm, self.key, self.signing_input, signature)
        return f"{self.signing_input.decode()}.{to_base64url(normalized)}"


def looks_compact(text: str) -> bool:
    """Whether a text could be a compact JWS, by its characters and dots."""
    return _COMPACT.fullmatch(text) is not None


def parse_jws(
    text: str, *, max_payload_bytes: int = MAX_PAYLOAD_BYTES, max_header_bytes: int = MAX_HEADER_BYTES
) -> Jws:
    """The parts of a compact JWS.

    1. It has three parts, each canonical base64url without padding: one text for one content.
    2. The header is a JSON object without repeated members; `alg`, `kid`, `typ` and `cty` are texts.
    3. Nothing in it changes what is signed: no `crit`, and no `b64` but true.

    Raises MalformedProofError, and UnsupportedProofError for step 3.

    Spec: https://www.rfc-editor.org/rfc/rfc7515#section-5.2
    """
    # 1.
    limit = sum(_encoded(size) + 1 for size in (max_header_bytes, max_payload_bytes, MAX_SIGNATURE_BYTES))
    if len(text) > limit:
        raise _malformed(f"the JWS has {len(text)} characters; at most {limit} are read", "too_large")
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004 -- header, payload, signature
        raise _malformed(f"the text has {len(parts)} parts; a JWS has header, payload and signature", "parts")
    encoded_header, encoded_payload, encoded_signature = parts
    header = _header(_decoded(encoded_header, "header", max_header_bytes), max_header_bytes)
    payload = _decoded(encoded_payload, "payload", max_payload_bytes)
    signature = _decoded(encoded_signature, "signature", MAX_SIGNATURE_BYTES)
    return Jws(text=text, header=header, payload=payload, signature=signature)


def verify_jws(
    jws: Jws, key: VerificationKey, *, algorithms: AbstractSet[str], tolerated: AbstractSet[str] = NOTHING
) -> VerifiedJws:
    """Verify the signature with a key that the caller has found, never one that came with the JWS.

    1. The algorithm is one of those that the caller allows.
    2. The header brings and names no key but by `kid`, or in a member that the caller tolerates, having looked at it.
    3. The key is of the kind that the algorithm goes with.
    4. The signature is the key's over header and payload as they were received.

    Raises UnsupportedProofError for 1 and 2, where nothing was checked, and InvalidProofError for 3 and 4.
    """
    check_trustworthy(jws, algorithms=algorithms, tolerated=tolerated)  # 1. and 2.
    algorithm = ALGORITHMS[jws.algorithm]
    signature = check_signature(algorithm, key, jws.signing_input, jws.signature)  # 3. and 4.
    return VerifiedJws(jws=jws, algorithm=algorithm, key=key, signature=signature)


def check_trustworthy(jws: Jws, *, algorithms: AbstractSet[str], tolerated: AbstractSet[str] = NOTHING) -> None:
    """Refuse what would not be verified under any key; steps 1 and 2 of `verify_jws`.

    `none`, and algorithms whose key is a shared secret, are wrong and not only unknown: they show nothing.
    """
    name = jws.algorithm
    if name.lower() == "none" or name.startswith("HS"):
        raise InvalidProofError(
            f"the JWS is “signed” with {shown(name)}, which anybody can do",
            code="proof.invalid.algorithm",
        )
    if name not in ALGORITHMS or name not in algorithms:
        allowed = ", ".join(known for known in ALGORITHMS if known in algorithms)
        raise UnsupportedProofError(
            f"the algorithm {shown(name)} is not one of {allowed}", code="proof.unsupported.algorithm"
        )
    for member in KEYS_IN_HEADER:
        if member in jws.header and member not in tolerated:
            raise UnsupportedProofError(
                f"the header brings its key along in {member}; anybody can sign so",
                code="proof.unsupported.key_in_header",
                remedy="Ask the issuer for a document whose header names a key that the issuer publishes, in kid.",
            )


def prepare_jws(header: JsonObject, payload: bytes, key: PublicKey) -> UnsignedJws:
    """Everything of signing but the signature; `alg` follows from the key, and stands first.

    Raises ProofOptionsError for a header that would not be read here, or a key that signs nothing.
    """
    algorithm = SIGNING.get(key.type)
    if algorithm is None:
        raise ProofOptionsError(
            f"keys of type {key.type} do not sign JSON Web Signatures",
            code="proof.options.key_type",
            remedy=f"Use a key of type {', '.join(SIGNING)}.",
        )
    whole: JsonObject = {"alg": algorithm.name, **{name: value for name, value in header.items() if name != "alg"}}
    encoded = orjson.dumps(whole)
    try:
        _header(encoded)
    except (MalformedProofError, UnsupportedProofError) as error:
        raise ProofOptionsError(str(error), code="proof.options.header") from error
    if len(payload) > MAX_PAYLOAD_BYTES or len(encoded) > MAX_HEADER_BYTES:
        raise ProofOptionsError("the header or the payload is larger than is read", code="proof.options.too_large")
    return UnsignedJws(
        signing_input=f"{to_base64url(encoded)}.{to_base64url(payload)}".encode(), key=key, algorithm=algorithm
    )


def _header(data: bytes, max_bytes: int = MAX_HEADER_BYTES) -> JsonObject:
    # 2.
    try:
        header = parse_object(data, max_bytes=max_bytes)
    except DocumentError as error:
        raise MalformedProofError(
            f"the header of the JWS cannot be read: {error}", code="proof.malformed.jws_header"
        ) from error
    if not isinstance(header.get("alg"), str) or not header["alg"]:
        raise _malformed(f"alg of the JWS is {shown(header.get('alg'))}; it must be a text", "jws_header")
    for name in ("kid", "typ", "cty"):
        if name in header and (not isinstance(header[name], str) or not header[name]):
            raise _malformed(f"{name} of the JWS is {shown(header[name])}; it must be a text", "jws_header")
    # 3.
    if "crit" in header or header.get("b64", True) is not True:
        raise UnsupportedProofError(
            f"the header demands {shown(header.get('crit', 'b64'))}, which changes what is signed",
            code="proof.unsupported.critical",
        )
    return header


def _decoded(text: str, part: str, max_bytes: int) -> bytes:
    if len(text) > _encoded(max_bytes):
        raise _malformed(f"the {part} of the JWS has more than {max_bytes} bytes", "too_large")
    try:
        return from_base64url(text, max_chars=_encoded(max_bytes))
    except MultibaseError as error:
        raise _malformed(f"the {part} of the JWS is not canonical base64url: {error}", "base64url") from error


def _encoded(size: int) -> int:
    """The characters of so many bytes in base64url without padding."""
    return -(-size * 4 // 3)


def _media_type(value: str | None) -> str | None:
    return None if value is None else value.lower().removeprefix("application/")


def _malformed(message: str, kind: str) -> MalformedProofError:
    return MalformedProofError(message, code=f"proof.malformed.{kind}")
