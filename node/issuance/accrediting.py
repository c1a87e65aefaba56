"""From a signed accreditation to what its body writes on a chain: one operation for each scope.

The record names the signed statement by the digest of its exact bytes, so these bytes have to be kept: written anew,
the same statement is another.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final, Self

from anchoring.accreditations import evidence_of, scope_id, subject_id
from anchoring.facts import ENDLESS
from anchoring.operations import Accredit, WithdrawAccreditation
from node.credentials.accreditation import Accreditation, parse_accreditation
from node.credentials.credential import Credential
from node.credentials.errors import AccreditationFormError
from node.credentials.record_name import Promise, RecordName, named_records
from node.credentials.scope import Scope
from node.documents import DocumentError
from node.issuance.errors import NotIssuableError
from node.verification.received import receive, subject_of

FIRST: Final = 0
"""The number of the first accreditation of somebody for a scope."""


@dataclass(frozen=True, slots=True)
class SignedAccreditation:
    """An accreditation in the bytes that were signed, and the records that it says it stands in."""

    accreditation: Accreditation
    digest: bytes
    records: tuple[RecordName, ...]

    @classmethod
    def read(cls, signed: bytes) -> Self:
        """The accreditation in these bytes, whoever signed it; raises NotIssuableError for what is none."""
        try:
            received = receive(subject_of(signed))
            document = received.value if isinstance(received.value, dict) and not received.problems else {}
            accreditation = parse_accreditation(document)
        except (DocumentError, AccreditationFormError) as error:
            raise _refused(str(error), error.remedy) from error
        records = named_records(Credential(document).evidence).promising(Promise.ACCREDITATIONS)
        return cls(accreditation, evidence_of(signed), tuple([name.record for name in records]))

    def accredit(self, record: RecordName, numbers: Mapping[Scope, int]) -> tuple[Accredit, ...]:
        """What the body writes into this record of its own, for each scope.

        `numbers` are those of scopes for which the subject was accredited there before: how often. Raises
        NotIssuableError for a record that the statement does not name, for there nobody would look for it.
        """
        self._require(record)
        found = self.accreditation
        # Whole seconds, as chains have them, and never a moment more than the statement says.
        start = ceil(found.valid_from.timestamp())
        end = ENDLESS if found.valid_until is None else min(_seconds(found.valid_until), ENDLESS)
        return tuple(
            Accredit(namespace, subject, scope, numbers.get(each, FIRST), start, end, self.digest)
            for each, (namespace, subject, scope) in zip(found.scopes, self._places(record), strict=True)
        )

    def withdraw(self, record: RecordName, numbers: Mapping[Scope, int]) -> tuple[WithdrawAccreditation, ...]:
        """What takes it back in this record, for each of these scopes; `numbers` are those it was written under."""
        self._require(record)
        places = zip(self.accreditation.scopes, self._places(record), strict=True)
        return tuple(WithdrawAccreditation(*place, numbers[scope]) for scope, place in places if scope in numbers)

    def _places(self, record: RecordName) -> Sequence[tuple[bytes, bytes, bytes]]:
        found = self.accreditation
        subject = subject_id(found.subject)
        return [(record.namespace, subject, scope_id(scope.canonical())) for scope in found.scopes]

    def _require(self, record: RecordName) -> None:
        if record not in self.records:
            remedy = "Name the record as you sign it: glejt issue --accreditation FILE --anchor RECORD/accreditations"
            raise _refused(f"it does not say that it stands in {record}", remedy)


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def _refused(reason: str, remedy: str) -> NotIssuableError:
    return NotIssuableError(f"nothing is to be written: {reason}", code="issuance.accreditation", remedy=remedy)
