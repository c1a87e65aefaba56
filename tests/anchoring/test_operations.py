"""Which operations there can be, and how their end shows."""

import pytest
from eth_hash.auto import keccak
from hypothesis import given, settings
from hypothesis import strategies as st
from operation_samples import FREE, SIGNED

from anchoring.errors import CallError
from anchoring.layout import slots_of
from anchoring.ledger import (
    ENDLESS,
    Accreditation,
    Anchor,
    AnchorOf,
    Authority,
    HistoryEntry,
    NamespaceState,
    Recovery,
    StatusHead,
)
from anchoring.operations import (
    Acceptance,
    Accredit,
    AnchorValue,
    CancelRecovery,
    CompleteRecovery,
    OpenNamespace,
    Outcome,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
    carried_out,
    outcome,
    question_of,
)

NS, ONE, TWO = keccak(b"ns"), keccak(b"one"), keccak(b"two")
WHO, ELSE = keccak(b"who")[:20], keccak(b"else")[:20]
NOW = 1_800_000_000
WORD = Acceptance(NOW, b"signature")
OPEN, DONE, OVERTAKEN = Outcome


def head(version, era=0, digest=ONE, until=NOW):
    return StatusHead(digest, version, NOW - 9, until, 0, era, until == ENDLESS)


def state(*, era=0, requests=0, pending=None):
    return NamespaceState(WHO, 7, era, 1 + era, TWO, requests, pending)


def line(until=NOW, evidence=TWO, revoked=None):
    return Accreditation(5, until, NOW, revoked, 0, None if revoked is None else 0, evidence)


SET = SetHead(NS, ONE, ONE, 5, NOW, 1)
ACCREDIT, WITHDRAW = Accredit(NS, ONE, TWO, 0, 5, NOW, TWO), WithdrawAccreditation(NS, ONE, TWO, 0)
REQUEST = RequestRecovery(NS, 2, WHO, ONE, TWO, WORD, ELSE)
PENDING, OTHERS = Recovery(WHO, NOW, ONE), Recovery(ELSE, NOW, ONE)
CANCEL = CancelRecovery(NS, 2, TWO, ELSE, 1)


@pytest.mark.parametrize(
    ("operation", "fact", "expected"),
    [
        (OpenNamespace(WHO, ONE, TWO), Authority(WHO, 1, 2), DONE),
        (AnchorValue(NS, ONE), Anchor(1, 2, 0, 0), DONE),
        (SET, head(5, 1), DONE),
        (SET, head(5, 2), DONE),
        (SET, head(9, 0), OPEN),
        (SET, head(9, 0, until=ENDLESS), OPEN),
        (SET, head(4, 1), OPEN),
        (SET, head(4, 1, until=ENDLESS), OVERTAKEN),
        (SET, head(5, 1, TWO), OVERTAKEN),
        (SET, head(5, 1, until=NOW + 1), OVERTAKEN),
        (SET, head(6, 1), OVERTAKEN),
        (SET, head(1, 2), OVERTAKEN),
        (ACCREDIT, line(), DONE),
        (ACCREDIT, line(revoked=NOW), DONE),
        (ACCREDIT, line(until=ENDLESS), OVERTAKEN),
        (ACCREDIT, line(evidence=ONE), OVERTAKEN),
        (WITHDRAW, line(), OPEN),
        (WITHDRAW, line(revoked=NOW), DONE),
        (RotateAuthority(NS, 1, WHO, WORD), Authority(WHO, 1, 2), DONE),
        (RotateAuthority(NS, 1, WHO, WORD), Authority(ELSE, 1, 2), OVERTAKEN),
        (REQUEST, state(requests=1), OPEN),
        (REQUEST, state(requests=1, pending=PENDING), OPEN),
        (REQUEST, state(requests=2, pending=PENDING), DONE),
        (REQUEST, state(requests=2, pending=OTHERS), OVERTAKEN),
        (REQUEST, state(requests=2), OVERTAKEN),
        (REQUEST, state(requests=3, pending=PENDING), OVERTAKEN),
        (CANCEL, state(era=1, requests=1), OPEN),
        (CANCEL, state(era=1, requests=2, pending=PENDING), OPEN),
        (CANCEL, state(era=1, requests=2), DONE),
        (CANCEL, state(era=2, requests=2), OVERTAKEN),
        (CANCEL, state(era=1, requests=3, pending=PENDING), OVERTAKEN),
        (CompleteRecovery(NS, 1), state(requests=1, pending=PENDING), OPEN),
        (CompleteRecovery(NS, 1), state(era=1, requests=1), DONE),
        (CompleteRecovery(NS, 1), state(era=2, requests=2), DONE),
    ],
)
def test_how_the_end_of_an_operation_shows(operation, fact, expected):
    assert outcome(operation, fact) is expected
    assert carried_out(operation, fact) == (expected is DONE)


@settings(max_examples=100, deadline=None)
@given(st.one_of(FREE, SIGNED))
def test_each_operation_has_a_question_with_slots_and_is_open_while_nothing_stands_there(operation):
    assert slots_of(question_of(operation))
    assert outcome(operation, None) is OPEN


def test_an_answer_to_something_else_is_refused():
    with pytest.raises(CallError, match="says nothing about"):
        outcome(AnchorValue(NS, ONE), state())
    assert question_of(OpenNamespace(WHO, ONE, TWO)) == HistoryEntry(OpenNamespace(WHO, ONE, TWO).namespace, 0)
    assert question_of(AnchorValue(NS, ONE)) == AnchorOf(NS, ONE)


ZERO, NOBODY = bytes(32), bytes(20)


@pytest.mark.parametrize(
    ("code", "build"),
    [
        ("call.zero", lambda: OpenNamespace(NOBODY, ONE, TWO)),
        ("call.zero", lambda: OpenNamespace(WHO, ZERO, TWO)),
        ("call.value", lambda: OpenNamespace(WHO, ONE, b"short")),
        ("call.value", lambda: OpenNamespace(WHO + b"\0", ONE, TWO)),
        ("call.zero", lambda: AnchorValue(NS, ZERO)),
        ("call.value", lambda: AnchorValue(NS[1:], ONE)),
        ("call.zero", lambda: SetHead(NS, ONE, ZERO, 1, NOW)),
        ("call.value", lambda: SetHead(NS, ONE, ONE, 0, NOW)),
        ("call.value", lambda: SetHead(NS, ONE, ONE, 2**64, NOW)),
        ("call.value", lambda: SetHead(NS, ONE, ONE, 1, NOW, 2**16)),
        ("call.period", lambda: SetHead(NS, ONE, ONE, 1, ENDLESS + 1)),
        ("call.period", lambda: SetHead(NS, ONE, ONE, 1, 0)),
        ("call.zero", lambda: Accredit(NS, ONE, TWO, 0, 1, 2, ZERO)),
        ("call.period", lambda: Accredit(NS, ONE, TWO, 0, 2, 2, ONE)),
        ("call.period", lambda: Accredit(NS, ONE, TWO, 0, -1, 2, ONE)),
        ("call.period", lambda: Accredit(NS, ONE, TWO, 0, 2, ENDLESS + 1, ONE)),
        ("call.value", lambda: Accredit(NS, ONE, TWO, 2**32, 1, 2, ONE)),
        ("call.value", lambda: WithdrawAccreditation(NS, ONE, TWO, -1)),
        ("call.zero", lambda: RotateAuthority(NS, 1, NOBODY, WORD)),
        ("call.value", lambda: RotateAuthority(NS, 0, WHO, WORD)),
        ("call.value", lambda: RequestRecovery(NS, 0, WHO, ONE, TWO, WORD, ELSE)),
        ("call.zero", lambda: RequestRecovery(NS, 1, WHO, ZERO, TWO, WORD, ELSE)),
        ("call.zero", lambda: RequestRecovery(NS, 1, WHO, ONE, TWO, WORD, NOBODY)),
        ("call.value", lambda: CancelRecovery(NS, 1, b"", ELSE)),
        ("call.value", lambda: CancelRecovery(NS, 2**48, TWO, ELSE)),
        ("call.value", lambda: CompleteRecovery(NS, 0)),
    ],
)
def test_what_the_contract_could_not_take_is_refused_at_once(code, build):
    with pytest.raises(CallError) as caught:
        build()
    assert caught.value.code == code
    assert caught.value.remedy
