"""Heads of status lists: what an issuer writes on a chain so that everybody can tell which version of a list counts.

A list is signed, then published, then its head is set: a head whose list nobody can get would leave every verifier
without an answer. Each version of a list has its head, and a higher number than the one before.

Spec: docs/adr/0014-a-namespace-outlives-its-keys.md, docs/concepts/which-list-counts.md
"""

from datetime import datetime
from typing import Final

from anchoring.facts import StatusHead
from anchoring.heads import digest_of, list_id
from anchoring.operations import SetHead
from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.documents import DocumentError, parse_object
from node.issuance.errors import NotIssuableError
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import parse_jws
from node.status.errors import StatusError
from node.status.status_list import read_status_list
from node.status.token_status_list import read_token_status_list
from node.verification.received import read_text

FIRST_VERSION: Final = 1


def head_of(  # noqa: PLR0913 -- each is a member of the head
    published: bytes,
    url: str,
    *,
    namespace: bytes,
    version: int,
    era: int = 0,
    valid_until: datetime | None = None,
) -> SetHead:
    """The operation that makes these bytes the list that counts, of those published at the address.

    `published` are the bytes to the last one, as they lie at the address: the head holds their digest, and a copy that
    differs in a space is another list. Without `valid_until` the head lasts as long as the list says of itself; a
    sealed list makes a sealed head, after which no other can be set in this era. Who signed the list is not asked.

    Raises NotIssuableError for bytes that are no list of this address, and for one without an end; CallError for a
    number that no head can have.
    """
    stated, end = _read(published)
    if stated != url:
        raise _refused(
            f"the list calls {str(stated)[:96]!r} its address, not {url[:96]!r}",
            "Give the address that stands in the list: verifiers look its head up under that.",
        )
    until = valid_until or end
    if until is None:
        raise _refused("the list does not say until when it counts", "Say until when its head does.")
    return SetHead(namespace, list_id(url), digest_of(published), version, int(until.timestamp()), era)


def following_version(current: StatusHead | None, era: int) -> int:
    """The number of the head that follows the current one, in the namespace's present era.

    Raises NotIssuableError where none can follow, because the current one is sealed.
    """
    if current is None or current.era < era:
        return FIRST_VERSION
    if current.sealed:
        raise NotIssuableError(
            "the head of the list is sealed: its issuer promised that no other version follows",
            code="issuance.head",
            remedy="Begin another list; nothing can be changed in this one.",
        )
    return current.version + 1


def address_of(published: bytes) -> str:
    """The address that a list calls its own; raises NotIssuableError for what is no list, or states none."""
    url, _ = _read(published)
    if url is None:
        raise _refused(
            "the list does not state its address", "Make the list with the address at which it is published."
        )
    return url


def end_of(published: bytes) -> datetime | None:
    """Until when a list counts by its own word, if it says so; raises NotIssuableError for what is no list."""
    return _read(published)[1]


def _read(published: bytes) -> tuple[str | None, datetime | None]:
    """The address that a list calls its own, and until when it counts by its own word."""
    try:
        text = published.decode("utf-8")
        document = read_text(text).value
        if isinstance(document, dict):
            return read_status_list(document).id, Credential(document).validity.end
        content = read_token_status_list(parse_object(parse_jws(text.strip()).payload))
    except (UnicodeDecodeError, DocumentError, ProofsError, StatusError, TimestampError) as error:
        raise _refused(
            f"these bytes are no status list: {str(error)[:160]}", "Give the file that is published."
        ) from error
    return content.uri, content.expires


def _refused(message: str, remedy: str) -> NotIssuableError:
    return NotIssuableError(message, code="issuance.head", remedy=remedy)
