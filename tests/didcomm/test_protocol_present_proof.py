"""Present proof 3.0: both sides, in order, out of order, again, by others, and over a bad network."""

import pytest
from credential_exchange import (
    DEFINITION,
    REPORT,
    SHOWN,
    SPOKEN,
    TOKEN,
    asking,
    concluding,
    presenting,
    sides,
)
from didcomm_support import AT
from hypothesis import settings
from protocol_network import BadNetwork
from protocol_support import HOLDER, ISSUER, MALLORY, altered, codes, later, received, written

from node.didcomm.attachment import attach_json
from node.didcomm.errors import ProtocolError
from node.didcomm.protocols.formats import PE_DEFINITION, PE_SUBMISSION, PRESENTATION, PRESENTED_TOKEN
from node.didcomm.protocols.present_proof import MAX_DESCRIPTORS, Propose
from node.didcomm.protocols.step import Abandon, Elapsed, Retry, step
from node.documents import MAX_PRESENTATION_BYTES

BASE = "https://didcomm.org/present-proof/3.0/"


def demanded(**changes):
    verifier, prover = sides()
    (demand,) = verifier.begin(asking(**changes), HOLDER, pthid="invitation-1")
    assert prover.take(demand) == ()
    return verifier, prover, demand


def presented(**changes):
    verifier, prover, _ = demanded()
    (presentation,) = prover.do(presenting(**changes))
    assert verifier.take(presentation) == ()
    return verifier, prover, presentation


def test_a_presentation_is_asked_for_shown_and_judged():
    verifier, prover, presentation = presented()
    (ack,) = verifier.do(concluding())
    assert prover.take(ack) == ()
    assert (verifier.state, prover.state) == ("done", "done")
    (asked,) = prover.data("presentation-requested")
    assert (asked["definition"], asked["challenge"], asked["why"], asked["policy"]) == (
        DEFINITION,
        "challenge-1",
        "To enrol you",
        "default",
    )
    (shown,) = verifier.data("presentation-received")
    assert (shown["presentation"], shown["challenge"], shown["domain"]) == (
        SHOWN,
        "challenge-1",
        "https://verifier.example",
    )
    assert prover.data("presentation-accepted") == [{"report": REPORT}]
    assert ack.ack == (presentation.id,)
    assert str(ack.type) == BASE + "ack"


def test_what_is_not_accepted_comes_back_with_the_report():
    verifier, prover, presentation = presented()
    (told,) = verifier.do(concluding(accepted=False, report={"verdict": "rejected"}))
    assert (told.body["code"], told.pthid, told.thid) == ("e.p.req.not-accepted", "thread-1", None)
    assert prover.take(told) == ()
    assert (verifier.state, prover.state) == ("abandoned", "abandoned")
    (problem,) = prover.data("problem-reported")
    assert problem["attachments"][0]["format"] == "glejt/report@v1"
    assert problem["attachments"][0]["data"]["json"] == {"verdict": "rejected"}
    assert verifier.take(presentation) == (told,)


def test_a_prover_begins_and_proposes_something_else():
    verifier, prover = sides()
    verifier.take(*prover.begin(Propose(), ISSUER))
    assert verifier.data("presentation-proposed")[0]["definition"] is None
    prover.take(*verifier.do(asking()))
    verifier.take(*prover.do(Propose(DEFINITION, "Only this")))
    assert verifier.data("presentation-proposed")[1]["definition"] == DEFINITION
    prover.take(*verifier.do(asking(challenge="challenge-2")))
    verifier.take(*prover.do(presenting()))
    assert verifier.data("presentation-received")[0]["challenge"] == "challenge-2"


@pytest.mark.parametrize(
    ("shown", "format_"),
    [(SHOWN, PE_SUBMISSION), ({"type": ["VerifiablePresentation"]}, PRESENTATION), (TOKEN, PRESENTED_TOKEN)],
)
def test_every_form_of_presentation(shown, format_):
    verifier, _, _ = presented(presentation=shown)
    (found,) = verifier.data("presentation-received")
    assert (found["presentation"], found["format"]) == (shown, format_)


def test_where_no_confirmation_is_promised_the_prover_is_done():
    """As the request of the published test vectors of WACI has it: an empty body."""
    _, prover = sides()
    verifier, _ = sides()
    (demand,) = verifier.begin(asking(), HOLDER)
    kept = [each.source for each in demand.attachments if each.format == PE_DEFINITION]
    prover.take(altered(demand, body={}, attachments=kept))
    (asked,) = prover.data("presentation-requested")
    assert (asked["why"], asked["policy"], asked["challenge"]) == (None, None, "challenge-1")
    (presentation,) = prover.do(presenting())
    assert prover.state == "done"
    verifier.take(presentation)
    (ack,) = verifier.do(concluding())
    assert prover.take(ack) == ()
    assert prover.kinds == ["presentation-requested", "dropped"]


@pytest.mark.threat(66)
def test_nobody_else_presents_or_judges_in_a_thread():
    verifier, prover, _ = demanded()
    (presentation,) = prover.do(presenting())
    for side, message in (
        (verifier, altered(presentation, **{"from": MALLORY})),
        (prover, written(BASE + "ack", by=MALLORY, to=HOLDER, thid="thread-1")),
    ):
        exchange = side.exchange
        done = step(exchange, received(message), protocols=SPOKEN, at=AT)
        assert (done.exchange, done.messages) == (exchange, ())
        assert codes(side.take(message)) == ["e.p.req.unknown-thread"]
    assert verifier.kinds == []
    assert "presentation-accepted" not in prover.kinds


def test_one_exchange_has_one_presentation():
    verifier, prover, presentation = presented()
    assert verifier.take(presentation) == ()
    assert codes(verifier.take(altered(presentation, id="another"))) == ["e.m.req.order"]
    assert verifier.kinds == ["presentation-received"]
    (ack,) = verifier.do(concluding())
    assert verifier.take(presentation) == (ack,)
    with pytest.raises(ProtocolError):
        verifier.do(concluding(accepted=False))
    for _ in range(3):
        prover.take(ack)
    assert prover.kinds.count("presentation-accepted") == 1
    prover.take(written("https://didcomm.org/report-problem/2.0/problem-report", {"code": "e.p.me"}, by=ISSUER,
                        to=HOLDER, pthid="thread-1"))  # fmt: skip
    assert prover.state == "done"


def test_messages_that_come_too_early():
    verifier, prover, _ = demanded()
    for name in ("ack", "request-presentation"):
        assert codes(verifier.take(written(BASE + name, thid="thread-1"))) == ["e.m.req.order"]
    for name in ("ack", "presentation", "propose-presentation"):
        early = written(BASE + name, by=ISSUER, to=HOLDER, thid="thread-1")
        assert codes(prover.take(early)) == ["e.m.req.order"]
    assert (verifier.state, prover.state) == ("request-sent", "request-received")


@pytest.mark.threat(67)
def test_requests_and_presentations_that_are_none():
    good = {"options": {"challenge": "c"}, "presentation_definition": DEFINITION}
    for asked, body, code in (
        ({}, {}, "e.m.msg.attachment"),
        (good | {"options": {}}, {}, "e.m.msg.malformed"),
        (good | {"options": 1}, {}, "e.m.msg.malformed"),
        (good | {"presentation_definition": {"id": "x", "input_descriptors": []}}, {}, "e.m.msg.attachment"),
        (good | {"presentation_definition": {"id": "", "input_descriptors": [{"id": "a"}]}}, {}, "e.m.msg.attachment"),
        (
            good | {"presentation_definition": {"id": "x", "input_descriptors": [{"id": "a"}, {"id": "a"}]}},
            {},
            "e.m.msg.attachment",
        ),
        (
            good
            | {
                "presentation_definition": {
                    "id": "x",
                    "input_descriptors": [{"id": f"{n}"} for n in range(MAX_DESCRIPTORS + 1)],
                }
            },
            {},
            "e.m.msg.attachment",
        ),
        (good, {"will_confirm": "yes"}, "e.m.msg.malformed"),
        (good, {"comment": 1}, "e.m.msg.malformed"),
        (good, {"comment": "x" * 5000}, "e.m.msg.malformed"),
    ):
        _, prover = sides()
        demand = written(
            BASE + "request-presentation",
            body,
            by=ISSUER,
            to=HOLDER,
            attachments=[attach_json(asked, format=PE_DEFINITION)],
        )
        assert codes(prover.take(demand)) == [code]
        assert prover.rows == {}
    for shown, code in (
        (SHOWN | {"presentation_submission": {"definition_id": "another"}}, "e.m.msg.attachment"),
        (SHOWN | {"presentation_submission": []}, "e.m.msg.attachment"),
        (SHOWN | {"x": "y" * MAX_PRESENTATION_BYTES}, "e.m.msg.too-large"),
    ):
        verifier, prover, _ = demanded()
        (presentation,) = prover.do(presenting(presentation=shown))
        assert codes(verifier.take(presentation)) == [code]
        assert (verifier.state, verifier.kinds) == ("request-sent", [])
    with pytest.raises(ProtocolError):
        sides()[0].begin(asking(definition={}), HOLDER)


def test_a_request_expires():
    end = int(later(minutes=5).timestamp())
    verifier, prover, _ = demanded(expires_time=end)
    (presentation,) = prover.do(presenting(), at=later(minutes=4))
    assert codes(verifier.take(presentation, at=later(minutes=5))) == ["e.p.req.time"]
    assert verifier.state == "abandoned"
    verifier, prover, _ = demanded()
    (told,) = verifier.do(Elapsed(), at=later(days=1))
    prover.take(told)
    assert (verifier.state, prover.state) == ("abandoned", "abandoned")
    verifier, prover, _ = demanded()
    verifier.take(*prover.do(Abandon("e.p.req.declined")))
    assert (verifier.state, prover.state) == ("abandoned", "abandoned")


def test_what_was_lost_is_sent_again():
    verifier, prover, demand = demanded()
    assert verifier.do(Retry()) == (demand,)
    (presentation,) = prover.do(presenting())
    assert prover.do(Retry()) == prover.take(demand) == (presentation,)


class Presenting(BadNetwork):
    def parties(self):
        verifier, prover = sides()
        return {ISSUER: verifier, HOLDER: prover}

    def first(self):
        return self.sides[ISSUER].begin(asking(), HOLDER)

    def anything(self):
        return (asking(), presenting(), concluding(), concluding(accepted=False), Propose())

    def decide(self, side):
        chosen = {
            "proposal-received": asking,
            "request-received": presenting,
            "presentation-received": concluding,
        }
        return chosen[side.state]() if side.state in chosen else None

    def check(self):
        verifier, prover = self.sides[ISSUER], self.sides[HOLDER]
        assert verifier.kinds.count("presentation-received") <= 1
        assert prover.kinds.count("presentation-accepted") <= 1
        verdicts = {each.id for each in self.sent if each.type.name == "ack" or "not-accepted" in str(each.body)}
        assert len(verdicts) <= 1
        if prover.rows and prover.state == "done":
            assert verifier.state == "done"


TestPresenting = Presenting.TestCase
TestPresenting.settings = settings(max_examples=60, stateful_step_count=25)
