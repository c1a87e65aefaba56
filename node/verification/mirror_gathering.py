"""Gathering of status lists from mirrors: by what is in them, where a head names a list that is not at hand.

A head names a list by the digest of its bytes, so anybody may keep a copy, and nobody who does can change it. Only
mirrors that the trust file names for the chain are asked, through the guarded fetcher; each learns that somebody wants
this list, and not why. Bytes with another digest are dropped.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from anchoring.facts import HeadOf, StatusHead
from anchoring.heads import cid_of, digest_of, list_id
from anchoring.receipt import Site
from node.credentials.record_name import RecordName
from node.documents import MAX_CREDENTIAL_BYTES
from node.verification.errors import FetchError
from node.verification.ledger_gathering import promised_lists
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.records import Known, Records
from node.verification.sources import Sources
from node.verification.subject import Handed
from node.verification.trust import Trust

MAX_MIRRORED: Final = 8
"""Lists of one subject that are looked for at mirrors: it takes an issuer that is gone, or one that hides a list."""
MIRROR_SECONDS: Final = 10.0
"""All of them; each has the fetcher's own limit."""
ACCEPT: Final = "application/vnd.ipld.raw, application/octet-stream;q=0.9, */*;q=0.1"


async def gather_mirrored(
    subject: Handed, material: VerificationMaterial, sources: Sources, trust: Trust
) -> VerificationMaterial:
    """The material, with lists that heads name and nobody has brought yet. Never raises for what the subject says."""
    records = Records(material.ledgers or LedgerMaterial(), trust, sources.now())
    held = {(copy.url, copy.digest) for copy in material.status_lists}
    wanted = dict.fromkeys(each for each in _named(subject, records, trust) if each[:2] not in held)
    end = asyncio.get_running_loop().time() + MIRROR_SECONDS
    found = await asyncio.gather(*(_fetched(*each, sources, end) for each in list(wanted)[:MAX_MIRRORED]))
    copies = tuple([copy for copy in found if copy is not None])
    return replace(material, status_lists=(*material.status_lists, *copies)) if copies else material


def _named(subject: Handed, records: Records, trust: Trust) -> Iterator[tuple[str, bytes, tuple[str, ...]]]:
    """The lists that proven heads name, by their digests, and who may have them."""
    for name, url in dict.fromkeys(promised_lists(subject)):
        chain = trust.chain(name.chain_id)
        head = _head(name, url, records) if chain is not None and chain.mirrors else None
        if chain is not None and head is not None:
            yield url, head.digest, chain.mirrors


def _head(name: RecordName, url: str, records: Records) -> StatusHead | None:
    known = records.fact(Site(name.chain_id, name.contract, name.namespace), HeadOf(name.namespace, list_id(url)))
    return known.fact if isinstance(known, Known) and isinstance(known.fact, StatusHead) else None


async def _fetched(
    url: str, digest: bytes, mirrors: tuple[str, ...], sources: Sources, end: float
) -> StatusListCopy | None:
    """The bytes with this digest, from the first mirror that has them as a text."""
    for mirror in mirrors:
        try:
            async with asyncio.timeout_at(end):
                fetched = await sources.fetch(
                    f"{mirror.rstrip('/')}/{cid_of(digest)}", accept=ACCEPT, max_bytes=MAX_CREDENTIAL_BYTES
                )
            if digest_of(fetched.body) == digest:
                return StatusListCopy(url, fetched.body.decode(), Origin.SAVED, fetched.at)
        except TimeoutError:
            return None
        except (FetchError, UnicodeDecodeError):
            continue  # that there is no copy the judge tells
    return None
