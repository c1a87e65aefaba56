"""What several commands read: documents, moments, policies, trust files."""

import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from node.cli.errors import CliError
from node.cli.files import STDIN, read_input
from node.cli.invocation import Invocation, path_of
from node.cli.kinds import foreign_kind
from node.credentials.errors import TimestampError
from node.credentials.pictures.limits import MAX_PICTURE_BYTES
from node.credentials.timestamps import parse_timestamp
from node.documents import MAX_CREDENTIAL_BYTES
from node.verification.policy import BUILT_IN, DEFAULT, Policy, built_in, parse_policy
from node.verification.trust import MAX_PINNED_FILE_BYTES, NO_TRUST, Trust, parse_trust

if TYPE_CHECKING:
    from node.credentials.pictures.picture import Unbaked

MAX_POLICY_BYTES = 64 * 1024
"""A policy is a few lines."""
MAX_TRUST_BYTES = 4 * 1024 * 1024
"""A list of 10,000 issuers takes about half of it."""


def read_document(invocation: Invocation, name: str, *, limit: int) -> bytes:
    """The bytes of a file that may be a JSON document; data that is certainly something else is refused by its name."""
    _say_what_is_read(invocation, name)
    data = read_input(name, limit=limit)
    if kind := foreign_kind(data):
        raise CliError("input.kind", kind=invocation.words(f"kind.{kind}"))
    return data


@dataclass(frozen=True, slots=True)
class Carried:
    """A document, and the file that carries it: itself, or a picture."""

    file: bytes
    text: bytes
    picture: "Unbaked | None" = None


def read_carried(invocation: Invocation, name: str, *, limit: int) -> Carried:
    """The bytes of a file that may be a JSON document, or a picture with one in it; PictureError for another picture.

    A printed page is a picture, too. What a picture carries may also be a JWS or an address.
    """
    return carried_by(invocation, read_file(invocation, name), limit=limit)


def read_file(invocation: Invocation, name: str) -> bytes:
    """The bytes of a file that may be a picture."""
    _say_what_is_read(invocation, name)
    return read_input(name, limit=MAX_PICTURE_BYTES)


def carried_by(invocation: Invocation, data: bytes, *, limit: int, tokens: bool = False) -> Carried:
    """The same for bytes that were read; with `tokens` they may also be a compact JWS, or an SD-JWT."""
    kind = foreign_kind(data)
    if kind in {"png", "svg", "pdf"}:
        from node.credentials.pictures.picture import unbake  # noqa: PLC0415 -- most files are no pictures

        found = unbake(data)
        return Carried(data, found.text, found)
    if len(data) > limit:
        raise CliError("input.too_large", limit=limit // 1024)
    if kind and not (tokens and kind in {"jwt", "sd_jwt"}):
        raise CliError("input.kind", kind=invocation.words(f"kind.{kind}"))
    return Carried(data, data)


def read_credential(invocation: Invocation, name: str, *, limit: int) -> bytes:
    """The bytes of a document that could be judged, of a compact JWS, or of the address of a badge."""
    return credential_in(invocation, name, read_file(invocation, name), limit=limit)


def credential_in(invocation: Invocation, name: str, data: bytes, *, limit: int) -> bytes:
    """The same for bytes that were read."""
    carried = carried_by(invocation, data, limit=limit, tokens=True)
    if carried.picture is not None and carried.picture.format == "pdf":
        invocation.out.remark("remark.page_not_judged", name=name)
    return carried.text


def read_list(invocation: Invocation, name: str) -> str:
    """The text of a file that may be a status list, as JSON or as a compact JWS; DocumentError for what is no text."""
    data = carried_by(invocation, read_file(invocation, name), limit=MAX_CREDENTIAL_BYTES, tokens=True).text
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise CliError("input.not_text", name=name) from error


def _say_what_is_read(invocation: Invocation, name: str) -> None:
    if name == STDIN and sys.stdin.isatty():
        invocation.out.remark("remark.reading_stdin")


def moment(option: str, text: str) -> datetime:
    """The moment that an option names."""
    try:
        return parse_timestamp(text)
    except TimestampError as error:
        raise CliError("usage.time", option=option, value=text, details=str(error)) from error


def policy_for(invocation: Invocation, flag: str | None) -> Policy:
    """The policy that was named or set, one that travels with glejt or a file; the default one otherwise."""
    name = flag or invocation.settings.policy or DEFAULT
    if name in BUILT_IN:
        return built_in(name)
    path = Path(name).expanduser()
    if not path.exists() and path.name == name:
        raise CliError("usage.policy", name=name, known=", ".join(BUILT_IN))
    return parse_policy(_text(path, MAX_POLICY_BYTES), file=name)


def trust_for(invocation: Invocation, flag: str | None) -> Trust:
    """The trust file that was named or set; without one, nobody is known."""
    path = path_of(flag, invocation.settings.trust)
    if path is None:
        return NO_TRUST

    def read(name: str) -> bytes:
        with (path.parent / name).open("rb") as file:
            return file.read(MAX_PINNED_FILE_BYTES + 1)

    return parse_trust(_text(path, MAX_TRUST_BYTES), read, file=str(path))


def _text(path: Path, limit: int) -> str:
    try:
        return read_input(str(path), limit=limit).decode("utf-8")
    except UnicodeDecodeError as error:
        raise CliError("input.not_text", name=path) from error
