"""Whoever hands over all but the truth never gets a list accepted that does not count; and a ledger end to end."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from heads_support import DOCUMENT, HEADS, NEW, NEW_HEAD, OLD, OLD_HEAD, TRUST, Heads, head, promising, published
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_stages import trust_anchor
from ledger_support import CHAIN, STRANGE, checkpoint, live, seconds, trusted_chain, trusting
from status_support import DAY, HOUR, LIST, copy_of, status_list
from verification_support import AT, ISSUER, MALLORY, found, one

from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.checkpoint import Chain
from anchoring.facts import HeadOf
from anchoring.founding import RecoveryKey
from anchoring.founding import found as founded
from anchoring.heads import list_id
from anchoring.ledger import CallState
from anchoring.memory import MemoryLedger
from anchoring.signing_key import SigningKey
from did_methods.multikey import KeyType, PrivateKey
from node.credentials.record_name import Promise, RecordName
from node.issuance.status_heads import following_version, head_of
from node.verification.chains import ChainKind, TrustedChain
from node.verification.ledger_material import FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import Origin, VerificationMaterial

RECORD, EMPTY = Heads({LIST: NEW_HEAD}), Heads()
LONG_AGO = Heads({LIST: OLD_HEAD}, number=5, time=AT - 8 * DAY)
OTHER_CHAIN = Chain(5150, bytes([9]) * 32)
ELSEWHERE = Heads({LIST: OLD_HEAD}, name=replace(HEADS, chain_id=OTHER_CHAIN.id), chain=OTHER_CHAIN)
SAME_NUMBER = Heads({LIST: head(OLD, 99)}, number=1001, chain=Chain(CHAIN.id, bytes([9]) * 32))
CONTRACTED = Heads({LIST: head(OLD, 99)}, name=replace(HEADS, contract=bytes([3]) * 20), number=1002)
FOREIGN_NAME = RecordName(CHAIN.id, HEADS.contract, STRANGE, Promise.HEADS)
FOREIGN = replace(RECORD, foreign={FOREIGN_NAME: head(OLD, 99)})
FORGED = Heads({LIST: head(OLD, 99)}, number=1003)
"""A block that nobody vouches for."""
THIEF = PrivateKey(KeyType.ED25519, bytes([66]) * 32)


def _bent(fact, place):
    data = bytearray(fact.proof)
    data[place % len(data)] ^= 1 << place % 8
    return replace(fact, proof=bytes(data))


LISTS = st.sampled_from(
    [
        OLD,
        published(OLD) + "\n",
        published(NEW) + " ",
        status_list(signed=AT - HOUR, issuer=MALLORY),
        {name: value for name, value in NEW.items() if name != "proof"},
        NEW | {"validUntil": "2099-01-01T00:00:00Z"},
        status_list(signed=AT - 300 * DAY, until=None),
        status_list(signed=AT - HOUR / 8),
        "no list",
    ]
)
FACTS = st.one_of(
    st.sampled_from(
        [
            LONG_AGO.proof(),
            ELSEWHERE.proof(),
            CONTRACTED.proof(),
            FORGED.proof(),
            FOREIGN.proof(name=FOREIGN_NAME),
            SAME_NUMBER.proof(),
            replace(ELSEWHERE.proof(), chain_id=CHAIN.id),
            replace(CONTRACTED.proof(), contract=HEADS.contract),
            replace(FOREIGN.proof(name=FOREIGN_NAME), questions=RECORD.proof().questions),
            replace(FORGED.proof(), origin=Origin.LIVE),
            replace(RECORD.proof(), proof=b""),
            replace(RECORD.proof(), questions=()),
        ]
    ),
    st.builds(_bent, st.sampled_from([FORGED.proof(), LONG_AGO.proof(), FOREIGN.proof()]), st.integers(0, 2**16)),
)
CHECKPOINTS = st.sampled_from(
    [
        LONG_AGO.checkpoint,
        ELSEWHERE.checkpoint,
        SAME_NUMBER.checkpoint,
        checkpoint(FORGED.state, by=THIEF),
        checkpoint(CONTRACTED.state, by=THIEF),
        b"",
    ]
)
BLOCKS = st.sampled_from([live(FORGED.state, Origin.FILE), live(LONG_AGO.state), live(FORGED.state, chain=OTHER_CHAIN)])
BASES = {
    "an older list": ((OLD,), (RECORD.proof(),), (RECORD.checkpoint,)),
    "no head": ((NEW,), (EMPTY.proof(),), (EMPTY.checkpoint,)),
    "nothing proven": ((NEW,), (), ()),
    "an old block": ((OLD,), (LONG_AGO.proof(),), (LONG_AGO.checkpoint,)),
    "a foreign record": ((OLD,), (FOREIGN.proof(name=FOREIGN_NAME),), (FOREIGN.checkpoint,)),
    "a newer list": ((status_list(signed=AT - HOUR / 8),), (RECORD.proof(),), (RECORD.checkpoint,)),
}


@pytest.mark.threat(48)
@pytest.mark.threat(104)
@settings(max_examples=250, deadline=None)
@given(st.sampled_from(sorted(BASES)), st.data())
def test_no_item_that_an_attacker_has_makes_it_pass(base, data):
    """Items are replaced, added and left out, in any number; what the chain really holds is never among them."""
    lists, facts, checkpoints = map(list, BASES[base])
    blocks: list = []
    drawn = ((lists, LISTS), (facts, FACTS), (checkpoints, CHECKPOINTS), (blocks, BLOCKS))
    truth = NEW if base in {"an older list", "a newer list"} else None
    for items, others in drawn:
        for place in range(len(items)):
            match data.draw(st.sampled_from(["keep", "replace", "drop"])):
                case "replace":
                    items[place] = data.draw(others)
                case "drop":
                    items[place] = None
        items[:] = [item for item in (*items, *data.draw(st.lists(others, max_size=2))) if item is not None]
    assert truth not in lists
    copies = tuple(copy_of(published(each), data.draw(st.sampled_from(Origin))) for each in lists)
    ledgers = LedgerMaterial((), tuple(checkpoints), tuple(facts), tuple(blocks))
    material = VerificationMaterial(status_lists=copies, ledgers=ledgers)
    trust = data.draw(st.sampled_from([TRUST, trusting(ISSUER, chains=(trusted_chain(), _other()))]))
    assert found(one(DOCUMENT, material=material, trust=trust), "status")[0] != "passed"


def _other():
    return replace(trusted_chain(chain=OTHER_CHAIN), name="Elsewhere")


# A ledger, from the list's bytes to the verdict

KEY = SigningKey(b"\x01" * 32)
OPENING = founded(KEY.address, RecoveryKey(b"\x02" * 32, b"\x03" * 32))


class _Issuer:
    """Who publishes lists, and sets their heads on a ledger in memory."""

    def __init__(self):
        self.now = AT - DAY
        self.ledger = MemoryLedger(trust_anchor(), clock=lambda: seconds(self.now), chain_id=777)
        self.name = RecordName(777, self.ledger.contract.address, OPENING.namespace, Promise.HEADS)
        self.question = HeadOf(OPENING.namespace, list_id(LIST))
        self.carry_out(AuthorizedCall(OPENING))

    def carry_out(self, call):
        made = asyncio.run(self.ledger.submit(call))
        for _ in range(6):
            told = asyncio.run(self.ledger.advance())
            if any(each.id == made and each.state is CallState.FINALIZED for each in told):
                return
        raise AssertionError(call)

    def publish(self, values=(), hours=1):
        """The next version, with its head final; its text."""
        self.now += timedelta(hours=hours)
        text = published(status_list(values, signed=self.now, until=self.now + DAY))
        block = asyncio.run(self.ledger.final_block())
        current = asyncio.run(self.ledger.answer(self.question, block))
        self.now += timedelta(minutes=5)
        version = following_version(current, era=0)
        operation = head_of(text.encode(), LIST, namespace=OPENING.namespace, version=version)
        call = TypedCall(operation, 777, self.ledger.contract.address, seconds(self.now) + 600)
        self.carry_out(asyncio.run(authorize(call, KEY)))
        return text

    @property
    def trust(self):
        chain = TrustedChain("Memory", self.ledger.chain, ChainKind.LOCAL, self.ledger.contract)
        return trusting(ISSUER, names=(self.name.record,), chains=(chain,))

    def material(self, *texts):
        block = asyncio.run(self.ledger.final_block())
        proof = asyncio.run(self.ledger.prove([self.question], block))
        fact = FactProof(777, self.ledger.contract.address, (self.question,), proof.encode(), Origin.LIVE)
        final = QuorumBlock(777, block.chain.genesis, block.number, block.hash, Origin.LIVE)
        copies = tuple(copy_of(text, Origin.FILE) for text in texts)
        return VerificationMaterial(status_lists=copies, ledgers=LedgerMaterial(facts=(fact,), blocks=(final,)))


@pytest.mark.threat(48)
def test_versions_on_a_ledger():
    issuer = _Issuer()
    document = promising(issuer.name)

    def told(*texts):
        return found(one(document, material=issuer.material(*texts), trust=issuer.trust, at=issuer.now), "status")

    assert told("x") == ("failed", "status.no_anchored_list")
    texts: list[str] = []
    for values in ((), [9], [9, 11], [7, 9, 11]):
        texts.append(issuer.publish(values))
        expected = ("failed", "status.revoked") if 7 in values else ("passed", "status.passed")
        assert told(texts[-1]) == told(*texts) == expected
        for older in texts[:-1]:
            assert told(older) == ("indeterminate", "status.rolled_back")
    assert told(*texts[:-1]) == ("indeterminate", "status.rolled_back")
