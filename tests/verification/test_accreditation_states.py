"""Accredit, withdraw, accredit again, issue and anchor in any order: accredited exactly when it was in force then."""

import asyncio
from dataclasses import dataclass

import pytest
from accreditation_support import BODY, Ground, accreditation, authority, award, board, copy_of, moment, signed
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from verification_support import ISSUER, one

from anchoring.facts import AccreditationOf
from anchoring.receipt import Receipt
from node.issuance.accrediting import SignedAccreditation
from node.verification.check import CheckName
from node.verification.ledger_material import FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import Origin, VerificationMaterial
from node.verification.trust import ListedIssuer


@dataclass
class Given:
    """An accreditation as the model knows it, in seconds."""

    data: bytes
    start: int
    end: int | None
    recorded: int
    withdrawn: int | None = None

    def proven(self, time):
        ended = (self.end is not None and self.end < time) or (self.withdrawn is not None and self.withdrawn <= time)
        return max(self.start, self.recorded) <= time and not ended

    def at_least_claimed(self, time):
        own = self.start <= time and (self.end is None or time <= self.end)
        return own and (self.proven(time) or (self.recorded > time and self.withdrawn is None))


@dataclass
class Issued:
    document: dict
    receipt: bytes
    operation: object
    at: int
    anchored: int | None = None


class Accrediting(RuleBasedStateMachine):
    """A body and an issuer; each step takes a block's time at least."""

    def __init__(self):
        super().__init__()
        self.ground = Ground()
        self.body, self.issuers = self.ground.name("body"), self.ground.name("issuer")
        listed = ListedIssuer(ISSUER.did, "Example University", "u.example", namespaces=frozenset([self.issuers]))
        self.trust = self.ground.trust(board(self.body), issuers=[listed])
        self.given: list[Given] = []
        self.issued: list[Issued] = []

    @precondition(lambda self: len(self.given) < 6)
    @rule(
        lasting=st.sampled_from([None, 5_000, 100_000]),
        ahead=st.sampled_from([-50_000, 0, 0, 5_000]),
    )
    def accredit(self, lasting, ahead):
        start = self.ground.clock + ahead
        members = {"validFrom": _text(start)}
        if lasting is not None:
            members["validUntil"] = _text(start + lasting)
            if start + lasting <= self.ground.clock + 60:
                return  # the contract takes none that is over
        data = signed(accreditation(BODY, ISSUER, at=start, records=[self.body], **members), BODY)
        self.ground.accredit(data, self.body)
        self.given.append(Given(data, start, None if lasting is None else start + lasting, self.ground.clock))

    @precondition(lambda self: any(one.withdrawn is None for one in self.given))
    @rule(data=st.data())
    def withdraw(self, data):
        chosen = data.draw(st.sampled_from([one for one in self.given if one.withdrawn is None]))
        self.ground.withdraw(chosen.data, self.body)
        chosen.withdrawn = self.ground.clock

    @precondition(lambda self: len(self.issued) < 3)
    @rule()
    def issue(self):
        document = award(
            validFrom=_text(self.ground.clock), id=f"urn:uuid:{len(self.issued):08x}-0000-4000-8000-{0:012d}"
        )
        self.issued.append(Issued(*self.ground.anchored(document, self.issuers), self.ground.clock))

    @precondition(lambda self: any(one.anchored is None for one in self.issued))
    @rule()
    def anchor(self):
        chosen = next(one for one in self.issued if one.anchored is None)
        self.ground.order(chosen.operation)
        chosen.anchored = self.ground.clock

    @rule(seconds=st.sampled_from([1, 3_000, 20_000, 200_000]))
    def wait(self, seconds):
        self.ground.pass_time(seconds)

    @invariant()
    def accredited_exactly_when_in_force(self):
        if not self.issued:
            return
        now = self.ground.clock
        material = self._material()
        for one_issued in self.issued:
            entry = one(one_issued.document, material=material, trust=self.trust, at=moment(now))
            assert entry.check(CheckName.ANCHOR).passed == (one_issued.anchored is not None)
            outcome, code = authority(entry)
            time = now if one_issued.anchored is None else one_issued.anchored
            stated = min(one_issued.at, time)
            before = any(one_given.at_least_claimed(stated) for one_given in self.given)
            fitting = any(one_given.proven(time) and (one_given.start <= stated or before) for one_given in self.given)
            assert (outcome == "passed") == fitting, (code, entry.check(CheckName.AUTHORITY).evidence)
            known = [one_given for one_given in self.given if one_given.recorded <= now]
            if known and all(one_given.withdrawn is not None and one_given.withdrawn <= time for one_given in known):
                assert (outcome, code) == ("failed", "authority.not_in_force")

    def _material(self):
        ledger = self.ground.ledger
        questions = {}
        for each in self.given:
            for operation in SignedAccreditation.read(each.data).accredit(self.body, {}):
                for number in range(len(self.given) + 1):
                    asked = AccreditationOf(operation.body, operation.subject, operation.scope, number)
                    questions[asked] = None
        questions |= {Receipt.decode(each.receipt).question: None for each in self.issued}
        block = asyncio.run(ledger.final_block())
        asked = tuple(questions)
        proof = asyncio.run(ledger.prove(asked, block)).encode()
        fact = FactProof(block.chain.id, ledger.contract.address, asked, proof, Origin.LIVE)
        live = QuorumBlock(block.chain.id, block.chain.genesis, block.number, block.hash, Origin.LIVE)
        receipts = tuple(each.receipt for each in self.issued)
        return VerificationMaterial(
            ledgers=LedgerMaterial(receipts=receipts, facts=(fact,), blocks=(live,)),
            accreditations=tuple(copy_of(each.data) for each in self.given),
        )


def _text(seconds):
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")


TestAccrediting = pytest.mark.threat(30)(Accrediting.TestCase)
TestAccrediting.settings = settings(max_examples=12, stateful_step_count=14, deadline=None)
