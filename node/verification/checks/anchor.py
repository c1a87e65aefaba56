"""Check 7: the document existed by the time of a block on a chain.

Here for documents that name no record of ours; what is known of one that does, `node.verification.anchors` says.

Spec: https://chainagnostic.org/CAIPs/caip-10, https://w3c-ccg.github.io/Merkle-Proof-2019/
"""

from typing import Final

from node.documents import JsonObject, pointer
from node.proofs.data_integrity import VerifiedProof
from node.verification.case import Case
from node.verification.check import Check, CheckName, Outcome
from node.verification.examination import ExaminedProof

EVM_ACCOUNT: Final = "eip155:"
"""How an evidence entry names chain and contract: the account identifier of an EVM chain."""
FOREIGN_ANCHORS: Final = frozenset({"MerkleProof2017", "MerkleProof2019", "merkle-proof-2019"})
"""Proofs of Blockcerts, which are anchors of another make."""


def check_anchor(case: Case, proofs: tuple[ExaminedProof, ...] = ()) -> Check:
    """Not applicable where the document has no anchor; one of another make is not checked. `proofs` are the document's.

    A proof of which no two showings have anything in common has nothing that could be anchored.
    """
    network = _foreign(case)
    if network is None:
        if any(isinstance(one.outcome, VerifiedProof) and one.outcome.covers == "nothing" for one in proofs):
            message = "It is not anchored, so that two showings of it cannot be linked."
            return Check(CheckName.ANCHOR, Outcome.NOT_APPLICABLE, "anchor.unlinkable", message)
        return Check(CheckName.ANCHOR, Outcome.NOT_APPLICABLE, "anchor.none", "It promises no anchor.")
    return Check(
        CheckName.ANCHOR,
        Outcome.INDETERMINATE,
        "anchor.not_checked",
        "It has an anchor of another make, which is not read here. Its signature stands without it.",
        {"network": network},
    )


def anchor_entries(document: JsonObject) -> list[str]:
    """Pointers to the entries of the evidence that name an anchor, which nobody may hide."""
    evidence = document.get("evidence")
    entries = evidence if isinstance(evidence, list) else [evidence]
    return [
        pointer("evidence", index) if isinstance(evidence, list) else pointer("evidence")
        for index, entry in enumerate(entries)
        if isinstance(entry, dict) and str(entry.get("id", "")).startswith(EVM_ACCOUNT)
    ]


def _foreign(case: Case) -> str | None:
    """The make of an anchor that is not ours, where the document has one."""
    for proof in case.credential.proofs:
        kind = proof.get("cryptosuite", proof.get("type"))
        if isinstance(kind, str) and kind in FOREIGN_ANCHORS:
            return kind
    return None
