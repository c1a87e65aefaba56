"""`glejt audit check`: compare the export of an organisation's log with its signed and anchored ends."""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidMethodsError
from did_methods.multibase import from_base64url
from node.app import sources
from node.cli.did import refusal_of, resolved
from node.cli.errors import CliError, Refused, naming
from node.cli.files import read_input
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation
from node.config import allows_loopback
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, parse, parse_object
from node.issuance.errors import AuditError
from node.issuance.organisation.log import (
    CONTRADICTED,
    MAX_LINE_BYTES,
    Checked,
    Head,
    check_export,
    key_of_head,
    read_head,
)
from node.issuance.organisation.log_anchors import AnchoredEnd, Standing, anchored_ends

MAX_HEADS_BYTES: Final = 4 * 1024 * 1024
MAX_DOCUMENT_BYTES: Final = 1024 * 1024
MAX_RECEIPT_CHARS: Final = 128 * 1024
"""A receipt has at most 64 KiB."""


def check(  # noqa: PLR0913 -- one parameter per option
    invocation: Invocation,
    export: str,
    heads: list[str],
    *,
    issuer: str,
    document: str | None,
    trust: str | None,
    offline: bool,
    as_json: bool,
) -> int:
    """Compare an export with what the issuer signed: 0 where it is what was recorded, 1 where it is not.

    The key of a head is the one that the issuer's document lists, in a file or as it is published; a log whose keeper
    could name the key would be checked by the word of its keeper. Receipts beside heads are compared with them, and
    with the chains that the trust file names.
    """
    listed = _document(invocation, issuer, document)
    read: list[tuple[Head, bytes, bytes | None]] = []
    for name in heads:
        with naming(name):
            found = _signed(read_input(name, limit=MAX_HEADS_BYTES))
            read += [(_read(signed, listed, issuer), signed, receipt) for signed, receipt in found]
    try:
        checked = check_export(_lines(export), [head for head, _, _ in read])
    except AuditError as error:
        code = "audit.contradicted" if error.code == CONTRADICTED else "audit.head"
        raise Refused(code, details=str(error)) from error
    with_receipt = [(head, signed, receipt) for head, signed, receipt in read if receipt is not None]
    ends = _anchored(invocation, with_receipt, trust, offline=offline) if with_receipt else []
    if as_json:
        told: JsonObject = {"entries": checked.entries, "fault": checked.fault, "sure": checked.sure}
        invocation.out.answer_json({**told, "anchors": [_end_json(end) for end in ends]})
    else:
        _tell(invocation, checked)
        _tell_ends(invocation, ends, checked.sure)
    return 0 if checked.fault is None else Refused.status


def _anchored(
    invocation: Invocation, heads: Sequence[tuple[Head, bytes, bytes]], file: str | None, *, offline: bool
) -> list[AnchoredEnd]:
    trust = trust_for(invocation, file)
    online = not (offline or invocation.settings.offline)
    outside = sources(online=online, loopback=allows_loopback(os.environ), remember=True, trust=trust)
    try:
        return asyncio.run(anchored_ends(heads, trust, outside.ledger))
    except AuditError as error:
        raise Refused("audit.receipt", details=str(error)) from error


def _end_json(end: AnchoredEnd) -> JsonObject:
    return {
        "number": end.number,
        "state": end.standing.value,
        "chain": end.chain,
        "namespace": f"0x{end.namespace.hex()}",
        "time": None if end.time is None else format_timestamp(end.time),
    }


def _tell_ends(invocation: Invocation, ends: Sequence[AnchoredEnd], sure: int) -> None:
    """The latest end that the export fits and that stands on a chain; how many could not be compared with theirs."""
    words, out = invocation.words, invocation.out
    anchored = [end for end in ends if end.time is not None and end.number <= sure]
    if anchored:
        end = max(anchored, key=lambda each: each.number)
        time = "" if end.time is None else format_timestamp(end.time)
        out.answer(words("audit.anchored", number=end.number, chain=end.chain, time=time), "green")
    if waiting := sum(end.standing is Standing.WAITING for end in ends):
        out.remark("audit.waiting", count=waiting)
    if unknown := sum(end.standing is Standing.UNKNOWN for end in ends):
        out.remark("audit.unknown_chain", count=unknown)


def _tell(invocation: Invocation, checked: Checked) -> None:
    words, out = invocation.words, invocation.out
    if checked.fault is None:
        out.answer(words("audit.holds", entries=checked.entries, sure=checked.sure), "green")
        if checked.entries > checked.sure:
            out.remark("audit.newer", number=checked.sure)
    else:
        out.answer(words("audit.fault", number=checked.fault), "red")
        out.remark("audit.sure", number=checked.sure)


def _document(invocation: Invocation, issuer: str, file: str | None) -> DidDocument:
    if file is not None:
        with naming(file):
            return DidDocument.parse(parse_object(read_input(file, limit=MAX_DOCUMENT_BYTES)))
    result = asyncio.run(resolved(invocation, issuer, trust=trust_for(invocation, None)))
    if result.problem is not None or result.document is None:
        raise refusal_of(result.problem, result, issuer) if result.problem is not None else CliError("input.empty")
    return DidDocument.parse(result.document)


def _read(signed: bytes, listed: DidDocument, issuer: str) -> Head:
    try:
        method = listed.verification_method(key_of_head(signed), Relationship.ASSERTION_METHOD)
        if method.key is None or listed.id != issuer:
            raise Refused("audit.key", issuer=issuer)
        return read_head(signed, method.key, issuer=issuer)
    except DidMethodsError as error:
        raise Refused("audit.key", issuer=issuer, details=str(error)) from error
    except AuditError as error:
        raise Refused("audit.head", details=str(error)) from error


def _signed(data: bytes) -> list[tuple[bytes, bytes | None]]:
    """The heads in a file, with their receipts: what the node answers with, or their texts, one a line."""
    if data.lstrip()[:1] != b"{":
        return [(line.strip(), None) for line in data.split(b"\n") if line.strip()]
    answer = parse(data, max_bytes=MAX_HEADS_BYTES)
    found: JsonValue = answer.get("heads", [answer]) if isinstance(answer, dict) else []
    told = [head for head in found if isinstance(head, dict)] if isinstance(found, list) else []
    return [(text.encode(), _receipt(head)) for head in told if isinstance(text := head.get("signed"), str)]


def _receipt(head: JsonObject) -> bytes | None:
    text = head.get("receipt")
    if text is None:
        return None
    try:
        return from_base64url(str(text), max_chars=MAX_RECEIPT_CHARS)
    except DidMethodsError as error:
        raise Refused("audit.receipt", details=str(error)) from error


def _lines(export: str) -> Iterator[bytes]:
    """The entries of an export, read one by one: a log can be longer than memory."""
    try:
        with Path(export).open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                if stripped := line.rstrip(b"\r\n"):
                    yield stripped
    except OSError as error:
        raise CliError("input.unreadable", reason=error.strerror or "", name=export) from error
