"""Whose a namespace on a chain is: nobody's by writing there, and everybody's only by name.

A verifier's own lists say so, or the document of the identifier does, or a body that accredits its owner.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from did_methods.document import DidDocument
from node.credentials.errors import RecordNameError
from node.credentials.record_name import RecordName
from node.verification.keys import KeyRing

SERVICE: Final = "TrustAnchorNamespace"
"""The type of the service by which a DID document says that a namespace is its subject's."""
MAX_SERVICES: Final = 64
"""Services of one document that are looked at."""


def is_own(ring: KeyRing, name: RecordName, owner: str, time: datetime) -> bool:
    """Whether a namespace is its owner's, by the verifier's trust file or by the owner's own document.

    What the document said at the time counts as much as what it says now: people move on.
    """
    body = ring.trust.bodies.get(owner)
    if body is not None and name.record in body.namespaces:
        return True
    for trusted in ring.trust.lists:
        if owner in trusted.issuers and name.record in trusted.issuers[owner].namespaces:
            return True
    return any(name.record in namespaces_of(document) for document in ring.documents(owner, time))


def namespaces_of(document: DidDocument) -> Iterator[RecordName]:
    """The namespaces that a document says are its subject's."""
    services = document.source.get("service")
    for service in (services if isinstance(services, list) else [])[:MAX_SERVICES]:
        kinds = service.get("type") if isinstance(service, dict) else None
        if not isinstance(service, dict) or SERVICE not in (kinds if isinstance(kinds, list) else [kinds]):
            continue
        ends = service.get("serviceEndpoint")
        for end in (ends if isinstance(ends, list) else [ends])[:MAX_SERVICES]:
            if isinstance(end, str):
                try:
                    yield RecordName.parse(end).record
                except RecordNameError:
                    continue
