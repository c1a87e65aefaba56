"""Capsules for tests: an award by a university whose host is gone, with everything that shows it."""

import json
from dataclasses import dataclass, replace
from datetime import timedelta

from anchoring_support import CONTRACT
from heads_support import HEADS, head
from ledger_support import ANCHORED, CHAIN, NAME, SECRET, Record, checkpoint, commitments, naming, site_of, trusting
from status_support import HOUR, LIST, entry, status_list
from verification_support import AT, ISSUER, UNIVERSITY, Party, badge

from anchoring.batch import Batch, batch
from anchoring.facts import HeadOf
from anchoring.heads import list_id
from anchoring.layout import slots_of
from anchoring.memory import words_of
from anchoring.receipt import Receipt
from did_methods.multikey import PrivateKey
from node.credentials.record_name import RecordName
from node.documents import JsonObject
from node.issuance.document_anchors import anchorable_document
from node.verification.capsule import Capsule
from node.verification.capsule_making import make_capsule
from node.verification.ledger_material import FactProof, LedgerMaterial
from node.verification.material import Origin, ResolvedDocument, StatusListCopy, VerificationMaterial
from node.verification.policy import KeyEvidence, built_in
from node.verification.receipt_subject import subject_of
from node.verification.trust import Trust
from node.verification.verify import verify

ARCHIVE = built_in("archive")
SALTS = b"a" * 32, b"b" * 32


@dataclass(frozen=True)
class Packed:
    """A capsule, and what a verifier needs beside it."""

    document: JsonObject
    capsule: Capsule
    trust: Trust
    checkpoint: bytes
    record: Record

    def report(self, capsule: Capsule | None = None, **inputs: object):
        return judged_capsule(capsule or self.capsule, self.trust, (self.checkpoint,), **inputs)


def judged_capsule(capsule: Capsule, trust: Trust, checkpoints: tuple[bytes, ...] = (), policy=ARCHIVE, at=AT):
    """The report of a verifier who has the capsule, a trust file and these checkpoints, and no network."""
    held = capsule.material.ledgers or LedgerMaterial()
    ledgers = replace(held, checkpoints=(*checkpoints, *held.checkpoints))
    material = replace(capsule.material, ledgers=ledgers or None)
    subject = json.loads(capsule.subject_bytes)
    return verify(subject, material, policy, at, trust=trust, beside=capsule.beside_values)


def receipts_for(
    document: JsonObject, party: Party, did_document: JsonObject | None, name: RecordName = NAME
) -> tuple[Batch, list[Receipt]]:
    """The batch of a document and of its issuer's DID document, and the receipts for both as they are made first."""
    committed = commitments(document, party)[0]
    told = [(SALTS[0], committed.value, subject_of(document["id"], committed.form))]
    if did_document is not None:
        told.append((SALTS[1], *anchorable_document(did_document)))
    tree = batch([value for _, value, _ in told], SALTS[: len(told)], SECRET)
    return tree, [Receipt(tree.place(salt, value), site_of(name), of) for salt, value, of in told]


def receipts_of(document: JsonObject, party: Party, did_document: JsonObject | None, record: Record) -> list[Receipt]:
    """The same receipts, final: both were anchored in one batch."""
    tree, receipts = receipts_for(document, party, did_document, record.name)
    record.anchor(tree)
    return [record.final(receipt) for receipt in receipts]


def packed(party: Party = UNIVERSITY, *, with_list: bool = False, heads: bool = True, **members: object) -> Packed:
    """An award that was anchored together with its issuer's document, in a capsule.

    Its status list, of two hours before, was named by a head of an hour before.
    """
    listed = json.dumps(status_list(issuer=party, signed=ANCHORED - 2 * HOUR, until=None)) if with_list else ""
    question = HeadOf(NAME.namespace, list_id(LIST))
    fact = head(listed, set_at=ANCHORED - HOUR, until=AT + timedelta(days=400))
    record = Record(others=dict(zip(slots_of(question), words_of(fact), strict=True)) if with_list else {})
    given = {"credentialStatus": [entry()]} if with_list else {}
    names = (NAME, HEADS) if with_list and heads else (NAME,)
    document = party.sign(badge(party, evidence=naming(*names), **{**given, **members}))
    resolved = {}
    if party.name:
        resolved = {party.did: ResolvedDocument(party.document(), KeyEvidence.NOW_ONLY, Origin.LIVE, AT)}
    receipts = receipts_of(document, party, party.document() if party.name else None, record)
    shown = record.state.proof(slots_of(question)).encode()
    facts = (FactProof(NAME.chain_id, NAME.contract, (question,), shown, Origin.LIVE),) if with_list else ()
    material = VerificationMaterial(
        resolved,
        status_lists=(StatusListCopy(LIST, listed, Origin.LIVE, AT),) if with_list else (),
        ledgers=LedgerMaterial(tuple(receipt.encode() for receipt in receipts), facts=facts),
    )
    capsule = make_capsule([json.dumps(document).encode()], material, made=AT)
    return Packed(document, capsule, trusting(UNIVERSITY, ISSUER), checkpoint(record.state), record)


def chain_table(*keys: PrivateKey, threshold: int = 1) -> str:
    """The chain of the record in a trust file, with the signers of checkpoints that count."""
    named = ", ".join(f'"{key.public.to_multibase()}"' for key in keys)
    return f"""
[[chains]]
name = "Ethereum"
id = {CHAIN.id}
genesis = "0x{CHAIN.genesis.hex()}"
kind = "public"
contract = "0x{CONTRACT.address.hex()}"
code_hash = "0x{CONTRACT.code_hash.hex()}"
checkpoints = {{ keys = [{named}], threshold = {threshold} }}
"""
