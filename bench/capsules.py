"""Capsules: how long a verdict takes by a capsule alone, from its bytes to the report, with nothing fetched.

    python bench/capsules.py [--json]

The proofs have the size and depth that they have on a large public chain (bench/anchors.py). What a verifier of many
capsules keeps is kept: compiled contexts, loaded keys. Each capsule is read, its checkpoint's signature, its proofs,
receipts, documents and lists are checked anew.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from anchors import CHAIN, CONTRACT, NUMBER, TIME, chain_with

from anchoring.batch import batch, fresh_salts, fresh_secret
from anchoring.checkpoint import Checkpoint, CheckpointTrust, SignedCheckpoint
from anchoring.facts import Anchor, AnchorOf
from anchoring.receipt import Finality, Receipt, Site
from did_methods import key as did_key
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.contexts import BUNDLED
from node.credentials.record_name import RecordName
from node.documents import JsonObject, parse
from node.issuance.document_anchors import anchorable_document
from node.proofs.commitment import commitment_of
from node.proofs.data_integrity import add_proof, verify_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.proof import read_proofs
from node.proofs.signatures import local_signer
from node.status.bitstring import MIN_ENTRIES, Bitstring
from node.status.entry import StatusEntry
from node.status.status_list import build_status_list
from node.verification.capsule import Capsule, read_capsule
from node.verification.capsule_cbor import encode
from node.verification.capsule_making import make_capsule
from node.verification.chains import ChainKind, TrustedChain
from node.verification.checkpoint_signers import signer_of
from node.verification.ledger_material import LedgerMaterial
from node.verification.material import Origin, ResolvedDocument, StatusListCopy, VerificationMaterial
from node.verification.policy import KeyEvidence, built_in
from node.verification.receipt_subject import subject_of
from node.verification.trust import ListedIssuer, Trust, TrustList
from node.verification.verify import verify

RUNS, WARM_UP = 300, 30
TARGET_MS = 5.0
AT = datetime.fromtimestamp(TIME + 3600, UTC)
PRIVATE = PrivateKey(KeyType.ED25519, bytes([7]) * 32)
NAMESPACE = bytes([9]) * 32
NAME = RecordName(CHAIN.id, CONTRACT.address, NAMESPACE)
LIST = "https://school.example/status/1"
JSONLD = JsonLd(BUNDLED, rdf_direction="i18n-datatype")
GONE = "did:web:school.example"


@dataclass(frozen=True, slots=True)
class Result:
    """One row: the median in milliseconds, and the size of the capsule in bytes."""

    name: str
    median: float
    size: int
    target: float = TARGET_MS

    @property
    def met(self) -> bool:
        """Whether it keeps to its target."""
        return self.median <= self.target


def signed(document: JsonObject, did: str, created: datetime) -> JsonObject:
    """The document, signed by the one key there is."""
    method = f"{did}#{PRIVATE.public.to_multibase()}"
    options = ProofOptions(cryptosuite="eddsa-rdfc-2022", verification_method=method, created=created)
    return add_proof(document, options, local_signer(PRIVATE), jsonld=JSONLD)


def did_document(did: str) -> JsonObject:
    """The document of an issuer at a host."""
    public = PRIVATE.public.to_multibase()
    method: JsonObject = {"id": f"{did}#{public}", "type": "Multikey", "controller": did, "publicKeyMultibase": public}
    return {"id": did, "verificationMethod": [method], "assertionMethod": [f"{did}#{public}"]}


def award(did: str, *, listed: bool) -> JsonObject:
    """A badge that names its record, and a place in a status list where it has one."""
    text = (Path(__file__).with_name("badge.json")).read_text("utf-8")
    badge: JsonObject = {**json.loads(text), "evidence": [NAME.entry()]}
    badge.pop("proof", None)
    badge["issuer"] = {"id": did, "type": ["Profile"], "name": "School"}
    badge.pop("credentialStatus", None)
    if listed:
        badge["credentialStatus"] = StatusEntry(LIST, 7, "revocation").to_json()
    return signed(badge, did, AT - timedelta(days=1))


def packed(did: str) -> Capsule:
    """An award in a capsule; of an issuer at a host with its document in the same batch, else with a status list."""
    at_host = did == GONE
    document = award(did, listed=not at_host)
    (proof,) = read_proofs(document["proof"])
    committed = commitment_of(verify_proof(document, proof, PRIVATE.public, jsonld=JSONLD))
    told = [(committed.value, subject_of(str(document.get("id")), committed.form))]
    if at_host:
        told.append(anchorable_document(did_document(did)))
    salts = fresh_salts(len(told))
    tree = batch([value for value, _ in told], salts, fresh_secret())
    shown, block = chain_with([AnchorOf(NAMESPACE, tree.anchored)], 100_000, 30_000_000)
    final = Finality(Anchor(NUMBER - 9, TIME - 99, 0, 0), shown)
    site = Site(NAME.chain_id, NAME.contract, NAME.namespace)
    receipts = [
        Receipt(tree.place(salt, value), site, subject, final).encode()
        for salt, (value, subject) in zip(salts, told, strict=True)
    ]
    stated = Checkpoint(block.chain, block.number, block.hash, TIME, TIME + 90 * 86_400)
    signature = local_signer(PRIVATE).sign(stated.encode())
    checkpoint = SignedCheckpoint.of(stated, [(signer_of(PRIVATE.public), signature)]).encode()
    bits = Bitstring.zeros(MIN_ENTRIES, 1)
    listed = signed(
        build_status_list(LIST, did, bits, valid_from=AT - timedelta(hours=3), valid_until=AT + timedelta(days=1)),
        did,
        AT - timedelta(hours=3),
    )
    material = VerificationMaterial(
        {did: ResolvedDocument(did_document(did), KeyEvidence.NOW_ONLY, Origin.LIVE, AT)} if at_host else {},
        status_lists=() if at_host else (StatusListCopy(LIST, json.dumps(listed), Origin.LIVE, AT),),
        ledgers=LedgerMaterial(tuple(receipts), (checkpoint,)),
    )
    return make_capsule([json.dumps(document).encode()], material, made=AT)


def trust_in(did: str) -> Trust:
    """Trust in the issuer's record, and in the one signer of checkpoints."""
    signers = CheckpointTrust(CHAIN, frozenset({signer_of(PRIVATE.public)}), 1)
    chain = TrustedChain("chain", CHAIN, ChainKind.PUBLIC, CONTRACT, checkpoints=signers)
    entry = ListedIssuer(did, "School", "school.example", namespaces=frozenset([NAME]))
    return Trust(lists=(TrustList("bench", {did: entry}),), chains=(chain,))


def timed(work: Callable[[], object]) -> float:
    """The median of single runs, in milliseconds of the processor: nothing is waited for."""
    taken = []
    for run in range(RUNS + WARM_UP):
        start = time.process_time()
        work()
        if run >= WARM_UP:
            taken.append((time.process_time() - start) * 1e3)
    return statistics.median(taken)


def row(name: str, data: bytes, trust: Trust) -> Result:
    """One way of judging a capsule, from its bytes on."""
    policy = built_in("archive")

    def work() -> None:
        capsule = read_capsule(data)
        if capsule is None:
            raise ValueError("the bench's own capsule was not read")
        subject = parse(capsule.subject_bytes)
        report = verify(subject, capsule.material, policy, AT, trust=trust, beside=capsule.beside_values)
        if report.verdict != "accepted" or not report.credentials[0].check("anchor").passed:  # type: ignore[arg-type]
            raise ValueError(f"the bench's own capsule was not accepted: {report.to_json()}")

    return Result(name, timed(work), len(data))


def results() -> list[Result]:
    """The rows."""
    by_key = str(did_key.create(PRIVATE.public))
    rows = []
    for name, did in (("its issuer's host is gone (did:web)", GONE), ("its issuer is a key, with status list", by_key)):
        capsule, trust = packed(did), trust_in(did)
        rows += [row(f"{name}, CBOR", encode(capsule), trust), row(f"{name}, JSON", capsule.json_text(), trust)]
    return rows


def main() -> int:
    """Measure and print; the status is 1 where a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    as_json = parser.parse_args().json
    found = results()
    if as_json:
        print(json.dumps([asdict(result) for result in found]))
    else:
        print(f"{'a verdict by a capsule alone':46}{'median':>13}{'bytes':>9}   target")
        for result in found:
            said = "met" if result.met else "MISSED"
            print(f"{result.name:46}{result.median:10,.3f} ms{result.size:>9,}   ≤ {result.target:g} ms  {said}")
    return 0 if all(result.met for result in found) else 1


if __name__ == "__main__":
    sys.exit(main())
