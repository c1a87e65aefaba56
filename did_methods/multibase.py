"""Multibase base58btc and base64url texts: bounded before they are decoded, and canonical.

Every accepted text is the only one for its bytes: encoding what was decoded gives the same text again.

Spec: https://www.w3.org/TR/cid-1.0/#multibase-0
"""

import base64
import binascii
from functools import lru_cache
from typing import Final

from did_methods.errors import MultibaseError, shown

# The longest key known here, a BLS12-381 G2 Multikey, has 135 characters; a JWK coordinate has fewer.
MAX_KEY_CHARS: Final = 1024
# Ed25519, ECDSA and chained proof values are below 200 characters. Decoding costs more than linear time.
MAX_BASE58_PROOF_CHARS: Final = 16 * 1024
# An ecdsa-sd-2023 base proof holds 64 bytes per statement: 256 kB is room for some 3,000 statements.
MAX_BASE64URL_PROOF_CHARS: Final = 256 * 1024

BASE58BTC_PREFIX: Final = "z"
BASE64URL_PREFIX: Final = "u"

_ALPHABET: Final = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_INVALID: Final = 255
_DIGIT_OF: Final = bytes(_ALPHABET.index(byte) if byte in _ALPHABET else _INVALID for byte in range(256))
_PAIRS: Final = tuple(bytes((high, low)) for high in _ALPHABET for low in _ALPHABET)
_TWO_PAIRS: Final = len(_PAIRS) ** 2
# So many two-digit groups are taken off two by two; above, halving is faster (measured for 34 to 12,000 bytes).
_SMALL_PAIRS: Final = 48
_REMEDY: Final = "Ask the sender for the value as it was published; it was altered or truncated on the way."


def encode_base58btc(data: bytes) -> str:
    """The multibase base58btc form of bytes: `z` and the digits."""
    return BASE58BTC_PREFIX + to_base58(data)


def decode_base58btc(text: str, *, max_chars: int = MAX_KEY_CHARS) -> bytes:
    """The bytes of a multibase base58btc text."""
    return from_base58(_unprefixed(text, BASE58BTC_PREFIX, max_chars), max_chars=max_chars)


def encode_base64url(data: bytes) -> str:
    """The multibase base64url form of bytes, without padding: `u` and the characters."""
    return BASE64URL_PREFIX + to_base64url(data)


def decode_base64url(text: str, *, max_chars: int = MAX_BASE64URL_PROOF_CHARS) -> bytes:
    """The bytes of a multibase base64url text."""
    return from_base64url(_unprefixed(text, BASE64URL_PREFIX, max_chars), max_chars=max_chars)


def to_base58(data: bytes) -> str:
    """The base58btc digits of bytes, without a multibase prefix."""
    significant = data.lstrip(b"\0")
    zeros = b"1" * (len(data) - len(significant))
    # 8 bits need 1.366 digits; one pair more than enough is stripped again.
    pairs = len(significant) * 11 // 16 + 1
    digits = b"".join(_pairs(int.from_bytes(significant), pairs)).lstrip(b"1")
    return (zeros + digits).decode("ascii")


def from_base58(text: str, *, max_chars: int = MAX_KEY_CHARS) -> bytes:
    """The bytes of base58btc digits without a multibase prefix, as in `publicKeyBase58`."""
    _bounded(text, max_chars)
    digits = text.encode("ascii", "replace").translate(_DIGIT_OF)
    if _INVALID in digits:
        raise MultibaseError(
            f"{shown(text)} has characters outside the base58btc alphabet", code="multibase.alphabet", remedy=_REMEDY
        )
    significant = digits.lstrip(b"\0")
    number = _number(significant)
    return bytes(len(digits) - len(significant)) + number.to_bytes((number.bit_length() + 7) // 8)


def to_base64url(data: bytes) -> str:
    """The base64url form of bytes, without padding and without a multibase prefix."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def from_base64url(text: str, *, max_chars: int = MAX_KEY_CHARS) -> bytes:
    """The bytes of an unpadded base64url text without a multibase prefix, as in a JWK."""
    _bounded(text, max_chars)
    # The library skips foreign characters and ignores stray bits. Encoding again shows every such liberty.
    try:
        data = base64.urlsafe_b64decode(text.encode("ascii", "replace") + b"=" * (-len(text) % 4))
    except binascii.Error:
        data = b""
    if to_base64url(data) != text:
        raise MultibaseError(
            f"{shown(text)} is not canonical base64url without padding", code="multibase.not_canonical", remedy=_REMEDY
        )
    return data


def _unprefixed(text: str, prefix: str, max_chars: int) -> str:
    _bounded(text, max_chars)
    if not text.startswith(prefix):
        raise MultibaseError(
            f"{shown(text)} does not begin with the multibase prefix {prefix!r}",
            code="multibase.prefix",
            remedy=f"Encode the value as multibase with the prefix {prefix!r}.",
        )
    return text[1:]


def _bounded(text: str, max_chars: int) -> None:
    if len(text) > max_chars:
        raise MultibaseError(
            f"the encoded value has {len(text)} characters; at most {max_chars} are read here",
            code="multibase.too_long",
            remedy="Check that the right value was put here: no key or proof of a known kind is that long.",
        )


@lru_cache(maxsize=16)  # one entry per power of two, up to the longest text
def _folds(fields: int) -> tuple[tuple[int, int, int], ...]:
    """Mask, shift and weight of each step that joins neighbouring fields of a packed number."""
    steps = []
    width = 1
    while width < fields:
        mask = int.from_bytes((bytes(width) + b"\xff" * width) * (fields // (2 * width)))
        steps.append((mask, 8 * width, len(_ALPHABET) ** width))
        width *= 2
    return tuple(steps)


def _number(digits: bytes) -> int:
    """The number with these base-58 digits, one per byte, in a logarithmic number of big-integer steps.

    The digits are read as one integer with a digit per byte. Each step adds every even field to 58^width times its odd
    neighbour, in all places at once: a field of two bytes then holds two digits, one of four bytes four, and so on. The
    fields never overflow, because 58 < 256.
    """
    number = int.from_bytes(digits)
    for mask, shift, weight in _folds(1 << (len(digits) - 1).bit_length() if digits else 1):
        number = (number & mask) + ((number >> shift) & mask) * weight
    return number


def _pairs(number: int, count: int) -> list[bytes]:
    """The `count` lowest two-digit groups of a number, highest first; long numbers are halved first."""
    if count > _SMALL_PAIRS:
        low_count = count // 2
        high, low = divmod(number, _pair_weight(low_count))
        return _pairs(high, count - low_count) + _pairs(low, low_count)
    groups: list[bytes] = []
    for _ in range(count // 2):  # two at a time: dividing the long number is what takes long
        number, two = divmod(number, _TWO_PAIRS)
        groups += (_PAIRS[two % len(_PAIRS)], _PAIRS[two // len(_PAIRS)])
    if count % 2:
        groups.append(_PAIRS[number])
    groups.reverse()
    return groups


@lru_cache(maxsize=256)
def _pair_weight(count: int) -> int:
    weight: int = len(_PAIRS) ** count  # the exponent is never negative
    return weight
