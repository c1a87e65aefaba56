"""From signed bytes to what is written on a chain, and back: which ids, which digest, which period."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from accreditation_support import BODY, EQF_4, START, Ground, accreditation, moment, signed
from verification_support import ISSUER

from anchoring.accreditations import scope_id, subject_id
from anchoring.facts import ENDLESS
from anchoring.operations import WithdrawAccreditation
from node.credentials.record_name import RecordName
from node.credentials.scope import Scope
from node.issuance.accrediting import SignedAccreditation
from node.issuance.errors import NotIssuableError

NAME = RecordName(31_337, bytes(range(1, 21)), bytes([7]) * 32)
OTHER = RecordName(31_337, bytes(range(1, 21)), bytes([8]) * 32)


def _signed(**members):
    return signed(accreditation(BODY, ISSUER, records=[NAME], **members), BODY)


def test_one_operation_for_each_scope():
    data = _signed(scopes=[EQF_4, {"types": ["Diploma"]}])
    read = SignedAccreditation.read(data)
    first, second = read.accreditation.scopes
    one, other = read.accredit(NAME, {second: 3})
    assert one.evidence == other.evidence == sha256(data).digest()
    assert one.subject == sha256(b"glejt/accredited/v1" + ISSUER.did.encode()).digest()
    canonical = b'{"level":[{"code":"4","framework":"EQF"}]}'
    assert one.scope == sha256(b"glejt/scope/v1" + canonical).digest()
    assert (one.sequence, other.sequence) == (0, 3)
    assert (one.valid_from, one.valid_until) == (START, ENDLESS)
    assert other.scope == scope_id(second.canonical()) != one.scope
    assert read.withdraw(NAME, {first: 0}) == (WithdrawAccreditation(NAME.namespace, one.subject, one.scope, 0),)


def test_ids_of_different_things_differ():
    text = "did:web:school.example"
    assert subject_id(text) != scope_id(text.encode())
    assert subject_id(text) != subject_id(f"{text}:2")
    assert scope_id(Scope().canonical()) == sha256(b"glejt/scope/v1{}").digest()


def test_the_period_is_never_longer_than_what_was_signed():
    start, end = moment(START) + timedelta(milliseconds=500), moment(START + 99) + timedelta(milliseconds=500)
    data = _signed(validFrom=start.isoformat(), validUntil=end.isoformat())
    (one,) = SignedAccreditation.read(data).accredit(NAME, {})
    assert (one.valid_from, one.valid_until) == (START + 1, START + 99)


def test_only_into_a_record_that_it_names():
    read = SignedAccreditation.read(_signed())
    for attempt in (read.accredit, read.withdraw):
        with pytest.raises(NotIssuableError) as caught:
            attempt(OTHER, {})
        assert caught.value.code == "issuance.accreditation"


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b"\xff", b'{"type": ["VerifiableAccreditation"]}'])
def test_what_is_no_accreditation(data):
    with pytest.raises(NotIssuableError):
        SignedAccreditation.read(data)


def test_other_bytes_of_the_same_statement_are_another():
    data = _signed()
    again = json.dumps(json.loads(data), indent=1).encode()
    assert SignedAccreditation.read(data).accreditation == SignedAccreditation.read(again).accreditation
    assert SignedAccreditation.read(data).digest != SignedAccreditation.read(again).digest


def test_the_chain_takes_them_one_after_another():
    ground = Ground()
    name = ground.name("body")
    first = signed(accreditation(BODY, ISSUER, records=[name]), BODY)
    ground.accredit(first, name)
    ground.withdraw(first, name)
    second = signed(accreditation(BODY, ISSUER, records=[name], at=ground.clock), BODY)
    ground.accredit(second, name)
    assert sorted(ground.written.values()) == [0, 1]
