"""What a safe processor must refuse: glejt beside jsonld.js in its safe mode, and pyld, which has none."""

from typing import Any

import pytest
from interop.lossy import LOST, WRONG
from peers.client import Peer, PeerError
from pyld import jsonld as pyld

from node.credentials.contexts import BUNDLED
from node.proofs.errors import JsonLdError, UnknownContextError
from node.proofs.jsonld import JsonLd

pytestmark = [pytest.mark.peer, pytest.mark.threat(1)]


@pytest.mark.parametrize("name", LOST)
def test_what_would_be_lost_is_refused_by_both(name: str, peer: Peer, jsonld: JsonLd):
    (answer,) = peer.canonize([LOST[name]])

    assert isinstance(answer, PeerError), f"jsonld.js now accepts it: {answer}"
    with pytest.raises(JsonLdError) as refused:
        jsonld.to_rdf(LOST[name])
    assert refused.value.code.startswith("context.")


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_by_both(name: str, peer: Peer, jsonld: JsonLd):
    (answer,) = peer.canonize([WRONG[name]])

    assert isinstance(answer, PeerError)
    with pytest.raises((JsonLdError, UnknownContextError)):
        jsonld.to_rdf(WRONG[name])


def test_without_a_safe_mode_most_of_it_would_have_been_signed():
    """The corpus proves something: pyld alone loses or invents in nearly all of these, without a word."""
    lost = [name for name, document in LOST.items() if _pyld_accepts(document)]

    assert len(lost) > 0.9 * len(LOST)


def _pyld_accepts(document: dict[str, Any]) -> bool:
    def bundled(url: str, _options: dict[str, Any]) -> dict[str, Any]:
        return {"contentType": "application/ld+json", "contextUrl": None, "documentUrl": url, "document": BUNDLED[url]}

    try:
        pyld.to_rdf(document, {"documentLoader": bundled})
    except pyld.JsonLdError:
        return False
    return True
