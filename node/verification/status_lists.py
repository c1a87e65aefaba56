"""The status lists of one verification: which copies are really their issuer's, and of what date.

A list is a credential, and is judged as one: by the same checks, the same keys, the same trust and the same policy. It
proves itself, so it does not matter who handed it over.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.timestamps import parse_timestamp
from node.documents import DocumentError
from node.status.errors import StatusError
from node.status.status_list import SEALED_UNTIL, StatusList
from node.verification.case import CLOCK_SKEW, Case
from node.verification.check import Check, CheckName
from node.verification.checks.validity import check_validity
from node.verification.examination import ExaminedProof, counting
from node.verification.keys import KeyRing
from node.verification.material import Origin, ResolutionFailure, StatusListCopy
from node.verification.received import Received
from node.verification.recurring_lists import ReadList, read_list
from node.verification.statement import read_statement
from node.verification.status_gathering import MAX_COPIES, MAX_LISTS
from node.verification.vocabulary import Vocabulary

NOT_YET: Final = "status.list.not_yet"


@dataclass(frozen=True, slots=True)
class UnusableList:
    """A copy that says nothing, and why; `code` and `message` become those of the check."""

    code: str
    message: str
    origin: Origin


@dataclass(frozen=True, slots=True)
class SignedList:
    """A list that its issuer signed, under the address it is published at.

    `signed` is when, by the issuer's own word. `ended` says that its own period, or that of its proof, is over.
    """

    issuer: str
    content: StatusList
    signed: datetime
    valid_until: datetime | None
    ended: bool
    origin: Origin

    @property
    def sealed(self) -> bool:
        """Whether its issuer promised that no other version follows."""
        return self.valid_until == SEALED_UNTIL


class StatusLists:
    """The copies in the material, each judged once, however many credentials point into it."""

    __slots__ = ("_digests", "_judged", "_ring", "_vocabulary")

    def __init__(self, ring: KeyRing, vocabulary: Vocabulary) -> None:
        self._ring = ring
        self._vocabulary = vocabulary
        self._judged: dict[str, tuple[SignedList | UnusableList, ...]] = {}
        self._digests: dict[str, tuple[bytes, ...]] = {}

    def failure(self, url: str) -> ResolutionFailure | None:
        """Why the list was not fetched, where that is known."""
        return self._ring.material.status_failures.get(url)

    def copies(self, url: str) -> tuple[SignedList | UnusableList, ...]:
        """What is known of the copies of the list at this address; beyond MAX_LISTS addresses none is looked at."""
        if url not in self._judged:
            found = copies_at(url, self._ring.material.status_lists)
            if not found or len(self._judged) >= MAX_LISTS:
                return ()
            self._judged[url] = tuple(map(self._judge, found))
        return self._judged[url]

    def digests(self, url: str) -> tuple[bytes, ...]:
        """The SHA-256 of each of these copies as it was published, in their order."""
        if url not in self._digests:
            found = copies_at(url, self._ring.material.status_lists) if self.copies(url) else []
            self._digests[url] = tuple([copy.digest for copy in found])
        return self._digests[url]

    def _judge(self, copy: StatusListCopy) -> SignedList | UnusableList:
        """One copy.

        1. It is one JSON document, or one token.
        2. It is a credential in terms that are known, signed with a key of its issuer's for making statements: now, or
           when a head in a record of the issuer's first named these bytes.
        3. Its id is the address it is published at.
        4. It says when it was signed, which is not to come, and its period has begun.
        5. It has no status of its own, which would have to be asked for first.
        6. There is a status list in it.
        """
        try:
            known = read_list(copy.content)  # 1.
        except DocumentError as error:
            return UnusableList("status.list.unreadable", f"What should be the list is none: {error}.", copy.origin)
        received = known.received
        statement = read_statement(received, self._ring, self._vocabulary, known=known)  # 2.
        if isinstance(statement, Check) and statement.name is CheckName.ISSUER_KEY and statement.unknown:
            headed = self._as_headed(received, copy)
            if headed is not None:
                statement = read_statement(received, headed, self._vocabulary, known=known)
        if isinstance(statement, Check):
            return UnusableList(
                f"status.list.{statement.name}", f"The list cannot be relied on: {statement.message}", copy.origin
            )
        if statement.credential.id != copy.url:  # 3.
            message = "The list calls another address its own than the one it stands for."
            return UnusableList("status.list.id", message, copy.origin)
        return self._dated(statement.case, statement.proofs, copy, known)

    def _as_headed(self, received: Received, copy: StatusListCopy) -> KeyRing | None:
        """Where keys are looked up as of the head that names a copy; None where no head of its issuer's does."""
        if self._ring.material.ledgers is None or not isinstance(received.value, dict):
            return None
        from node.verification.anchored_documents import headed_at  # noqa: PLC0415 -- few lists need it

        issuer = Credential(received.value).issuer
        namespaces = self._ring.trust.namespaces(issuer) if issuer is not None else ()
        time = headed_at(copy.url, copy.digest, namespaces, self._ring.records, self._ring.at)
        return None if time is None else replace(self._ring, anchored=lambda _proof: time)

    def _dated(
        self, case: Case, proofs: tuple[ExaminedProof, ...], copy: StatusListCopy, known: ReadList
    ) -> SignedList | UnusableList:
        validity = check_validity(case, proofs)  # 4.
        signed = _signed(case.credential, proofs)
        if validity.code == "validity.not_yet" or (signed is not None and signed - case.at > CLOCK_SKEW):
            return UnusableList(NOT_YET, "The list is of a later date than the one asked about.", copy.origin)
        if validity.unknown or signed is None or case.credential.issuer is None:
            message = "The list does not say when it was signed, or until when it counts."
            return UnusableList("status.list.undated", message, copy.origin)
        if "credentialStatus" in case.document:  # 5.
            message = "The list could itself be withdrawn, and whether it was is not looked into."
            return UnusableList("status.list.nested", message, copy.origin)
        try:
            content = known.content(case.document)  # 6.
        except StatusError as error:
            return UnusableList(error.code, f"{error}. {error.remedy}", copy.origin)
        return SignedList(
            issuer=case.credential.issuer,
            content=content,
            signed=signed,
            valid_until=case.credential.validity.end,
            ended=validity.failed,
            origin=copy.origin,
        )


def copies_at(url: str, copies: Sequence[StatusListCopy]) -> list[StatusListCopy]:
    """The copies of the list at this address that are looked at."""
    return [copy for copy in copies if copy.url == url][:MAX_COPIES]


def _signed(credential: Credential, proofs: tuple[ExaminedProof, ...]) -> datetime | None:
    """When the list was last signed, by the proofs that hold; else from when it counts; None where neither is told."""
    stated = [proof.proof.created for proof in counting(proofs) if proof.holds]
    moments = []
    try:
        moments = [parse_timestamp(created) for created in stated if created is not None]
        return max(moments, default=None) or credential.validity.start
    except TimestampError:
        return None
