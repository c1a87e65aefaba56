"""Material that is about chains: it travels as JSON, and says of itself only what cannot be made up."""

import json
from dataclasses import replace

import pytest
from verification_support import AT

from anchoring.facts import AccreditationOf, AnchorOf, AuthorityAt, HeadOf, HistoryEntry, StateOf
from node.verification.errors import MaterialError
from node.verification.ledger_material import BridgeProof, FactProof, LedgerMaterial, QuorumBlock
from node.verification.material import EMPTY, Origin, ResolutionFailure, VerificationMaterial

WORD, OTHER = bytes([1]) * 32, bytes([2]) * 32
QUESTIONS = (
    AnchorOf(WORD, OTHER),
    HeadOf(WORD, OTHER),
    AuthorityAt(WORD, 7, 1),
    AccreditationOf(WORD, OTHER, WORD, 3),
    HistoryEntry(WORD, 4),
    StateOf(WORD),
)
LEDGERS = LedgerMaterial(
    (b"a receipt", b"another"),
    (b"a checkpoint",),
    (FactProof(1, bytes(20), QUESTIONS, b"a proof", Origin.LIVE),),
    (QuorumBlock(1, OTHER, 1000, WORD, Origin.LIVE),),
    (BridgeProof(1, 900, b"a bridge"),),
    {"eip155:5": ResolutionFailure("TIMEOUT", "nobody answered", AT)},
)


def _travelled(material, *, own):
    return VerificationMaterial.from_json(json.loads(json.dumps(material.to_json())), own=own)


def test_it_travels():
    material = VerificationMaterial(ledgers=LEDGERS)
    assert _travelled(material, own=True) == material
    assert "ledgers" not in EMPTY.to_json()
    assert _travelled(EMPTY, own=False).ledgers is None
    assert not LedgerMaterial()


@pytest.mark.threat(101)
def test_what_came_with_a_file_says_nothing_of_where_it_came_from():
    """A block that a file calls agreed on is one that somebody wrote into a file."""
    found = _travelled(VerificationMaterial(ledgers=LEDGERS), own=False).ledgers
    assert [block.origin for block in found.blocks] == [Origin.FILE]
    assert [fact.origin for fact in found.facts] == [Origin.FILE]
    assert replace(found, blocks=LEDGERS.blocks, facts=LEDGERS.facts) == LEDGERS


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("receipts", "no list", "/receipts"),
        ("receipts", ["no base64"], "/receipts/0"),
        ("checkpoints", [7], "/checkpoints/0"),
        ("facts", [{"chain": -1}], "/facts/0/chain"),
        ("facts", [{"chain": True}], "/facts/0/chain"),
        ("facts", [{"chain": 1, "contract": "0xzz"}], "/facts/0/contract"),
        ("facts", [{"chain": 1, "contract": "0x", "questions": [{"question": "Fact"}]}], "/facts/0/questions/0"),
        (
            "facts",
            [{"chain": 1, "contract": "0x", "questions": [{"question": "StateOf", "namespace": 7}]}],
            "/facts/0/questions/0/namespace",
        ),
        ("blocks", [{"chain": 1, "genesis": "0x", "number": 1.5}], "/blocks/0/number"),
        ("bridges", [None], "/bridges/0"),
        ("failures", [], "/failures"),
    ],
)
def test_what_is_wrong_is_named(member, value, told):
    table = VerificationMaterial(ledgers=LEDGERS).to_json()
    table["ledgers"][member] = value
    with pytest.raises(MaterialError) as caught:
        VerificationMaterial.from_json(table)
    assert caught.value.path.startswith(told)
