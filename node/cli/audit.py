"""`glejt audit check`: compare the export of an organisation's log with its signed ends, and name the first fault."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from did_methods.document import DidDocument, Relationship
from did_methods.errors import DidMethodsError
from node.cli.did import refusal_of, resolved
from node.cli.errors import CliError, Refused, naming
from node.cli.files import read_input
from node.cli.inputs import trust_for
from node.cli.invocation import Invocation
from node.documents import JsonObject, JsonValue, parse, parse_object
from node.issuance.errors import AuditError
from node.issuance.organisation.log import MAX_LINE_BYTES, Checked, Head, check_export, key_of_head, read_head

MAX_HEADS_BYTES: Final = 4 * 1024 * 1024
MAX_DOCUMENT_BYTES: Final = 1024 * 1024


def check(  # noqa: PLR0913 -- one parameter per option
    invocation: Invocation, export: str, heads: list[str], *, issuer: str, document: str | None, as_json: bool
) -> int:
    """Compare an export with what the issuer signed: 0 where it is what was recorded, 1 where it is not.

    The key of a head is the one that the issuer's document lists, in a file or as it is published; a log whose keeper
    could name the key would be checked by the word of its keeper.
    """
    listed = _document(invocation, issuer, document)
    read: list[Head] = []
    for name in heads:
        with naming(name):
            read += [_read(signed, listed, issuer) for signed in _signed(read_input(name, limit=MAX_HEADS_BYTES))]
    checked = check_export(_lines(export), read)
    if as_json:
        told: JsonObject = {"entries": checked.entries, "fault": checked.fault, "sure": checked.sure}
        invocation.out.answer_json(told)
    else:
        _tell(invocation, checked)
    return 0 if checked.fault is None else Refused.status


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


def _signed(data: bytes) -> list[bytes]:
    """The heads in a file: what the node answers with, or their texts, one a line."""
    if data.lstrip()[:1] != b"{":
        return [line.strip() for line in data.split(b"\n") if line.strip()]
    answer = parse(data, max_bytes=MAX_HEADS_BYTES)
    found: JsonValue = answer.get("heads", [answer]) if isinstance(answer, dict) else []
    texts = [head.get("signed") for head in found if isinstance(head, dict)] if isinstance(found, list) else []
    return [text.encode() for text in texts if isinstance(text, str)]


def _lines(export: str) -> Iterator[bytes]:
    """The entries of an export, read one by one: a log can be longer than memory."""
    try:
        with Path(export).open("rb") as file:
            while line := file.readline(MAX_LINE_BYTES + 1):
                if stripped := line.rstrip(b"\r\n"):
                    yield stripped
    except OSError as error:
        raise CliError("input.unreadable", reason=error.strerror or "", name=export) from error
