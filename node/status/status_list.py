"""The list's side: the credential that an issuer publishes, its status list inside.

Whether it is signed, by whom, and when, is not asked here. What is asked is what it says, and whether it speaks of an
entry at all.

Two forms are ours, and made of standard terms only:

- A *sealed* list says `validUntil` 9999-12-31T23:59:59Z, the date by which X.509 says that there is no end: its issuer
  promises that no other version follows. A list without `validUntil` promises nothing.
- A list whose entries are wider than one bit does not state `statusSize` and `statusMessages` itself, though the
  specification wants it to: no published context defines them there, so an RDF proof could not cover them. They stand
  in each entry, where they are defined. Read, they are taken from either place, and refused where the two disagree.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#bitstringstatuslistcredential,
https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.5
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from node.credentials.credential import CREDENTIAL_TYPE
from node.credentials.errors import shown
from node.credentials.structure import is_url, objects_of, types_of
from node.credentials.timestamps import format_timestamp
from node.documents import MAX_SAFE_INTEGER, JsonObject, UnsecuredDocument
from node.status.bitstring import MIN_ENTRIES, Bitstring
from node.status.encoded_list import decode, decode_bare, encode
from node.status.entry import Generation, Purpose, StatusEntry
from node.status.errors import FinalStatusError, ShortListError, StatusListError
from node.status.messages import Messages, read_messages, read_size

CONTEXT: Final = "https://www.w3.org/ns/credentials/v2"
SEALED_UNTIL: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
FINAL: Final = frozenset({Purpose.REVOCATION, Purpose.REFRESH})
"""Purposes whose values, once set, stay set."""
MAX_PURPOSES: Final = 8
"""Purposes of one list; four are in use, and more than one at once is rare."""


@dataclass(frozen=True, slots=True)
class StatusList:
    """What a status list credential says: `data` is its bitstring unpacked, `id` the address it calls its own."""

    id: str | None
    generation: Generation
    purposes: frozenset[str]
    data: bytes
    size: int | None = None
    messages: Messages | None = None
    ttl: timedelta | None = None

    def value(self, entry: StatusEntry) -> int:
        """The value that the list holds for an entry which names it.

        1. Entry and list are of one generation, and the list is for the entry's purpose.
        2. Where both state the size of an entry, or its messages, they agree; an entry that states no size means one
           bit. Values of several bits have messages.
        3. The list is long enough to hide an entry among others.
        4. The index is within it.

        Raises StatusListError for whatever does not hold.

        Spec: https://www.w3.org/TR/vc-bitstring-status-list/#validate-algorithm
        """
        if entry.generation is not self.generation or entry.purpose not in self.purposes:  # 1.
            message = f"the list is for {shown(sorted(self.purposes))}, the entry for {shown(entry.purpose)}"
            raise StatusListError(message, code="status.list.purpose")
        if self.size not in {None, entry.size}:  # 2.
            message = f"the list has entries of {self.size} bits, the entry {entry.size}"
            raise StatusListError(message, code="status.list.size")
        messages = self.messages_for(entry)
        if messages is None and entry.size > 1:
            message = f"neither entry nor list says what its {1 << entry.size} values mean"
            raise StatusListError(message, code="status.list.messages")
        bits = Bitstring(self.data, entry.size)
        if bits.entries < MIN_ENTRIES:  # 3.
            raise ShortListError(f"the list has {bits.entries} entries; {MIN_ENTRIES} are the least that count")
        return bits[entry.index]  # 4.

    def messages_for(self, entry: StatusEntry) -> Messages | None:
        """The messages of an entry's values, from whichever side states them; raises StatusListError if they differ."""
        if None not in {self.messages, entry.messages} and self.messages != entry.messages:
            raise StatusListError("list and entry give the values different messages", code="status.list.messages")
        return entry.messages or self.messages

    def stale_from(self, obtained: datetime, valid_until: datetime | None, usual: timedelta) -> datetime:
        """From when on a copy obtained then should be fetched anew: after its `ttl`, or the usual time without one.

        Never later than the list's own end. Whether an older copy may still count is not said by this.
        """
        end = obtained + min(usual if self.ttl is None else self.ttl, SEALED_UNTIL - obtained)
        return end if valid_until is None else min(end, valid_until)


def read_status_list(document: JsonObject) -> StatusList:
    """What a status list credential says; raises StatusListError for a document that is none, or not properly."""
    generations = [generation for generation in Generation if generation.credential in types_of(document)]
    if len(generations) != 1:
        message = f"the types {shown(list(types_of(document)))} do not make it a status list credential"
        raise _refused("type", message, "/type")
    (generation,) = generations
    subjects, path = objects_of(document, "credentialSubject"), "/credentialSubject"
    if len(subjects) != 1 or generation.subject not in types_of(subjects[0]):
        raise _refused("subject", f"it is not about one {generation.subject}", path)
    (subject,) = subjects
    encoded = subject.get("encodedList")
    if not isinstance(encoded, str):
        raise _refused("encoding", f"{shown(encoded)} is no encoded list", f"{path}/encodedList")
    size = read_size(subject, path, StatusListError)
    own_id = document.get("id")
    return StatusList(
        id=own_id if isinstance(own_id, str) else None,
        generation=generation,
        purposes=_purposes(subject, path),
        data=decode(encoded) if generation is Generation.BITSTRING else decode_bare(encoded),
        size=size,
        messages=read_messages(subject, "statusMessages", size or 1, path, StatusListError),
        ttl=_ttl(subject, path),
    )


def build_status_list(  # noqa: PLR0913 -- each is a member of the credential
    url: str,
    issuer: str,
    bits: Bitstring,
    *,
    purpose: str = Purpose.REVOCATION,
    valid_from: datetime,
    valid_until: datetime | None,
    ttl: timedelta | None = None,
) -> UnsecuredDocument:
    """A status list credential, ready to be signed and published at `url`.

    `valid_until` bounds how long an old copy can hide a revocation; SEALED_UNTIL makes it the last version. Raises
    StatusListError for a list that no verifier would accept.
    """
    if not is_url(url) or "#" in url:
        raise _refused("url", f"{shown(url)} is no address at which a list could be published", "/id")
    if bits.entries < MIN_ENTRIES:
        raise ShortListError(f"the list has {bits.entries} entries; it needs {MIN_ENTRIES}")
    if valid_until is not None and valid_until <= valid_from:
        raise _refused("valid", "it would end before it begins", "/validUntil")
    subject: JsonObject = {
        "id": f"{url}#list",
        "type": Generation.BITSTRING.subject,
        "statusPurpose": str(purpose),
        "encodedList": encode(bits.data),
    }
    if ttl is not None:
        subject["ttl"] = ttl // timedelta(milliseconds=1)
    document: JsonObject = {
        "@context": [CONTEXT],
        "id": url,
        "type": [CREDENTIAL_TYPE, Generation.BITSTRING.credential],
        "issuer": issuer,
        "validFrom": format_timestamp(valid_from),
        "credentialSubject": subject,
    }
    if valid_until is not None:
        document["validUntil"] = format_timestamp(valid_until)
    return UnsecuredDocument(document)


def check_change(purposes: frozenset[str], bits: Bitstring, changes: Mapping[int, int]) -> None:
    """Refuse to take back what is final; raises FinalStatusError, or OutOfRangeError."""
    if purposes.isdisjoint(FINAL):
        return
    for index, value in changes.items():
        if bits[index] not in {0, value}:
            message = f"the entry {index} is set, and what is set in a list for {', '.join(sorted(purposes))} stays set"
            raise FinalStatusError(message, code="status.final.value")


def _purposes(subject: JsonObject, path: str) -> frozenset[str]:
    stated = subject.get("statusPurpose")
    values = stated if isinstance(stated, list) else [stated]
    purposes = frozenset(value for value in values if isinstance(value, str) and value)
    if not purposes or len(purposes) != len(values) or len(purposes) > MAX_PURPOSES:
        raise _refused("purpose", f"{shown(stated)} is not one or several purposes", f"{path}/statusPurpose")
    return purposes


def _ttl(subject: JsonObject, path: str) -> timedelta | None:
    if "ttl" not in subject:
        return None
    ttl = subject["ttl"]
    if type(ttl) is not int or not 0 <= ttl <= MAX_SAFE_INTEGER:
        raise _refused("ttl", f"{shown(ttl)} is no number of milliseconds", f"{path}/ttl")
    return timedelta(milliseconds=ttl)


def _refused(member: str, message: str, path: str) -> StatusListError:
    return StatusListError(message, code=f"status.list.{member}", path=path)
