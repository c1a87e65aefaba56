"""Whether a domain and an identifier point to each other.

The identifier says that the domain is its own, by a credential that it signed; the domain says so of the identifier,
by publishing that credential at a well-known address. Neither word is enough alone: anybody can sign, anybody can copy.

Spec: https://identity.foundation/.well-known/resources/did-configuration/#did-configuration-resource-verification
"""

from dataclasses import dataclass, replace
from typing import Final

from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT
from node.credentials.credential import Credential
from node.credentials.registered_claims import check_credential_claims
from node.documents import MAX_CREDENTIAL_BYTES, DocumentError, JsonObject, JsonValue, parse_object
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import parse_jws
from node.proofs.jose.jwt import moment_of, read_jwt
from node.proofs.options import ASSERTION_METHOD
from node.verification.check import Check, Outcome
from node.verification.checks.validity import check_validity
from node.verification.domain_gathering import configuration_url, speaks_for
from node.verification.keys import KeyRing
from node.verification.material import ConfigurationCopy, Origin
from node.verification.policy import built_in
from node.verification.received import USUAL_ALGORITHMS, Received, check_protected
from node.verification.statement import read_statement
from node.verification.vocabulary import Vocabulary

TYPE: Final = "DomainLinkageCredential"
MAX_LINKED: Final = 64
"""Entries of one page that are looked at; a domain has a handful of identifiers."""
_TOKEN_HEADER: Final = {"alg", "kid"}
_TOKEN_CLAIMS: Final = {"exp", "iss", "nbf", "sub", "vc"}
_CONTEXTS: Final = (DID_CONFIGURATION_CONTEXT, [DID_CONFIGURATION_CONTEXT])
BEST_FIRST: Final = (Outcome.PASSED, Outcome.INDETERMINATE, Outcome.FAILED)
"""Entries are independent of one another: one that holds is enough."""


@dataclass(frozen=True, slots=True)
class DomainLinkage:
    """What is known of a domain and an identifier: passed, failed or indeterminate, and why."""

    outcome: Outcome
    code: str
    message: str

    def to_json(self) -> JsonObject:
        """The finding as the evidence of a check holds it."""
        return {"outcome": self.outcome.value, "code": self.code, "message": self.message}


class DomainLinkages:
    """The linkages of one verification, each judged once."""

    __slots__ = ("_judged", "_ring", "_vocabulary")

    def __init__(self, ring: KeyRing, vocabulary: Vocabulary) -> None:
        self._ring = ring
        self._vocabulary = vocabulary
        self._judged: dict[tuple[str, str], DomainLinkage] = {}

    def of(self, did: str, domain: str) -> DomainLinkage:
        """Whether this identifier and this domain point to each other."""
        if (did, domain) not in self._judged:
            self._judged[did, domain] = self._judge(did, domain)
        return self._judged[did, domain]

    def _judge(self, did: str, domain: str) -> DomainLinkage:
        """The best of what the domain publishes of the identifier.

        1. The domain has just published the identifier's own document: that is both words in one.
        2. The page was fetched from the domain by this verifier; a copy from a file is nobody's word.
        3. It is such a page.
        4. Each entry about the identifier is judged on its own. Entries of another kind could be about it, too.
        """
        document = self._ring.material.documents.get(did)
        pinned = did in self._ring.trust.documents
        if document is not None and document.origin is Origin.LIVE and not pinned and speaks_for(did, domain):  # 1.
            return DomainLinkage(Outcome.PASSED, "domain.did_web", "The domain itself publishes the issuer's keys.")
        url = configuration_url(domain)
        page = next((copy for copy in self._ring.material.configurations if copy.url == url), None)
        if page is None or page.origin is Origin.FILE:  # 2.
            failure = self._ring.material.failures.get(url)
            reason = failure.message if failure else "nobody asked it"
            return _unknown("unreachable", f"What the domain says of the issuer is not known: {reason}.")
        entries = _entries(page)
        if entries is None:  # 3.
            return _unknown("malformed", "What the domain publishes is not a page that names its identifiers.")
        read = [_received(entry) for entry in entries]  # 4.
        about = [self._entry(entry, did, domain) for entry in read if entry is not None and _about(entry, did)]
        if any(entry is None for entry in read):
            about.append(_unknown("unsupported", "The domain names identifiers in a form that is not read here."))
        if not about:
            return DomainLinkage(
                Outcome.FAILED, "domain.other", "The domain names other identifiers, but not this one."
            )
        return min(about, key=lambda linkage: BEST_FIRST.index(linkage.outcome))

    def _entry(self, received: Received, did: str, domain: str) -> DomainLinkage:
        """One Domain Linkage Credential.

        1. It has the form of one, and the issuer is its own subject.
        2. Its origin is the domain that the page was fetched from.
        3. It is a credential in known terms, signed with a key of its issuer's for making statements.
        4. It is in force, and has no status that would have to be asked for first.
        """
        entry = _object(received)
        credential = Credential(entry)
        if (  # 1.
            received.problems
            or (credential.issuer, *credential.subject_ids) != (did, did)
            or TYPE not in credential.types
            or "id" in entry
            or not {"issuanceDate", "expirationDate"} <= entry.keys()
        ):
            return _failed("form", "What the domain publishes of the issuer is not built as it must be.")
        if credential.subjects[0].get("origin") not in {f"https://{domain}", f"https://{domain}/"}:  # 2.
            return _failed("origin", "What the domain publishes was signed for another domain.")
        # That a domain is somebody's is said of now, so how long a key has been known does not matter.
        ring = replace(self._ring, policy=built_in())
        statement = read_statement(received, ring, self._vocabulary)  # 3.
        if isinstance(statement, Check):
            return _from(statement)
        validity = check_validity(statement.case, statement.proofs)  # 4.
        if not validity.passed:
            return _from(validity)
        if "credentialStatus" in entry:
            return _unknown("status", "The linkage could itself be withdrawn, and whether it was is not looked into.")
        return DomainLinkage(Outcome.PASSED, "domain.passed", "The domain and the issuer point to each other.")


def _entries(page: ConfigurationCopy) -> list[JsonValue] | None:
    """The entries of a page that is one: a context, the list, and nothing else."""
    try:
        document = parse_object(page.content, max_bytes=MAX_CREDENTIAL_BYTES)
    except DocumentError:
        return None
    linked = document.get("linked_dids")
    if document.keys() != {"@context", "linked_dids"} or document["@context"] not in _CONTEXTS:
        return None
    return linked if isinstance(linked, list) and len(linked) <= MAX_LINKED else None


def _received(entry: JsonValue) -> Received | None:
    """An entry of the page, a token out of its wrapping; None for one in a form that is not read.

    Of all tokens those of linkages alone have their credential in the claim `vc`, and nothing else than their
    specification lists: neither in the header nor beside the credential. Their dates are those of the credential.

    Spec: https://identity.foundation/.well-known/resources/did-configuration/#json-web-token-proof-format
    """
    if not isinstance(entry, str):
        return Received("", entry)
    try:
        jws = parse_jws(entry, max_payload_bytes=MAX_CREDENTIAL_BYTES)
        check_protected(jws)
        claims = parse_object(jws.payload, max_bytes=MAX_CREDENTIAL_BYTES)
        envelope = read_jwt(jws, claims, maker=None, purpose=ASSERTION_METHOD, algorithms=USUAL_ALGORITHMS)
    except (ProofsError, DocumentError):
        return None
    inner = claims.get("vc")
    if jws.header.keys() != _TOKEN_HEADER or claims.keys() != _TOKEN_CLAIMS or not isinstance(inner, dict):
        return None
    said = {name: claims[name] for name in ("iss", "sub")}
    moments = moment_of(claims["nbf"]), moment_of(claims["exp"])
    return Received("", inner, envelope, tuple(check_credential_claims({**inner, **said}, "", moments)))


def _object(received: Received) -> JsonObject:
    return received.value if isinstance(received.value, dict) else {}


def _about(entry: Received, did: str) -> bool:
    credential = Credential(_object(entry))
    return did in (credential.issuer, *credential.subject_ids)


def _from(check: Check) -> DomainLinkage:
    """What a check of the linkage credential means for the domain: a failure is one, anything else is open."""
    outcome = Outcome.FAILED if check.failed else Outcome.INDETERMINATE
    return DomainLinkage(outcome, f"domain.{check.name}", f"What the domain publishes does not hold: {check.message}")


def _failed(kind: str, message: str) -> DomainLinkage:
    return DomainLinkage(Outcome.FAILED, f"domain.{kind}", message)


def _unknown(kind: str, message: str) -> DomainLinkage:
    return DomainLinkage(Outcome.INDETERMINATE, f"domain.{kind}", message)
