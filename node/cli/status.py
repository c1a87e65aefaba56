"""`glejt status`: make, change, show and seal status lists that lie in files.

A change reads the list, signs the version that follows it, and puts that in its place whole. Meanwhile the folder is
locked, so that of two changes at once neither is lost.
"""

import asyncio
import json
import os
import sys
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from node.app import sources
from node.cli.errors import CliError, Refused, Unknowable, describe
from node.cli.files import locked, write_whole
from node.cli.inputs import read_list
from node.cli.invocation import Invocation
from node.cli.issue import JWT
from node.cli.output import fit, visible
from node.cli.signing import signing_for
from node.config import allows_loopback
from node.credentials.credential import Credential
from node.credentials.timestamps import format_timestamp
from node.documents import DocumentError, JsonObject, JsonValue, SecuredDocument, parse_object
from node.issuance.errors import IssuanceError, ListUncheckedError
from node.issuance.status_lists import LIFETIME, bits_of, first_version, next_version
from node.issuance.token_status_list import first_token_list, next_token_list, token_list_in
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import Jws
from node.status.bitstring import MAX_SIZE, MIN_ENTRIES, Bitstring
from node.status.entry import MAX_INDEX_CHARS, Purpose, StatusEntry
from node.status.errors import StatusError
from node.status.status_list import FINAL, SEALED_UNTIL, read_status_list
from node.status.token_status_list import INVALID, SIZES, TokenStatusEntry, read_token_status_list
from node.verification.gather import gather
from node.verification.received import Received, read_text, receive

LONGEST_HOURS: Final = 24 * 366
"""Of one version: for an issuer that signs once a year, with a day to spare."""
SHOWN_INDEXES: Final = 20
"""Indexes listed for people; --json has them all."""
HTTPS: Final = "https://"
BITSTRING: Final = "bitstring"
TOKEN: Final = "token"  # noqa: S105 -- a kind of list
KINDS: Final = (BITSTRING, TOKEN)
"""Lists for credentials of the W3C, and Token Status Lists, for SD-JWT VCs."""


@dataclass(frozen=True, slots=True)
class Key:
    """The key that signs, and how it is opened."""

    file: str | None
    passphrase_file: str | None


@dataclass(frozen=True, slots=True)
class NewList:
    """What was asked of `status create`, as typed."""

    url: str
    purpose: str
    size: str | None
    hours: str | None
    form: str | None = None
    kind: str = BITSTRING


@dataclass(frozen=True, slots=True)
class Change:
    """What was asked of `status set` or `status seal`, as typed."""

    indexes: Sequence[str] = ()
    value: str | None = None
    lift: bool = False
    hours: str | None = None
    seal: bool = False
    yes: bool = False


def create(invocation: Invocation, new: NewList, key: Key, *, out: str, force: bool) -> int:
    """Sign a list in which nothing is set."""
    purposes = [purpose.value for purpose in Purpose]
    if new.purpose not in purposes:
        raise CliError("usage.choice", option="--purpose", value=new.purpose, known=", ".join(purposes))
    if not new.url.startswith(HTTPS):
        raise CliError("usage.address", value=new.url)
    if new.form not in {None, JWT}:
        raise CliError("usage.choice", option="--form", value=new.form, known=JWT)
    if new.kind not in KINDS:
        raise CliError("usage.choice", option="--kind", value=new.kind, known=", ".join(KINDS))
    tokens = new.kind == TOKEN
    size = 1 if new.size is None else number_between("--size", new.size, 1, MAX_SIZE)
    if tokens and (new.purpose != Purpose.REVOCATION or new.form is not None or size not in SIZES):
        raise CliError("usage.token_list", known=", ".join(map(str, SIZES)))
    lifetime, path = _lifetime(new.hours), Path(out).expanduser()
    if path.exists() and not force:  # before a passphrase is asked for
        raise CliError("output.exists", name=path)
    signing = signing_for(invocation, key.file, key.passphrase_file)
    now, token = datetime.now(UTC), new.form is not None
    if tokens:
        listed = first_token_list(new.url, size, signing, now=now, lifetime=lifetime)
        return _write(invocation, listed, path, force=force)
    bits = Bitstring.zeros(MIN_ENTRIES, size)
    made = first_version(new.url, bits, signing, purpose=new.purpose, now=now, lifetime=lifetime, token=token)
    return _write(invocation, made, path, force=force)


def change(invocation: Invocation, name: str, asked: Change, key: Key) -> int:
    """Sign the version of a list that follows the one in the file.

    1. Read what was asked, and refuse before a passphrase is asked for.
    2. What cannot be taken back is done only when somebody says so.
    3. With the folder locked, read the list as it is now, change it, sign it, and put it in its place.
    """
    if asked.lift and asked.value is not None:  # 1.
        raise CliError("usage.lift")
    value = (
        0 if asked.lift else 1 if asked.value is None else number_between("--value", asked.value, 0, 2**MAX_SIZE - 1)
    )
    changes = {number_between("INDEX", index, 0, 10**MAX_INDEX_CHARS): value for index in asked.indexes}
    lifetime, path = _lifetime(asked.hours), Path(name).expanduser()
    text = read_list(invocation, str(path))
    try:
        final = _is_final(text, value)
    except (StatusError, DocumentError) as error:
        return _refuse(invocation, error)
    if asked.seal:  # 2.
        if token_list_in(text) is not None:
            raise CliError("status.token.seal", name=name)
        confirm(invocation, "status.confirm_seal", yes=asked.yes, name=name)
    elif changes and final:
        confirm(invocation, "status.confirm_set", yes=asked.yes, count=len(changes), name=name)
    signing = signing_for(invocation, key.file, key.passphrase_file)
    outside = sources(online=not invocation.settings.offline, loopback=allows_loopback(os.environ))
    with locked(path.parent):  # 3.
        text = read_list(invocation, str(path))
        current = read_text(text).whole

        async def following() -> SecuredDocument | str:
            if token_list_in(text) is not None:
                known = await gather({"issuer": signing.profile.issuer}, outside, signing.trust)
                now = datetime.now(UTC)
                return await next_token_list(text, known, changes, signing, now=now, lifetime=lifetime)
            material = await gather(current, outside, signing.trust)
            now = datetime.now(UTC)
            return await next_version(current, material, changes, signing, now=now, lifetime=lifetime, seal=asked.seal)

        return _write(invocation, following(), path, force=True)


def show(invocation: Invocation, name: str, indexes: Sequence[str], *, as_json: bool) -> int:
    """Say what a list in a file says; whether it is true is not asked."""
    asked = [number_between("INDEX", index, 0, 10**MAX_INDEX_CHARS) for index in indexes]
    text = read_list(invocation, str(Path(name).expanduser()))
    token = token_list_in(text)
    if token is not None:
        return _show_tokens(invocation, token, asked, as_json=as_json)
    document = _document(read_text(text))
    try:
        content = read_status_list(document)
        bits = bits_of(content)
        values = {index: bits[index] for index in asked}
    except StatusError as error:
        return _refuse(invocation, error)
    found = dict(bits.nonzero())
    credential = Credential(document)
    sealed = document.get("validUntil") is not None and credential.validity.end == SEALED_UNTIL
    if as_json:
        invocation.out.answer_json(
            {
                "id": content.id,
                "kind": BITSTRING,
                "issuer": credential.issuer,
                "purposes": sorted(content.purposes),
                "entries": bits.entries,
                "bits": bits.size,
                "validFrom": document.get("validFrom"),
                "validUntil": document.get("validUntil"),
                "sealed": sealed,
                "set": {str(index): value for index, value in found.items()},
                "asked": [_asked(index, value, bits, content.id, content.purposes) for index, value in values.items()],
            }
        )
        return 0
    rows: dict[str, object] = {
        "status.label.address": content.id,
        "status.label.issuer": credential.issuer,
        "status.label.purpose": ", ".join(sorted(content.purposes)),
        "status.label.entries": bits.entries,
        "status.label.set": _in_short([str(index) for index in found]),
        "status.label.from": document.get("validFrom"),
        "status.label.until": invocation.words("status.sealed") if sealed else document.get("validUntil"),
    }
    _table(invocation, {invocation.words(key): value for key, value in rows.items()})
    _table(invocation, {str(index): value for index, value in values.items()})
    invocation.out.remark("status.unchecked", name=name)
    return 0


def _show_tokens(invocation: Invocation, token: Jws, asked: Sequence[int], *, as_json: bool) -> int:
    """The same of a Token Status List."""
    try:
        content = read_token_status_list(parse_object(token.payload))
        values = {index: content.value(TokenStatusEntry(index, content.uri)) for index in asked}
    except (StatusError, DocumentError) as error:
        return _refuse(invocation, error)
    found = dict(content.nonzero())
    signed = format_timestamp(content.issued_at)
    until = None if content.expires is None else format_timestamp(content.expires)
    if as_json:
        invocation.out.answer_json(
            {
                "id": content.uri,
                "kind": TOKEN,
                "issuer": content.issuer,
                "entries": content.entries,
                "bits": content.size,
                "validFrom": signed,
                "validUntil": until,
                "set": {str(index): value for index, value in found.items()},
                "asked": [
                    {"index": index, "value": value, "entry": TokenStatusEntry(index, content.uri).to_json()}
                    for index, value in values.items()
                ],
            }
        )
        return 0
    rows: dict[str, object] = {
        "status.label.address": content.uri,
        "status.label.issuer": content.issuer,
        "status.label.entries": content.entries,
        "status.label.set": _in_short([f"{index}{f'={value}' if value > 1 else ''}" for index, value in found.items()]),
        "status.label.from": signed,
        "status.label.until": until,
    }
    _table(invocation, {invocation.words(key): value for key, value in rows.items()})
    _table(invocation, {str(index): value for index, value in values.items()})
    invocation.out.remark("status.unchecked_token")
    return 0


def _in_short(found: Sequence[str]) -> str:
    """How many there are, and the first of them."""
    listed = ", ".join(found[:SHOWN_INDEXES])
    return f"{len(found)}{': ' if found else ''}{listed}{', …' if len(found) > SHOWN_INDEXES else ''}"


def _is_final(text: str, value: int) -> bool:
    """Whether setting this value in the list could never be taken back; raises StatusError for what is no list."""
    token = token_list_in(text)
    if token is not None:
        read_token_status_list(parse_object(token.payload))
        return value == INVALID
    content = read_status_list(_document(read_text(text)))
    return bool(value) and not content.purposes.isdisjoint(FINAL)


def _table(invocation: Invocation, rows: Mapping[str, object]) -> None:
    width = max(map(len, rows), default=0) + 2
    for label, value in rows.items():
        shown = invocation.words("status.none") if value is None else visible(value)
        invocation.out.answer(f"  {label:{width}}{shown}")


def _asked(index: int, value: int, bits: Bitstring, url: str | None, purposes: frozenset[str]) -> JsonObject:
    """The state of one place, and the entry of a credential that points there where it is plain what stands in it."""
    told: JsonObject = {"index": index, "value": value}
    if bits.size == 1 and url is not None and len(purposes) == 1:
        told["entry"] = StatusEntry(url, index, min(purposes)).to_json()
    return told


def _write(
    invocation: Invocation, made: Coroutine[object, object, SecuredDocument | str], path: Path, *, force: bool
) -> int:
    """Sign, or say what keeps the list from being signed; write it whole, or not at all."""
    try:
        signed = asyncio.run(made)
    except (IssuanceError, ProofsError, StatusError) as error:
        return _refuse(invocation, error)
    text = signed if isinstance(signed, str) else json.dumps(signed, indent=2, ensure_ascii=False)
    write_whole(path, f"{text}\n".encode(), force=force)
    token = token_list_in(signed) if isinstance(signed, str) else None
    if token is not None:
        content = read_token_status_list(parse_object(token.payload))
        until = None if content.expires is None else format_timestamp(content.expires)
        _say_signed(invocation, path, until, content.uri)
        return 0
    document = _document(receive(signed))
    _say_signed(invocation, path, document["validUntil"], document["id"])
    return 0


def _say_signed(invocation: Invocation, path: Path, until: JsonValue, url: JsonValue) -> None:
    invocation.out.remark("status.signed", name=path, until=until, url=url)


def _refuse(invocation: Invocation, error: Exception) -> int:
    invocation.out.error(describe(error, invocation.words))
    return Unknowable.status if isinstance(error, ListUncheckedError) else Refused.status


def _document(received: Received) -> JsonObject:
    """What a list says; nothing, where its token cannot be opened."""
    return received.value if isinstance(received.value, dict) else {}


def number_between(option: str, text: str, lowest: int, highest: int) -> int:
    """The whole number that an option gives, within its limits."""
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(highest)) and lowest <= int(text) <= highest):
        raise CliError("usage.number", option=option, value=text, lowest=lowest, highest=highest)
    return int(text)


def _lifetime(hours: str | None) -> timedelta:
    return LIFETIME if hours is None else timedelta(hours=number_between("--hours", hours, 1, LONGEST_HOURS))


def confirm(invocation: Invocation, question: str, *, yes: bool, **values: object) -> None:
    """Go on only where somebody agrees; without a terminal nobody waits."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError("input.unconfirmed")
    words = invocation.words
    invocation.out.say(words(question, **fit(values)))
    if sys.stdin.readline().strip().lower() not in words("status.agreed").split():
        raise Refused("input.declined")
