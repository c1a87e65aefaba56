"""What several commands read: documents, moments, policies, trust files."""

import sys
from datetime import datetime
from pathlib import Path

from node.cli.errors import CliError
from node.cli.files import STDIN, read_input
from node.cli.invocation import Invocation, path_of
from node.cli.kinds import foreign_kind
from node.credentials.errors import TimestampError
from node.credentials.timestamps import parse_timestamp
from node.verification.policy import BUILT_IN, DEFAULT, Policy, built_in, parse_policy
from node.verification.trust import MAX_PINNED_FILE_BYTES, NO_TRUST, Trust, parse_trust

MAX_POLICY_BYTES = 64 * 1024
"""A policy is a few lines."""
MAX_TRUST_BYTES = 4 * 1024 * 1024
"""A list of 10,000 issuers takes about half of it."""


def read_document(invocation: Invocation, name: str, *, limit: int) -> bytes:
    """The bytes of a file that may be a JSON document; data that is certainly something else is refused by its name."""
    if name == STDIN and sys.stdin.isatty():
        invocation.out.remark("remark.reading_stdin")
    data = read_input(name, limit=limit)
    if kind := foreign_kind(data):
        raise CliError("input.kind", kind=invocation.words(f"kind.{kind}"))
    return data


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
