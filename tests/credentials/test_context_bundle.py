"""The bundled contexts are the published ones, and a verifier's own contexts cannot pose as them."""

import copy
import json
import pickle
import re
import shutil
from dataclasses import asdict
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import pytest
import rfc8785
from support import ROOT, vectors

import node.credentials.contexts as package
from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT, GLEJT_CONTEXT
from node.credentials.contexts import BUNDLED, Contexts, PinnedContext, bundle_index, digest, jcs_digest
from node.credentials.errors import ContextBundleError, ContextPinError

V2 = "https://www.w3.org/ns/credentials/v2"
OB_303 = "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"
PROMISED = {
    "https://www.w3.org/2018/credentials/v1",
    V2,
    "https://w3id.org/security/data-integrity/v1",
    "https://w3id.org/security/data-integrity/v2",
    "https://w3id.org/security/suites/ed25519-2018/v1",
    "https://w3id.org/security/suites/ed25519-2020/v1",
    "https://www.w3.org/ns/did/v1",
    "https://w3id.org/security/multikey/v1",
    "https://w3id.org/security/jwk/v1",
    "https://www.w3.org/ns/cid/v1",
    "https://purl.imsglobal.org/spec/ob/v3p0/context.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.1.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.2.json",
    OB_303,
    "https://purl.imsglobal.org/spec/ob/v3p0/extensions.json",
    "https://www.w3.org/ns/credentials/status/v1",
    DID_CONFIGURATION_CONTEXT,
    GLEJT_CONTEXT,
}

MINE = {"@context": {"@protected": True, "level": "https://example.org/terms#level"}}
MINE_URL = "https://example.org/context/v1"


def pin(url=MINE_URL, document=MINE, digest=None):
    return PinnedContext(url, document, jcs_digest(document) if digest is None else digest)


def test_every_context_that_glejt_promises_is_bundled():
    assert set(BUNDLED) >= PROMISED


@pytest.mark.parametrize("url", list(bundle_index()))
def test_a_bundled_context_is_what_its_index_entry_says(url):
    document = BUNDLED[url]
    assert list(document) == ["@context"]
    assert sha256(rfc8785.dumps(document)).hexdigest() == bundle_index()[url].jcs_sha256 == digest(url)
    assert BUNDLED[url] is document, "read once, then shared"


@pytest.mark.vectors
@pytest.mark.parametrize("url", list(bundle_index()))
def test_a_bundled_context_equals_the_published_copy(url):
    listed = json.loads(vectors("contexts", "index.json").read_bytes())
    published = [entry for entry in listed if entry["url"] == url and not entry.get("alternate")]
    if url in {"https://www.w3.org/ns/cid/v1", DID_CONFIGURATION_CONTEXT, GLEJT_CONTEXT}:
        assert not published, "the test data has a copy now: compare with it, not with the digest below"
        return
    (entry,) = published
    data = vectors("contexts", entry["file"]).read_bytes()
    assert sha256(data).hexdigest() == entry["sha256"]
    assert BUNDLED[url] == json.loads(data)
    assert entry["sha256"] in bundle_index()[url].published_sha256


def test_the_cid_context_is_the_one_its_recommendation_pins():
    """The published bytes differ from two-space indentation by an empty line and four trailing spaces."""
    text = json.dumps(BUNDLED["https://www.w3.org/ns/cid/v1"], indent=2) + "\n"
    text = text.replace('"type": "@type",\n    "alsoKnownAs"', '"type": "@type",\n\n    "alsoKnownAs"')
    text = text.replace('},\n    "verificationMethod"', '},    \n    "verificationMethod"')
    published = sha256(text.encode()).hexdigest()
    assert published == "ea216ecc1cb02cd39b693dba2250141e270ba0bf95890be107dd9a9e8e43de85"
    assert bundle_index()["https://www.w3.org/ns/cid/v1"].published_sha256 == (published,)


def test_the_context_of_glejt_is_published_as_it_is_bundled():
    data = files(package).joinpath(bundle_index()[GLEJT_CONTEXT].file).read_bytes()
    assert bundle_index()[GLEJT_CONTEXT].published_sha256 == (sha256(data).hexdigest(),)
    assert bundle_index()[GLEJT_CONTEXT].origin == "glejt"


@pytest.mark.vectors
def test_the_alternate_copy_of_open_badges_3_0_3_is_another_context():
    alternate = json.loads(vectors("contexts", "ob-v3p0-3.0.3.validator-2026-07.json").read_bytes())
    with pytest.raises(ContextPinError) as refused:
        BUNDLED.pin([pin(OB_303, alternate)])
    assert refused.value.code == "context.pin.conflict"


def test_index_files_and_notice_agree():
    folder = files(package)
    present = {entry.name for entry in folder.iterdir() if entry.name.endswith(".json")} - {"index.json"}
    assert present == {entry.file for entry in bundle_index().values()}
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    entry = re.compile(
        r"^(?P<url>https://\S+)\n    file +node/credentials/contexts/(?P<file>\S+)\n    origin +(?P<origin>.+)\n"
        r"    JCS SHA-256 +(?P<jcs_sha256>\S+)\n    licence +(?P<licence>\S+)\n    copyright +(?P<copyright>.+)\n",
        re.MULTILINE,
    )
    listed = [match.groupdict() for match in entry.finditer(notice)]
    expected = [asdict(known) for known in bundle_index().values()]
    for known in expected:
        del known["published_sha256"]
    assert listed == expected


def test_notice_carries_the_text_of_every_licence_it_names():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    named = {known.licence for known in bundle_index().values()} - {"Apache-2.0"}
    assert named == {"BSD-3-Clause", "MIT", "W3C-20150513"}
    for licence in named:
        assert f"\n\n\n{licence}\n\n" in notice


@pytest.mark.threat(5)
def test_an_altered_bundled_file_is_refused(monkeypatch, tmp_path):
    entry = bundle_index()[V2]
    folder = Path(str(files(package)))
    shutil.copy(folder / "index.json", tmp_path)
    altered = (folder / entry.file).read_bytes().replace(b"cred:issuer", b"cred:holder").replace(b"#issuer", b"#holder")
    assert altered != (folder / entry.file).read_bytes()
    (tmp_path / entry.file).write_bytes(altered)
    monkeypatch.setattr(package, "files", lambda _: tmp_path)
    package._load.cache_clear()
    try:
        with pytest.raises(ContextBundleError, match="not the pinned"):
            BUNDLED[V2]
        with pytest.raises(ContextBundleError, match="no file"):
            BUNDLED[OB_303]
    finally:
        package._load.cache_clear()


def test_an_unknown_url_is_a_key_error_and_never_a_fetch():
    with pytest.raises(KeyError):
        BUNDLED["https://example.org/unknown/v1"]
    with pytest.raises(KeyError):
        digest("https://example.org/unknown/v1")
    assert "https://www.w3.org/ns/credentials/V2" not in BUNDLED


def test_a_verifier_adds_a_context_without_changing_the_bundle():
    mine = BUNDLED.pin([pin()])
    assert mine[MINE_URL] == MINE
    assert mine.digest(MINE_URL) == jcs_digest(MINE)
    assert len(mine) == len(BUNDLED) + 1
    assert list(mine)[-1] == MINE_URL
    assert mine[V2] is BUNDLED[V2]
    assert MINE_URL not in BUNDLED
    with pytest.raises(TypeError):
        mine[MINE_URL] = {}


def test_an_added_context_travels_to_another_process():
    travelled = pickle.loads(pickle.dumps(BUNDLED.pin([pin()])))  # noqa: S301 - our own bytes
    assert isinstance(travelled, Contexts)
    assert travelled[MINE_URL] == MINE
    assert travelled[V2] == BUNDLED[V2]


def test_the_same_content_may_be_pinned_again():
    again = BUNDLED.pin([pin(), pin(), pin(V2, copy.deepcopy(BUNDLED[V2]))])
    assert len(again.pin([pin()])) == len(BUNDLED) + 1


OTHER = {"@context": {"level": "https://example.org/terms#rank"}}
SWAPPED = {"@context": {**BUNDLED[V2]["@context"], "name": "https://schema.org/description"}}


@pytest.mark.threat(5)
@pytest.mark.parametrize(
    ("code", "contexts"),
    [
        ("context.pin.mismatch", [pin(digest=jcs_digest(OTHER))]),
        ("context.pin.mismatch", [pin(V2, SWAPPED, digest(V2))]),
        ("context.pin.conflict", [pin(V2, SWAPPED)]),
        ("context.pin.conflict", [pin(), pin(document=OTHER)]),
        ("context.pin.digest", [pin(digest=jcs_digest(MINE).upper())]),
        ("context.pin.digest", [pin(digest=jcs_digest(MINE)[:-1])]),
        ("context.pin.digest", [pin(digest="")]),
        ("context.pin.document", [pin(document={"level": "https://example.org/terms#level"})]),
        ("context.pin.document", [pin(document={"@context": {"level": float("nan")}}, digest="0" * 64)]),
        ("context.pin.document", [pin(document={"@context": {"level": "\ud800"}}, digest="0" * 64)]),
        ("context.pin.url", [pin("context/v1")]),
        ("context.pin.url", [pin("https://example.org/context/v1#part")]),
        ("context.pin.url", [pin("https://example.org/context v1")]),
        ("context.pin.url", [pin("https:///v1")]),
        ("context.pin.url", [pin("file:///etc/context.json")]),
        ("context.pin.url", [pin("")]),
    ],
)
def test_a_context_that_is_not_as_pinned_is_refused(code, contexts):
    with pytest.raises(ContextPinError) as refused:
        BUNDLED.pin(contexts)
    assert refused.value.code == code
    assert refused.value.remedy
    assert len(str(refused.value)) < 400


def test_one_bad_pin_adds_nothing():
    mine = BUNDLED.pin([pin()])
    with pytest.raises(ContextPinError):
        mine.pin([pin("https://example.org/context/v2", OTHER), pin(document=OTHER)])
    assert len(mine) == len(BUNDLED) + 1
