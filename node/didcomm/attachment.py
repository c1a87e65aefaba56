"""What is attached to a message: described, and contained or pointed to.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#attachments
"""

import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import Final

import orjson

from did_methods.errors import MultibaseError
from did_methods.multibase import BASE58BTC_PREFIX, from_base58
from node.didcomm.errors import AttachmentError, MessageError, shown
from node.documents import JsonObject, JsonValue, pointer

MAX_ATTACHMENTS: Final = 64
"""A batch of credentials in several formats; more are several messages."""
MAX_LINKS: Final = 16
"""Places of one and the same content."""
MAX_TEXT_CHARS: Final = 4096
"""A description for people, the name of a file or format, an address."""

_ID: Final = re.compile(r"[A-Za-z0-9._~:-]{1,128}")
# Multihash: sha2-256 and sha2-512, with the length of the digest.
_HASHES: Final = {b"\x12\x20": hashlib.sha256, b"\x13\x40": hashlib.sha512}
_PREFIX_BYTES: Final = 2
_TEXTS: Final = ("description", "filename", "media_type", "format")
_NUMBERS: Final = ("lastmod_time", "byte_count")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A view of an attachment; `source` is its JSON as received, with what is not known here.

    Its content is in `source` or behind `links`, which nobody follows here; `jws`, if any, is a detached signature over
    the content, and has not been verified.
    """

    source: JsonObject
    path: str
    id: str | None
    description: str | None
    filename: str | None
    media_type: str | None
    format: str | None
    lastmod_time: int | None
    byte_count: int | None
    links: tuple[str, ...]
    hash: str | None
    jws: JsonObject | None

    @property
    def data(self) -> JsonObject:
        """The member that gives access to the content."""
        data = self.source["data"]
        return data if isinstance(data, dict) else {}

    @property
    def is_inline(self) -> bool:
        """Whether the content is here, and not elsewhere."""
        return "json" in self.data or "base64" in self.data

    def json(self) -> JsonValue:
        """The content that is contained as JSON; raises AttachmentError where there is none."""
        if "json" not in self.data:
            raise AttachmentError("the attachment contains no JSON", path=self.path + "/data")
        return self.data["json"]

    def content(self) -> bytes:
        """The bytes that are contained: those of base64, or a text of the JSON; raises AttachmentError.

        The bytes of base64 have the hash that the attachment names, if any. The text of JSON is ours, not the sender's.
        """
        encoded = self.data.get("base64")
        if isinstance(encoded, str):
            content = _decoded(encoded, self.path)
            if self.hash is not None:
                self.check(content)
            return content
        return orjson.dumps(self.json())

    def check(self, content: bytes) -> None:
        """Refuse bytes, fetched from one of `links`, that are not those the sender attached; raises AttachmentError.

        Spec: https://multiformats.io/multihash/
        """
        if self.hash is None:
            raise AttachmentError(
                "the attachment names no hash of its content", code="didcomm.attachment.hash", path=self.path + "/data"
            )
        algorithm, digest = _multihash(self.hash, self.path)
        if _HASHES[algorithm](content).digest() != digest:
            raise AttachmentError(
                "the content is not that whose hash the attachment names",
                code="didcomm.attachment.hash",
                path=self.path + "/data/hash",
                remedy="Do not use it: it was replaced where it was kept. Ask the sender for it.",
            )


def attach_json(  # noqa: PLR0913 -- each is a member of its own
    content: JsonValue,
    *,
    id: str | None = None,  # noqa: A002 -- the name of the specification
    format: str | None = None,  # noqa: A002 -- the name of the specification
    media_type: str | None = None,
    description: str | None = None,
    filename: str | None = None,
) -> JsonObject:
    """An attachment that contains JSON."""
    given = {"id": id, "description": description, "filename": filename, "media_type": media_type, "format": format}
    return {name: value for name, value in given.items() if value is not None} | {"data": {"json": content}}


def attach_bytes(content: bytes, **members: str) -> JsonObject:
    """An attachment that contains bytes; `members` are those of its description."""
    return {**members, "data": {"base64": urlsafe_b64encode(content).rstrip(b"=").decode()}}


def read_attachments(value: JsonValue) -> tuple[Attachment, ...]:
    """The attachments of a message; raises MessageError for what breaks the rules of their description."""
    if not isinstance(value, list):
        raise _malformed("attachments is not a list", "/attachments")
    if len(value) > MAX_ATTACHMENTS:
        raise MessageError(
            f"the message has {len(value)} attachments; at most {MAX_ATTACHMENTS} are read",
            code="didcomm.message.too_many",
            path="/attachments",
        )
    attachments = tuple([_read(entry, pointer("attachments", place)) for place, entry in enumerate(value)])
    ids = [attachment.id for attachment in attachments if attachment.id is not None]
    if len(set(ids)) != len(ids):
        raise _malformed("two attachments have one id", "/attachments")
    return attachments


def _read(entry: JsonValue, path: str) -> Attachment:
    """One attachment.

    1. It is an object; what it says of itself has the types of the specification.
    2. Its id can stand in an address.
    3. Its content is here once, or behind links with a hash, without which anybody could replace it.
    """
    if not isinstance(entry, dict):
        raise _malformed("an attachment is not an object", path)
    texts = {name: _text(entry, name, path) for name in _TEXTS}  # 1.
    numbers = {name: _number(entry, name, path) for name in _NUMBERS}
    identifier = entry.get("id")
    if "id" in entry and (not isinstance(identifier, str) or not _ID.fullmatch(identifier)):  # 2.
        raise _malformed(f"the id {shown(identifier)} cannot stand in an address", path + "/id")
    data = entry.get("data")
    if not isinstance(data, dict):
        raise _malformed("an attachment has no data", path + "/data")
    links = _links(data, path)
    if "base64" in data and not isinstance(data["base64"], str):
        raise _malformed("base64 is not a text", path + "/data/base64")
    if ("base64" in data) + ("json" in data) > 1 or not ("base64" in data or "json" in data or links):  # 3.
        raise _malformed("an attachment has its content once: in base64, in json or behind links", path + "/data")
    digest = data.get("hash")
    if "hash" in data or (links and "base64" not in data and "json" not in data):
        _multihash(digest, path)
    jws = _detached(data["jws"], path) if "jws" in data else None
    return Attachment(
        source=entry,
        path=path,
        id=identifier if isinstance(identifier, str) else None,
        description=texts["description"],
        filename=texts["filename"],
        media_type=texts["media_type"],
        format=texts["format"],
        lastmod_time=numbers["lastmod_time"],
        byte_count=numbers["byte_count"],
        links=links,
        hash=digest if isinstance(digest, str) else None,
        jws=jws,
    )


def _text(entry: JsonObject, name: str, path: str) -> str | None:
    value = entry.get(name)
    if name in entry and (not isinstance(value, str) or len(value) > MAX_TEXT_CHARS):
        raise _malformed(f"{name} is {shown(value)}; it must be a text of at most {MAX_TEXT_CHARS} characters", path)
    return value if isinstance(value, str) else None


def _number(entry: JsonObject, name: str, path: str) -> int | None:
    value = entry.get(name)
    if name in entry and (type(value) is not int or value < 0):
        raise _malformed(f"{name} is {shown(value)}; it must be a whole number", path + pointer(name))
    return value if type(value) is int else None


def _links(data: JsonObject, path: str) -> tuple[str, ...]:
    value = data.get("links", [])
    listed = value if isinstance(value, list) else [None]
    links = [link for link in listed if isinstance(link, str) and 0 < len(link) <= MAX_TEXT_CHARS]
    if len(links) != len(listed) or len(links) > MAX_LINKS:
        raise _malformed(f"links is not a list of at most {MAX_LINKS} addresses", path + "/data/links")
    return tuple(links)


def _detached(value: JsonValue, path: str) -> JsonObject:
    """A detached signature in JSON; some programs write it in compact form."""
    if isinstance(value, str):
        protected, _, signature = value.partition("..")
        value = {"protected": protected, "signature": signature}
    if not isinstance(value, dict):
        raise _malformed("jws is no signature", path + "/data/jws")
    return value


def _multihash(value: JsonValue, path: str) -> tuple[bytes, bytes]:
    """The algorithm and digest of a multihash: in base58btc, bare or as multibase, or in hexadecimal."""
    data = b""
    if isinstance(value, str) and len(value) <= MAX_TEXT_CHARS:
        try:
            if re.fullmatch(r"1[23][24]0(?:[0-9a-f]{64}|[0-9a-f]{128})", value):
                data = bytes.fromhex(value)
            else:
                # Bare, it begins with Q or 8, so the prefix is never a digit of it.
                data = from_base58(value.removeprefix(BASE58BTC_PREFIX))
        except MultibaseError:
            data = b""
    hash_ = _HASHES.get(data[:_PREFIX_BYTES])
    if hash_ is None or len(data) != _PREFIX_BYTES + hash_().digest_size:
        raise _malformed(
            f"the hash {shown(value)} is no multihash by SHA-256 or SHA-512; content elsewhere needs one",
            path + "/data/hash",
        )
    return data[:_PREFIX_BYTES], data[_PREFIX_BYTES:]


def _decoded(text: str, path: str) -> bytes:
    """The bytes of base64url, or of the older alphabet, padded or not: programs differ, and nothing hangs on it."""
    try:
        raw = text.translate(_OLD_ALPHABET).rstrip("=")
        data = urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
    except (Base64Error, ValueError):
        data = b""
    if urlsafe_b64encode(data).rstrip(b"=").decode() != text.translate(_OLD_ALPHABET).rstrip("="):
        raise AttachmentError("the content is not base64url", path=path + "/data/base64")
    return data


_OLD_ALPHABET: Final = str.maketrans("+/", "-_")


def _malformed(message: str, path: str) -> MessageError:
    return MessageError(message, code="didcomm.message.attachment", path=path)
