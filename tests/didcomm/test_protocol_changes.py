"""Our own protocols after issuing, and the table of all."""

import pytest
from credential_exchange import RECEIPT
from didcomm_support import AT
from protocol_support import HOLDER, ISSUER, MALLORY, Side, altered, codes, later, received, written

from node.didcomm.attachment import attach_json
from node.didcomm.errors import ProtocolError
from node.didcomm.protocols.changes import AskReceipts, NotifyStatus, SendReceipts
from node.didcomm.protocols.formats import RECEIPT as RECEIPT_FORMAT
from node.didcomm.protocols.issue_credential import MAX_RECEIPTS
from node.didcomm.protocols.step import Elapsed, Retry, step
from node.didcomm.protocols.table import CREDENTIALS, MEDIATOR, spoken
from node.didcomm.protocols.trust_ping import TRUST_PING

SPOKEN = spoken((*CREDENTIALS, *MEDIATOR))
BADGE = "urn:uuid:6c6f1a5e-8f1b-4d57-9b0e-1d2c3b4a5f60"
STATUS = "https://w3id.org/glejt/protocols/revocation-notification/1.0/status-changed"
UPGRADE = "https://w3id.org/glejt/protocols/receipt-upgrade/1.0/"


def sides():
    return Side(ISSUER, SPOKEN), Side(HOLDER, SPOKEN)


def notified(status="withdrawn"):
    issuer, holder = sides()
    (told,) = issuer.begin(NotifyStatus(credential=BADGE, status=status), HOLDER, pthid="issuing-1")
    return issuer, holder, told


@pytest.mark.parametrize("status", ["withdrawn", "suspended", "reinstated"])
def test_a_holder_learns_of_a_change_once(status):
    issuer, holder, told = notified(status)
    assert (str(told.type), told.pthid) == (STATUS, "issuing-1")
    (ack,) = holder.take(told)
    assert holder.take(told) == (ack,)
    assert holder.data("status-changed") == [
        {"pthid": "issuing-1", "credential": BADGE, "status": status, "comment": None}
    ]
    assert issuer.do(Retry()) == (told,)
    assert issuer.take(ack) == ()
    assert (issuer.state, holder.state) == ("done", "done")


def test_receipts_follow_unasked():
    issuer, holder = sides()
    (told,) = issuer.begin(SendReceipts(credential=BADGE, receipts=(RECEIPT,)), HOLDER, pthid="issuing-1")
    (ack,) = holder.take(told)
    issuer.take(ack)
    assert holder.data("receipt-upgraded") == [{"pthid": "issuing-1", "credential": BADGE, "receipts": [RECEIPT]}]
    assert (issuer.state, holder.state, ack.ack) == ("done", "done", (told.id,))


def test_receipts_follow_when_they_are_asked_for():
    issuer, holder = sides()
    (question,) = holder.begin(AskReceipts(BADGE), ISSUER, pthid="issuing-1")
    assert issuer.take(question) == ()
    assert issuer.data("receipt-wanted") == [{"pthid": "issuing-1", "credential": BADGE}]
    with pytest.raises(ProtocolError, match="another"):
        issuer.do(SendReceipts(credential="urn:another", receipts=(RECEIPT,)))
    (answer,) = issuer.do(SendReceipts(credential=BADGE, receipts=(RECEIPT,)))
    other = altered(answer, id="other", body={"credential": "urn:another"})
    assert codes(holder.take(other)) == ["e.m.msg.malformed"]
    issuer.take(*holder.take(answer))
    assert (issuer.state, holder.state) == ("done", "done")


def test_what_nobody_acknowledges_is_over_after_a_month():
    issuer, _, _ = notified()
    assert issuer.do(Elapsed(), at=later(days=30)) == ()
    assert (issuer.state, issuer.kinds) == ("done", ["unacknowledged"])


@pytest.mark.threat(65)
@pytest.mark.threat(66)
def test_nobody_else_tells_of_a_change():
    _, holder, told = notified()
    for how in ({"anonymous": True}, {"known": False}):
        assert holder.take(told, **how) == ()
    assert holder.data("status-changed") == []
    # Who is known tells it of what is theirs: the effect goes with their connection, and the thread named is looked up
    # there only.
    done = step(None, received(altered(told, **{"from": MALLORY})), protocols=SPOKEN, at=AT)
    assert done.exchange.connection.theirs == MALLORY


def test_messages_that_are_none():
    _, holder = sides()
    receipt = attach_json(RECEIPT, format=RECEIPT_FORMAT)
    for type_, body, headers, code in (
        (STATUS, {"credential": BADGE, "status": "gone"}, {"pthid": "i"}, "malformed"),
        (STATUS, {"credential": BADGE, "status": []}, {"pthid": "i"}, "malformed"),
        (STATUS, {"status": "withdrawn"}, {"pthid": "i"}, "malformed"),
        (STATUS, {"credential": BADGE, "status": "withdrawn"}, {}, "malformed"),
        (UPGRADE + "receipt", {"credential": BADGE}, {"pthid": "i"}, "attachment-format"),
        (UPGRADE + "receipt", {"credential": 1}, {"pthid": "i", "attachments": [receipt]}, "malformed"),
        (
            UPGRADE + "receipt",
            {"credential": BADGE},
            {"pthid": "i", "attachments": [receipt] * (MAX_RECEIPTS + 1)},
            "attachment",
        ),
        (UPGRADE + "receipt-request", {"credential": BADGE}, {}, "malformed"),
    ):
        assert codes(holder.take(written(type_, body, by=ISSUER, to=HOLDER, **headers))) == [f"e.m.msg.{code}"]
    assert (holder.rows, holder.kinds) == ({}, [])


def test_decisions_that_do_not_fit():
    issuer, holder = sides()
    for side, event, pthid in (
        (issuer, NotifyStatus(credential=BADGE, status="gone"), "i"),
        (issuer, NotifyStatus(credential=BADGE, status="withdrawn"), None),
        (issuer, SendReceipts(credential=BADGE, receipts=()), "i"),
        (issuer, SendReceipts(credential=BADGE, receipts=(RECEIPT,)), None),
        (holder, AskReceipts(BADGE), None),
    ):
        with pytest.raises(ProtocolError):
            side.begin(event, ISSUER, pthid=pthid)


def test_the_table_names_what_is_spoken():
    assert set(SPOKEN) == {
        "https://didcomm.org/trustping/2",
        "https://didcomm.org/empty/1",
        "https://didcomm.org/reportproblem/2",
        "https://didcomm.org/discoverfeatures/2",
        "https://didcomm.org/issuecredential/3",
        "https://didcomm.org/presentproof/3",
        "https://didcomm.org/basicmessage/2",
        "https://didcomm.org/routing/2",
        "https://didcomm.org/coordinatemediation/3",
        "https://didcomm.org/messagepickup/3",
        "https://didcomm.org/messagepickup/4",
        "https://w3id.org/glejt/protocols/revocationnotification/1",
        "https://w3id.org/glejt/protocols/receiptupgrade/1",
    }
    with pytest.raises(TypeError):
        SPOKEN["x"] = TRUST_PING
    query = written(
        "https://didcomm.org/discover-features/2.0/queries",
        {"queries": [{"feature-type": "protocol", "match": "https://didcomm.org/*-proof/3.*"}]},
    )
    (told,) = Side(ISSUER, spoken(CREDENTIALS)).take(query)
    assert [each["id"] for each in told.body["disclosures"]] == ["https://didcomm.org/present-proof/3.0"]


def test_no_protocol_has_a_state_that_leads_nowhere():
    """From every state a message can end in there is a way on, by a message, an event or time."""
    for declared in SPOKEN.values():
        for role, state, name in declared.transitions:
            assert role in declared.roles
            assert state not in {"done", "abandoned"}
            assert name == name.lower()
        assert set(declared.opens.values()) <= set(declared.roles)
        for name, role in declared.opens.items():
            assert (role, "start", name) in declared.transitions
