"""Private keys that an owner brings along, in the forms in which other programs keep them.

No error repeats anything of them.

Spec: https://www.rfc-editor.org/rfc/rfc5958, https://www.rfc-editor.org/rfc/rfc7517, https://www.w3.org/TR/cid-1.0/#Multikey
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

from did_methods.errors import DidMethodsError
from did_methods.multikey import KeyType, PrivateKey
from node.documents import DocumentError, parse_object
from node.issuance.errors import ProfileError

MAX_CHARS: Final = 4096
_CURVES: Final = MappingProxyType({"secp256r1": KeyType.P256, "secp384r1": KeyType.P384})
_SCALAR_BYTES: Final = MappingProxyType({KeyType.P256: 32, KeyType.P384: 48})


def brought_key(form: str, text: str) -> PrivateKey:
    """The key in a text of one of FORMS; raises ProfileError for what is no key of a kind that signs credentials."""
    try:
        return FORMS[form](text[: MAX_CHARS + 1])
    except (DidMethodsError, DocumentError, UnsupportedAlgorithm, KeyError, ValueError, TypeError):
        raise ProfileError(
            "this is no private key of a kind that signs here",
            code="issuance.private_key",
            path="/privateKey",
            remedy=f"Give one of Ed25519, P-256, P-384 or BLS12-381, without a passphrase, as {', '.join(FORMS)}.",
        ) from None  # the text of the cause could repeat the key


def _of_pkcs8(text: str) -> PrivateKey:
    data = text.strip().encode("ascii")
    loaded = (
        load_pem_private_key(data, None)
        if data.startswith(b"-----BEGIN")
        else load_der_private_key(b64decode(data, validate=True), None)
    )
    if isinstance(loaded, ed25519.Ed25519PrivateKey):
        return PrivateKey(KeyType.ED25519, loaded.private_bytes_raw())
    if isinstance(loaded, ec.EllipticCurvePrivateKey) and loaded.curve.name in _CURVES:
        kind = _CURVES[loaded.curve.name]
        return PrivateKey(kind, loaded.private_numbers().private_value.to_bytes(_SCALAR_BYTES[kind]))
    raise ValueError


def _of_jwk(text: str) -> PrivateKey:
    return PrivateKey.from_jwk(parse_object(text, max_bytes=MAX_CHARS))


FORMS: Final[Mapping[str, Callable[[str], PrivateKey]]] = MappingProxyType(
    {"pkcs8": _of_pkcs8, "jwk": _of_jwk, "multikey": PrivateKey.from_multibase}
)
"""PKCS #8 as PEM or base64, a JWK as JSON, and a secretKeyMultibase."""
