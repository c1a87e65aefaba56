"""Documents that no host vouches for any more: those that their subjects anchored.

A document in a file is anybody's word. One whose commitment the issuer's authority wrote into the issuer's namespace is
the issuer's: nobody else can write there. The namespace has to be known as the issuer's from elsewhere, by the trust
file. What the document says of namespaces would be the word of whoever brings it, about himself.

A record dates the document, and never shows that none followed: whoever brings an old one may have left out the next.
So it speaks of what was up to the last time at which it was anchored. An issuer that puts its document into each batch
of credentials lets it speak for all of them. A log of did:webvh, too, may have been cut by whoever brings it: a version
of which a record is there was the last one when it was anchored.

Spec: docs/adr/0025-an-issuer-can-anchor-its-document.md
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from anchoring.facts import Anchor, HeadOf, StatusHead
from anchoring.heads import list_id
from anchoring.receipt import Site
from did_methods.document import DidDocument
from did_methods.history import DocumentVersion, KeyEvidence, KeyHistory
from node.credentials.record_name import RecordName
from node.documents import JsonObject
from node.proofs.canonicalize.jcs import jcs
from node.verification.case import CLOCK_SKEW
from node.verification.records import Known, Records, Unknown, moment

TAG: Final = b"glejt/did-document/v1"
FORM: Final = "did-document"
"""What a receipt of a document calls what it is of."""
MAX_NAMESPACES: Final = 8
"""Namespaces of one issuer that are looked into."""
MAX_VERSIONS: Final = 16
"""Versions of a log that are looked for: an issuer anchors the present one, and a capsule has the log as of then."""

_NEXT: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class AnchoredDocument:
    """A document as its subject anchored it, with those before it, and until when it speaks."""

    history: KeyHistory
    until: datetime
    document: DidDocument


def commitment_to(did: str, document: JsonObject) -> bytes:
    """The commitment to a document of a DID: SHA-256 over the tag, the DID, and the document's RFC 8785 form.

    Before each of the two stands its length, as a big-endian uint32. It goes into a batch as that of a credential does.
    """
    parts = (did.encode(), jcs(document))
    return hashlib.sha256(TAG + b"".join(len(part).to_bytes(4) + part for part in parts)).digest()


def shown_log(
    versions: Sequence[DocumentVersion], namespaces: Collection[RecordName], records: Records, at: datetime
) -> AnchoredDocument | None:
    """What is known of the versions of a log by records in these namespaces; None where no version is in any by `at`.

    1. The latest version that was anchored was the last one when that was done: nobody can have left a version out.
    2. Nor can one have followed before then, whatever time it gives itself: whoever stole the key that writes the log
       can add one to it. What followed by its own word began thereafter. Versions before the last MAX_VERSIONS are not
       looked for.
    """
    for place in reversed(range(max(0, len(versions) - MAX_VERSIONS), len(versions))):
        version = versions[place]
        times = _anchored(version.document.id, version.document, namespaces, records, at)
        if times:  # 1.
            until = min(max(times), at)
            following = until + _NEXT
            later = [each for each in versions[place + 1 :] if each.until is None or each.until > following]  # 2.
            if later:
                later[0] = replace(later[0], since=max(later[0].since or following, following))
                version = replace(version, until=later[0].since)
            return AnchoredDocument(KeyHistory((*versions[:place], version, *later)), until, version.document)
    return None


def shown_document(
    did: str, document: DidDocument, namespaces: Collection[RecordName], records: Records, at: datetime
) -> AnchoredDocument | None:
    """What is known of a document by records in these namespaces, which are its subject's; None where nothing is.

    1. Receipts lead from the document to values, of which trusted blocks show when they were anchored.
    2. Nothing counts that was anchored only after the time of judging.
    3. Before the first time it was like any document that somebody looked up then: what it lists may have been new.
    """
    times = _anchored(did, document, namespaces, records, at)  # 1. and 2.
    if not times:
        return None
    first = min(times)
    versions = (  # 3.
        DocumentVersion(None, first, document, KeyEvidence.NOW_ONLY),
        DocumentVersion(first, None, document, KeyEvidence.ANCHORED),
    )
    return AnchoredDocument(KeyHistory(versions), min(max(times), at), document)


def headed_at(
    url: str, digest: bytes, namespaces: Collection[RecordName], records: Records, at: datetime
) -> datetime | None:
    """When a head in these namespaces first named these bytes of the list at an address; None where none does by `at`.

    What a head names, the issuer's authority had then: its signature is judged as of that time, as that of a credential
    is as of its anchor.
    """
    wanted = list_id(url)
    times = [
        moment(known.fact.time)
        for name in sorted(namespaces, key=str)[:MAX_NAMESPACES]
        for known in _answers(name, wanted, records)
        if isinstance(known.fact, StatusHead) and known.fact.digest == digest
    ]
    return min((time for time in times if time <= at), default=None)


def _answers(name: RecordName, wanted: bytes, records: Records) -> Sequence[Known]:
    site = Site(name.chain_id, name.contract, name.namespace)
    found = records.answers(site, HeadOf(name.namespace, wanted))
    return () if isinstance(found, Unknown) else found


def followed_by(shown: AnchoredDocument, present: DidDocument) -> KeyHistory:
    """The history of a document that was anchored, and of the one that its host publishes at present.

    When the one took the place of the other, nobody says: by the last record at the earliest.
    """
    *before, last = shown.history.versions
    end = max(shown.until, last.since or shown.until) + _NEXT  # blocks may be ahead of the clock, by a little
    return KeyHistory(
        (
            *before,
            replace(last, until=end),
            replace(last, since=end, until=end + _NEXT),  # so that the record, and not what followed, is the evidence
            DocumentVersion(end + _NEXT, None, present, KeyEvidence.NOW_ONLY),
        )
    )


def _anchored(
    did: str, document: DidDocument, namespaces: Collection[RecordName], records: Records, at: datetime
) -> list[datetime]:
    """When a document was anchored in these namespaces; what is later than `at` is left out."""
    if not namespaces:
        return []
    commitment = commitment_to(did, document.source)
    return [
        time
        for name in sorted(namespaces, key=str)[:MAX_NAMESPACES]
        for time in _times(Site(name.chain_id, name.contract, name.namespace), commitment, records)
        if time - at <= CLOCK_SKEW
    ]


def _times(site: Site, commitment: bytes, records: Records) -> Iterator[datetime]:
    for receipt in records.receipts(site):
        if receipt.leads_from(commitment):
            known = records.fact(site, receipt.question)
            if isinstance(known, Known) and isinstance(known.fact, Anchor):
                yield moment(known.fact.time)
