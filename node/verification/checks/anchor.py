"""Check 7: the document existed by the time of a block on a chain.

Anchors are not read yet: where the document promises one, nothing is known.

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
    """Not applicable where the document promises no anchor; else not checked. `proofs` are those of the document.

    A proof of which no two showings have anything in common has nothing that could be anchored.
    """
    network = _promised(case)
    if network is None:
        if any(isinstance(one.outcome, VerifiedProof) and one.outcome.covers == "nothing" for one in proofs):
            message = "It is not anchored, so that two showings of it cannot be linked."
            return Check(CheckName.ANCHOR, Outcome.NOT_APPLICABLE, "anchor.unlinkable", message)
        return Check(CheckName.ANCHOR, Outcome.NOT_APPLICABLE, "anchor.none", "It promises no anchor.")
    return Check(
        CheckName.ANCHOR,
        Outcome.INDETERMINATE,
        "anchor.not_checked",
        "The document names an anchor, which this version does not read. Its signature stands without it.",
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


def _promised(case: Case) -> str | None:
    """The chain that the document names, if it names any."""
    for entry in case.credential.evidence:
        name = entry.get("id")
        if isinstance(name, str) and name.startswith(EVM_ACCOUNT):
            return ":".join(name.split(":")[:2])
    for proof in case.credential.proofs:
        kind = proof.get("cryptosuite", proof.get("type"))
        if isinstance(kind, str) and kind in FOREIGN_ANCHORS:
            return kind
    return None
