"""Bodies, issuers and a chain in memory, on which accreditations are recorded and withdrawn, and judged by."""

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from eth_hash.auto import keccak
from ledger_stages import trust_anchor
from ledger_support import commitments, naming, pending
from verification_support import ISSUER, OB, VC, Party, badge, one, party

from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.facts import AccreditationOf
from anchoring.layout import recovery_commitment
from anchoring.memory import MemoryLedger
from anchoring.operations import AnchorValue, OpenNamespace
from anchoring.receipt import Receipt
from anchoring.signing_key import SigningKey
from node.credentials.accreditation import multibase
from node.credentials.accreditation_file import compose_accreditation
from node.credentials.draft import Fresh
from node.credentials.record_name import Promise, RecordName, with_records
from node.credentials.scope import Scope
from node.documents import JsonObject
from node.issuance.accrediting import SignedAccreditation
from node.verification.bodies import Body
from node.verification.chains import ChainKind, TrustedChain
from node.verification.check import CheckName
from node.verification.ledger_material import FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import EMPTY, Origin, ResourceCopy, VerificationMaterial
from node.verification.report import CredentialReport
from node.verification.trust import ListedIssuer, Trust, TrustList

BODY, AGENCY, OFFICE, STRANGER = party(31), party(32), party(33), party(34)
AUTHORITY = SigningKey(bytes([9]) * 32)
START = 1_800_000_000
YEAR = 365 * 86_400
EQF_4 = {"level": [{"framework": "EQF", "code": "4"}]}


def moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def accreditation(  # one keyword per member that a test varies
    body: Party,
    subject: Party | str | JsonObject,
    *,
    at: int = START,
    records: Iterable[RecordName] = (),
    **members: object,
) -> JsonObject:
    """An accreditation without a proof, which says that it stands in these records."""
    whom = subject.did if isinstance(subject, Party) else subject
    given = {"subject": whom, "scopes": [{}], **members}
    parent = given.pop("parent", None)
    known = None
    if isinstance(parent, bytes):
        read = SignedAccreditation.read(parent)
        given["parent"] = {"id": read.accreditation.id, "digestMultibase": multibase(read.digest)}
    elif parent is not None:
        given["parent"] = parent
    number = sum(map(ord, f"{body.did}{whom}{sorted(given.items(), key=str)}"))
    fresh = Fresh(body.did, moment(at), lambda: f"urn:uuid:00000000-0000-4000-8000-{number:012d}", lambda: "salt")
    named = [replace(name, promise=Promise.ACCREDITATIONS) for name in records]
    return with_records(compose_accreditation(given, fresh, known), named)


def signed(document: JsonObject, by: Party) -> bytes:
    """The exact bytes of an accreditation that a party signed."""
    return json.dumps(by.sign(document, created=moment(START))).encode()


def copy_of(data: bytes, origin: Origin = Origin.FILE) -> ResourceCopy:
    return ResourceCopy("file", data, origin, moment(START))


def award(
    issuer: Party = ISSUER, *, levels: Iterable[tuple[str, str]] = (("EQF", "4"),), **members: object
) -> JsonObject:
    """A badge of a level, by an issuer in Poland; without a proof."""
    urls = {"EQF": "http://data.europa.eu/snb/eqf/", "PRK": "https://kwalifikacje.gov.pl/"}
    made = badge(issuer)
    subject = made["credentialSubject"]
    subject["achievement"] |= {
        "achievementType": "Certificate",
        "alignment": [
            {
                "type": ["Alignment"],
                "targetType": f"ext:{'EQF' if framework == 'EQF' else 'NQF'}",
                "targetFramework": framework,
                "targetCode": code,
                "targetName": f"{framework} level {code}",
                "targetUrl": urls.get(framework, "https://levels.example/") + code,
            }
            for framework, code in levels
        ],
    }
    given = {
        "@context": [VC, OB],
        "issuer": {
            "id": issuer.did,
            "type": ["Profile"],
            "name": "School of Welding",
            "address": {"type": ["Address"], "addressCountryCode": "PL"},
        },
        "validFrom": _utc(START + 100),
        **members,
    }
    return {**made, **{name: value for name, value in given.items() if value is not None}}


def _utc(seconds: int) -> str:
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Ground:
    """A chain in memory, with namespaces of an authority on it; each block is final."""

    clock: int = START
    written: dict[tuple[bytes, Scope, RecordName], int] = field(default_factory=dict)
    """Under which number an accreditation stands."""
    numbers: dict[tuple[str, Scope, RecordName], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ledger = MemoryLedger(trust_anchor(), clock=lambda: self.clock, automatic=False)

    @property
    def now(self) -> datetime:
        return moment(self.clock)

    def pass_time(self, seconds: int) -> None:
        """Chains go on, so what is final stays fresh."""
        self.clock += seconds
        self.ledger.mine()

    def name(self, seed: str) -> RecordName:
        """A namespace of the authority, opened where it is new."""
        guardian = SigningKey(bytes([3]) * 32)
        opening = OpenNamespace(
            AUTHORITY.address, recovery_commitment(guardian.address, bytes(32)), keccak(seed.encode())
        )
        self._bring(AuthorizedCall(opening))
        return RecordName(self.ledger.chain.id, self.ledger.contract.address, opening.namespace)

    def order(self, operation: object) -> None:
        typed = TypedCall.soon(
            operation,
            chain_id=self.ledger.chain.id,
            contract=self.ledger.contract.address,
            now=self.clock,
        )
        self._bring(asyncio.run(authorize(typed, AUTHORITY)))

    def _bring(self, call: AuthorizedCall) -> None:
        asyncio.run(self._brought(call))

    async def _brought(self, call: AuthorizedCall) -> None:
        await self.ledger.submit(call)
        await self.ledger.advance()
        self.clock += 12
        self.ledger.mine()
        self.ledger.finalize(self.ledger.latest.number)
        await self.ledger.advance()

    def accredit(self, data: bytes, name: RecordName) -> None:
        """Record a signed accreditation, under the next numbers."""
        read = SignedAccreditation.read(data)
        key = read.accreditation.subject
        numbers = {scope: self.numbers.get((key, scope, name), 0) for scope in read.accreditation.scopes}
        for operation in read.accredit(name, numbers):
            self.order(operation)
        for scope, number in numbers.items():
            self.numbers[key, scope, name] = number + 1
            self.written[read.digest, scope, name] = number

    def withdraw(self, data: bytes, name: RecordName) -> None:
        """Withdraw a signed accreditation where it was written last."""
        read = SignedAccreditation.read(data)
        numbers = {
            scope: number
            for (digest, scope, place), number in self.written.items()
            if (digest, place) == (read.digest, name)
        }
        for operation in read.withdraw(name, numbers):
            self.order(operation)

    def facts(self, *copies: bytes, most: int = 4) -> LedgerMaterial:
        """What the chain shows of these accreditations now."""
        questions: dict[AccreditationOf, None] = {}
        for data in copies:
            read = SignedAccreditation.read(data)
            for name in read.records:
                operations = read.accredit(name, {})
                for operation in operations:
                    for number in range(most):
                        questions[AccreditationOf(operation.body, operation.subject, operation.scope, number)] = None
        block = asyncio.run(self.ledger.final_block())
        live = QuorumBlock(block.chain.id, block.chain.genesis, block.number, block.hash, Origin.LIVE)
        if not questions:
            return LedgerMaterial(blocks=(live,))
        asked = tuple(questions)
        proof = asyncio.run(self.ledger.prove(asked, block))
        fact = FactProof(block.chain.id, self.ledger.contract.address, asked, proof.encode(), Origin.LIVE)
        return LedgerMaterial(blocks=(live,), facts=(fact,))

    def material(self, *copies: bytes, base: VerificationMaterial = EMPTY, **members: object) -> VerificationMaterial:
        return replace(
            base,
            accreditations=tuple(map(copy_of, copies)),
            ledgers=replace(self.facts(*copies), **members),
        )

    def chain(self, kind: ChainKind = ChainKind.LOCAL) -> TrustedChain:
        return TrustedChain("Own", self.ledger.chain, kind, self.ledger.contract)

    def trust(self, *bodies: Body, issuers: Iterable[ListedIssuer] = (), kind: ChainKind = ChainKind.LOCAL) -> Trust:
        """Trust in these bodies, and in the chain."""
        listed = {entry.did: entry for entry in issuers}
        lists = (TrustList("demo", listed),) if listed else ()
        return Trust(lists=lists, chains=(self.chain(kind),), bodies={body.did: body for body in bodies})

    def anchored(
        self, document: JsonObject, name: RecordName, by: Party = ISSUER
    ) -> tuple[JsonObject, bytes, AnchorValue]:
        """The document, signed, with its receipt, and what has to be written for it."""
        made = by.sign({**document, "evidence": naming(name)}, created=moment(START))
        tree, receipt = pending(commitments(made, by)[0], name, made["id"])
        return made, receipt.encode(), AnchorValue(name.namespace, tree.anchored)

    def shown(self, question: object) -> LedgerMaterial:
        block = asyncio.run(self.ledger.final_block())
        proof = asyncio.run(self.ledger.prove([question], block))
        fact = FactProof(block.chain.id, self.ledger.contract.address, (question,), proof.encode(), Origin.LIVE)
        live = QuorumBlock(block.chain.id, block.chain.genesis, block.number, block.hash, Origin.LIVE)
        return LedgerMaterial(blocks=(live,), facts=(fact,))


def board(*names: RecordName, **members: object) -> Body:
    """The body as a verifier knows it."""
    given = {"did": BODY.did, "name": "Quality Board", "namespaces": frozenset(names), **members}
    return Body(**given)


def authority(entry: CredentialReport) -> tuple[str, str]:
    check = entry.check(CheckName.AUTHORITY)
    return check.outcome.value, check.code


def judged(ground: Ground, document: JsonObject, trust: Trust, *copies: bytes, **inputs: object) -> CredentialReport:
    """The report on a signed document, with these accreditations at hand, now."""
    given = {"material": ground.material(*copies), "at": ground.now + timedelta(seconds=30), **inputs}
    return one(document, trust=trust, **given)


def given(ground, place, by=BODY, subject=ISSUER, **members):
    """An accreditation that is signed, and recorded; and some time after that."""
    data = signed(accreditation(by, subject, records=[place], **members), by)
    ground.accredit(data, place)
    ground.pass_time(1000)
    return data


def shown_of(entry):
    return entry.check(CheckName.AUTHORITY).evidence


def with_anchor(ground, made, receipt, trust, *copies, **inputs):
    question = Receipt.decode(receipt).question
    material = ground.material(*copies)
    shown = ground.shown(question)
    ledgers = replace(
        material.ledgers,
        receipts=(receipt,),
        facts=(*material.ledgers.facts, *shown.facts),
    )
    given = {"material": replace(material, ledgers=ledgers), "at": ground.now, **inputs}
    return one(made, trust=trust, **given)
