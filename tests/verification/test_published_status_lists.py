"""Status lists that others published, and the credentials that point into them.

The lists of DCC break three of our rules: they call another address their own than the one they are at, they have
100,000 entries, and one issuer signs for all. So nothing is accepted or refused by them; `expected.json` allows that.
"""

import json
from datetime import UTC, datetime
from pathlib import PurePosixPath

import pytest
from support import vectors
from verification_support import judged

from node.documents import parse
from node.status.bitstring import Bitstring
from node.status.entry import read_entry
from node.status.errors import StatusListError
from node.status.status_list import read_status_list
from node.verification.check import CheckName
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.policy import built_in
from node.verification.trust import Trust

pytestmark = pytest.mark.vectors

AT = datetime(2026, 11, 20, tzinfo=UTC)
FOLDER = vectors("dcc-vc-test-fixtures")
EXPECTED = json.loads(vectors("expected.json").read_text("utf-8"))
SERVED_AT = {
    "https://digitalcredentials.github.io/vc-test-fixtures/statusLists/didkey-ed25519Signature2020/": "",
    "https://raw.githubusercontent.com/digitalcredentials/verifier-core/refs/heads/main/src/test-fixtures/status/": (
        "verifier-core"
    ),
}
LABEL = {"accepted": "valid", "rejected": "invalid", "cannot_tell": "indeterminate"}
POINTING = sorted(
    name
    for name, entry in EXPECTED.items()
    if name.startswith("dcc-") and entry.get("checks", {}).get("status", "none") != "none"
)


def _list_at(url):
    base = next(base for base in SERVED_AT if url.startswith(base))
    name = PurePosixPath(url).name
    return (FOLDER / "status-lists" / SERVED_AT[base] / f"{name}.json").read_text("utf-8")


@pytest.fixture(scope="module")
def trust():
    documents = (json.loads(path.read_text("utf-8")) for path in (FOLDER / "dids").glob("**/did.json"))
    return Trust(documents={document["id"]: document for document in documents})


def _report(name, trust, policy="everyday"):
    document = parse(vectors(name).read_bytes())
    url = document["credentialStatus"]["statusListCredential"]
    material = VerificationMaterial(status_lists=(StatusListCopy(url, _list_at(url), Origin.FILE, AT),))
    return judged(document, material=material, trust=trust, at=AT, policy=built_in(policy))


def test_all_of_them_are_here():
    assert len(POINTING) == 20


@pytest.mark.parametrize("name", POINTING)
def test_a_credential_is_judged_as_its_source_says(name, trust):
    expected = EXPECTED[name]
    for policy in ("everyday", "archive"):
        report = _report(name, trust, policy)
        assert LABEL[report.verdict] in (expected.get("accept") or [expected["expect"]])
        assert report.verdict != "accepted"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("v2/ed25519/didKey/legacy-tamperedStatus-noExpiry.json", "status.list.proof"),
        ("v2/ed25519/didKey/legacy-missingTypeStatus-noExpiry.json", "status.list.type"),
        ("v2/dataIntegrityProof/didKey/oidf-revokedStatus-noExpiry.json", "status.list.id"),
        ("v1/ed25519/didWeb/legacy-validStatus-noExpiry.json", "status.list.id"),
    ],
)
def test_why_a_list_does_not_count(name, code, trust):
    (entry,) = _report(f"dcc-vc-test-fixtures/{name}", trust).credentials
    assert entry.check(CheckName.STATUS).code == code


@pytest.mark.threat(51)
@pytest.mark.parametrize("name", POINTING)
def test_the_bits_are_where_their_source_says(name):
    """Bits 2, 6 and 8 of each list that unpacks: what the credential's label says is what its index says there."""
    document = parse(vectors(name).read_bytes())
    entry = read_entry(document["credentialStatus"])
    listed = json.loads(_list_at(entry.list_url))
    try:
        content = read_status_list(listed)
    except StatusListError:
        assert EXPECTED[name]["checks"]["status"] == "unusable list"
        return
    bits = Bitstring(content.data)
    assert bits.entries == 100_000
    assert [index for index, _ in bits.nonzero()] == [2, 6, 8]
    assert (bits[entry.index] == 1) is (EXPECTED[name]["checks"]["status"] == "revoked")
    with pytest.raises(StatusListError, match="100000 entries"):
        content.value(entry)


def test_the_list_of_1edtech():
    """Bit 23; the credential states its index as a number, which is no index."""
    folder = vectors("openbadges", "1edtech-validator", "bit-string-list")
    content = read_status_list(json.loads((folder / "testlist").read_text("utf-8")))
    assert [index for index, _ in Bitstring(content.data).nonzero()] == [23]
    document = json.loads((folder / "credential-status-revoked-blank-nodes.json").read_text("utf-8"))
    url = document["credentialStatus"]["statusListCredential"]
    copy = StatusListCopy(url, (folder / "testlist").read_text("utf-8"), Origin.FILE, AT)
    report = judged(document, material=VerificationMaterial(status_lists=(copy,)), at=AT)
    assert report.verdict != "accepted"
    assert report.credentials[0].check(CheckName.STATUS).code == "status.entry.index"
