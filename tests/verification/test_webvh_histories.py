"""Logs of did:webvh as a verifier has them: what they call themselves, and when they were had."""

import asyncio

import pytest
from web_servers import publishing
from webvh_support import NOW, START, chain, did_of, entries, first, forged

from did_methods.cache import retrieved_at
from did_methods.did import parse_did
from did_methods.errors import HistoryError
from did_methods.web import WebPlace
from node.app import sources
from node.verification.histories import history_in

LOG = first(changes={"portable": True})
OLD = str(did_of(LOG))
NEW = OLD.replace("good.", "new.")
MOVED = forged(LOG, state=entries(LOG)[0]["state"] | {"id": NEW, "alsoKnownAs": [OLD]})


@pytest.mark.threat(101)
def test_a_log_speaks_for_the_last_of_its_names_alone():
    assert history_in(NEW, {"did.jsonl": MOVED}, NOW).present.document.id == NEW
    with pytest.raises(HistoryError, match="is now the one of"):
        history_in(OLD, {"did.jsonl": MOVED}, NOW)


def test_a_log_that_did_not_move():
    history = history_in(str(did_of(LOG)), {"did.jsonl": LOG}, NOW)
    assert (history.present.since, history.present.until) == (START, None)
    assert len(history_in(str(did_of(chain(3))), {"did.jsonl": chain(3)}, NOW).versions) == 3
    assert parse_did(NEW).method == "webvh"


@pytest.mark.parametrize("remember", [False, True])
def test_a_log_that_is_remembered_says_when_it_was_had(remember):
    pages = {}
    with publishing(pages) as (port, _):
        log = chain(2, place=WebPlace("localhost", port, ()))
        pages["/.well-known/did.jsonl"] = log
        asked = sources(online=True, loopback=True, remember=remember)

        async def twice():
            return [await asked.resolve(str(did_of(log))), await asked.resolve(str(did_of(log)))]

        one, two = asyncio.run(twice())
    assert one.document == two.document == entries(log)[1]["state"]
    assert (one is two, retrieved_at(one) is not None) == (remember, remember)
    assert one.files == two.files == {"did.jsonl": log}


@pytest.mark.parametrize(("ttl", "times"), [(0, 2), (1, 1), (None, 1)])
def test_a_log_that_is_not_to_be_kept_is_asked_for_again(ttl, times):
    pages = {}
    with publishing(pages) as (port, seen):
        log = first(place=WebPlace("localhost", port, ()), changes={} if ttl is None else {"ttl": ttl})
        pages["/.well-known/did.jsonl"] = log
        asked = sources(online=True, loopback=True, remember=True)

        async def twice():
            return [await asked.resolve(str(did_of(log))), await asked.resolve(str(did_of(log)))]

        one, _ = asyncio.run(twice())
    assert one.document_metadata["ttl"] == str(3600 if ttl is None else ttl)
    assert len(seen) == times
