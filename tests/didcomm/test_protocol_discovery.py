"""Discover features: wildcards, and that nothing is told that was not registered for it."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from protocol_support import HOLDER, ISSUER, MALLORY, Side, codes, written

from node.didcomm.protocols.basic_message import BASIC_MESSAGE
from node.didcomm.protocols.discover_features import (
    MAX_DISCLOSURES,
    MAX_MATCH_CHARS,
    MAX_QUERIES,
    Ask,
    Feature,
    Query,
    discover_features,
    features_of,
)
from node.didcomm.protocols.machine import protocols
from node.didcomm.protocols.trust_ping import TRUST_PING

QUERIES = "https://didcomm.org/discover-features/2.0/queries"
DISCLOSE = "https://didcomm.org/discover-features/2.0/disclose"
TOLD = (*features_of(protocols(TRUST_PING)), Feature("goal-code", "streamlined-vc"))
SPOKEN = protocols(TRUST_PING, BASIC_MESSAGE, discover_features(TOLD))


def asked(*queries):
    issuer, holder = Side(ISSUER, SPOKEN), Side(HOLDER, SPOKEN)
    (question,) = holder.begin(Ask(tuple(Query(*each) for each in queries)), ISSUER)
    (answer,) = issuer.take(question)
    assert issuer.rows == {}
    assert holder.take(answer) == ()
    assert holder.state == "done"
    (told,) = holder.data("features-disclosed")
    return [each["id"] for each in told["features"]]


def test_what_is_registered_is_told():
    assert asked(("protocol", "*"), ("goal-code", "*")) == ["https://didcomm.org/trust-ping/2.0", "streamlined-vc"]
    assert asked(("protocol", "https://didcomm.org/trust-ping/2.*")) == ["https://didcomm.org/trust-ping/2.0"]
    assert asked(("protocol", "https://didcomm.org/basicmessage/2.0")) == []
    assert asked(("gov-fw", "*"), ("nothing-known", "*")) == []
    (told,) = Side(ISSUER, SPOKEN).take(written(QUERIES, {"queries": [{"feature-type": "protocol", "match": "*"}]}))
    assert told.body["disclosures"] == [
        {"feature-type": "protocol", "id": "https://didcomm.org/trust-ping/2.0", "roles": ["sender", "receiver"]}
    ]


@pytest.mark.threat(65)
def test_strangers_are_told_nothing():
    query = written(QUERIES, {"queries": [{"feature-type": "protocol", "match": "*"}]}, by=MALLORY)
    issuer = Side(ISSUER, SPOKEN)
    assert issuer.take(query, known=False) == issuer.take(query, anonymous=True) == ()


@pytest.mark.threat(67)
def test_questions_that_are_none():
    issuer = Side(ISSUER, SPOKEN)
    one = {"feature-type": "protocol", "match": "*"}
    for queries in (None, "x", [1], [{}], [{"match": "*"}], [one] * (MAX_QUERIES + 1), [one | {"match": "a" * 999}]):
        assert codes(issuer.take(written(QUERIES, {"queries": queries}))) == ["e.m.msg.malformed"]
    holder = Side(HOLDER, SPOKEN)
    holder.begin(Ask((Query("protocol", "*"),)), ISSUER)
    for told in (None, [{"feature-type": "protocol", "id": "x"}] * (MAX_DISCLOSURES + 1)):
        answer = written(DISCLOSE, {"disclosures": told}, by=ISSUER, to=HOLDER, thid="thread-1")
        assert codes(holder.take(answer)) == ["e.m.msg.malformed"]
    holder.take(written(DISCLOSE, {"disclosures": [1, {}, {"id": 1}]}, by=ISSUER, to=HOLDER, thid="thread-1"))
    assert holder.data("features-disclosed") == [{"features": []}]


@given(st.text("ab*", max_size=8), st.text("ab", max_size=10))
def test_wildcards_stand_for_anything(match, identifier):
    pattern = ".*".join(re.escape(part) for part in match.split("*"))
    assert Query("protocol", match).finds(Feature("protocol", identifier)) == bool(re.fullmatch(pattern, identifier))
    assert not Query("goal-code", match).finds(Feature("protocol", identifier))


@pytest.mark.threat(63)
def test_patterns_cost_no_time():
    query = Query("protocol", ("*a" * (MAX_MATCH_CHARS // 2))[:MAX_MATCH_CHARS] + "b")
    feature = Feature("protocol", "a" * 4096)
    started = time.perf_counter()
    assert not query.finds(feature)
    assert time.perf_counter() - started < 0.5
