"""Signed messages: a JWS in JSON with the one signature of the sender; and detached ones over attachments.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#didcomm-message-signing,
https://www.rfc-editor.org/rfc/rfc7515#section-7.2
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import orjson
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from did_methods.curves import WEIERSTRASS_CURVES, KeyType
from did_methods.document import Relationship
from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import PublicKey
from node.didcomm.attachment import Attachment
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES, MAX_HEADER_BYTES, check_media_type
from node.didcomm.errors import (
    AttachmentError,
    EnvelopeError,
    ForgedEnvelopeError,
    MalformedEnvelopeError,
    PackError,
    UnsupportedEnvelopeError,
    shown,
)
from node.didcomm.message import SIGNED
from node.didcomm.parties import Documents, key_id, public_key
from node.documents import DocumentError, JsonObject, parse_object
from node.proofs.errors import InvalidProofError
from node.proofs.jose.algorithms import EDDSA, ES256, check_signature
from node.proofs.jose.jws import KEYS_IN_HEADER
from node.proofs.signatures import Signer

MEMBERS: Final = frozenset({"payload", "signatures"})
MAX_SIGNATURES: Final = 8
"""Over one attachment; a message has one signature, its sender's."""
MAX_SIGNATURE_BYTES: Final = 64

ES256K: Final = "ES256K"
SIGNATURE_KEYS: Final[Mapping[str, KeyType]] = MappingProxyType(
    {EDDSA.name: KeyType.ED25519, ES256.name: KeyType.P256, ES256K: KeyType.SECP256K1}
)
"""The algorithms that messages are verified by, each with the one kind of key it goes with. The last never signs."""
SIGNING: Final[Mapping[KeyType, str]] = MappingProxyType({KeyType.ED25519: EDDSA.name, KeyType.P256: ES256.name})
"""The algorithm by which a kind of key signs a message."""
_FLAT: Final = frozenset({"protected", "header", "signature"})
# What decides how a signature is checked is under it.
_PROTECTED_ONLY: Final = frozenset({"alg", "crit", "b64", "typ", "cty"})
_MAX_LOADED_KEYS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What a signed message holds, and whose key signed it."""

    content: bytes
    signer_kid: str
    algorithm: str


def sign(content: bytes, kid: str, signer: Signer) -> bytes:
    """The signed message of a content; raises PackError for a key that signs no messages."""
    protected = to_base64url(orjson.dumps({"typ": SIGNED, "alg": signing_algorithm(signer.key)}))
    payload = to_base64url(content)
    signature = signer.sign(f"{protected}.{payload}".encode())
    entry = {"protected": protected, "signature": to_base64url(signature), "header": {"kid": kid}}
    return orjson.dumps({"payload": payload, "signatures": [entry]})


def signing_algorithm(key: PublicKey) -> str:
    """The algorithm by which a key signs; raises PackError for one that signs no messages."""
    algorithm = SIGNING.get(key.type)
    if algorithm is None:
        raise PackError(
            f"keys of type {key.type} do not sign messages",
            code="didcomm.pack.key",
            remedy=f"Use a key of type {' or '.join(SIGNING)}.",
        )
    return algorithm


def verify_signed(document: JsonObject, *, documents: Documents, at: datetime) -> Verified:
    """What a signed message holds, if its one signature is by a key that its owner uses for authentication.

    1. It has a payload and one signature, in general or flattened form.
    2. The signature is checked as `_check` says.
    Whether the signer is whom the message is from, the caller compares.

    Raises MalformedEnvelopeError, UnsupportedEnvelopeError, InconsistentEnvelopeError, ForgedEnvelopeError and
    UnresolvedError.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#verification
    """
    payload = document.get("payload")  # 1.
    if not isinstance(payload, str):
        raise _malformed("payload is not a text", "member", "/payload")
    entries = _signatures(document)
    if len(entries) != 1:
        raise _malformed(
            f"the message has {len(entries)} signatures; only its sender's counts", "signatures", "/signatures"
        )
    content = _decoded(payload, "payload", MAX_ENVELOPE_BYTES)
    kid, algorithm = _check(entries[0], payload, documents, at, typ=SIGNED)  # 2.
    return Verified(content=content, signer_kid=kid, algorithm=algorithm)


def attachment_signers(
    attachment: Attachment, content: bytes, *, documents: Documents, at: datetime
) -> tuple[str, ...]:
    """The key ids of all who signed the content of an attachment, in detached form; none where `jws` is absent.

    They need not be who sent the message. Raises AttachmentError where one of the signatures does not hold,
    UnsupportedEnvelopeError and UnresolvedError.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#attachments
    """
    if attachment.jws is None:
        return ()
    if attachment.jws.get("payload"):
        raise AttachmentError(
            "the signature brings a content of its own", code="didcomm.attachment.signature", path=attachment.path
        )
    payload = to_base64url(content)
    try:
        return tuple([_check(entry, payload, documents, at)[0] for entry in _signatures(attachment.jws)])
    except EnvelopeError as error:
        raise AttachmentError(
            f"a signature over the attachment does not hold: {error}",
            code="didcomm.attachment.signature",
            path=attachment.path,
            remedy="Do not rely on the attachment; its sender may send it unaltered.",
        ) from error


def sign_attachment(content: bytes, kid: str, signer: Signer) -> JsonObject:
    """A detached signature over what is attached, by a key that its owner uses for authentication; raises PackError.

    The id of the key is protected with it.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#attachments
    """
    protected = to_base64url(orjson.dumps({"alg": signing_algorithm(signer.key), "kid": kid}))
    signature = signer.sign(f"{protected}.{to_base64url(content)}".encode())
    return {"protected": protected, "signature": to_base64url(signature)}


def check_by_key(algorithm: str, key: PublicKey, data: bytes, signature: bytes) -> None:
    """Refuse a signature that is not the key's over the data by this algorithm; raises ForgedEnvelopeError."""
    if SIGNATURE_KEYS.get(algorithm) is not key.type:
        raise ForgedEnvelopeError(
            f"{algorithm} is never verified with a key of type {key.type}", code="didcomm.forged.signature"
        )
    if algorithm == ES256K:
        _check_es256k(key, data, signature)
        return
    try:
        check_signature(EDDSA if algorithm == EDDSA.name else ES256, key, data, signature)
    except InvalidProofError as error:
        raise ForgedEnvelopeError(str(error), code="didcomm.forged.signature") from error


def check_algorithm(header: JsonObject) -> str:
    """The algorithm of a protected header that asks for nothing else; raises UnsupportedEnvelopeError.

    1. It demands nothing that changes what is signed.
    2. It brings no key, for anybody can sign with a key of their own.
    3. The algorithm is one of those of messages.
    """
    if "crit" in header or header.get("b64", True) is not True:  # 1.
        raise UnsupportedEnvelopeError(
            f"the header demands {shown(header.get('crit', 'b64'))}", code="didcomm.unsupported.critical"
        )
    brought = [member for member in KEYS_IN_HEADER if member in header]
    if brought:  # 2.
        raise UnsupportedEnvelopeError(
            f"the header brings its key along in {brought[0]}", code="didcomm.unsupported.key_in_header"
        )
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in SIGNATURE_KEYS:  # 3.
        raise UnsupportedEnvelopeError(
            f"the algorithm {shown(algorithm)} is not one of {', '.join(SIGNATURE_KEYS)}",
            code="didcomm.unsupported.algorithm",
        )
    return algorithm


def _signatures(document: JsonObject) -> list[JsonObject]:
    flat = _FLAT & document.keys()
    if ("signatures" in document) == bool(flat):
        raise _malformed("signatures stand in signatures, or one of them beside the payload", "signatures")
    entries = document.get("signatures", [{name: document[name] for name in flat}])
    listed = entries if isinstance(entries, list) else []
    signatures = [entry for entry in listed if isinstance(entry, dict)]
    if not 0 < len(signatures) <= MAX_SIGNATURES or len(signatures) != len(listed):
        raise _malformed(f"signatures is not a list of 1 to {MAX_SIGNATURES}", "signatures", "/signatures")
    return signatures


def _check(
    entry: JsonObject, payload: str, documents: Documents, at: datetime, *, typ: str | None = None
) -> tuple[str, str]:
    """The key id and algorithm of a signature that holds.

    1. The protected header is strict JSON, of the media type, and asks for nothing that is not known here.
    2. The key id stands once: in the header beside it, where libraries write it, or in the protected one.
    3. The key is one that its owner's document lists for authentication.
    4. The signature is by that key, over header and payload as they were received.
    """
    protected, signature, beside = entry.get("protected"), entry.get("signature"), entry.get("header", {})
    if not isinstance(protected, str) or not isinstance(signature, str) or not isinstance(beside, dict):
        raise _malformed("a signature has no protected header, or is not a text", "member", "/signatures")
    try:
        header = parse_object(_decoded(protected, "protected", MAX_HEADER_BYTES), max_bytes=MAX_HEADER_BYTES)  # 1.
    except DocumentError as error:
        raise _malformed(f"the protected header cannot be read: {error}", "header", "/signatures") from error
    if typ is not None:
        check_media_type(header, typ)
    algorithm = check_algorithm(header)
    if not beside.keys().isdisjoint((*_PROTECTED_ONLY, *KEYS_IN_HEADER, *header)):
        raise _malformed("a header says what must be protected, or says it twice", "header", "/signatures")
    kid = header.get("kid", beside.get("kid"))  # 2.
    if not isinstance(kid, str):
        raise _malformed("a signature names no key", "kid", "/signatures")
    key = public_key(
        key_id(kid), Relationship.AUTHENTICATION, documents, at=at, code="didcomm.inconsistent.signer"
    )  # 3.
    signed = f"{protected}.{payload}".encode()  # 4.
    check_by_key(algorithm, key, signed, _decoded(signature, "signature", MAX_SIGNATURE_BYTES))
    return kid, algorithm


def _check_es256k(key: PublicKey, data: bytes, signature: bytes) -> None:
    """Spec: https://www.rfc-editor.org/rfc/rfc8812#section-3.2 ."""
    half, order = MAX_SIGNATURE_BYTES // 2, WEIERSTRASS_CURVES[KeyType.SECP256K1].n
    r, s = int.from_bytes(signature[:half]), int.from_bytes(signature[half:])
    if len(signature) != MAX_SIGNATURE_BYTES or not (0 < r < order and 0 < s < order):
        raise ForgedEnvelopeError(
            "the signature is no pair of numbers below the order", code="didcomm.forged.signature"
        )
    try:
        _secp256k1(key.raw).verify(encode_dss_signature(r, s), data, ec.ECDSA(SHA256()))
    except InvalidSignature as error:
        raise ForgedEnvelopeError(
            "the signature does not match the content and the key", code="didcomm.forged.signature"
        ) from error


@lru_cache(maxsize=_MAX_LOADED_KEYS)
def _secp256k1(raw: bytes) -> ec.EllipticCurvePublicKey:
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256K1(), raw)


def _decoded(text: str, part: str, max_bytes: int) -> bytes:
    try:
        return from_base64url(text, max_chars=-(-4 * max_bytes // 3))
    except MultibaseError as error:
        raise _malformed(f"{part} is not base64url: {error}", "base64") from error


def _malformed(message: str, kind: str, path: str = "") -> MalformedEnvelopeError:
    return MalformedEnvelopeError(message, code=f"didcomm.envelope.{kind}", path=path)
