"""A Token Status List: the values of many tokens in one signed token of their issuer.

It is to SD-JWT VCs what a Bitstring Status List is to credentials of the W3C: the same bits, lowest first, in another
envelope, and one list for all purposes.

Spec: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
"""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from node.credentials.errors import shown
from node.credentials.structure import is_url
from node.documents import MAX_SAFE_INTEGER, JsonObject, JsonValue, pointer
from node.proofs.jose.jwt import moment_of, numeric_date
from node.status.bitstring import MAX_BYTES, MIN_ENTRIES
from node.status.encoded_list import MAX_ENCODED_CHARS
from node.status.errors import (
    BitstringError,
    FinalStatusError,
    OutOfRangeError,
    ShortListError,
    StatusEntryError,
    StatusListError,
    UnsupportedStatusError,
)

TYPE: Final = "statuslist+jwt"
MEDIA_TYPE: Final = f"application/{TYPE}"
MECHANISM: Final = "status_list"
SIZES: Final = (1, 2, 4, 8)
"""Bits of one value."""
VALID: Final = 0
INVALID: Final = 1
"""Withdrawn for good."""
SUSPENDED: Final = 2
LEVEL: Final = 9
_MAX_TTL: Final = timedelta(days=366 * 10)
"""A longer time to live says nothing."""


@dataclass(frozen=True, slots=True)
class TokenStatusEntry:
    """Where the status of one token is found."""

    index: int
    uri: str

    def to_json(self) -> JsonObject:
        """The `status` claim of that token."""
        return {MECHANISM: {"idx": self.index, "uri": self.uri}}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStatusList:
    """What a status list token says; nothing of it has been verified. `issuer` is None where it names none."""

    uri: str
    issuer: str | None
    size: int
    data: bytes
    issued_at: datetime
    expires: datetime | None = None
    ttl: timedelta | None = None

    @property
    def entries(self) -> int:
        """How many values there are."""
        return len(self.data) * 8 // self.size

    def value(self, entry: TokenStatusEntry) -> int:
        """The value that the list holds for an entry; raises StatusListError where it does not speak of it."""
        if entry.uri != self.uri:
            message = f"the list is the one at {shown(self.uri)}, not the one at {shown(entry.uri)}"
            raise StatusListError(message, code="status.list.id")
        return _value(self.data, self.size, entry.index)

    def nonzero(self) -> Iterator[tuple[int, int]]:
        """Each entry that is not VALID, with its value, in order."""
        in_byte = 8 // self.size
        for place, byte in enumerate(self.data):
            if byte:
                for index in range(place * in_byte, (place + 1) * in_byte):
                    if value := _value(self.data, self.size, index):
                        yield index, value

    def stale_from(self, obtained: datetime, usual: timedelta) -> datetime:
        """From when on a copy obtained then should be fetched anew: after its `ttl`, or the usual time without one."""
        again = obtained + (self.ttl or usual)
        return again if self.expires is None else min(again, self.expires)

    def changed(self, values: Mapping[int, int]) -> bytes:
        """The same values with some changed; raises FinalStatusError for what would take back a withdrawal."""
        for index, value in values.items():
            if _value(self.data, self.size, index) == INVALID != value:
                raise FinalStatusError(f"the entry {index} is withdrawn, and stays so", code="status.final.value")
        return pack(values, self.entries, self.size, self.data)


def read_reference(status: JsonValue, path: str = "") -> TokenStatusEntry:
    """The entry in a `status` claim; raises StatusEntryError, or UnsupportedStatusError for other mechanisms alone."""
    if not isinstance(status, dict):
        raise StatusEntryError(f"{shown(status)} is no status", code="status.entry.list", path=path)
    if MECHANISM not in status:
        raise UnsupportedStatusError(f"its status is told by {shown(sorted(status))}", path=path)
    entry, place = status[MECHANISM], path + pointer(MECHANISM)
    if not isinstance(entry, dict):
        raise StatusEntryError(f"{shown(entry)} says nowhere where the status is", code="status.entry.list", path=place)
    index, uri = entry.get("idx"), entry.get("uri")
    if type(index) is not int or not 0 <= index <= MAX_SAFE_INTEGER:
        raise StatusEntryError(f"{shown(index)} is no index", code="status.entry.index", path=place + "/idx")
    if not isinstance(uri, str) or not is_url(uri):
        raise StatusEntryError(f"{shown(uri)} is no address of a list", code="status.entry.list", path=place + "/uri")
    return TokenStatusEntry(index, uri)


def read_token_status_list(claims: JsonObject) -> TokenStatusList:
    """The list in the claims of a status list token.

    1. `sub` is the address it stands for, `iat` when it was made; `exp` and `ttl` are a moment and a number of seconds.
    2. `status_list` has values of 1, 2, 4 or 8 bits, packed by zlib.

    Raises StatusListError.
    """
    uri, issuer = claims.get("sub"), claims.get("iss")  # 1.
    if not isinstance(uri, str) or not uri:
        raise _refused("id", f"{shown(uri)} is no address of a list", "/sub")
    if issuer is not None and not isinstance(issuer, str):
        raise _refused("issuer", f"{shown(issuer)} is no issuer", "/iss")
    issued_at, expires = moment_of(claims.get("iat")), moment_of(claims.get("exp"))
    if issued_at is None or (expires is None and "exp" in claims):
        raise _refused("valid", "iat or exp of the list is no date", "/iat" if issued_at is None else "/exp")
    ttl = claims.get("ttl")
    if "ttl" in claims and (isinstance(ttl, bool) or not isinstance(ttl, int | float) or not ttl > 0):
        raise _refused("ttl", f"{shown(ttl)} is no number of seconds", "/ttl")
    stated = claims.get(MECHANISM)  # 2.
    size, packed = (stated.get("bits"), stated.get("lst")) if isinstance(stated, dict) else (None, None)
    if type(size) is not int or size not in SIZES:
        raise _refused(
            "size", f"values of {shown(size)} bits; they have {', '.join(map(str, SIZES))}", "/status_list/bits"
        )
    if not isinstance(packed, str):
        raise _refused("encoding", f"{shown(packed)} is no list", "/status_list/lst")
    return TokenStatusList(
        uri=uri,
        issuer=issuer,
        size=size,
        data=_unpacked(packed),
        issued_at=issued_at,
        expires=expires,
        ttl=None if not isinstance(ttl, int | float) else min(timedelta(seconds=min(ttl, 10**9)), _MAX_TTL),
    )


def pack(values: Mapping[int, int], entries: int, size: int, base: bytes | None = None) -> bytes:
    """So many values of that size, all 0 or those of `base`, with these changed; the lowest bits are entry 0.

    Raises BitstringError for a shape or value that is not possible, and OutOfRangeError.
    """
    length = -(-entries * size // 8)
    if size not in SIZES or not 0 < length <= MAX_BYTES:
        raise BitstringError(f"{entries} entries of {size} bits are not possible", code="status.bitstring.size")
    data = bytearray(base or bytes(length))
    for index, value in values.items():
        _within(data, size, index)
        if not 0 <= value < 1 << size:
            raise BitstringError(f"{value} does not fit into {size} bits", code="status.bitstring.value")
        place, shift = divmod(index * size, 8)
        data[place] = data[place] & ~(((1 << size) - 1) << shift) | value << shift
    return bytes(data)


def build_token_status_list(content: TokenStatusList) -> JsonObject:
    """The claims of a status list token, ready to be signed and published at its address.

    Raises StatusListError for a list that is too short to hide an entry among others, or that nobody could fetch.
    """
    if not is_url(content.uri) or "#" in content.uri:
        raise _refused("url", f"{shown(content.uri)} is no address at which a list could be published", "/sub")
    if content.entries < MIN_ENTRIES:
        raise ShortListError(f"the list has {content.entries} entries; it needs {MIN_ENTRIES}")
    if content.expires is not None and content.expires <= content.issued_at:
        raise _refused("valid", "it would end before it begins", "/exp")
    claims: JsonObject = {"sub": content.uri, "iat": numeric_date(content.issued_at)}
    if content.issuer is not None:
        claims = {"iss": content.issuer, **claims}
    if content.expires is not None:
        claims["exp"] = numeric_date(content.expires)
    if content.ttl is not None:
        claims["ttl"] = content.ttl // timedelta(seconds=1)
    packed = to_base64url(zlib.compress(content.data, LEVEL))
    return {**claims, MECHANISM: {"bits": content.size, "lst": packed}}


def _unpacked(text: str) -> bytes:
    """What one zlib stream holds, if it is no more than MAX_BYTES and nothing follows it."""
    try:
        packed = from_base64url(text, max_chars=MAX_ENCODED_CHARS)
        stream = zlib.decompressobj()
        data = stream.decompress(packed, MAX_BYTES + 1)
    except (MultibaseError, zlib.error) as error:
        raise _refused("encoding", f"the list cannot be unpacked: {error}", "/status_list/lst") from error
    if len(data) > MAX_BYTES:
        raise StatusListError(
            f"the list unpacks to more than {MAX_BYTES} bytes",
            code="status.list.too_large",
            remedy="Ask the issuer to split its list; longer ones are not unpacked.",
        )
    if not stream.eof or stream.unused_data:
        raise _refused("encoding", "the list ends too early, or something follows it", "/status_list/lst")
    return data


def _value(data: bytes, size: int, index: int) -> int:
    _within(data, size, index)
    place, shift = divmod(index * size, 8)
    return data[place] >> shift & (1 << size) - 1


def _within(data: bytes | bytearray, size: int, index: int) -> None:
    if not 0 <= index < len(data) * 8 // size:
        raise OutOfRangeError(f"the index {index} is beyond the list, which has {len(data) * 8 // size} entries")


def _refused(member: str, message: str, path: str) -> StatusListError:
    return StatusListError(message, code=f"status.list.{member}", path=path)
