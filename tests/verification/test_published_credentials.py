"""Credentials that others published, with what their sources say of them.

`expected.json` of the test data names the source of each label. A stricter verifier may also answer what stands under
`accept`: status lists and other people's servers are not read here, so a withdrawn credential is one that cannot be
told, never one that is accepted.
"""

import json
from datetime import UTC, datetime

import pytest
from support import vectors
from verification_support import EVERYDAY, judged, pin

from node.documents import MAX_PRESENTATION_BYTES, parse
from node.verification.check import CheckName
from node.verification.policy import Policy
from node.verification.trust import Trust

pytestmark = pytest.mark.vectors

AT = datetime(2026, 11, 20, tzinfo=UTC)
LABEL = {"accepted": "valid", "rejected": "invalid", "cannot_tell": "indeterminate"}
EXPECTED = json.loads(vectors("expected.json").read_text("utf-8"))
CREDENTIALS = sorted(
    name for name, entry in EXPECTED.items() if entry["kind"] == "credential" and name.endswith(".json")
)
NOT_TOLD_HERE = {
    "openbadges/1edtech-validator/simple-err-proof-method.json": "its controller's document is at an https address",
}
"""Labelled invalid, and not told here: with the reason."""


def _pinned_documents():
    documents = (
        json.loads(path.read_text("utf-8")) for path in vectors("dcc-vc-test-fixtures", "dids").glob("**/did.json")
    )
    return Trust(documents={document["id"]: document for document in documents})


@pytest.fixture(scope="module")
def trust():
    return _pinned_documents()


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_published_credential(name, trust):
    entry = EXPECTED[name]
    report = judged(parse(vectors(name).read_bytes(), max_bytes=MAX_PRESENTATION_BYTES), trust=trust, at=AT)
    allowed = set(entry.get("accept") or [entry["expect"]])
    if name in NOT_TOLD_HERE:
        assert report.verdict == "cannot_tell"
    else:
        assert LABEL[report.verdict] in allowed, report.to_json()
    if entry["expect"] == "invalid":
        assert report.verdict != "accepted"


def test_enough_of_them_are_told_for_the_comparison_to_mean_something(trust):
    verdicts = [judged(parse(vectors(name).read_bytes()), trust=trust, at=AT).verdict for name in CREDENTIALS]
    assert verdicts.count("accepted") >= 20
    assert verdicts.count("rejected") >= 15


SIGNED = sorted(
    path
    for folder in ("vc-di-eddsa", "vc-di-ecdsa")
    for path in vectors(folder).glob("*/signed*.json")
    if "sd-2023" not in path.parent.name and path.parent.name != "proof-set-chain"
)


@pytest.mark.threat(20)
@pytest.mark.parametrize("path", SIGNED, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_an_official_vector_has_a_good_signature_by_a_key_that_is_not_its_issuers(path):
    """Their issuers are https addresses that do not control the keys: the binding is never loosened for them."""
    index = json.loads(vectors("contexts", "index.json").read_text("utf-8"))
    document = json.loads(path.read_text("utf-8"))
    named = {context for context in document["@context"] if isinstance(context, str)}
    contexts = tuple(
        pin(entry["url"], json.loads(vectors("contexts", entry["file"]).read_text("utf-8")))
        for entry in index
        if entry["url"] in named and not entry.get("alternate") and "/ns/credentials/v" not in entry["url"]
    )
    policy = Policy("open", EVERYDAY.requires, accepts_inline_contexts=True, accepts_vocabulary=True)
    (entry,) = judged(document, trust=Trust(contexts=contexts), policy=policy, at=AT).credentials
    (proof,) = entry.check(CheckName.PROOF).evidence["proofs"]
    assert proof["signature"] == {"outcome": "passed", "code": "proof.passed", "message": "The signature holds."}
    assert proof["counts"] is False
    assert entry.check(CheckName.ISSUER_KEY).failed
    assert entry.verdict == "rejected"
