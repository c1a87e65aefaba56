"""A did:webvh that moved: what its log calls itself before, nobody has to have published there."""

import pytest
from webvh_support import NOW, START, chain, did_of, entries, first, forged

from did_methods.did import parse_did
from did_methods.errors import HistoryError
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
