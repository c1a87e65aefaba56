"""Trust files: whom and what a verifier trusts, said by itself, complete or not at all."""

import json
import pickle
import re
from datetime import UTC, datetime

import pytest
from support import ROOT
from verification_support import ISSUER, MALLORY, UNIVERSITY, credential, one, party, pin

from node.credentials.contexts import jcs_digest
from node.verification.errors import TrustError
from node.verification.policy import parse_policy
from node.verification.trust import NO_TRUST, ListedIssuer, Trust, TrustList, parse_trust

URL = "https://x.example/ctx"
CONTEXT = {"@context": {"colour": "https://x.example/#colour"}}
DIGEST = jcs_digest(CONTEXT)
FILES = {
    "ctx.json": json.dumps(CONTEXT).encode(),
    "did.json": json.dumps(UNIVERSITY.document()).encode(),
    "array.json": b"[]",
    "broken.json": b"{",
    "twice.json": b'{"id": 1, "id": 2}',
    "empty.json": b"{}",
    "large.json": b'"' + b"x" * 1024 * 1024 + b'"',
}


def _read(name):
    if name not in FILES:
        raise FileNotFoundError(2, "No such file or directory")
    return FILES[name]


def _issuer(did=ISSUER.did, name="Example University", domain="university.example", more=""):
    return f'[[lists]]\nname = "demo"\n[[lists.issuers]]\ndid = "{did}"\nname = "{name}"\ndomain = "{domain}"\n{more}\n'


def _context(url=URL, file="ctx.json", digest=DIGEST):
    return f'[[contexts]]\nurl = "{url}"\nfile = "{file}"\nsha256 = "{digest}"\n'


def _document(subject=UNIVERSITY.did, file="did.json"):
    return f'[[documents]]\nid = "{subject}"\nfile = "{file}"\n'


def test_a_whole_trust_file():
    trust = parse_trust(_issuer(more="distrust_from = 2026-07-01T02:00:00+02:00") + _context() + _document(), _read)
    entry = ListedIssuer(ISSUER.did, "Example University", "university.example", datetime(2026, 7, 1, tzinfo=UTC))
    assert trust.lists == (TrustList("demo", {ISSUER.did: entry}),)
    assert trust.contexts == (pin(URL, CONTEXT),)
    assert trust.documents == {UNIVERSITY.did: UNIVERSITY.document()}
    assert one(UNIVERSITY.sign(credential(UNIVERSITY)), trust=trust).verdict == "accepted"


def test_a_date_may_be_written_as_text():
    trust = parse_trust(_issuer(more='distrust_from = "2026-07-01T00:00:00Z"'), _read)
    assert trust.lists[0].issuers[ISSUER.did].distrust_from == datetime(2026, 7, 1, tzinfo=UTC)


def test_an_empty_trust_file_trusts_nobody():
    assert parse_trust("", _read) == NO_TRUST == Trust()
    assert parse_trust('[[lists]]\nname = "empty"\nissuers = []\n', _read).lists == (TrustList("empty", {}),)


def test_trust_can_be_sent_to_another_process():
    trust = parse_trust(_issuer() + _context() + _document(), _read)
    assert pickle.loads(pickle.dumps(trust)) == trust  # noqa: S301 -- our own bytes


def test_an_issuer_may_have_an_https_address():
    text = _issuer(did="https://school.example/issuer")
    assert "https://school.example/issuer" in parse_trust(text, _read).lists[0].issuers


def test_the_documented_files_are_right():
    """The examples of the reference, read as they stand there; the digest in it is that of the context used here."""
    reference = (ROOT / "docs" / "reference" / "policies-and-trust.md").read_text("utf-8")
    blocks = dict(re.findall(r"```toml (\w+)\n(.*?)```", reference, re.DOTALL))
    assert parse_policy(blocks["policy"]).name == "school board"
    closed = party(71, "did:web:closed.example")
    files = {"terms-v1.json": CONTEXT, "closed.example.json": closed.document()}
    trust = parse_trust(blocks["trust"], lambda name: json.dumps(files[name]).encode())
    assert [len(known.issuers) for known in trust.lists] == [2]
    assert trust.documents.keys() == {closed.did}


@pytest.mark.parametrize(
    ("text", "code", "path"),
    [
        ("lists = 1", "trust.invalid", "lists"),
        ("[[list]]", "trust.invalid", ""),
        ('[[lists]]\nname = "x"\n', "trust.invalid", "lists[0]"),
        (_issuer(name=""), "trust.invalid", "lists[0].issuers[0].name"),
        (_issuer(domain="https://university.example"), "trust.invalid", "lists[0].issuers[0].domain"),
        (_issuer(domain="University.example"), "trust.invalid", "lists[0].issuers[0].domain"),
        (_issuer(more="distrust_from = 2026-07-01"), "trust.invalid", "lists[0].issuers[0].distrust_from"),
        (_issuer(more="distrust_from = 2026-07-01T00:00:00"), "trust.invalid", "lists[0].issuers[0].distrust_from"),
        (_issuer(more='distrust_from = "2026-99-01T00:00:00Z"'), "trust.invalid", "lists[0].issuers[0].distrust_from"),
        (_issuer(more="trusted = true"), "trust.invalid", "lists[0].issuers[0]"),
        (_issuer(did="university.example"), "trust.did", "lists[0].issuers[0].did"),
        (_issuer(did=ISSUER.did + "#key"), "trust.did", "lists[0].issuers[0].did"),
        (_issuer() + _issuer(), "trust.duplicate", "lists[1].name"),
        (
            _issuer() + f'[[lists.issuers]]\ndid = "{ISSUER.did}"\nname = "Twice"\ndomain = "a.example"\n',
            "trust.duplicate",
            "lists[0].issuers[1].did",
        ),
        (_context(file="absent.json"), "trust.file", "contexts[0].file"),
        (_context(file="array.json"), "trust.file", "contexts[0].file"),
        (_context(file="broken.json"), "trust.file", "contexts[0].file"),
        (_context(file="twice.json"), "trust.file", "contexts[0].file"),
        (_context(file="large.json"), "trust.file", "contexts[0].file"),
        (_context(digest="0" * 64), "trust.context", "contexts[0]"),
        (_context(digest="0" * 63), "trust.invalid", "contexts[0].sha256"),
        (_context(url="x.example/ctx"), "trust.context", "contexts[0]"),
        (_context(url="https://www.w3.org/ns/credentials/v2"), "trust.context", "contexts[0]"),
        (_context(file="empty.json", digest=jcs_digest({})), "trust.context", "contexts[0]"),
        (_document(file="absent.json"), "trust.file", "documents[0].file"),
        (_document(file="empty.json"), "trust.document", "documents[0]"),
        (_document(subject=MALLORY.did), "trust.document", "documents[0].id"),
        (_document(subject="university.example"), "trust.did", "documents[0].id"),
        (_document() + _document(), "trust.duplicate", "documents[1].id"),
        ("[[lists", "trust.syntax", ""),
    ],
)
def test_what_is_no_trust_file(text, code, path):
    with pytest.raises(TrustError) as refused:
        parse_trust(text, _read, file="trust.toml")
    error = refused.value
    assert (error.code, error.path, error.file) == (code, path, "trust.toml")
    assert "trust.toml" in str(error)
    assert error.remedy
