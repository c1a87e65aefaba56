"""Envelopes as an attacker makes them: sound in everything but what a test wants wrong.

Whatever the header says goes into the derivation of keys and under the tag, so only the check in question can refuse.
"""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.keywrap import aes_key_wrap

from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import KeyType, PrivateKey
from node.didcomm.agreement import ES, ONE_PU, ephemeral, local_agreement, point_of, wrapping_key
from node.didcomm.content_encryption import A256CBC_HS512, ENCRYPTIONS
from node.didcomm.message import ENCRYPTED, SIGNED
from node.proofs.signatures import local_signer

type Change = Callable[[dict[str, Any]], object]


def unchanged(_: dict[str, Any]) -> None:
    """As it should be."""


def seal(  # noqa: PLR0913 -- each is what a test may want otherwise
    content: bytes,
    recipients: Mapping[str, PrivateKey],
    *,
    sender: tuple[str, PrivateKey] | None = None,
    header: Change = unchanged,
    outside: Change = unchanged,
    encryption: str = A256CBC_HS512.name,
) -> bytes:
    """The envelope of a content; `header` changes the protected header before, `outside` the JSON after sealing."""
    chosen = ENCRYPTIONS[encryption]
    curve = next(iter(recipients.values())).type
    epk, agree = ephemeral(curve)
    kids = ".".join(sorted(recipients))
    protected: dict[str, Any] = {
        "epk": epk,
        "apv": to_base64url(sha256(kids.encode()).digest()),
        "typ": ENCRYPTED,
        "enc": encryption,
        "alg": ONE_PU if sender else ES,
    }
    if sender:
        protected |= {"skid": sender[0], "apu": to_base64url(sender[0].encode())}
    header(protected)
    text = to_base64url(json.dumps(protected).encode())
    key, iv = token_bytes(chosen.key_bytes), token_bytes(chosen.iv_bytes)
    ciphertext, tag = chosen.encrypt(key, iv, text.encode(), content)
    entries = []
    for kid, recipient in recipients.items():
        point = point_of(recipient.public)
        shared = [agree(point)] + ([local_agreement(sender[1]).agree(point)] if sender else [])
        wrapping = wrapping_key(
            str(protected.get("alg")),
            *shared,
            apu=_bytes(protected.get("apu", "")),
            apv=sha256(kids.encode()).digest(),
            tag=tag if sender else b"",
        )
        entries.append({"header": {"kid": kid}, "encrypted_key": to_base64url(aes_key_wrap(wrapping, key))})
    envelope: dict[str, Any] = {
        "protected": text,
        "recipients": entries,
        "iv": to_base64url(iv),
        "ciphertext": to_base64url(ciphertext),
        "tag": to_base64url(tag),
    }
    outside(envelope)
    return json.dumps(envelope).encode()


def signed(
    content: bytes,
    kid: str,
    key: PrivateKey,
    *,
    header: Change = unchanged,
    outside: Change = unchanged,
) -> bytes:
    """A content signed by a key, whatever the header says of it."""
    alg = {KeyType.ED25519: "EdDSA", KeyType.P256: "ES256", KeyType.P384: "ES384"}[key.type]
    protected = {"typ": SIGNED, "alg": alg}
    header(protected)
    text, payload = to_base64url(json.dumps(protected).encode()), to_base64url(content)
    signature = local_signer(key).sign(f"{text}.{payload}".encode())
    envelope: dict[str, Any] = {
        "payload": payload,
        "signatures": [{"protected": text, "header": {"kid": kid}, "signature": to_base64url(signature)}],
    }
    outside(envelope)
    return json.dumps(envelope).encode()


def token(kid: str | None, key: PrivateKey, claims: object, **header: object) -> str:
    """A compact token by a key."""
    whole = {"typ": "JWT", "alg": "EdDSA", **({"kid": kid} if kid else {}), **header}
    text = ".".join(to_base64url(json.dumps(part).encode()) for part in (whole, claims))
    return f"{text}.{to_base64url(local_signer(key).sign(text.encode()))}"


def protected_of(envelope: Mapping[str, Any]) -> dict[str, Any]:
    """The protected header of an envelope."""
    return json.loads(from_base64url(envelope["protected"], max_chars=10**6))


def _bytes(value: object) -> bytes:
    try:
        return from_base64url(value, max_chars=10**6) if isinstance(value, str) else b""
    except MultibaseError:
        return b""
