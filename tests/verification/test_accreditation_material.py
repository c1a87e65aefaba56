"""Accreditations as material: what travels, what does not count for having travelled, and what is passed over."""

import json
from dataclasses import replace

import pytest
from accreditation_support import (
    BODY,
    START,
    Ground,
    accreditation,
    authority,
    award,
    board,
    copy_of,
    given,
    judged,
    moment,
    shown_of,
    signed,
)
from verification_support import ISSUER, one

from anchoring.facts import AccreditationOf
from node.verification.material import VerificationMaterial

ACCREDITED = ("passed", "authority.accredited")


@pytest.fixture
def ground():
    return Ground()


@pytest.fixture
def name(ground):
    return ground.name("body")


@pytest.fixture
def document():
    return ISSUER.sign(award(), created=moment(START))


def test_material_with_accreditations_travels(ground, name, document):
    data = given(ground, name)
    material = ground.material(data)
    again = VerificationMaterial.from_json(material.to_json(), own=True)
    assert again == material
    entry = one(document, material=again, trust=ground.trust(board(name)), at=ground.now)
    assert authority(entry) == ACCREDITED
    # As one that came with a file, the block that nodes agreed on counts for nothing, and with it the record.
    handed = VerificationMaterial.from_json(material.to_json())
    entry = one(document, material=handed, trust=ground.trust(board(name)), at=ground.now)
    assert authority(entry)[1] == "authority.claimed"


def test_a_proof_of_another_number_leads_nowhere(ground, name, document):
    data = given(ground, name)
    facts = ground.facts(data).facts[0]
    first = facts.questions[0]
    moved = tuple(replace(question, sequence=question.sequence + 1) for question in facts.questions)
    bent = replace(facts, questions=moved)
    material = ground.material(data)
    ledgers = replace(material.ledgers, facts=(bent,))
    entry = one(document, material=replace(material, ledgers=ledgers), trust=ground.trust(board(name)), at=ground.now)
    assert isinstance(first, AccreditationOf)
    assert authority(entry)[1] == "authority.claimed"


def test_junk_among_accreditations_is_passed_over(ground, name, document):
    data = given(ground, name)
    material = ground.material(data)
    junk = [b"", b"{", b"[]", b'{"type": ["VerifiableAccreditation"]}', json.dumps(document).encode(), data]
    entry = one(
        document,
        material=replace(material, accreditations=(*map(copy_of, junk), *material.accreditations)),
        trust=ground.trust(board(name)),
        at=ground.now,
    )
    assert authority(entry) == ACCREDITED


def test_one_that_a_list_could_withdraw_is_left_open(ground, name, document):
    composed = accreditation(BODY, ISSUER, records=[name])
    composed["credentialStatus"] = {
        "id": "https://body.example/status/1#7",
        "type": "BitstringStatusListEntry",
        "statusPurpose": "revocation",
        "statusListIndex": "7",
        "statusListCredential": "https://body.example/status/1",
    }
    data = signed(composed, BODY)
    ground.accredit(data, name)
    ground.pass_time(1000)
    entry = judged(ground, document, ground.trust(board(name)), data)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.open", "status")
