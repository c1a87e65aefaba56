"""How bits travel: GZIP, then multibase base64url.

Decompression is a stream that stops as soon as there is more than there may be, so what came in never decides how much
memory is used. One GZIP member is one bitstring: what stands behind it, or inside it again, is never unpacked.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#bitstring-expansion-algorithm, https://www.rfc-editor.org/rfc/rfc1952
"""

import gzip
import zlib
from typing import Final

from did_methods.errors import MultibaseError
from did_methods.multibase import decode_base64url, encode_base64url, from_base64url
from node.documents import MAX_CREDENTIAL_BYTES
from node.status.bitstring import MAX_BYTES
from node.status.errors import StatusListError

MAX_ENCODED_CHARS: Final = MAX_CREDENTIAL_BYTES
"""An encoded list stands inside a credential, which may have no more."""
LEVEL: Final = 6
"""How hard the packing tries: 9 would make a list with one place in twenty set 3 % shorter, in 15 times the time."""

_GZIP_ONLY: Final = 16 + zlib.MAX_WBITS  # the zlib header, and raw deflate, are refused
_TO_URL_ALPHABET: Final = str.maketrans("+/", "-_", "=")


def encode(data: bytes) -> str:
    """The bits as they stand in `encodedList`; the same text for the same bits."""
    return encode_base64url(gzip.compress(data, LEVEL, mtime=0))


def decode(text: str) -> bytes:
    """The bits of an `encodedList`; raises StatusListError for anything but one GZIP member of at most MAX_BYTES."""
    try:
        packed = decode_base64url(text, max_chars=MAX_ENCODED_CHARS)
    except MultibaseError as error:
        raise _refused(str(error)) from error
    return expand(packed)


def decode_bare(text: str) -> bytes:
    """The same for lists of 2021, which have no multibase prefix, and came with either alphabet and with padding.

    Spec: https://www.w3.org/TR/2023/WD-vc-status-list-20230427/#statuslist2021credential
    """
    try:
        packed = from_base64url(text.translate(_TO_URL_ALPHABET), max_chars=MAX_ENCODED_CHARS)
    except MultibaseError as error:
        raise _refused(str(error)) from error
    return expand(packed)


def expand(packed: bytes) -> bytes:
    """What one GZIP member holds, if it is no more than MAX_BYTES and nothing follows it."""
    stream = zlib.decompressobj(_GZIP_ONLY)
    try:
        data = stream.decompress(packed, MAX_BYTES + 1)
    except zlib.error as error:
        raise _refused(f"it is not GZIP: {error}") from error
    if len(data) > MAX_BYTES:
        raise StatusListError(
            f"the list unpacks to more than {MAX_BYTES} bytes",
            code="status.list.too_large",
            remedy="Ask the issuer to split its list; longer ones are not unpacked.",
        )
    if not stream.eof:
        raise _refused("it ends before its last byte")
    if stream.unused_data:
        raise _refused("something follows behind the list")
    return data


def _refused(reason: str) -> StatusListError:
    return StatusListError(f"the encoded list cannot be unpacked: {reason}", code="status.list.encoding")
