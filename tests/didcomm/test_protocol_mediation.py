"""A mediator and who it serves: forward, coordinate-mediation 3.0, and pickup in both versions."""

import orjson
import pytest
from didcomm_support import AT, Party, documents_of
from protocol_support import HOLDER, ISSUER, MALLORY, Side, codes, later, names, received, written

from node.didcomm.attachment import attach_json
from node.didcomm.errors import ProtocolError
from node.didcomm.forward import wrap
from node.didcomm.message import compose
from node.didcomm.pack import pack
from node.didcomm.protocols.connection import Connection, incoming
from node.didcomm.protocols.coordinate_mediation import (
    COORDINATE_MEDIATION,
    MAX_UPDATES,
    AnswerUpdate,
    Change,
    Deny,
    Grant,
    ListRecipients,
    QueryRecipients,
    RequestMediation,
    UpdateRecipients,
)
from node.didcomm.protocols.machine import protocols
from node.didcomm.protocols.message_pickup import (
    MAX_IDS,
    MESSAGE_PICKUP_3,
    MESSAGE_PICKUP_4,
    V3,
    V4,
    AskDelivery,
    AskStatus,
    Confirm,
    Deliver,
    DeliverLive,
    GoLive,
    RefuseLive,
    TellStatus,
)
from node.didcomm.protocols.routing import MAX_FORWARDED_BYTES, ROUTING
from node.didcomm.protocols.step import Elapsed, Retry, begin, step
from node.didcomm.unpack import unpack

SPOKEN = protocols(ROUTING, COORDINATE_MEDIATION, MESSAGE_PICKUP_3, MESSAGE_PICKUP_4)
MEDIATION = "https://didcomm.org/coordinate-mediation/3.0/"
FORWARD = "https://didcomm.org/routing/2.0/forward"
ENVELOPE = {"protected": "e30", "iv": "aQ", "ciphertext": "Yw", "tag": "dA", "recipients": []}


def sides():
    return Side(ISSUER, SPOKEN), Side(HOLDER, SPOKEN)


def asked(event, protocol=None):
    """A phone's question, as it arrives at the mediator."""
    mediator, phone = sides()
    connection = Connection(HOLDER, ISSUER)
    done = begin(event, connection=connection, thread="thread-1", protocol=protocol, protocols=SPOKEN, at=AT)
    assert done.messages[0].headers["return_route"] == "all"
    phone._keep(done)
    assert mediator.take(*done.messages) == ()
    return mediator, phone


def test_who_asks_is_served_or_not():
    mediator, phone = asked(RequestMediation())
    assert mediator.kinds == ["mediation-requested"]
    phone.take(*mediator.do(Grant(("did:example:route",))))
    assert phone.data("mediation-granted") == [{"routing_dids": ["did:example:route"]}]
    mediator, phone = asked(RequestMediation())
    phone.take(*mediator.do(Deny()))
    assert phone.kinds == ["mediation-denied"]
    assert (mediator.state, phone.state) == ("done", "done")
    _, phone = asked(RequestMediation())
    for routing in ("did:example:one", ["did:example:one"]):
        _, phone = asked(RequestMediation())
        grant = written(MEDIATION + "mediate-grant", {"routing_did": routing}, by=ISSUER, to=HOLDER, thid="thread-1")
        phone.take(grant)
        assert phone.data("mediation-granted") == [{"routing_dids": ["did:example:one"]}]
    for routing in (None, [], ["https://evil.example"], ["did:example:a"] * 9):
        _, phone = asked(RequestMediation())
        grant = written(MEDIATION + "mediate-grant", {"routing_did": routing}, by=ISSUER, to=HOLDER, thid="thread-1")
        assert codes(phone.take(grant)) == ["e.m.msg.malformed"]
        assert phone.state == "request-sent"


def test_identifiers_are_added_removed_and_listed():
    wanted = (Change("did:example:a", "add"), Change("did:example:b", "remove"))
    mediator, phone = asked(UpdateRecipients(wanted))
    assert mediator.data("recipients-update-wanted")[0]["updates"] == [each.as_data() for each in wanted]
    results = (Change("did:example:a", "add", "success"), Change("did:example:b", "remove", "no_change"))
    for wrong in ((), wanted, results[::-1], (results[0], Change("did:example:b", "remove", "perhaps"))):
        with pytest.raises(ProtocolError):
            mediator.do(AnswerUpdate(wrong))
    phone.take(*mediator.do(AnswerUpdate(results)))
    assert phone.data("recipients-updated")[0]["updated"] == [each.as_data() for each in results]
    mediator, phone = asked(QueryRecipients(limit=5000, offset=2))
    assert mediator.data("recipients-wanted") == [{"limit": 1000, "offset": 2}]
    phone.take(*mediator.do(ListRecipients(("did:example:a",), 7)))
    assert phone.data("recipients-listed") == [
        {"dids": ["did:example:a"], "pagination": {"count": 1, "offset": 2, "remaining": 7}}
    ]


@pytest.mark.threat(67)
def test_questions_to_a_mediator_that_are_none():
    entry = {"recipient_did": "did:example:a", "action": "add"}
    for name, body in (
        ("recipient-update", {}),
        ("recipient-update", {"updates": []}),
        ("recipient-update", {"updates": [entry] * (MAX_UPDATES + 1)}),
        ("recipient-update", {"updates": [entry | {"action": "keep"}]}),
        ("recipient-update", {"updates": [entry | {"action": []}]}),
        ("recipient-update", {"updates": [entry | {"recipient_did": "a"}]}),
        ("recipient-update", {"updates": [7]}),
        ("recipient-query", {"paginate": {"limit": 0, "offset": 0}}),
        ("recipient-query", {"paginate": {"limit": True, "offset": 0}}),
        ("recipient-query", {"paginate": 5}),
    ):
        mediator, _ = sides()
        assert codes(mediator.take(written(MEDIATION + name, body))) == ["e.m.msg.malformed"]
        assert (mediator.rows, mediator.kinds) == ({}, [])


def test_results_that_are_none():
    entry = {"recipient_did": "did:example:a", "action": "add", "result": "success"}
    for updated in (None, [], [entry | {"result": "perhaps"}], [entry | {"result": []}], [entry | {"action": {}}]):
        _, phone = asked(UpdateRecipients((Change("did:example:a", "add"),)))
        name = MEDIATION + "recipient-update-response"
        answer = written(name, {"updated": updated}, by=ISSUER, to=HOLDER, thid="thread-1")
        assert codes(phone.take(answer)) == ["e.m.msg.malformed"]
    for dids in (None, [7], [{"recipient_did": []}]):
        _, phone = asked(QueryRecipients())
        answer = written(MEDIATION + "recipient", {"dids": dids}, by=ISSUER, to=HOLDER, thid="thread-1")
        assert codes(phone.take(answer)) == ["e.m.msg.malformed"]


@pytest.mark.threat(65)
def test_strangers_are_not_served():
    mediator, _ = sides()
    for type_ in (MEDIATION + "mediate-request", "https://didcomm.org/message-pickup/4.0/delivery-request"):
        for how in ({"known": False}, {"anonymous": True}):
            assert mediator.take(written(type_, {"limit": 1}, by=MALLORY), **how) == ()
    assert mediator.rows == {}
    assert set(mediator.kinds) == {"dropped"}


@pytest.mark.threat(65)
def test_what_is_forwarded_is_encrypted_and_nobody_is_answered():
    """A whole way: packed, wrapped, opened by the mediator."""
    alice, bob, mediator = (Party(f"did:example:{name}") for name in ("alice", "bob", "mediator"))
    documents = documents_of(alice, bob, mediator)
    message = compose(MEDIATION + "mediate-request", {}, sender=alice.did, to=[bob.did])
    packed = pack(message, to=[bob.did], sender=alice.did, secrets=alice.secrets, documents=documents, at=AT)
    way = wrap(packed.data, next_hop=bob.did, routing_keys=[mediator.did], documents=documents, at=AT)
    opened = unpack(way, secrets=mediator.secrets, documents=documents, at=AT)
    done = step(None, incoming(opened, known=False), protocols=SPOKEN, at=AT)
    assert (done.exchange, done.messages, done.effects[0].kind) == (None, (), "forward-wanted")
    assert done.effects[0].data["next"] == bob.did
    assert orjson.loads(done.effects[0].data["payloads"][0]) == orjson.loads(packed.data)
    large = ENVELOPE | {"ciphertext": "A" * MAX_FORWARDED_BYTES}
    for body, attached, how in (
        ({"next": "did:example:bob"}, [attach_json(ENVELOPE)], {"anonymous": True, "confidential": False}),
        ({"next": "did:example:bob"}, [attach_json({"hello": 1})], {"anonymous": True}),
        ({"next": "did:example:bob"}, [attach_json(large)], {"anonymous": True}),
        ({"next": "bob"}, [attach_json(ENVELOPE)], {}),
        ({"next": "did:example:bob"}, [], {}),
    ):
        forward = written(FORWARD, body, attachments=attached, please_ack=[""])
        done = step(None, received(forward, **how), protocols=SPOKEN, at=AT)
        assert (done.messages, done.exchange) == ((), None)
        assert [each.kind for each in done.effects] == ["dropped"]
    asking = written(FORWARD, {"next": "did:example:bob"}, attachments=[attach_json(ENVELOPE)], please_ack=[""])
    done = step(None, received(asking), protocols=SPOKEN, at=AT)
    assert (done.messages, done.effects[0].kind) == ((), "forward-wanted")
    late = written(FORWARD, {"next": "did:example:bob"}, attachments=[attach_json(ENVELOPE)], expires_time=1)
    assert step(None, received(late), protocols=SPOKEN, at=AT).effects[0].kind == "dropped"


@pytest.mark.parametrize("version", [V3, V4])
def test_what_waits_is_told_delivered_and_confirmed(version):
    mediator, phone = asked(AskStatus("did:example:a"), version)
    assert mediator.data("pickup-status-wanted") == [{"recipient_did": "did:example:a"}]
    status = TellStatus(count=2, live=False, figures={"total_bytes": 9, "invented": 1})
    (told,) = mediator.do(status)
    assert told.body == {
        "recipient_did": "did:example:a",
        "message_count": 2,
        "live_delivery": False,
        "total_bytes": 9,
    }
    assert told.type.protocol_uri == version.protocol_uri
    phone.take(told)
    assert phone.data("pickup-status") == [{"count": 2, "live": False, "total_bytes": 9}]

    mediator, phone = asked(AskDelivery(limit=2), version)
    assert mediator.data("pickup-delivery-wanted") == [{"limit": 2}]
    with pytest.raises(ProtocolError, match="more than"):
        mediator.do(Deliver((("1", b"a"), ("2", b"b"), ("3", b"c"))))
    (delivery,) = mediator.do(Deliver((("1", b'{"a":1}'), ("2", b"b"))))
    phone.take(delivery)
    found = phone.data("pickup-delivered")[0]["messages"]
    assert found == [{"id": "1", "message": '{"a":1}'}, {"id": "2", "message": "b"}]

    mediator, phone = asked(Confirm(("1", "2")), version)
    assert mediator.data("pickup-received") == [{"ids": ["1", "2"]}]
    phone.take(*mediator.do(TellStatus(count=0, live=False)))
    assert phone.data("pickup-status") == [{"count": 0, "live": False}]


def test_where_nothing_waits_both_versions_differ():
    mediator, phone = asked(AskDelivery(), V4)
    (delivery,) = mediator.do(Deliver(()))
    assert delivery.document["attachments"] == []
    phone.take(delivery)
    assert phone.data("pickup-delivered") == [{"messages": []}]
    mediator, phone = asked(AskDelivery(), V3)
    with pytest.raises(ProtocolError, match=r"3\.0"):
        mediator.do(Deliver(()))
    phone.take(*mediator.do(TellStatus(count=0, live=False)))
    assert phone.data("pickup-status") == [{"count": 0, "live": False}]


@pytest.mark.parametrize("version", [V3, V4])
def test_live_delivery(version):
    mediator, phone = asked(GoLive(), version)
    assert mediator.data("pickup-live-wanted") == [{"live": True}]
    phone.take(*mediator.do(TellStatus(count=0, live=True)))
    assert phone.data("pickup-status") == [{"count": 0, "live": True}]
    connection = Connection(ISSUER, HOLDER)
    live = begin(
        DeliverLive((("7", b"now"),)),
        connection=connection,
        thread="thread-2",
        protocol=version,
        protocols=SPOKEN,
        at=AT,
    )
    for _ in range(2):  # what is not confirmed comes again
        phone.take(*live.messages)
    assert phone.data("pickup-delivered") == [{"messages": [{"id": "7", "message": "now"}]}] * 2
    mediator, phone = asked(GoLive(), version)
    (told,) = mediator.do(RefuseLive())
    assert told.body["code"] == "e.m.live-mode-not-supported"
    phone.take(told)
    assert phone.data("problem-reported")[0]["code"] == "e.m.live-mode-not-supported"


@pytest.mark.threat(67)
def test_questions_of_phones_that_are_none():
    base = "https://didcomm.org/message-pickup/4.0/"
    for name, body in (
        ("delivery-request", {}),
        ("delivery-request", {"limit": 0}),
        ("delivery-request", {"limit": True}),
        ("status-request", {"recipient_did": 7}),
        ("messages-received", {}),
        ("messages-received", {"message_id_list": [1]}),
        ("messages-received", {"message_id_list": ["a"] * (MAX_IDS + 1)}),
        ("live-delivery-change", {}),
    ):
        mediator, _ = sides()
        assert codes(mediator.take(written(base + name, body))) == ["e.m.msg.malformed"]
        assert mediator.rows == {}
    mediator, _ = asked(AskDelivery(limit=64))
    for messages in ((("1", bytes(MAX_FORWARDED_BYTES + 1)),), tuple((f"{n}", b"") for n in range(65))):
        with pytest.raises(ProtocolError):
            mediator.do(Deliver(messages))
    _, phone = asked(AskStatus())
    status = written(base + "status", {"message_count": -1}, by=ISSUER, to=HOLDER, thid="thread-1")
    assert codes(phone.take(status)) == ["e.m.msg.malformed"]
    for wrong in ((), ("a",) * (MAX_IDS + 1)):
        with pytest.raises(ProtocolError):
            phone.begin(Confirm(wrong), ISSUER, thread="thread-9")


def test_nothing_is_deleted_before_it_is_confirmed():
    """A delivery that is lost, and a mediator that starts again, delete nothing: only the confirmation says so."""
    mediator, phone = asked(AskDelivery())
    (delivery,) = mediator.do(Deliver((("1", b"a"),)))
    (question,) = phone.do(Retry())
    assert mediator.take(question) == (delivery,)
    assert "pickup-received" not in mediator.kinds
    assert names(mediator.do(Elapsed(), at=later(days=9))) == []
    mediator, phone = asked(Confirm(("1",)))
    assert phone.do(Elapsed(), at=later(days=9)) == ()
    assert phone.state == "done"
    assert mediator.do(Elapsed(), at=later(days=9)) == ()
    assert mediator.state == "done"
