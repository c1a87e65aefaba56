"""Whose a namespace on a chain is: nobody's by writing there, and everybody's only by name.

A verifier's own trust file says so; where it names any of an owner, these are all. Of other owners the document of the
identifier says so, or a body that accredits the owner.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

from did_methods.document import DidDocument
from node.credentials.errors import RecordNameError
from node.credentials.record_name import RecordName
from node.verification.keys import KeyRing
from node.verification.trust import Trust

SERVICE: Final = "TrustAnchorNamespace"
"""The type of the service by which a DID document says that a namespace is its subject's."""
MAX_SERVICES: Final = 64
"""Services of one document that are looked at."""


def is_own(
    ring: KeyRing, name: RecordName, owner: str, time: datetime, accredited: Callable[[], bool] = lambda: False
) -> bool:
    """Whether a namespace is its owner's, by the verifier's trust file, the owner's own document, or an accreditation.

    What the document said at the time counts as much as what it says now: people move on. Where the trust file names
    any, neither adds to them: whoever stole a key that writes the document, or is a body for something, could else date
    what another key signed.
    """
    listed = listed_namespaces(ring.trust, owner)
    if listed:
        return name.record in listed
    return any(name.record in namespaces_of(document) for document in ring.documents(owner, time)) or accredited()


def listed_namespaces(trust: Trust, owner: str) -> frozenset[RecordName]:
    """The namespaces that a trust file names as an owner's, issuer or body; where it names any, these are all."""
    body = trust.bodies.get(owner)
    return trust.namespaces(owner) | (body.namespaces if body is not None else frozenset())


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
