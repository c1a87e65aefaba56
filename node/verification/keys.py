"""Whose key made a proof, and whether it could speak for its owner at the time that counts.

That time is the one by which the proof is known to have existed, where something anchored shows it; else the time of
judging. `created` is the signer's own word and is never looked at.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from did_methods import jwk, key, peer, pkh
from did_methods.did import Did, parse_did, parse_did_url
from did_methods.document import DidDocument, Relationship, VerificationMethod
from did_methods.errors import DidMethodsError, UnsupportedError
from did_methods.history import MAX_MEANINGS, DocumentVersion, KeyAt, KeyHistory, KeyState, key_at
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject
from node.proofs.jose.algorithms import VerificationKey
from node.proofs.securing import SecuringProof
from node.verification.check import Outcome
from node.verification.histories import history_in, proves_all
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence, Policy
from node.verification.trust import Trust

if TYPE_CHECKING:
    from node.verification.records import Records

HTTPS: Final = "https://"
ON_CHAIN: Final = "did:ethr:"
"""How identifiers begin whose documents a chain shows."""
HOSTED: Final = ("did:web:", "did:webvh:")
"""How identifiers begin of whose present document only their host can tell, or a record of theirs."""
MAX_OTHERS: Final = MAX_MEANINGS - 1
"""Where an id had so many other keys, there may be more that were not tried."""
MAX_COMPUTED: Final = 512
"""Documents computed from identifiers that are kept: issuers recur, holders do not."""

IMMUTABLE_METHODS: Final[Mapping[str, Callable[[Did], JsonObject]]] = MappingProxyType(
    {
        key.METHOD: key.resolve_key,
        jwk.METHOD: jwk.resolve_jwk,
        peer.METHOD: peer.resolve_peer,
        pkh.METHOD: pkh.resolve_pkh,
    }
)
"""Methods whose document follows from the identifier. It is always computed here, whatever was handed over."""

_OUTCOMES: Final[Mapping[KeyState, tuple[Outcome, str]]] = MappingProxyType(
    {
        KeyState.ACTIVE: (Outcome.PASSED, "issuer_key.passed"),
        KeyState.REVOKED: (Outcome.FAILED, "issuer_key.revoked"),
        KeyState.ROTATED_AWAY: (Outcome.INDETERMINATE, "issuer_key.replaced"),
        KeyState.NOT_YET: (Outcome.INDETERMINATE, "issuer_key.not_yet"),
        KeyState.UNKNOWN: (Outcome.INDETERMINATE, "issuer_key.undated"),
    }
)


def is_computed(did: Did) -> bool:
    """Whether the document of an identifier follows from it, so that nobody has to be asked."""
    return did.method in IMMUTABLE_METHODS and not peer.is_short(did)


def never_anchored(_proof: SecuringProof) -> datetime | None:
    """The time of no proof: nothing shows when any was made."""
    return None


@dataclass(frozen=True, slots=True)
class KeyFinding:
    """What is known of the key of one proof.

    `controller` is whose document the method belongs to, as the proof names it; `authorised` says that this document
    lists the key, whatever became of the key since. `public_key` is there whenever a signature can be tried.
    `authentic` says that the document is its subject's, so that a signature that does not match says something.
    `others` are for the keys that the same method id meant in other versions, should this one not match.
    """

    outcome: Outcome
    code: str
    message: str
    controller: str | None = None
    public_key: VerificationKey | None = None
    authorised: bool = False
    authentic: bool = False
    evidence: JsonObject = field(default_factory=dict)
    others: tuple["KeyFinding", ...] = ()


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Where the keys of one verification are looked up.

    `anchored` tells the time by which a proof existed, where something that its signer could not write shows it.
    """

    material: VerificationMaterial
    trust: Trust
    policy: Policy
    at: datetime
    anchored: Callable[[SecuringProof], datetime | None] = never_anchored
    _kept: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """What is built once for all lookups of one verification."""

    @property
    def records(self) -> "Records":
        """What is proven of records on chains."""
        if "records" not in self._kept:
            from node.verification.ledger_material import LedgerMaterial  # noqa: PLC0415 -- few subjects need it
            from node.verification.records import Records  # noqa: PLC0415 -- as above

            self._kept["records"] = Records(self.material.ledgers or LedgerMaterial(), self.trust, self.at)
        known: Records = self._kept["records"]
        return known

    def find(self, proof: SecuringProof, relationship: Relationship) -> KeyFinding:
        """The key of a proof.

        1. The proof names a verification method, and a purpose that is the relationship asked for.
        2. The method is a DID URL, or an https URL whose document the verifier pinned.
        3. The document of its controller is known.
        4. That document lists the method under the relationship, under its own control, with a sound key. Where the
           proof names its maker alone, the document has one method that it could mean.
        5. At the time that counts the key was one of its controller's: not revoked, replaced or expired, nor of later.
        6. The document did not merely come with the file, and the policy takes its kind of evidence.

        Spec: https://www.w3.org/TR/cid-1.0/#retrieve-verification-method
        """
        # 1.
        method = proof.verification_method
        if method is None or proof.proof_purpose is None:
            return _unknown("issuer_key.no_method", "The proof names no verification method, or no purpose.")
        # 2.
        try:
            controller = method.partition("#")[0] if method.startswith(HTTPS) else str(parse_did_url(method).did)
        except DidMethodsError as error:
            outcome = Outcome.FAILED if method.startswith("did:") else Outcome.INDETERMINATE
            return KeyFinding(outcome, error.code, f"{error}. {error.remedy}", evidence={"method": method})
        if proof.proof_purpose != relationship:
            return KeyFinding(
                Outcome.FAILED,
                "issuer_key.purpose",
                f"The proof was made for “{proof.proof_purpose}”, not for “{relationship}”.",
                controller,
                evidence={"method": method},
            )
        # 3.
        known = self._document(controller)
        if isinstance(known, KeyFinding):
            return replace(known, controller=controller, evidence={"method": method})
        # 4.
        anchored = self.anchored(proof)
        if anchored is not None and anchored > self.at:
            anchored = None  # judged as of a time when it was not anchored yet
        time = anchored or self.at
        try:
            if known.history is not None:
                named = None if proof.names_owner_only else method
                found, *others = known.history.methods(named, relationship, time)
            else:
                if proof.names_owner_only:
                    method = known.document.only_method(relationship)
                found, others = known.document.verification_method(method, relationship), []
        except DidMethodsError as error:
            return _refused(error, known, controller, method, certain=known.speaks_of(time))
        # 5. and 6.
        finding = self._judge(found, known, controller, relationship, anchored)
        if others:
            judged = [self._judge(other, known, controller, relationship, anchored) for other in others]
            finding = replace(finding, others=tuple(judged), authentic=finding.authentic and len(judged) < MAX_OTHERS)
        return finding

    def documents(self, identifier: str, time: datetime) -> tuple[DidDocument, ...]:
        """What a subject says of itself: at present, and at a time. What merely came with a file is not among it."""
        try:
            known = self._document(identifier)
        except DidMethodsError:
            return ()  # no identifier of a kind that has documents
        if isinstance(known, KeyFinding) or not known.speaks_of(time):
            return ()
        then = known.history.versions if known.history is not None else ()
        now = (known.document,) if known.speaks_of(self.at) else ()
        return (*now, *(version.document for version in then if version.in_force(time)))

    def _document(self, identifier: str) -> "_Known | KeyFinding":
        if not identifier.startswith(HTTPS) and is_computed(parse_did(identifier)):
            computed = _computed(identifier)
            if isinstance(computed, DidMethodsError):
                outcome = Outcome.INDETERMINATE if isinstance(computed, UnsupportedError) else Outcome.FAILED
                return KeyFinding(outcome, computed.code, f"{computed}. {computed.remedy}")
            return _Known(computed, KeyEvidence.IMMUTABLE, Origin.COMPUTED)
        if identifier in self.trust.documents:
            return _parsed(self.trust.documents[identifier], identifier, KeyEvidence.NOW_ONLY, Origin.PINNED)
        item = self.material.documents.get(identifier)
        if item is not None:
            return self._brought(item, identifier)
        failure = self.material.failures.get(identifier)
        reason = failure.message if failure else "nobody looked it up"
        return _unknown(
            "issuer_key.unresolved",
            f"The document of {identifier[:96]} is not known: {reason.removesuffix('.')}. "
            "Connect and check again, or pin the document in your trust file.",
        )

    def _brought(self, item: ResolvedDocument, identifier: str) -> "_Known | KeyFinding":
        """A document from the material, as far as it shows itself."""
        if item.files and identifier.startswith(ON_CHAIN):
            return self._on_chain(item, identifier)
        found = _gathered(item, identifier)
        if not self.trust.chains or not identifier.startswith(HOSTED):
            return found
        if item.origin is not Origin.LIVE:
            return self._in_record(found, identifier)
        return self._with_former(found, identifier) if identifier in self.material.former else found

    def _on_chain(self, item: ResolvedDocument, identifier: str) -> "_Known | KeyFinding":
        """A document by the proofs that came with it, which show more than their bringer says."""
        from node.verification.ethr_documents import shown_documents  # noqa: PLC0415 -- few identifiers are on a chain

        try:
            shown = shown_documents(parse_did(identifier), item, self.material, self.trust, self.at)
        except DidMethodsError as error:
            return _unknown(error.code, f"The history of {identifier[:96]} cannot be used: {error}. {error.remedy}")
        present = shown.history.present
        origin = Origin.LIVE if item.origin is Origin.LIVE else Origin.FILE
        return _Known(
            present.document, present.evidence, origin, item.resolved_at, shown.history, shown_until=shown.until
        )

    def _in_record(self, found: "_Known | KeyFinding", identifier: str) -> "_Known | KeyFinding":
        """A document that came with a file, by a record of its subject's, where there is one of it."""
        if isinstance(found, KeyFinding) or found.moved_to is not None or self.material.ledgers is None:
            return found
        from node.verification.anchored_documents import shown_document, shown_log  # noqa: PLC0415 -- few need it

        namespaces = self.trust.namespaces(identifier)
        if found.history is not None:
            shown = shown_log(found.history.versions, namespaces, self.records, self.at)
            evidence = found.evidence
        else:
            shown = shown_document(identifier, found.document, namespaces, self.records, self.at)
            evidence = KeyEvidence.ANCHORED
        if shown is None:
            return found
        return replace(
            found, document=shown.document, evidence=evidence, history=shown.history, shown_until=shown.until
        )

    def _with_former(self, found: "_Known | KeyFinding", identifier: str) -> "_Known | KeyFinding":
        """A document that its host publishes, with the one of then before it, where a record shows that."""
        if isinstance(found, KeyFinding) or found.history is not None or self.material.ledgers is None:
            return found
        former = _gathered(self.material.former[identifier], identifier)
        if isinstance(former, KeyFinding) or former.history is not None:
            return found
        from node.verification.anchored_documents import followed_by, shown_document  # noqa: PLC0415 -- few need it

        namespaces = self.trust.namespaces(identifier)
        shown = shown_document(identifier, former.document, namespaces, self.records, self.at)
        return found if shown is None else replace(found, history=followed_by(shown, found.document))

    def _judge(
        self,
        found: VerificationMethod,
        known: "_Known",
        controller: str,
        relationship: Relationship,
        anchored: datetime | None,
    ) -> KeyFinding:
        state = _state(found, known, relationship, anchored or self.at)
        outcome, code = _OUTCOMES[state.state]
        message = _message(state.state, found, anchored)
        certain = known.speaks_of(anchored or self.at)
        if not certain:
            # What is said of a key by a document that anybody could have written counts neither for nor against it.
            outcome, code = Outcome.INDETERMINATE, "issuer_key.from_file"
            message = (
                "The keys came only with the file. Connect and check again, or pin the issuer's document."
                if known.shown_until is None
                else f"What the keys were is shown until {format_timestamp(known.shown_until)}, and not what followed. "
                "Connect and check again."
            )
        elif outcome is Outcome.PASSED and state.evidence not in self.policy.key_evidence:
            outcome, code = Outcome.INDETERMINATE, "issuer_key.undated"
            message = f"Since when the key is its controller's is only {state.evidence}; your policy asks for more."
        evidence = known.evidence_for(found.id)
        evidence |= {
            "evidence": state.evidence.value,
            "state": state.state.value,
            "time": "judging" if anchored is None else "anchored",
        }
        if anchored is not None:
            evidence["anchoredAt"] = format_timestamp(anchored)
        revoked = state.since if state.state is KeyState.REVOKED else found.revoked
        if revoked is not None:
            evidence["revoked"] = format_timestamp(revoked)
        if found.expires is not None:
            evidence["expires"] = format_timestamp(found.expires)
        if found.key is not None:
            evidence["keyType"] = str(found.key.type)
        return KeyFinding(
            outcome,
            code,
            message,
            controller,
            found.key,
            authorised=True,
            authentic=certain,
            evidence=evidence,
        )


@dataclass(frozen=True, slots=True)
class _Known:
    """A document, and how it is known; `shown_until` is the time up to which a chain shows all versions."""

    document: DidDocument
    evidence: KeyEvidence
    origin: Origin
    resolved_at: datetime | None = None
    history: KeyHistory | None = None
    moved_to: str | None = None
    shown_until: datetime | None = None

    def speaks_of(self, time: datetime) -> bool:
        """Whether what is said of a time is more than somebody's word who merely handed over a file."""
        return self.origin is not Origin.FILE or (self.shown_until is not None and time <= self.shown_until)

    def evidence_for(self, method: str) -> JsonObject:
        evidence: JsonObject = {"method": method, "evidence": self.evidence.value, "origin": self.origin.value}
        if self.moved_to is not None:
            evidence["movedTo"] = self.moved_to
        if self.resolved_at is not None:
            evidence["resolvedAt"] = format_timestamp(self.resolved_at)
        if self.shown_until is not None:
            evidence["shownUntil"] = format_timestamp(self.shown_until)
        return evidence


@lru_cache(MAX_COMPUTED)
def _computed(did: str) -> DidDocument | DidMethodsError:
    """The document of a DID that is its key, or why it has none."""
    try:
        parsed = parse_did(did)
        return DidDocument.parse(IMMUTABLE_METHODS[parsed.method](parsed))
    except DidMethodsError as error:
        return error.with_traceback(None)


def _gathered(item: ResolvedDocument, identifier: str) -> _Known | KeyFinding:
    """A document from the material: only what this verifier resolved is more than a claim of the file."""
    origin = Origin.LIVE if item.origin is Origin.LIVE else Origin.FILE
    if item.files:
        return _proven(item, identifier, origin)
    return _parsed(item.document, identifier, item.evidence, origin, item.resolved_at)


def _proven(item: ResolvedDocument, identifier: str, origin: Origin) -> _Known | KeyFinding:
    """A document by the files that it was read from; whatever was said beside them counts for nothing."""
    try:
        history = history_in(identifier, item.files, item.resolved_at)
    except DidMethodsError as error:
        return _unknown(error.code, f"The history of {identifier[:96]} cannot be used: {error}. {error.remedy}")
    present = history.present
    if proves_all(identifier):
        return _Known(present.document, present.evidence, Origin.COMPUTED)
    name = present.document.id
    moved_to = None if name == identifier else name
    return _Known(present.document, present.evidence, origin, item.resolved_at, history, moved_to)


def _state(found: VerificationMethod, known: _Known, relationship: Relationship, time: datetime) -> KeyAt:
    """What the key was at a time. A document without a past, which says no end of its key, needs no looking."""
    if known.history is None and found.revoked is None and found.expires is None:
        return KeyAt(KeyState.ACTIVE, known.evidence)
    if found.key is None:  # not of a method that may be relied upon
        return KeyAt(KeyState.UNKNOWN, known.evidence)
    history = known.history or KeyHistory((DocumentVersion(None, None, known.document, known.evidence),))
    return key_at(history, found.key, time, relationship=relationship)


def _message(state: KeyState, found: VerificationMethod, anchored: datetime | None) -> str:
    shown = "nothing anchored shows that it signed before"
    match state:
        case KeyState.ACTIVE:
            when = (
                "is one of its controller's."
                if anchored is None
                else "was its controller's when the signature was anchored."
            )
            return f"The key {when}"
        case KeyState.REVOKED if anchored is None:
            return f"The key was revoked, and {shown}. Ask for a new document."
        case KeyState.REVOKED:
            return "The key was revoked before the signature was anchored. Ask for a new document."
        case KeyState.ROTATED_AWAY:
            happened = "has expired" if found.expires is not None else "is its controller's no more"
            before = shown if anchored is None else "the signature was anchored only afterwards"
            return f"The key {happened}, and {before}. Ask for a new document."
        case KeyState.NOT_YET:
            return "The key became its controller's later than the signature is dated. Ask for a new document."
        case KeyState.UNKNOWN:
            return "Since when the key is its controller's is not known."


def _parsed(
    source: JsonObject, identifier: str, evidence: KeyEvidence, origin: Origin, resolved_at: datetime | None = None
) -> _Known | KeyFinding:
    try:
        document = DidDocument.parse(source)
    except DidMethodsError as error:
        return _unknown(error.code, f"The document of {identifier[:96]} cannot be used: {error}. {error.remedy}")
    if document.id != identifier:
        return _unknown(
            "issuer_key.other_document", f"The document given for {identifier[:96]} is that of {document.id[:96]}."
        )
    return _Known(document, evidence, origin, resolved_at)


def _refused(error: DidMethodsError, known: _Known, controller: str, method: str, *, certain: bool) -> KeyFinding:
    """A document that does not authorise the method; one that only came with the file says nothing either way."""
    return KeyFinding(
        Outcome.FAILED if certain and not isinstance(error, UnsupportedError) else Outcome.INDETERMINATE,
        error.code if certain else "issuer_key.from_file",
        f"{error}. {error.remedy}",
        controller,
        evidence=known.evidence_for(method),
    )


def _unknown(code: str, message: str) -> KeyFinding:
    return KeyFinding(Outcome.INDETERMINATE, code, message)
