"""The peers: one Node process per test session, told every bundled context and nothing else."""

from collections.abc import Iterator

import pytest
from peers.client import Peer, missing

from node.credentials.contexts import BUNDLED
from node.proofs.jsonld import JsonLd


@pytest.fixture(scope="session")
def peer() -> Iterator[Peer]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    with Peer() as running:
        running.contexts(BUNDLED)
        yield running


@pytest.fixture(scope="session")
def jsonld() -> JsonLd:
    return JsonLd(BUNDLED, rdf_direction="i18n-datatype")  # as the peers do
