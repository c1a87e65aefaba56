"""What the tests of domains share: linkage credentials, the pages that hold them, and material with such a page."""

import json
from dataclasses import replace

from verification_support import AT, ISSUER, VC_1, Party, listing

from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT
from node.documents import JsonObject, JsonValue
from node.verification.domain_gathering import configuration_url
from node.verification.material import (
    ConfigurationCopy,
    Origin,
    ResolutionFailure,
    ResolvedDocument,
    VerificationMaterial,
)
from node.verification.policy import KeyEvidence
from node.verification.trust import Trust

DOMAIN = "university.example"
URL = configuration_url(DOMAIN)
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"


def linkage(party: Party = ISSUER, /, **members: JsonValue) -> JsonObject:
    """A linkage credential without its proof; a member given as None is left out."""
    document: JsonObject = {
        "@context": [VC_1, DID_CONFIGURATION_CONTEXT, DATA_INTEGRITY],
        "type": ["VerifiableCredential", "DomainLinkageCredential"],
        "issuer": party.did,
        "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2027-01-01T00:00:00Z",
        "credentialSubject": {"id": party.did, "origin": f"https://{DOMAIN}"},
        **members,
    }
    return {name: value for name, value in document.items() if value is not None}


def linked(party: Party = ISSUER, /, *, by: Party | None = None, **members: JsonValue) -> JsonObject:
    """The same, signed by its party, or by somebody else."""
    return (by or party).sign(linkage(party, **members))


def page(*entries: JsonValue, **members: JsonValue) -> str:
    """What a domain publishes."""
    return json.dumps({"@context": DID_CONFIGURATION_CONTEXT, "linked_dids": list(entries), **members})


def asking(*parties: Party, name: str = "demo") -> Trust:
    """A list that names these parties under the domain, and wants the domain asked."""
    trust = listing(*(parties or (ISSUER,)), name=name)
    return replace(trust, lists=tuple(replace(listed, check_domains=True) for listed in trust.lists))


def said(
    content: str | None = None, *parties: Party, origin: Origin = Origin.LIVE, failure: str = ""
) -> VerificationMaterial:
    """Material with what the domain publishes, or why that is not known, and the documents of these parties."""
    documents = {p.did: ResolvedDocument(p.document(), KeyEvidence.NOW_ONLY, origin, AT) for p in parties}
    failures = {URL: ResolutionFailure("fetch.status", failure, AT)} if failure else {}
    copies = () if content is None else (ConfigurationCopy(URL, content, origin, AT),)
    return VerificationMaterial(documents, failures, configurations=copies)
