"""Issue credential 3.0: both sides, in order, out of order, again, by others, and over a bad network."""

import pytest
from credential_exchange import (
    CHALLENGE,
    OTHER,
    PREVIEW,
    RECEIPT,
    SECURED,
    SPOKEN,
    SUBJECT,
    TOKEN,
    binding,
    issuing,
    offering,
    requesting,
    sides,
)
from didcomm_support import AT
from hypothesis import settings
from protocol_network import BadNetwork
from protocol_support import HOLDER, ISSUER, MALLORY, Side, altered, codes, later, names, received, written

from did_methods.multikey import KeyType
from node.didcomm.attachment import attach_bytes, attach_json
from node.didcomm.errors import ProtocolError, UnresolvedError
from node.didcomm.message import parse_message, write_message
from node.didcomm.protocols.exchange import MAX_KEPT_BYTES, MAX_RECEIVED
from node.didcomm.protocols.formats import DI_CREDENTIAL, DI_OFFER, OFFER, REQUEST, SD_JWT
from node.didcomm.protocols.formats import TOKEN as VC_JWT
from node.didcomm.protocols.holder_binding import Challenge
from node.didcomm.protocols.issue_credential import MAX_RECEIPTS, Accept, Propose
from node.didcomm.protocols.step import Abandon, Elapsed, Retry, step
from node.documents import MAX_CREDENTIAL_BYTES

BASE = "https://didcomm.org/issue-credential/3.0/"


def offered(**changes):
    issuer, holder = sides()
    (proposal,) = holder.begin(Propose(), ISSUER, pthid="invitation-1")
    issuer.take(proposal)
    (offer,) = issuer.do(offering(**changes))
    assert holder.take(offer) == ()
    return issuer, holder, offer


def requested(**changes):
    issuer, holder, _ = offered()
    (request,) = holder.do(requesting(**changes))
    assert issuer.take(request) == ()
    return issuer, holder, request


def issued(**changes):
    issuer, holder, request = requested()
    (issue,) = issuer.do(issuing(**changes))
    return issuer, holder, request, issue


def test_a_credential_is_proposed_offered_requested_issued_and_accepted():
    issuer, holder, request, issue = issued()
    assert holder.take(issue) == ()
    (ack,) = holder.do(Accept())
    assert issuer.take(ack) == ()
    assert (issuer.state, holder.state) == ("done", "done")
    assert issuer.kinds == ["credential-proposed", "credential-requested", "credential-accepted"]
    assert issuer.data("credential-requested")[0]["holder"] == SUBJECT.did
    assert issuer.data("credential-proposed")[0]["pthid"] == "invitation-1"
    (found,) = holder.data("credential-received")
    assert (found["credential"], found["receipts"], found["format"]) == (SECURED, [RECEIPT], DI_CREDENTIAL)
    assert holder.data("credential-offered")[0]["credential"] == PREVIEW
    # The receipt travels beside what is signed, and never in it.
    assert [each.format for each in issue.attachments] == [DI_CREDENTIAL, "glejt/receipt@v1"]
    assert ack.ack == (issue.id,)
    assert str(ack.type) == BASE + "ack"
    assert {each.thread for each in (request, issue, ack)} == {"thread-1"}


def test_the_messages_of_the_profile_are_understood():
    """The outline of those in the published test vectors of WACI, issuance, steps 2 and 6."""
    issuer, _ = sides()
    document = {"type": BASE + "propose-credential", "from": HOLDER, "id": "p", "thid": "p", "pthid": "i", "body": {}}
    issuer.take(altered(written(BASE + "propose-credential"), **document))
    assert issuer.data("credential-proposed") == [{"comment": None, "goal_code": None, "pthid": "i", "wanted": None}]


@pytest.mark.parametrize(("format_", "credential"), [(SD_JWT, TOKEN), (DI_CREDENTIAL, SECURED), (VC_JWT, TOKEN)])
@pytest.mark.parametrize("kind", [KeyType.ED25519, KeyType.P256])
def test_every_form_of_credential(format_, credential, kind):
    issuer, holder, _ = offered(formats=(format_,), replacement_id="r-1", attributes=(("name", "Demo"),), comment="Hi")
    assert holder.data("credential-offered")[0]["preview"]["body"]["attributes"] == [{"name": "name", "value": "Demo"}]
    issuer.take(*holder.do(requesting(format=format_, binding=binding(kind=kind))))
    (issue,) = issuer.do(issuing(credential=credential, receipts=(), replacement_id="r-1"))
    holder.take(issue)
    (found,) = holder.data("credential-received")
    assert (found["credential"], found["replacement_id"]) == (credential, "r-1")


def test_offers_and_requests_of_others():
    """Both in the format of Aries alone, as a peer that does not know ours writes them."""
    issuer, holder = sides()
    (offer,) = issuer.begin(offering(formats=(DI_CREDENTIAL,)), HOLDER)
    foreign = altered(offer, attachments=[each.source for each in offer.attachments if each.format == DI_OFFER])
    holder.take(foreign)
    assert holder.data("credential-offered")[0]["formats"] == [DI_CREDENTIAL]
    (request,) = holder.do(requesting())
    kept = [each.source for each in request.attachments if each.format != REQUEST]
    issuer.take(altered(request, attachments=kept))
    assert issuer.state == "request-received"
    # The format may stand beside the attachments, as DIDComm v1 had it.
    _, other = sides()
    bare = [
        {name: value for name, value in kept_.items() if name != "format"} for kept_ in [offer.attachments[1].source]
    ]
    other.take(altered(offer, attachments=bare, formats=[{"attach_id": bare[0]["id"], "format": DI_OFFER}]))
    assert other.state == "offer-received"


def test_negotiation_comes_to_an_end():
    issuer, holder, _ = offered()
    for _ in range(3):
        (proposal,) = holder.do(Propose({"name": "Another"}, "Rather this"))
        issuer.take(proposal)
        holder.take(*issuer.do(offering()))
    assert (issuer.state, holder.state) == ("offer-sent", "offer-received")
    assert issuer.data("credential-proposed")[-1]["wanted"] == {"name": "Another"}
    assert issuer.data("credential-proposed")[-1]["comment"] == "Rather this"
    for _ in range(MAX_RECEIVED):
        if holder.state != "offer-received":
            break
        for message in issuer.take(*holder.do(Propose())):
            holder.take(message)
        if issuer.state == "proposal-received":
            holder.take(*issuer.do(offering()))
    assert (issuer.state, holder.state) == ("abandoned", "abandoned")


def test_a_request_before_any_offer_is_a_wish():
    issuer, _ = sides()
    assert issuer.take(written(BASE + "request-credential", id="r")) == ()
    assert (issuer.state, issuer.kinds) == ("proposal-received", ["credential-proposed"])


@pytest.mark.threat(66)
def test_nobody_else_requests_or_issues_in_a_thread():
    issuer, holder, offer = offered()
    (request,) = holder.do(requesting())
    stolen = altered(request, **{"from": MALLORY})
    for side, message in ((issuer, stolen), (holder, altered(offer, **{"from": MALLORY}, id="x"))):
        exchange = side.exchange
        done = step(exchange, received(message), protocols=SPOKEN, at=AT)
        assert (done.exchange, done.messages) == (exchange, ())
    # By its own connection the thread is not known: nothing is issued to them.
    assert codes(issuer.take(stolen)) == ["e.p.req.unknown-thread"]
    assert issuer.kinds.count("credential-requested") == 0


@pytest.mark.threat(66)
def test_only_who_holds_the_key_has_a_credential_bound_to_it():
    for made in (
        binding(Challenge("nonce-2", CHALLENGE.audience)),
        binding(Challenge(CHALLENGE.nonce, "did:example:elsewhere")),
        binding() | {"data": binding()["data"] | {"jws": binding(party=OTHER)["data"]["jws"] | {"signature": "AAAA"}}},
        attach_bytes(b'{"nonce":"nonce-1","aud":"did:example:faculty"}', id="holder-binding"),
        attach_bytes(b"no JSON", id="holder-binding"),
        binding() | {"id": "another"},
    ):
        issuer, holder, _ = offered()
        (request,) = holder.do(requesting(binding=made))
        assert codes(issuer.take(request)) == ["e.m.trust.holder"]
        assert issuer.state == "offer-sent"
    issuer, holder, _ = offered()
    (request,) = holder.do(requesting(binding=binding(party=OTHER)))
    issuer.take(request)
    assert issuer.data("credential-requested")[0]["holder"] == OTHER.did
    unresolved, holder, _ = offered()
    unresolved.documents = lambda _: None
    (request,) = holder.do(requesting())
    with pytest.raises(UnresolvedError) as caught:
        unresolved.take(request)
    assert caught.value.did == SUBJECT.did
    assert unresolved.state == "offer-sent"
    done = step(unresolved.exchange, received(request), protocols=SPOKEN, at=AT, unresolvable=frozenset({SUBJECT.did}))
    assert (codes(done.messages), done.exchange.state) == (["e.m.did"], "offer-sent")


def test_a_credential_is_issued_once():
    issuer, holder, request, issue = issued()
    assert issuer.take(request) == (issue,)
    assert codes(issuer.take(altered(request, id="another"))) == ["e.m.req.order"]
    with pytest.raises(ProtocolError, match="credential-issued"):
        issuer.do(issuing())
    holder.take(issue)
    for again in (issue, altered(issue, id="another"), altered(issue, body={"comment": "Take this"})):
        holder.take(again)
    assert holder.kinds.count("credential-received") == 1
    (ack,) = holder.do(Accept())
    assert holder.take(issue) == (ack,)
    assert holder.take(altered(issue, id="a-third")) == ()
    assert holder.kinds.count("credential-received") == 1


def test_who_did_not_hear_of_the_end_is_told_again():
    issuer, holder, _, issue = issued()
    (told,) = holder.do(Abandon("e.p.req.declined"))
    assert holder.take(issue) == (told,)
    assert holder.kinds.count("credential-received") == 0
    issuer.take(told)
    assert (issuer.state, holder.state) == ("abandoned", "abandoned")


def test_messages_that_come_too_early():
    issuer, holder, _ = offered()
    for name in ("ack", "issue-credential", "offer-credential"):
        assert codes(issuer.take(written(BASE + name, thid="thread-1"))) == ["e.m.req.order"]
    for name in ("issue-credential", "propose-credential", "request-credential", "ack"):
        early = written(BASE + name, by=ISSUER, to=HOLDER, thid="thread-1")
        assert codes(holder.take(early)) == ["e.m.req.order"]
    assert (issuer.state, holder.state) == ("offer-sent", "offer-received")
    assert codes(holder.take(written(BASE + "issue-credential", by=ISSUER, to=HOLDER))) == ["e.p.req.unknown-thread"]


def test_decisions_that_do_not_fit():
    issuer, holder, _ = offered()
    for side, event in (
        (issuer, issuing()),
        (issuer, requesting()),
        (issuer, offering()),
        (holder, Accept()),
        (holder, requesting(format=VC_JWT)),
    ):
        with pytest.raises(ProtocolError) as caught:
            side.do(event)
        assert caught.value.remedy
    with pytest.raises(ProtocolError):
        sides()[0].begin(offering(formats=()), HOLDER)
    with pytest.raises(ProtocolError):
        sides()[0].begin(offering(formats=("hlindy/cred@v2.0",)), HOLDER)
    issuer.take(*holder.do(requesting()))
    for wrong in (issuing(credential=TOKEN), issuing(receipts=(RECEIPT,) * (MAX_RECEIPTS + 1))):
        with pytest.raises(ProtocolError):
            issuer.do(wrong)
    assert issuer.state == "request-received"


def test_an_offer_expires():
    end = int(later(hours=1).timestamp())
    issuer, holder, offer = offered(expires_time=end)
    assert offer.expires_time == end
    assert holder.data("credential-offered")[0]["expires_time"] == end
    (request,) = holder.do(requesting(), at=later(minutes=59))
    assert codes(issuer.take(request, at=later(hours=1))) == ["e.p.req.time"]
    assert issuer.state == "abandoned"
    _, holder, _ = offered(expires_time=end)
    with pytest.raises(ProtocolError, match="expired"):
        holder.do(requesting(), at=later(hours=1))
    issuer, other = sides()
    (offer,) = issuer.begin(offering(expires_time=end), HOLDER)
    assert codes(other.take(offer, at=later(hours=1))) == ["e.m.req.time"]
    assert other.rows == {}


def test_what_is_never_acknowledged():
    issuer, holder, _, issue = issued()
    assert issuer.do(Retry()) == (issue,)
    assert issuer.do(Elapsed(), at=later(days=7)) == ()
    assert (issuer.state, issuer.kinds[-1]) == ("done", "unacknowledged")
    holder.take(issue)
    (told,) = holder.do(Elapsed(), at=later(days=7))
    assert issuer.take(told) == ()
    assert (issuer.state, holder.state) == ("done", "abandoned")


def test_either_side_gives_up():
    issuer, holder, _ = offered()
    (told,) = holder.do(Abandon("e.p.req.declined"))
    assert issuer.take(told) == ()
    assert (issuer.state, holder.state) == ("abandoned", "abandoned")
    assert issuer.data("problem-reported")[0]["code"] == "e.p.req.declined"
    issuer, holder, _, issue = issued()
    holder.take(issue)
    issuer.take(*holder.do(Abandon("e.p.req.declined")))
    assert issuer.data("exchange-abandoned") == [
        {"code": "e.p.req.declined", "state": "credential-issued", "by": "theirs"}
    ]


@pytest.mark.threat(67)
def test_attachments_have_bounds_and_forms():
    _, holder, _, issue = issued()
    big = {"credential": {"x": "y" * MAX_CREDENTIAL_BYTES}}

    def answer(*attachments):
        fresh = sides()[1]
        fresh.rows = dict(holder.rows)
        before = fresh.exchange
        (told,) = fresh.take(altered(issue, id="other", attachments=list(attachments)))
        assert fresh.kinds == []
        assert fresh.exchange.taken == before.taken
        return told.body["code"]

    good = issue.attachments[0].source
    for attachments, code in (
        ([], "attachment-format"),
        ([good | {"format": SD_JWT}], "attachment-format"),
        ([good, good | {"id": "twice"}], "attachment"),
        ([good | {"data": {"json": big}}], "too-large"),
        ([attach_bytes(b"x" * (MAX_CREDENTIAL_BYTES * 2), format=DI_CREDENTIAL)], "too-large"),
        ([attach_bytes(b'{"a":1,"a":2}', format=DI_CREDENTIAL)], "attachment"),
        ([attach_json("text", format=DI_CREDENTIAL)], "attachment"),
        ([attach_json({"credential": []}, format=DI_CREDENTIAL)], "attachment"),
        ([good | {"data": {"links": ["https://a.example"], "hash": "12" + "20" + "0" * 64}}], "attachment"),
        ([good | {"data": {"base64": "!!"}}], "attachment"),
        ([good, *[issue.attachments[1].source | {"id": f"r{n}"} for n in range(MAX_RECEIPTS + 1)]], "attachment"),
    ):
        assert answer(*attachments) == f"e.m.msg.{code}"
    _, unasked, offer = offered()
    for terms, code in (
        ({"formats": [DI_CREDENTIAL], "credential": PREVIEW}, "attachment"),
        ({"formats": ["unknown"], "credential": PREVIEW}, "attachment-format"),
        ({"formats": [DI_CREDENTIAL] * 17, "credential": PREVIEW}, "attachment-format"),
        ({"formats": [DI_CREDENTIAL]}, "attachment"),
    ):
        wrong = altered(offer, id="z", thid="z", attachments=[attach_json(terms, format=OFFER)])
        assert codes(unasked.take(wrong)) == [f"e.m.msg.{code}"]
    token = Side(HOLDER, SPOKEN)
    token.take(*sides()[0].begin(offering(formats=(SD_JWT,)), HOLDER))
    token.do(requesting(format=SD_JWT))
    wrong = written(
        BASE + "issue-credential",
        by=ISSUER,
        to=HOLDER,
        thid="thread-1",
        attachments=[attach_bytes("żeton".encode(), format=SD_JWT)],
    )
    assert codes(token.take(wrong)) == ["e.m.msg.attachment"]


@pytest.mark.threat(67)
def test_what_is_kept_is_bounded_by_what_is_large():
    issuer, _, _ = offered(credential=PREVIEW | {"x": "y" * 250_000})
    for place in range(MAX_RECEIVED - 3):
        issuer.take(written(BASE + "propose-credential", thid="thread-1", id=f"p{place}"))
        issuer.do(offering(credential=PREVIEW | {"x": "y" * 250_000}))
    (row,) = issuer.rows.values()
    assert len(row) < MAX_KEPT_BYTES + 600_000
    # The newest is still answered, the oldest, which was answered and gone beyond, is not.
    assert names(issuer.take(written(BASE + "propose-credential", thid="thread-1", id=f"p{MAX_RECEIVED - 4}"))) != []


@pytest.mark.threat(65)
def test_nothing_of_it_works_without_an_authenticated_sender():
    issuer, holder, _ = offered()
    (request,) = holder.do(requesting())
    before = dict(issuer.rows)
    for how in ({"anonymous": True}, {"anonymous": True, "confidential": False}):
        exchange = issuer.exchange
        done = step(exchange, received(request, **how), protocols=SPOKEN, at=AT)
        assert (done.exchange, done.messages) == (exchange, ())
    assert issuer.rows == before
    assert parse_message(write_message(request)) == request


class Issuing(BadNetwork):
    def parties(self):
        issuer, holder = sides()
        return {ISSUER: issuer, HOLDER: holder}

    def first(self):
        return self.sides[HOLDER].begin(Propose(), ISSUER)

    def anything(self):
        return (offering(), requesting(), issuing(), Accept(), Propose())

    def decide(self, side):
        chosen = {
            "proposal-received": offering,
            "offer-received": requesting,
            "request-received": issuing,
            "credential-received": Accept,
        }
        return chosen[side.state]() if side.state in chosen else None

    def check(self):
        issuer, holder = self.sides[ISSUER], self.sides[HOLDER]
        assert holder.kinds.count("credential-received") <= 1
        assert issuer.kinds.count("credential-requested") <= 1
        assert issuer.kinds.count("credential-accepted") <= 1
        assert len({each.id for each in self.sent if each.type.name == "issue-credential"}) <= 1
        if issuer.rows and issuer.state == "done" and "unacknowledged" not in issuer.kinds:
            assert holder.kinds.count("credential-received") == 1


TestIssuing = Issuing.TestCase
TestIssuing.settings = settings(max_examples=60, stateful_step_count=25)
