"""The frame of all protocols, by trust ping and basic message: who is heard, how often, and until when."""

import orjson
import pytest
from didcomm_support import AT, Party, documents_of
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import HOLDER, ISSUER, MALLORY, Side, altered, codes, kept, later, names, received, written

from node.didcomm.errors import ProtocolError
from node.didcomm.message import compose
from node.didcomm.pack import pack, pack_signed
from node.didcomm.protocols.basic_message import BASIC_MESSAGE, MAX_CHARS, Write
from node.didcomm.protocols.connection import Connection, incoming
from node.didcomm.protocols.empty import EMPTY_MESSAGE
from node.didcomm.protocols.exchange import (
    MAX_PROBLEMS,
    MAX_RECEIVED,
    Exchange,
    exchange_key,
    read_exchange,
    write_exchange,
)
from node.didcomm.protocols.machine import Move, ProtocolDeclaration, protocol_type, protocols, transitions
from node.didcomm.protocols.problems import (
    COMMENTS,
    MAX_COMMENT_CHARS,
    derived_id,
    interpolated,
    read_report,
    report,
)
from node.didcomm.protocols.report_problem import REPORT_PROBLEM
from node.didcomm.protocols.step import Abandon, Elapsed, Retry, step
from node.didcomm.protocols.trust_ping import TRUST_PING, Ping
from node.didcomm.unpack import unpack
from node.didcomm.wrapping import Wrapping

PING = "https://didcomm.org/trust-ping/2.0/ping"
TEXT = "https://didcomm.org/basicmessage/2.0/message"
PROBLEM = "https://didcomm.org/report-problem/2.0/problem-report"
CHAT = protocol_type("https://example.com/chat/1.2")


def _stay(turn, _message):
    return Move(state=turn.exchange.state if turn.exchange.state != "start" else "open")


CHATTING = ProtocolDeclaration(
    type=CHAT,
    roles=("chatter",),
    opens={"hello": "chatter"},
    transitions=transitions({("chatter", "start", "hello"): _stay, ("chatter", "open", "say"): _stay}),
)
SPOKEN = protocols(TRUST_PING, BASIC_MESSAGE, EMPTY_MESSAGE, REPORT_PROBLEM, CHATTING)
HELLO, SAY = "https://example.com/chat/1.2/hello", "https://example.com/chat/1.2/say"


def sides():
    return Side(ISSUER, SPOKEN), Side(HOLDER, SPOKEN)


def chat(**headers):
    issuer = Side(ISSUER, SPOKEN)
    assert issuer.take(written(HELLO, id="t", **headers)) == ()
    return issuer


def test_a_ping_is_answered_and_the_answer_ends_it():
    issuer, holder = sides()
    (ping,) = holder.begin(Ping(), ISSUER)
    assert (ping.id, ping.thread, ping.created_time) == ("thread-1", "thread-1", int(AT.timestamp()))
    (pong,) = issuer.take(ping)
    assert str(pong.type) == "https://didcomm.org/trust-ping/2.0/ping-response"
    assert (pong.thid, str(pong.sender), [str(each) for each in pong.to]) == (ping.id, ISSUER, [HOLDER])
    assert issuer.rows == {}
    assert holder.take(pong) == ()
    assert (holder.state, holder.kinds) == ("done", ["ping-responded"])


def test_a_ping_that_wants_no_answer_or_is_none():
    issuer, _ = sides()
    assert issuer.take(written(PING, {"response_requested": False})) == ()
    assert codes(issuer.take(written(PING, {"response_requested": "no"}))) == ["e.m.msg.malformed"]
    old = written("https://didcomm.org/trust_ping/2.0/ping", {})
    assert names(issuer.take(old)) == ["ping-response"]


@pytest.mark.threat(65)
@pytest.mark.parametrize("type_", [PING, TEXT, HELLO, PROBLEM])
def test_nothing_happens_without_a_sender_who_is_known(type_):
    issuer, _ = sides()
    message = written(type_, {"content": "x", "code": "e.p.me"}, id="t")
    for how in ({"anonymous": True}, {"anonymous": True, "confidential": False}, {"known": False}):
        assert issuer.take(message, **how) == ()
        assert (issuer.rows, issuer.kinds) == ({}, ["dropped"])
        issuer.effects.clear()
    going_on = chat()
    before = dict(going_on.rows)
    exchange = going_on.exchange
    for message in (written(SAY, thid="t"), written(PROBLEM, {"code": "e.p.me"}, pthid="t")):
        done = step(exchange, received(message, anonymous=True), protocols=SPOKEN, at=AT)
        assert (done.exchange, done.messages) == (exchange, ())
    assert going_on.rows == before


@pytest.mark.threat(65)
def test_only_an_agreement_key_makes_a_connection():
    alice, bob = Party("did:example:alice"), Party("did:example:bob")
    documents = documents_of(alice, bob)
    message = compose(PING, {}, sender=alice.did, to=[bob.did])
    shared = {"secrets": alice.secrets, "documents": documents, "at": AT}
    ways = {
        "authcrypt": pack(message, to=[bob.did], sender=alice.did, **shared),
        "hidden": pack(message, to=[bob.did], sender=alice.did, hide_sender=True, **shared),
        "anoncrypt": pack(message, to=[bob.did], **shared),
        "signed": pack(message, to=[bob.did], sign_by=alice.did, **shared),
        "readable": pack_signed(message, sign_by=alice.did, **shared),
    }
    for way, packed in ways.items():
        opened = unpack(packed.data, secrets=bob.secrets, documents=documents, at=AT, allow=frozenset(Wrapping))
        given = incoming(opened, known=True)
        connected = way in {"authcrypt", "hidden"}
        assert (given.connection == Connection(bob.did, alice.did)) is connected
        assert given.known is connected
        done = step(None, given, protocols=SPOKEN, at=AT)
        assert bool(done.messages) is connected


@pytest.mark.threat(66)
def test_a_thread_belongs_to_its_connection():
    issuer = chat()
    mine = issuer.exchange
    for message in (
        written(SAY, thid="t", by=MALLORY),
        written(HELLO, id="t", by=MALLORY),
        written(PROBLEM, {"code": "e.p.me"}, pthid="t", by=MALLORY),
    ):
        done = step(mine, received(message), protocols=SPOKEN, at=AT)
        assert (done.exchange, done.messages) == (mine, ())
        assert done.effects[0].data["reason"] == "the thread is another connection's"
    # The same thread id under another connection is another exchange.
    issuer.take(written(HELLO, id="t", by=MALLORY))
    assert len(issuer.rows) == 2
    assert issuer.load(mine.key) == mine
    # An exchange that was looked up wrongly is not taken either.
    other = step(mine, received(written(SAY, thid="u")), protocols=SPOKEN, at=AT)
    assert (other.exchange, other.messages) == (mine, ())
    assert exchange_key(Connection("a", "b"), "T") == exchange_key(Connection("a", "b"), "t")
    assert exchange_key(Connection("a", "b"), "t") != exchange_key(Connection("b", "a"), "t")


@pytest.mark.threat(66)
def test_an_exchange_follows_who_proves_to_have_rotated_and_nobody_else():
    exchange = chat().exchange
    rotated = received(written(SAY, thid="t", by=MALLORY), prior=HOLDER)
    done = step(exchange, rotated, protocols=SPOKEN, at=AT)
    assert done.exchange.connection == Connection(ISSUER, MALLORY)
    assert len(done.exchange.taken) == 2
    for how in ({"prior": "did:example:somebody"}, {"prior": HOLDER, "at": "did:example:another"}):
        done = step(exchange, received(written(SAY, thid="t", by=MALLORY), **how), protocols=SPOKEN, at=AT)
        assert (done.exchange, done.messages) == (exchange, ())


def test_what_is_said_twice_counts_once_and_has_the_same_answer():
    issuer, holder = sides()
    (ping,) = holder.begin(Ping(), ISSUER)
    assert issuer.take(ping)[0].id == issuer.take(ping, at=later(hours=1))[0].id
    text = written(TEXT, {"content": "Hej"}, id="t", please_ack=[""])
    (acknowledged,) = issuer.take(text)
    assert (acknowledged.type.name, acknowledged.ack) == ("empty", ("t",))
    (again,) = issuer.take(text, at=later(hours=3))
    assert again == acknowledged
    assert issuer.data("text-received") == [{"content": "Hej", "lang": None, "created_time": None}]
    holder.take(acknowledged)
    assert holder.data("acknowledged") == [{"ids": ["t"]}]
    # The id is compared without regard to case; another content under it is nobody's.
    assert issuer.take(altered(text, id="T")) == ()
    assert issuer.take(altered(text, body={"content": "Another"})) == ()
    assert issuer.effects[-1].data["reason"] == "the id is another message's"
    assert len(issuer.data("text-received")) == 1


def test_who_acknowledges_is_not_acknowledged():
    issuer, _ = sides()
    assert issuer.take(written("https://didcomm.org/empty/1.0/empty", please_ack=[""], ack=["a"])) == ()


def test_versions():
    issuer, _ = sides()
    for version, answered in (("2.0", "2.0"), ("2.7", "2.0")):
        (pong,) = issuer.take(written(f"https://didcomm.org/trust-ping/{version}/ping"))
        assert pong.type.protocol_uri.endswith(f"/{answered}")
    issuer.take(written("https://example.com/chat/1.0/hello", id="t"))
    assert issuer.exchange.protocol == "https://example.com/chat/1.0"
    for unknown in (
        "https://didcomm.org/trust-ping/3.0/ping",
        "https://didcomm.org/trust-ping/2.0/pang",
        "https://evil.example/trust-ping/2.0/ping",
        "https://didcomm.org/tictactoe/1.0/move",
    ):
        message = written(unknown)
        (told,) = issuer.take(message)
        assert told.body["code"] == "e.p.msg.unsupported"
        assert told.body["args"] == [f"'{unknown}'"]
        assert (told.pthid, told.ack, told.thid) == (message.id, (message.id,), None)
    going_on = chat()
    assert codes(going_on.take(written("https://didcomm.org/tictactoe/1.0/move", thid="t"))) == ["e.p.msg.unsupported"]
    assert going_on.state == "open"
    assert codes(going_on.take(written(TEXT, {"content": ""}, thid="t"))) == ["e.m.req.order"]
    assert codes(going_on.take(written("https://example.com/chat/1.9/shout", thid="t"))) == ["e.p.msg.unsupported"]
    assert going_on.state == "abandoned"


def test_out_of_order():
    issuer = chat()
    assert codes(issuer.take(written(HELLO, thid="t"))) == ["e.m.req.order"]
    assert issuer.state == "open"
    assert codes(issuer.take(written(SAY, thid="u"))) == ["e.p.req.unknown-thread"]
    assert codes(issuer.take(written(HELLO, thid="u"))) == ["e.p.req.unknown-thread"]
    assert len(issuer.rows) == 1


def test_times():
    issuer = chat()
    now = int(AT.timestamp())
    assert codes(issuer.take(written(SAY, thid="t", expires_time=now))) == ["e.m.req.time"]
    assert issuer.take(written(SAY, thid="t", expires_time=now + 1)) == ()
    assert codes(issuer.take(written(PING, expires_time=now))) == ["e.m.req.time"]
    expired = Side(ISSUER, SPOKEN)
    assert codes(expired.take(written(HELLO, expires_time=now))) == ["e.m.req.time"]
    assert expired.rows == {}
    # An exchange in which nothing happens is given up, once.
    assert issuer.do(Elapsed(), at=later(hours=23)) == ()
    assert codes(issuer.do(Elapsed(), at=later(days=1))) == ["e.p.req.time"]
    assert issuer.do(Elapsed(), at=later(days=2)) == ()
    # Who did not hear of it is told again, some times.
    heard = [code for _ in range(20) for code in codes(issuer.take(written(SAY, thid="t"), at=later(days=2)))]
    assert heard == ["e.p.req.time"] * (MAX_PROBLEMS - 1)
    assert (issuer.state, issuer.data("exchange-abandoned")) == (
        "abandoned",
        [{"code": "e.p.req.time", "state": "open", "by": "ours"}],
    )
    late = chat()
    assert codes(late.take(written(SAY, thid="t"), at=later(days=1))) == ["e.p.req.time"]
    assert late.state == "abandoned"


def test_reports_of_problems_come_in():
    issuer = chat()
    assert issuer.take(written(PROBLEM, {"code": "w.m.me", "comment": "{1}?", "args": ["What"]}, pthid="t")) == ()
    assert issuer.take(written(PROBLEM, {"code": "e.m.msg"}, pthid="t", id="p")) == ()
    assert issuer.take(written(PROBLEM, {"code": "e.m.msg"}, pthid="t", id="p")) == ()
    assert (issuer.state, issuer.exchange.problems) == ("open", 2)
    assert issuer.data("problem-reported")[0]["text"] == "What?"
    for body in ({}, {"code": 1}, {"code": "x.p.me"}, {"code": "e"}, {"code": "e.p." + "a" * 200}):
        assert issuer.take(written(PROBLEM, body, pthid="t")) == ()
    assert issuer.state == "open"
    assert issuer.take(written("https://example.com/chat/1.2/problem-report", {"code": "e.p.req"}, thid="t")) == ()
    assert issuer.state == "abandoned"
    assert issuer.data("exchange-abandoned") == [{"code": "e.p.req", "state": "open", "by": "theirs"}]
    assert issuer.take(written(PROBLEM, {"code": "e.p.req"}, pthid="t")) == ()
    # Of a state that we do not know we cannot follow them to.
    reset = chat()
    reset.take(written(PROBLEM, {"code": "e.get-pay-details.payment-failed"}, pthid="t"))
    assert reset.state == "abandoned"
    alone = Side(ISSUER, SPOKEN)
    assert alone.take(written(PROBLEM, {"code": "e.p.me"}, pthid="nowhere")) == ()
    assert (alone.rows, alone.kinds) == ({}, ["problem-reported"])


def test_comments_and_arguments():
    assert interpolated("{2} and {1} and {3}", ["a", "b"]) == "b and a and ?"
    assert interpolated("Only {1}", ["a", "b", "c"]) == "Only a, b, c"
    assert interpolated("{0} {100} {}", []) == "{0} {100} {}"
    for code in COMMENTS:
        told = report(code, ["x" * 500], connection=Connection(ISSUER, HOLDER), thread="t", about=None, at=AT)
        again = read_report(told)
        assert again.code == code
        assert len(again.text) <= MAX_COMMENT_CHARS
        assert len(told.body["args"][0]) < 100


@pytest.mark.threat(67)
def test_a_flood_ends_the_exchange_and_fills_no_memory():
    issuer, said = chat(), 0
    largest = 0
    for place in range(10_000):
        answers = issuer.take(written(SAY, thid="t", id=f"m{place}")) if place < 200 or place > 9_900 else ()
        said += len(answers)
        largest = max(largest, *map(len, issuer.rows.values()))
    assert (said, issuer.state, len(issuer.exchange.taken)) == (1, "abandoned", MAX_RECEIVED)
    assert issuer.data("exchange-abandoned")[0]["code"] == "e.p.req.max-messages-exceeded"
    assert largest < 10_000
    wrong = chat()
    told = [code for place in range(200) for code in codes(wrong.take(written(HELLO, thid="t", id=f"m{place}")))]
    assert told == ["e.m.req.order"] * (MAX_PROBLEMS - 1) + ["e.p.req.max-errors-exceeded"]
    reported = chat()
    for place in range(200):
        said = reported.take(written(PROBLEM, {"code": "e.m.msg"}, pthid="t", id=f"m{place}"))
        assert codes(said) == (["e.p.req.max-errors-exceeded"] if place == MAX_PROBLEMS - 1 else [])
    assert len(reported.exchange.reported) == MAX_PROBLEMS
    # Texts leave one row each, which whoever keeps them counts; nobody's, and refused ones, leave none.
    texts = Side(ISSUER, SPOKEN)
    assert codes(texts.take(written(TEXT, {"content": "x" * (MAX_CHARS + 1)}))) == ["e.m.msg.malformed"]
    assert texts.rows == {}


def test_decisions_that_do_not_fit():
    _, holder = sides()
    holder.begin(Ping(), ISSUER)
    with pytest.raises(ProtocolError, match="ping-sent"):
        holder.do(Ping())
    with pytest.raises(ProtocolError, match="trust-ping"):
        holder.do(Write("a", "pl"))
    with pytest.raises(ProtocolError, match="no exchange"):
        step(None, Retry(), protocols=SPOKEN, at=AT)
    with pytest.raises(ProtocolError, match="no problem"):
        holder.do(Abandon("e.p.whatever"))
    assert codes(holder.do(Abandon())) == ["e.p.req.cancelled"]
    with pytest.raises(ProtocolError, match="abandoned"):
        holder.do(Abandon())
    holder.begin(Write("Cześć", "pl"), ISSUER, thread="thread-2")
    late = next(each for each in map(holder.load, holder.rows) if each.thread == "thread-1")
    unopened = Exchange(**_fields(late) | {"state": "start"})
    with pytest.raises(ProtocolError, match="expired"):
        holder.do(Ping(), exchange=unopened, at=later(days=3))
    with pytest.raises(ProtocolError, match="not known") as caught:
        read_exchange({"version": 2})
    assert caught.value.remedy


def _fields(exchange):
    return {name: getattr(exchange, name) for name in exchange.__slots__}


def test_what_was_lost_is_sent_again():
    _, holder = sides()
    (ping,) = holder.begin(Ping(), ISSUER)
    assert holder.do(Retry(), at=later(minutes=1)) == (ping,)
    holder.do(Abandon())
    assert holder.do(Retry()) == ()


def test_what_is_kept_is_read_again():
    issuer = chat(pthid="invitation")
    issuer.take(written(SAY, thid="t", please_ack=[""]))
    exchange = kept(issuer.exchange)
    assert exchange.pthid == "invitation"
    document = write_exchange(exchange)
    for name in document:
        if name in {"version", "pthid"}:
            continue
        for wrong in (None, 1.5, [1]):
            with pytest.raises(ProtocolError):
                read_exchange(document | {name: wrong})
        with pytest.raises(ProtocolError):
            read_exchange({other: value for other, value in document.items() if other != name})


@given(st.text(max_size=40), st.text(max_size=40))
def test_ids_follow_from_what_they_answer(first, second):
    a, b = Connection("did:example:a", "did:example:b"), Connection("did:example:b", "did:example:a")
    assert derived_id(a, first) == derived_id(a, first)
    assert (derived_id(a, first) == derived_id(a, second)) == (first == second)
    assert derived_id(a, first) != derived_id(b, first)
    assert orjson.dumps(derived_id(a, first, second)) != orjson.dumps(derived_id(a, first + second))
    assert derived_id(a, first)[14] == "8"
