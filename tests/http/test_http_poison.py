"""Row 80: whoever asks whether the node lives is answered at once, however many graphs that cost arrive meanwhile."""

import os
import statistics
import threading
import time

import httpx2
import pytest
from serve_support import QUICK, serving

from did_methods.multibase import encode_base58btc

LONG = bool(os.environ.get("GLEJT_LONG"))
SENDERS, ASKED = (4, 2_000) if LONG else (2, 100)
SIZE = 6
"""From which on the budget does not suffice."""
SOON = 0.1


def poison(issuer, size):
    """A credential that uses up all that canonicalization may look at, though none of its nodes has a label of its own.

    Under a context that is written into it, each of so many nameless nodes names the same so many blank nodes: every
    two of a kind look alike, from wherever one begins.
    """
    labels = [f"_:b{number}" for number in range(size)]
    inline = {"among": "urn:example:among", "knows": {"@id": "urn:example:knows", "@type": "@id"}}
    return {
        "@context": [
            "https://www.w3.org/ns/credentials/v2",
            "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
            inline,
        ],
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "issuer": issuer,
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "achievement": {"type": ["Achievement"], "among": [{"knows": labels} for _ in range(size)]},
        },
        "proof": {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-rdfc-2022",
            "proofPurpose": "assertionMethod",
            "verificationMethod": f"{issuer}#{issuer.removeprefix('did:key:')}",
            "proofValue": encode_base58btc(bytes(range(32)) + b"\1" + bytes(31)),
        },
    }


@pytest.mark.threat(80)
def test_it_is_told_at_once_that_the_node_lives_while_graphs_that_cost_arrive(tmp_path):
    """The long run holds all but one in a hundred answers to it; the short one, on a machine with other work, half."""
    over, answered, took = threading.Event(), [], []
    with serving(tmp_path, **QUICK) as node:
        spoilt = poison(node.told["made"]["did"], SIZE)

        def send():
            with httpx2.Client(headers=node.key, timeout=60) as client:
                while not over.is_set():
                    sent = client.post(f"{node.url}/credentials/verify", json={"verifiableCredential": spoilt})
                    answered.append((sent.status_code, sent.text))

        senders = [threading.Thread(target=send) for _ in range(SENDERS)]
        for each in senders:
            each.start()
        try:
            with httpx2.Client(timeout=60) as client:
                while len(took) < ASKED or len(answered) < SENDERS:
                    begun = time.perf_counter()
                    assert client.get(f"{node.url}/health/live").status_code == 200
                    took.append(time.perf_counter() - begun)
        finally:
            over.set()
            for each in senders:
                each.join()
        assert node.stop() == 0
    assert {status for status, _ in answered} <= {400, 503}
    judged = [text for status, text in answered if status == 400]
    assert judged
    assert all("canonicalization.budget" in text for text in judged)
    *_, most = statistics.quantiles(took, n=100)
    assert statistics.median(took) < SOON
    assert most < (SOON if LONG else 10 * SOON)
