"""How one accreditation stood at a time: proven by a record on a chain, merely signed, open, or not in force.

1. Its own period has the time.
2. Its body signed it. Where the body's record holds the digest of its bytes, the signature is older than the record, so
   the key is judged as of then; else as of the time of judging.
3. It is in force from its record on: what a body says of a time before, it could say of any time. A thief of its key,
   too, could accredit for the past, and taking that back would not undo it.
4. It is in force until it is withdrawn, or ends. That it was not withdrawn before a time is shown by a block of that
   time or a later one, or by one that is not older than the policy has it.

Spec: docs/adr/0027-an-accreditation-counts-from-its-record-on.md, docs/concepts/who-vouches.md
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import IntEnum
from typing import Final

from anchoring.accreditations import evidence_of, scope_id, subject_id
from anchoring.facts import Accreditation as RecordedFact
from anchoring.facts import AccreditationOf
from anchoring.receipt import Site
from anchoring.storage_proof import MAX_SLOTS
from node.credentials.accreditation import Accreditation, is_accreditation, parse_accreditation
from node.credentials.credential import Credential
from node.credentials.errors import AccreditationFormError
from node.credentials.record_name import Promise, RecordName, named_records
from node.credentials.scope import Scope
from node.credentials.timestamps import format_timestamp
from node.documents import DocumentError, JsonObject
from node.verification.check import Check
from node.verification.keys import KeyRing
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import ResourceCopy
from node.verification.namespaces import is_own
from node.verification.received import Received, receive, subject_of
from node.verification.records import MAX_FACTS, Known, Records, Unknown, moment
from node.verification.statement import read_statement
from node.verification.vocabulary import Vocabulary

MAX_ACCREDITATIONS: Final = 32
"""Documents that are read for one verification: some issuers, each under some bodies."""
MAX_NUMBERS: Final = 64
"""Accreditations of somebody for one scope in one record: one a year, and some that were mended."""


class Kind(IntEnum):
    """How an accreditation, or a chain of them, stands; the worst of a chain is that of the whole."""

    PROVEN = 0
    CLAIMED = 1
    """Signed, and nothing shows that it was recorded by then."""
    OPEN = 2
    """It could be in force or not."""
    OUT = 3
    """It was not in force."""
    UNSOUND = 4
    """It is none that could ever count."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an accreditation stands, why, and by which record."""

    kind: Kind
    why: str
    recorded: datetime | None = None
    evidence: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """An accreditation that came with the material, and the digest of its bytes."""

    accreditation: Accreditation
    digest: bytes
    received: Received
    names: tuple[RecordName, ...]
    """The records that it says it stands in."""
    listed: bool
    """Whether a status list could withdraw it, too."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a body's record about somebody, for one scope."""

    name: RecordName
    scope: Scope
    number: int
    fact: RecordedFact
    as_of: datetime

    @property
    def recorded(self) -> datetime:
        """When it was written."""
        return moment(self.fact.recorded_at)

    @property
    def withdrawn(self) -> datetime | None:
        """When it was taken back."""
        return None if self.fact.revoked_at is None else moment(self.fact.revoked_at)

    def ended_by(self, time: datetime) -> datetime | None:
        """When it ended, where that was before a time or at it; it counts at its own last moment."""
        if self.withdrawn is not None and self.withdrawn <= time:
            return self.withdrawn
        end = moment(self.fact.valid_until)
        return end if end < time else None

    def holds_at(self, time: datetime) -> bool:
        """Whether it was in force."""
        return max(self.recorded, moment(self.fact.valid_from)) <= time and self.ended_by(time) is None


def read_links(copies: Sequence[ResourceCopy]) -> Iterator[Link]:
    """The accreditations among these documents, each once; what is none that is read is passed over."""
    seen: set[bytes] = set()
    for copy in copies[:MAX_ACCREDITATIONS]:
        digest = evidence_of(copy.content)
        if digest in seen:
            continue
        seen.add(digest)
        try:
            received = receive(subject_of(copy.content))
            document = received.value
            if received.problems or not isinstance(document, dict) or not is_accreditation(document):
                continue
            accreditation = parse_accreditation(document)
        except (DocumentError, AccreditationFormError):
            continue
        names = named_records(Credential(document).evidence).promising(Promise.ACCREDITATIONS)
        records = tuple([name.record for name in names])
        yield Link(accreditation, digest, received, records, "credentialStatus" in document)


class Standings:
    """How accreditations stand, over the material of one verification; each is read and tried once."""

    __slots__ = ("_entries", "_numbers", "_ring", "_signed", "_vocabulary", "records")

    def __init__(self, ring: KeyRing, vocabulary: Vocabulary) -> None:
        ledgers = ring.material.ledgers or LedgerMaterial()
        self.records = Records(ledgers, ring.trust, ring.at)
        """What is proven of records on chains."""
        self._ring = ring
        self._vocabulary = vocabulary
        self._numbers = _asked(ledgers)
        self._entries: dict[tuple[bytes, tuple[RecordName, ...]], tuple[Entry, ...]] = {}
        self._signed: dict[tuple[bytes, datetime | None], Check | None] = {}

    def standing(self, link: Link, scope: Scope, time: datetime, given: tuple[RecordName, ...]) -> Standing:
        """How an accreditation stood at a time, for one of its scopes.

        `given` are the namespaces that the body's own accreditation gives it. The numbers are those of the module.
        """
        entries = self._of(link, given)
        own = [entry for entry in entries if entry.fact.evidence == link.digest]
        problem = self._unsigned(link, min((entry.recorded for entry in own), default=None))  # 2.
        if problem is not None:
            return Standing(Kind.UNSOUND if problem.failed else Kind.OPEN, f"signature.{problem.code}")
        if link.listed:
            return Standing(Kind.OPEN, "status")
        for_scope = [entry for entry in own if entry.scope == scope]
        found = self._in_time(link, for_scope, time) or Standing(Kind.CLAIMED, self._why_unrecorded(link, given))
        others = [entry for entry in entries if entry.scope == scope and entry.fact.evidence != link.digest]
        if found.kind is Kind.OUT and any(entry.holds_at(time) for entry in others):
            return Standing(Kind.OPEN, "another")  # that one could have been in force, and nobody has brought it
        return found

    def _in_time(self, link: Link, own: Sequence[Entry], time: datetime) -> Standing | None:
        """By its period, and by the entries that it has for a scope; None where it has none."""
        ended = [(end, entry) for entry in own if (end := entry.ended_by(time)) is not None]
        if not link.accreditation.in_period(time):  # 1.
            return _out("period", ended, self._told)
        holding = [entry for entry in own if entry.holds_at(time)]  # 3.
        shown = [entry for entry in holding if self._speaks_of(entry, time)]  # 4.
        if shown:
            first = min(shown, key=lambda entry: entry.recorded)
            return Standing(Kind.PROVEN, "recorded", first.recorded, self._told(first))
        if holding:
            return Standing(Kind.OPEN, "stale", holding[0].recorded, self._told(holding[0]))
        if ended:
            return _out("ended", ended, self._told)
        if not own:
            return None
        taken_back = any(entry.withdrawn is not None for entry in own)
        kind = Kind.OPEN if taken_back else Kind.CLAIMED
        return Standing(kind, "later", own[0].recorded, self._told(own[0]))

    def _of(self, link: Link, given: tuple[RecordName, ...]) -> tuple[Entry, ...]:
        """What the body's own records say of the subject, for the scopes of this accreditation."""
        key = link.digest, given
        if key not in self._entries:
            self._entries[key] = tuple(self._read(link, given))
        return self._entries[key]

    def _read(self, link: Link, given: tuple[RecordName, ...]) -> Iterator[Entry]:
        found = link.accreditation
        subject = subject_id(found.subject)
        for name in link.names:
            site = Site(name.chain_id, name.contract, name.namespace)
            for scope in found.scopes:
                place = scope_id(scope.canonical())
                for number in self._numbers.get((name.chain_id, name.contract, name.namespace, subject, place), ()):
                    known = self.records.fact(site, AccreditationOf(name.namespace, subject, place, number))
                    if not isinstance(known, Known) or not isinstance(known.fact, RecordedFact):
                        continue
                    entry = Entry(name, scope, number, known.fact, known.time)
                    if self._is_bodys(name, found.body, min(entry.recorded, self._ring.at), given):
                        yield entry

    def _is_bodys(self, name: RecordName, body: str, time: datetime, given: tuple[RecordName, ...]) -> bool:
        return is_own(self._ring, name, body, time, lambda: name in given)

    def _speaks_of(self, entry: Entry, time: datetime) -> bool:
        age = self._ring.policy.head_age
        return entry.as_of >= time or age is None or self._ring.at - entry.as_of <= age

    def _unsigned(self, link: Link, recorded: datetime | None) -> Check | None:
        """What keeps it from being its body's word."""
        key = link.digest, recorded
        if key not in self._signed:
            ring = self._ring if recorded is None else replace(self._ring, anchored=lambda _proof: recorded)
            statement = read_statement(link.received, ring, self._vocabulary)
            self._signed[key] = statement if isinstance(statement, Check) else None
        return self._signed[key]

    def _why_unrecorded(self, link: Link, given: tuple[RecordName, ...]) -> str:
        """Why no record of it is proven."""
        if not link.names:
            return "unrecorded"
        for name in link.names:
            chain = self.records.chain_of(Site(name.chain_id, name.contract, name.namespace))
            if isinstance(chain, Unknown):
                return chain.problem.value
            if not self._is_bodys(name, link.accreditation.body, self._ring.at, given):
                return "namespace"
        return "unproven"

    def _told(self, entry: Entry) -> JsonObject:
        return {
            "network": self.records.network(entry.name.chain_id),
            "record": str(entry.name),
            "sequence": entry.number,
            "recorded": format_timestamp(entry.recorded),
            "asOf": format_timestamp(entry.as_of),
            **({} if entry.withdrawn is None else {"withdrawn": format_timestamp(entry.withdrawn)}),
        }


def _out(why: str, ended: Sequence[tuple[datetime, Entry]], told: Callable[[Entry], JsonObject]) -> Standing:
    """That it was not in force; when it ended, where a record tells."""
    if not ended:
        return Standing(Kind.OUT, why)
    end, entry = max(ended, key=lambda pair: pair[0])
    return Standing(Kind.OUT, why, entry.recorded, {**told(entry), "ended": format_timestamp(end)})


type _Place = tuple[int, bytes, bytes, bytes, bytes]
"""Chain, contract and namespace, then whom and what it is about; nobody has looked whether they are any."""


def _asked(ledgers: LedgerMaterial) -> dict[_Place, list[int]]:
    """Under which numbers the proofs at hand tell of accreditations."""
    found: dict[_Place, dict[int, None]] = {}
    for proof in ledgers.facts[:MAX_FACTS]:
        for question in proof.questions[:MAX_SLOTS]:
            if isinstance(question, AccreditationOf):
                place = proof.chain_id, proof.contract, question.body, question.subject, question.scope
                numbers = found.setdefault(place, {})
                if len(numbers) < MAX_NUMBERS:
                    numbers[question.sequence] = None
    return {place: list(numbers) for place, numbers in found.items()}
