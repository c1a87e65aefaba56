"""Key history: whether a key was its subject's at a time, and how that is known.

A history is the versions of a document with the times at which each was in force. Who dates them decides what they
prove: a controller who dates a log can write all of it today. Whoever asks brings a time that somebody else vouches
for, such as the block of an anchor; what a signer says of the time of signing is never asked for here.

Spec: https://www.w3.org/TR/cid-1.0/#verification-methods, https://www.w3.org/TR/did-1.0/#verification-method-rotation
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, Self

from did_methods.document import DidDocument, Relationship, VerificationMethod
from did_methods.errors import DidMethodsError, HistoryError
from did_methods.json_web_key import JsonObject
from did_methods.multikey import PublicKey
from did_methods.rsa import RsaPublicKey

type Key = PublicKey | RsaPublicKey

MAX_MEANINGS: Final = 16
"""Keys that one id is taken to have meant: each costs the check of a signature."""


class KeyEvidence(StrEnum):
    """How it is known since when a key belongs to its controller, strongest first."""

    IMMUTABLE = "immutable"
    """The identifier is made of the key: it can never have had another."""
    ANCHORED = "anchored"
    """A public chain dates the history."""
    WITNESSED = "witnessed"
    """Independent witnesses signed the history."""
    SELF_DECLARED = "self-declared"
    """The controller dates its own history, and could write all of it today."""
    NOW_ONLY = "now-only"
    """Only the present document is known."""


_STRENGTH = {evidence: rank for rank, evidence in enumerate(KeyEvidence)}


def weakest(evidence: Iterable[KeyEvidence]) -> KeyEvidence:
    """The evidence that a conclusion from several pieces has."""
    return max(evidence, key=_STRENGTH.__getitem__)


class KeyState(StrEnum):
    """What a key was at a time."""

    ACTIVE = "active"
    NOT_YET = "not-yet"
    """It was listed later."""
    ROTATED_AWAY = "rotated-away"
    """It was listed before, or had expired."""
    REVOKED = "revoked"
    """Its controller says that it was not to be relied on any more."""
    UNKNOWN = "unknown"
    """What is known of the subject does not show the key."""


@dataclass(frozen=True, slots=True)
class KeyAt:
    """The state of a key at a time, and the evidence for it; `since` and `until` are the limits of that state."""

    state: KeyState
    evidence: KeyEvidence
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class DocumentVersion:
    """A document and when it was in force: from `since`, and until just before `until`.

    Without `since` it always was, without `until` it still is.
    """

    since: datetime | None
    until: datetime | None
    document: DidDocument
    evidence: KeyEvidence

    def in_force(self, time: datetime) -> bool:
        """Whether it was the document at that time."""
        return (self.since is None or self.since <= time) and (self.until is None or time < self.until)

    def holding(self, key: Key) -> Iterator[VerificationMethod]:
        """The subject's own methods that have this key, whatever they are for."""
        for method in self.document.methods.values():
            if method.key == key and method.controller == self.document.id:
                yield method


@dataclass(frozen=True, slots=True)
class KeyHistory:
    """The versions of the document of one subject, oldest first, each in force until the next one is."""

    versions: tuple[DocumentVersion, ...]

    def __post_init__(self) -> None:
        if not self.versions:
            raise _unsound("has no version")
        for earlier, later in zip(self.versions, self.versions[1:], strict=False):
            if earlier.until is None or later.since is None or earlier.until > later.since:
                raise _unsound("has two versions in force at once")
        for version in self.versions:
            if version.since is not None and version.until is not None and version.since >= version.until:
                raise _unsound("has a version that ends before it begins")

    @classmethod
    def immutable(cls, document: DidDocument) -> Self:
        """That of an identifier whose document follows from it."""
        return cls((DocumentVersion(None, None, document, KeyEvidence.IMMUTABLE),))

    @classmethod
    def now_only(cls, document: DidDocument) -> Self:
        """That of a document without a past: what it lists may have been there at any time, or since today."""
        return cls((DocumentVersion(None, None, document, KeyEvidence.NOW_ONLY),))

    @classmethod
    def of(cls, versions: Iterable[tuple[datetime | None, datetime | None, JsonObject, KeyEvidence]]) -> Self:
        """That of documents with the times from and until which each was in force, and who vouches for those times.

        Raises DidMethodsError for documents that break the data model, and times that overlap.
        """
        return cls(
            tuple(
                DocumentVersion(since, until, DidDocument.parse(document), evidence)
                for since, until, document, evidence in versions
            )
        )

    @property
    def present(self) -> DocumentVersion:
        """The newest version."""
        return self.versions[-1]

    @property
    def given_up(self) -> Self:
        """This history where the newest version gives the identifier up: from then on no key speaks for it."""
        last = self.present
        silent = replace(last.document, relationships=dict.fromkeys(Relationship, frozenset[str]()))
        return type(self)((*self.versions[:-1], replace(last, document=silent)))

    def methods(
        self, method_id: str | None, relationship: Relationship, time: datetime
    ) -> tuple[VerificationMethod, ...]:
        """The methods that an id meant, each with another key: at a time, then last before that, then after.

        An id that was given to another key does not say which of them signed. Without an id, it is the one method that
        a version lists. At most `MAX_MEANINGS` are told; raises as `DidDocument.verification_method` does where no
        version has it.
        """
        found: list[VerificationMethod] = []
        problem: DidMethodsError | None = None
        for version in self._nearest(time):
            document = version.document
            try:
                method = document.verification_method(method_id or document.only_method(relationship), relationship)
            except DidMethodsError as error:
                problem = problem or error
                if method_id is None and document.relationships[relationship]:
                    break  # which of several it means cannot be told, by no other version either
                continue
            if all(method.key != known.key for known in found):
                found.append(method)
            if len(found) == MAX_MEANINGS:
                break
        if not found:
            raise problem or _unsound("has no version")
        return tuple(found)

    def _nearest(self, time: datetime) -> Iterator[DocumentVersion]:
        begun = [version for version in self.versions if version.since is None or version.since <= time]
        yield from reversed(begun)
        yield from self.versions[len(begun) :]


def key_at(
    history: KeyHistory, key: Key, time: datetime, *, relationship: Relationship = Relationship.ASSERTION_METHOD
) -> KeyAt:
    """What a key was at a time.

    1. A key that was revoked by then is revoked, whichever version says so: a compromise is found out late.
    2. A key that no version lists for this is not known.
    3. Listed in the version that was in force, and not expired, it was active. That no other version came between is
       for the next one to show, so its evidence counts too.
    4. Listed before, it had been rotated away; listed only after, it was not the subject's yet.

    The times of versions are compared with `time` as they stand; what they are worth is the evidence.
    """
    versions = history.versions
    revoked = [
        (method.revoked, version.evidence)
        for version in versions
        for method in version.holding(key)
        if method.revoked is not None and method.revoked <= time
    ]
    if revoked:  # 1.
        since, evidence = min(revoked, key=lambda each: each[0])
        return KeyAt(KeyState.REVOKED, evidence, since)
    listings = [
        (index, version, method)
        for index, version in enumerate(versions)
        for method in version.holding(key)
        if method.id in version.document.relationships[relationship]
    ]
    if not listings:  # 2.
        return KeyAt(KeyState.UNKNOWN, weakest(version.evidence for version in versions))
    expired: KeyAt | None = None
    for index, version, method in listings:  # 3.
        if version.in_force(time):
            known = weakest(each.evidence for each in versions[index : index + 2])
            if method.expires is None or time < method.expires:
                return KeyAt(KeyState.ACTIVE, known, version.since, version.until)
            expired = KeyAt(KeyState.ROTATED_AWAY, known, method.expires)
    if expired is not None:
        return expired
    ended = [(index, version.until) for index, version, _ in listings if version.until and version.until <= time]
    if ended:  # 4.
        index, until = ended[-1]
        return KeyAt(KeyState.ROTATED_AWAY, weakest(each.evidence for each in versions[index : index + 2]), until)
    _, first, _ = listings[0]
    return KeyAt(KeyState.NOT_YET, first.evidence, None, first.since)


def _unsound(reason: str) -> HistoryError:
    return HistoryError(
        f"the history of keys {reason}",
        code="history.order",
        remedy="Do not rely on it: it was put together wrongly. Ask for the history again.",
    )
