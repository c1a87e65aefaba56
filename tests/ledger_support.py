"""A chain for tests of verification: state made by hand, a namespace on it, checkpoints of its blocks, and receipts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from anchoring_support import CONTRACT, HandMadeState
from verification_support import AT, ISSUER, Party

from anchoring.batch import Batch, batch
from anchoring.checkpoint import Chain, Checkpoint, CheckpointTrust, SignedCheckpoint, TrustedBlock
from anchoring.facts import Anchor, AnchorOf
from anchoring.layout import slots_of
from anchoring.receipt import Finality, Receipt, Site
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.contexts import BUNDLED
from node.credentials.record_name import RecordName
from node.documents import JsonObject
from node.proofs.commitment import commitment_of
from node.proofs.data_integrity import verify_proofs
from node.proofs.jsonld import JsonLd
from node.proofs.proof import read_proofs
from node.proofs.signatures import local_signer
from node.verification.chains import ChainKind, TrustedChain
from node.verification.checkpoint_signers import signer_of
from node.verification.ledger_material import LedgerMaterial, QuorumBlock
from node.verification.material import EMPTY, Origin, VerificationMaterial
from node.verification.receipt_subject import subject_of
from node.verification.trust import ListedIssuer, Trust, TrustList

NAMESPACE, STRANGE = bytes([7]) * 32, bytes([8]) * 32
SIGNER = PrivateKey(KeyType.ED25519, bytes([77]) * 32)
CHAIN = Chain(1, bytes([5]) * 32)
NAME = RecordName(CHAIN.id, CONTRACT.address, NAMESPACE)
ANCHORED = AT - timedelta(days=3)
PENDING_QUESTION = AnchorOf(NAMESPACE, bytes([6]) * 32)
SECRET, GENEROUS = b"s" * 32, timedelta(days=400)
_JSONLD = JsonLd(BUNDLED, rdf_direction="i18n-datatype")


def site_of(name: RecordName = NAME) -> Site:
    return Site(name.chain_id, name.contract, name.namespace)


def trusted_chain(kind: ChainKind = ChainKind.PUBLIC, chain: Chain = CHAIN, **members: object) -> TrustedChain:
    """The chain as a verifier knows it who takes the checkpoints of one signer."""
    signers = CheckpointTrust(chain, frozenset({signer_of(SIGNER.public)}), 1)
    given: dict = {"checkpoints": signers, **members}
    return TrustedChain("Ethereum", chain, kind, CONTRACT, **given)


def trusting(
    *parties: Party,
    names: Iterable[RecordName] = (NAME,),
    chains: Iterable[TrustedChain] | None = None,
    **members: object,
) -> Trust:
    """Trust in the chain, and in a list that gives these parties their namespaces."""
    issuers = {
        party.did: ListedIssuer(party.did, "Example University", "university.example", namespaces=frozenset(names))
        for party in parties or (ISSUER,)
    }
    return Trust(
        lists=(TrustList("demo", issuers),),
        chains=tuple(chains) if chains is not None else (trusted_chain(),),
        **members,
    )


def seconds(time: datetime) -> int:
    return int(time.timestamp())


def word_of(anchor: Anchor) -> bytes:
    packed = anchor.block | anchor.time << 48 | anchor.authority << 96 | anchor.era << 128
    return packed.to_bytes(32)


def checkpoint(
    state: HandMadeState, *, chain: Chain = CHAIN, by: PrivateKey = SIGNER, lasting: timedelta = GENEROUS
) -> bytes:
    """A signed checkpoint of the block of a state."""
    return checkpoint_of(block_of(state, chain), state.timestamp, by=by, lasting=lasting)


def checkpoint_of(block: TrustedBlock, time: int, *, by: PrivateKey = SIGNER, lasting: timedelta = GENEROUS) -> bytes:
    """A signed checkpoint of a block of this time."""
    stated = Checkpoint(block.chain, block.number, block.hash, time, time + int(lasting.total_seconds()))
    signature = local_signer(by).sign(stated.encode())
    return SignedCheckpoint.of(stated, [(signer_of(by.public), signature)]).encode()


@dataclass
class Record:
    """What is anchored, and the block that shows it."""

    name: RecordName = NAME
    number: int = 1000
    time: datetime = AT - timedelta(hours=1)
    anchors: dict[AnchorOf, Anchor] = field(default_factory=dict)
    others: Mapping[bytes, bytes] = field(default_factory=dict)

    @property
    def state(self) -> HandMadeState:
        slots = {slots_of(question)[0]: word_of(anchor) for question, anchor in self.anchors.items()}
        return HandMadeState({**slots, **self.others}, number=self.number, timestamp=seconds(self.time))

    def anchor(self, tree: Batch, at: datetime = ANCHORED, block: int = 900) -> Anchor:
        """Write the batch down."""
        made = self.written(tree, at, block)
        self.anchors |= made
        return next(iter(made.values()))

    def written(self, tree: Batch, at: datetime = ANCHORED, block: int = 900) -> dict[AnchorOf, Anchor]:
        """What writing the batch down leaves in the record."""
        return {AnchorOf(self.name.namespace, tree.anchored): Anchor(block, seconds(at), 0, 0)}

    def final(self, receipt: Receipt) -> Receipt:
        """The receipt, final under this block."""
        state = self.state
        proof = state.proof(slots_of(receipt.question))
        held = self.anchors.get(receipt.question) or Anchor(900, seconds(ANCHORED), 0, 0)
        return replace(receipt, progress=Finality(held, proof))


def commitments(document: JsonObject, party: Party = ISSUER) -> list:
    """What its issuer anchors for each proof inside a document."""
    proofs = read_proofs(document["proof"])
    keys = {proof.path: party.private.public for proof in proofs}
    results = verify_proofs(document, proofs, keys, jsonld=_JSONLD)
    return [commitment_of(result.outcome) for result in results]


def pending(
    commitment, name: RecordName = NAME, credential_id: str | None = None, secret: bytes = SECRET
) -> tuple[Batch, Receipt]:
    """A batch with the commitment among others, and the receipt for it as it is made first."""
    tree = batch([commitment.value, b"o" * 32], [b"a" * 32, b"b" * 32], secret)
    place = tree.place(b"a" * 32, commitment.value)
    return tree, Receipt(place, site_of(name), subject_of(credential_id, commitment.form))


def naming(*names: RecordName | str) -> list[JsonObject]:
    """The evidence that names these records."""
    return [
        name.entry() if isinstance(name, RecordName) else {"id": name, "type": ["Evidence"], "name": "Time record"}
        for name in names or (NAME,)
    ]


def ledgers(base: VerificationMaterial = EMPTY, **members: object) -> VerificationMaterial:
    return replace(base, ledgers=LedgerMaterial(**members))


@dataclass(frozen=True)
class Case:
    """A document with an anchor: everything that shows it."""

    document: JsonObject
    receipt: Receipt
    record: Record

    @property
    def checkpoint(self) -> bytes:
        return checkpoint(self.record.state)

    def material(self, base: VerificationMaterial = EMPTY, **members: object) -> VerificationMaterial:
        given = {"receipts": (self.receipt.encode(),), "checkpoints": (self.checkpoint,), **members}
        return ledgers(base, **given)


def anchored(
    document: JsonObject, party: Party = ISSUER, at: datetime = ANCHORED, record: Record | None = None
) -> Case:
    """The document, with the first proof inside it anchored at that time."""
    record = record or Record()
    tree, receipt = pending(commitments(document, party)[0], record.name, document.get("id"))
    record.anchor(tree, at)
    return Case(document, record.final(receipt), record)


def block_of(state: HandMadeState, chain: Chain = CHAIN) -> TrustedBlock:
    return TrustedBlock(chain, state.number, state.hash)


def utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def live(state: HandMadeState, origin: Origin = Origin.LIVE, chain: Chain = CHAIN) -> QuorumBlock:
    """The block, as nodes agreed on it that were asked by this verifier, or by somebody."""
    return QuorumBlock(chain.id, chain.genesis, state.number, state.hash, origin)
