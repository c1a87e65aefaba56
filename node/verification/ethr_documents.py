"""The documents of a did:ethr as a verifier knows them: by files that prove themselves, under blocks that are trusted.

What a verifier asked nodes of its own choice itself, it knows as of now. What somebody else handed over shows all there
was up to the time of a trusted block, and of later nothing at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Final

from anchoring.checkpoint import TrustedBlock
from anchoring.header import Header
from did_methods.did import Did
from did_methods.errors import UntrustedHistoryError
from did_methods.ethr import subject_of
from did_methods.ethr_document import history_of
from did_methods.history import KeyEvidence, KeyHistory
from node.verification.chains import ChainKind, TrustedChain
from node.verification.ethr_evidence import MAX_REMEMBERED, Evidence, read_json, shown_by, vouched_for
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.records import Records, moment
from node.verification.trust import Trust

_WORTH: Final = {
    ChainKind.PUBLIC: KeyEvidence.ANCHORED,
    ChainKind.LOCAL: KeyEvidence.ANCHORED,
    ChainKind.TEST: KeyEvidence.SELF_DECLARED,
}
"""What the times of a chain are worth: one for tests is rewritten at will."""


@dataclass(frozen=True, slots=True)
class ShownDocuments:
    """Every document of an identity up to a time; whether others followed is not known."""

    history: KeyHistory
    until: datetime


def shown_documents(
    did: Did, item: ResolvedDocument, material: VerificationMaterial, trust: Trust, at: datetime
) -> ShownDocuments:
    """The documents that the files of an item show.

    1. The chain is one that the verifier knows, with the registry on it.
    2. The files show every event, under blocks that are trusted.
    3. The events make the documents.

    Raises DidMethodsError where nothing is shown.
    """
    chain = trust.chain(subject_of(did).chain_id)  # 1.
    if chain is None or chain.registry is None:
        raise UntrustedHistoryError(
            f"your trust file does not know {'the registry of ' if chain else ''}the chain that {str(did)[:96]} is on",
            code="history.chain",
            remedy="Add the chain to your trust file: its number, its first block, and the code of the registry.",
        )
    if item.origin is Origin.LIVE:  # 2.
        trusted = vouched_for(chain.chain)
    else:
        trusted = _trusted(chain, Records(material.ledgers or LedgerMaterial(), trust, at))
    evidence = shown_by(did, item.files, chain.registry, trusted)
    return ShownDocuments(_history(evidence, _WORTH[chain.kind]), moment(evidence.at.timestamp))  # 3.


def _trusted(chain: TrustedChain, records: Records) -> Callable[[Header], TrustedBlock | None]:
    by_hash = {block.hash: block for block in records.blocks(chain)}

    def trusted(header: Header) -> TrustedBlock | None:
        block = by_hash.get(header.hash)
        return block if block is not None and block.number == header.number else None

    return trusted


@lru_cache(MAX_REMEMBERED)
def _history(evidence: Evidence, worth: KeyEvidence) -> KeyHistory:
    return history_of(evidence.subject, evidence.changes, read_json, worth)
