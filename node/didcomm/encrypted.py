"""Encrypted messages: a JWE in JSON, for the keys of one or several recipients, from a known sender or an unknown one.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#didcomm-message-encryption,
https://www.rfc-editor.org/rfc/rfc7516#section-7.2
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from secrets import token_bytes
from types import MappingProxyType
from typing import Final

import orjson
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from did_methods.document import Relationship
from did_methods.errors import MultibaseError
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import KeyType
from node.didcomm.agreement import ES, ONE_PU, AgreementKey, Point, ephemeral, point_of, read_ephemeral, wrapping_key
from node.didcomm.content_encryption import ENCRYPTIONS, ContentEncryption
from node.didcomm.errors import (
    ForgedEnvelopeError,
    InconsistentEnvelopeError,
    MalformedEnvelopeError,
    NotForUsError,
    UnsupportedEnvelopeError,
    shown,
)
from node.didcomm.message import ENCRYPTED
from node.didcomm.parties import Documents, Secrets, key_id, public_key
from node.documents import DocumentError, JsonObject, JsonValue, parse_object

MAX_ENVELOPE_BYTES: Final = 2560 * 1024
"""Row 67 of the threat table: what a server takes at once."""
MAX_HEADER_BYTES: Final = 16 * 1024
"""The id of the sender's key stands there twice, once in base64; one of did:peer has up to 4096 characters."""
MAX_RECIPIENTS: Final = 128
"""The keys of a group, each party with a few devices."""
_WRAP_BYTES: Final = 8
_MAX_IV_CHARS: Final = 64
_MAX_TAG_CHARS: Final = 64
_MAX_KEY_CHARS: Final = 128

MEMBERS: Final = frozenset({"protected", "iv", "ciphertext", "tag", "recipients"})
_FLAT: Final = frozenset({"encrypted_key", "header"})
# Everything that decides how an envelope is opened is under its tag; elsewhere it could be exchanged.
_PROTECTED_ONLY: Final = frozenset({"alg", "enc", "epk", "apu", "apv", "skid", "typ", "cty", "zip", "crit"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Jwe:
    """An encrypted message as it was received: taken apart, not opened; `recipients` are encrypted keys by key id."""

    protected: str
    header: JsonObject
    recipients: Mapping[str, bytes]
    encryption: ContentEncryption
    authenticated: bool
    iv: bytes
    ciphertext: bytes
    tag: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Decrypted:
    """What an encrypted message held, and by which keys; a sender is named only where that sender's key was used."""

    content: bytes
    encryption: str
    recipient_kid: str
    recipient_kids: tuple[str, ...]
    sender_kid: str | None


def encrypt(
    content: bytes,
    recipients: Mapping[str, Point],
    *,
    encryption: ContentEncryption,
    sender: tuple[str, AgreementKey] | None = None,
) -> bytes:
    """The encrypted message of a content, for keys that are all on one curve, the sender's too.

    1. A key for this message alone; apv names all recipients, apu the sender.
    2. The content is encrypted once, under a key of its own.
    3. That key is wrapped for each recipient; from a known sender, under the tag of the content too.

    Spec: https://datatracker.ietf.org/doc/html/draft-madden-jose-ecdh-1pu-04#section-2.1
    """
    key_type = next(iter(recipients.values())).type
    epk, agree = ephemeral(key_type)  # 1.
    apv = _party_v(recipients)
    apu = sender[0].encode() if sender else b""
    algorithm = ONE_PU if sender else ES
    header: JsonObject = {"epk": epk, "apv": to_base64url(apv)}
    if sender:
        header |= {"skid": sender[0], "apu": to_base64url(apu)}
    header |= {"typ": ENCRYPTED, "enc": encryption.name, "alg": algorithm}
    protected = to_base64url(orjson.dumps(header))
    content_key, iv = token_bytes(encryption.key_bytes), token_bytes(encryption.iv_bytes)  # 2.
    ciphertext, tag = encryption.encrypt(content_key, iv, protected.encode(), content)
    wrapped: list[JsonValue] = []
    for kid, point in recipients.items():  # 3.
        secrets = (agree(point), sender[1].agree(point)) if sender else (agree(point),)
        wrapping = wrapping_key(algorithm, *secrets, apu=apu, apv=apv, tag=tag if sender else b"")
        wrapped.append({"encrypted_key": to_base64url(aes_key_wrap(wrapping, content_key)), "header": {"kid": kid}})
    return orjson.dumps(
        {
            "ciphertext": to_base64url(ciphertext),
            "protected": protected,
            "recipients": wrapped,
            "tag": to_base64url(tag),
            "iv": to_base64url(iv),
        }
    )


def read_encrypted(document: JsonObject) -> Jwe:
    """The parts of an encrypted message, whose keys play no role yet.

    1. It has the members of a JWE in JSON, general or flattened, and none that would change what is authenticated.
    2. Recipients are few, and each has a key id of its own. Their headers say nothing that must be protected.
    3. The protected header is strict JSON, asks for nothing that is not known here, and names the media type, if any,
       of an encrypted message.
    4. Its algorithm is one of the two, its encryption one that goes with it.
    5. What is encoded is canonical base64url, and as long as the encryption has it.
    6. `apv` is the hash of the recipients' key ids: none was added or taken away.

    Raises MalformedEnvelopeError, InconsistentEnvelopeError for step 6 and UnsupportedEnvelopeError.
    """
    protected = document.get("protected")  # 1.
    if not isinstance(protected, str):
        raise _malformed("protected is not a text", "member", "/protected")
    if "aad" in document or document.get("unprotected"):
        raise UnsupportedEnvelopeError(
            "the envelope has headers beside its protected one", code="didcomm.unsupported.form"
        )
    entries = _recipients(document)  # 2.
    header = _header(protected)  # 3.
    encryption = _encryption(header)  # 4.
    ciphertext = _decoded(document, "ciphertext", MAX_ENVELOPE_BYTES)  # 5.
    recipients = {}
    for kid, entry in entries.items():
        recipients[kid] = _decoded(entry, "encrypted_key", _MAX_KEY_CHARS, encryption.key_bytes + _WRAP_BYTES)
    iv = _decoded(document, "iv", _MAX_IV_CHARS, encryption.iv_bytes)
    tag = _decoded(document, "tag", _MAX_TAG_CHARS, encryption.tag_bytes)
    if header.get("apv") != to_base64url(_party_v(recipients)):  # 6.
        raise InconsistentEnvelopeError(
            "apv is not the hash of the key ids of those whom the envelope is for", code="didcomm.inconsistent.apv"
        )
    return Jwe(
        protected=protected,
        header=header,
        recipients=MappingProxyType(recipients),
        encryption=encryption,
        authenticated=header["alg"] == ONE_PU,
        iv=iv,
        ciphertext=ciphertext,
        tag=tag,
    )


def decrypt(jwe: Jwe, *, secrets: Secrets, documents: Documents, at: datetime) -> Decrypted:
    """What an encrypted message holds.

    1. The ephemeral key is a safe point of a curve that is known here.
    2. A key of ours on that curve is among the recipients.
    3. A sender that is named is named once: apu is skid in base64url, or stands for it. One that cannot be
       authenticated is not named at all.
    4. The sender's document lists the key for agreement, and it is on the curve.
    5. The content key is the one that was wrapped for us, and the content the one that was encrypted under it.

    Raises NotForUsError for 2, UnresolvedError for 4, MalformedEnvelopeError, InconsistentEnvelopeError,
    UnsupportedEnvelopeError and, for 5, ForgedEnvelopeError.
    """
    epk = read_ephemeral(jwe.header.get("epk"))  # 1.
    kid, ours = _ours(jwe, epk.type, secrets)  # 2.
    sender_kid = _sender(jwe)  # 3.
    apu = _apu(jwe.header)
    shared = [ours.agree(epk)]
    if sender_kid is not None:  # 4.
        key = public_key(
            key_id(sender_kid), Relationship.KEY_AGREEMENT, documents, at=at, code="didcomm.inconsistent.sender_key"
        )
        if key.type is not epk.type:
            raise InconsistentEnvelopeError(
                f"the sender's key is on {key.type}, the envelope on {epk.type}", code="didcomm.inconsistent.sender_key"
            )
        shared.append(ours.agree(point_of(key)))
    wrapping = wrapping_key(  # 5.
        str(jwe.header["alg"]), *shared, apu=apu, apv=_party_v(jwe.recipients), tag=jwe.tag if sender_kid else b""
    )
    try:
        content_key = aes_key_unwrap(wrapping, jwe.recipients[kid])
    except InvalidUnwrap as error:
        raise ForgedEnvelopeError(
            "the key of the content is not one that was wrapped for us by this sender", code="didcomm.forged.key"
        ) from error
    content = jwe.encryption.decrypt(content_key, jwe.iv, jwe.protected.encode(), jwe.ciphertext, jwe.tag)
    return Decrypted(
        content=content,
        encryption=jwe.encryption.name,
        recipient_kid=kid,
        recipient_kids=tuple(jwe.recipients),
        sender_kid=sender_kid,
    )


def _recipients(document: JsonObject) -> dict[str, JsonObject]:
    flat = _FLAT & document.keys()
    if ("recipients" in document) == bool(flat):
        raise _malformed("the recipients stand in recipients, or one of them beside the content", "recipients")
    entries = document.get("recipients", [{name: document[name] for name in flat}])
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_RECIPIENTS:
        raise _malformed(f"recipients is not a list of 1 to {MAX_RECIPIENTS}", "recipients", "/recipients")
    recipients: dict[str, JsonObject] = {}
    for entry in entries:
        header = entry.get("header") if isinstance(entry, dict) else None
        kid = header.get("kid") if isinstance(header, dict) else None
        if not isinstance(entry, dict) or not isinstance(header, dict) or not isinstance(kid, str):
            raise _malformed("a recipient has no key id", "recipients", "/recipients")
        if not header.keys().isdisjoint(_PROTECTED_ONLY):
            raise _malformed("the header of a recipient says what must be protected", "header", "/recipients")
        key_id(kid)
        if kid in recipients:
            raise _malformed(f"the key {shown(kid)} is there twice", "duplicate_kid", "/recipients")
        recipients[kid] = entry
    return recipients


def _header(protected: str) -> JsonObject:
    try:
        data = from_base64url(protected, max_chars=-(-4 * MAX_HEADER_BYTES // 3))
        header = parse_object(data, max_bytes=MAX_HEADER_BYTES)
    except (MultibaseError, DocumentError) as error:
        raise _malformed(f"the protected header cannot be read: {error}", "header", "/protected") from error
    if "crit" in header:
        raise UnsupportedEnvelopeError(
            f"the header demands {shown(header['crit'])}", code="didcomm.unsupported.critical", path="/protected"
        )
    if "zip" in header:
        # What is compressed has no size until it is unpacked, and its length tells of what is in it.
        raise UnsupportedEnvelopeError(
            "the content is compressed", code="didcomm.unsupported.compression", path="/protected"
        )
    check_media_type(header, ENCRYPTED)
    return header


def check_media_type(header: JsonObject, expected: str) -> None:
    """Refuse a header whose `typ`, if any, is not the expected one; `application/` may be left out."""
    typ = header.get("typ", expected)
    if not isinstance(typ, str) or typ.lower() not in {expected, expected.removeprefix("application/")}:
        raise UnsupportedEnvelopeError(
            f"typ is {shown(typ)}; that of such an envelope is {expected}",
            code="didcomm.unsupported.media_type",
            path="/protected",
        )


def _encryption(header: JsonObject) -> ContentEncryption:
    algorithm, name = header.get("alg"), header.get("enc")
    if algorithm not in (ES, ONE_PU):
        raise UnsupportedEnvelopeError(
            f"the algorithm {shown(algorithm)} is not one of {ES}, {ONE_PU}", code="didcomm.unsupported.algorithm"
        )
    encryption = ENCRYPTIONS.get(name) if isinstance(name, str) else None
    if encryption is None:
        raise UnsupportedEnvelopeError(
            f"the encryption {shown(name)} is not one of {', '.join(ENCRYPTIONS)}",
            code="didcomm.unsupported.encryption",
        )
    if algorithm == ONE_PU and not encryption.commits:
        raise UnsupportedEnvelopeError(
            f"{name} does not go with {ONE_PU}: any recipient could exchange the content",
            code="didcomm.unsupported.encryption",
        )
    return encryption


def _ours(jwe: Jwe, key_type: KeyType, secrets: Secrets) -> tuple[str, AgreementKey]:
    for kid in jwe.recipients:
        ours = secrets.agreement(kid)
        if ours is not None and ours.key.type is key_type:
            return kid, ours
    raise NotForUsError(f"the envelope is for {shown(', '.join(jwe.recipients))}; none of these keys is held here")


def _sender(jwe: Jwe) -> str | None:
    """The id of the sender's key; `skid` may be left out, `apu` never.

    Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#ecdh-1pu-key-wrapping-and-common-protected-headers
    """
    skid, named = jwe.header.get("skid"), "skid" in jwe.header
    if not jwe.authenticated:
        if named:
            raise InconsistentEnvelopeError(
                "the envelope names a sender, whose key it was made without", code="didcomm.inconsistent.skid"
            )
        return None
    apu = _apu(jwe.header)
    if named and (not isinstance(skid, str) or skid.encode() != apu):
        raise InconsistentEnvelopeError(
            "skid and apu name different senders", code="didcomm.inconsistent.apu", path="/protected"
        )
    try:
        return apu.decode("ascii")
    except UnicodeDecodeError as error:
        raise _malformed("apu is not the id of a key", "kid", "/protected") from error


def _apu(header: JsonObject) -> bytes:
    value = header.get("apu", "")
    if not isinstance(value, str):
        raise _malformed("apu is not a text", "member", "/protected")
    try:
        return from_base64url(value, max_chars=MAX_HEADER_BYTES)
    except MultibaseError as error:
        raise _malformed(f"apu is not base64url: {error}", "base64", "/protected") from error


def _party_v(kids: Mapping[str, object]) -> bytes:
    return sha256(".".join(sorted(kids)).encode()).digest()


def _decoded(source: JsonObject, name: str, max_bytes: int, size: int | None = None) -> bytes:
    value = source.get(name)
    if not isinstance(value, str):
        raise _malformed(f"{name} is not a text", "member", f"/{name}")
    try:
        data = from_base64url(value, max_chars=-(-4 * max_bytes // 3))
    except MultibaseError as error:
        raise _malformed(f"{name} is not base64url: {error}", "base64", f"/{name}") from error
    if size is not None and len(data) != size:
        raise _malformed(f"{name} has {len(data)} bytes instead of {size}", "length", f"/{name}")
    return data


def _malformed(message: str, kind: str, path: str = "") -> MalformedEnvelopeError:
    return MalformedEnvelopeError(message, code=f"didcomm.envelope.{kind}", path=path)
