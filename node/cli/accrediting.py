"""Accreditations at the command line: composed of a file, and handed over to be judged with a document."""

from datetime import UTC, datetime

from node.cli.composing import read_draft, tell
from node.cli.errors import CliError
from node.cli.files import read_input
from node.cli.invocation import Invocation
from node.credentials.accreditation import Accreditation
from node.credentials.accreditation_file import compose_accreditation
from node.credentials.draft import Fresh
from node.credentials.errors import CompositionError
from node.documents import MAX_CREDENTIAL_BYTES, UnsecuredDocument
from node.issuance.accrediting import SignedAccreditation
from node.issuance.errors import NotIssuableError
from node.verification.material import Origin, ResourceCopy


def composed_accreditation(
    invocation: Invocation, name: str, fresh: Fresh, parent: str | None
) -> UnsecuredDocument | None:
    """The accreditation in this file, under its parent; or None where something that was told keeps it from being."""
    above = None if parent is None else _parent(parent)
    try:
        return compose_accreditation(read_draft(invocation, name), fresh, above)
    except CompositionError as error:
        tell(invocation, error, name)
        return None


def read_accreditation(name: str) -> ResourceCopy:
    """The signed accreditation in a file, to the byte: its digest is what it is known by. It may count for nothing."""
    data, _ = _read(name)
    return ResourceCopy(name, data, Origin.FILE, datetime.now(UTC))


def _parent(name: str) -> tuple[Accreditation, bytes]:
    _, read = _read(name)
    return read.accreditation, read.digest


def _read(name: str) -> tuple[bytes, SignedAccreditation]:
    data = read_input(name, limit=MAX_CREDENTIAL_BYTES)
    try:
        return data, SignedAccreditation.read(data)
    except NotIssuableError as error:
        raise CliError("input.no_accreditation", name=name, details=str(error)) from error
