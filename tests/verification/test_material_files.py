"""The files that a document was read from: kept as they were, and when a remembered document was had."""

import asyncio
import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from verification_support import AT, MALLORY, UNIVERSITY, credential, found, one, party

from did_methods import peer
from did_methods.cache import RememberedMethod
from did_methods.resolution import Resolution, resolve
from node.verification.errors import MaterialError
from node.verification.gather import gather
from node.verification.histories import LONG_FORM
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence
from node.verification.sources import Sources
from node.verification.trust import Trust

FILES = {"did.jsonl": b"{}\n\xff\x00", "did-witness.json": b""}
ITEM = ResolvedDocument({"id": "did:example:a"}, KeyEvidence.NOW_ONLY, Origin.LIVE, AT, FILES)
ONE = party(71)
KEY = {"id": "#key", "type": "Multikey", "publicKeyMultibase": ONE.private.public.to_multibase()}
LONG = peer.create_with_document({"verificationMethod": [KEY], "assertionMethod": ["#key"]})
SHORT = str(peer.short_form(LONG))
SIGNED = ONE.sign(credential(issuer=SHORT), method=f"{SHORT}#key")


def test_files_travel_as_they_are():
    material = VerificationMaterial({"did:example:a": ITEM})
    written = json.loads(json.dumps(material.to_json()))
    assert VerificationMaterial.from_json(written, own=True) == material
    (back,) = VerificationMaterial.from_json(written).documents.values()
    assert (back.files, back.origin) == (FILES, Origin.FILE)


def test_material_of_before_has_no_files():
    written = VerificationMaterial({"did:example:a": ITEM}).to_json()
    del written["documents"]["did:example:a"]["files"]
    (back,) = VerificationMaterial.from_json(written).documents.values()
    assert back.files == {}
    bare = VerificationMaterial({"did:example:a": back}).to_json()
    assert "files" not in bare["documents"]["did:example:a"]


@pytest.mark.parametrize("files", [[], "x", None, {"a": 5}, {"a": "é"}, {"a": "a"}, {"a": "YQ==\n"}, {"a": None}])
def test_what_are_no_files_is_refused(files):
    written = VerificationMaterial({"did:example:a": ITEM}).to_json()
    written["documents"]["did:example:a"]["files"] = files
    with pytest.raises(MaterialError) as caught:
        VerificationMaterial.from_json(written)
    assert caught.value.path.startswith("/documents/did:example:a/files")


@pytest.mark.threat(101)
@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(st.sampled_from([LONG_FORM, "did.jsonl", "x"]), st.binary(max_size=20), max_size=2),
    st.sampled_from([UNIVERSITY.document(), MALLORY.document(), {"id": SHORT}, {}]),
    st.sampled_from(KeyEvidence),
    st.sampled_from([Origin.LIVE, Origin.FILE, Origin.COMPUTED, Origin.PINNED]),
)
def test_no_other_files_make_a_key_known(files, document, evidence, origin):
    material = VerificationMaterial({SHORT: ResolvedDocument(document, evidence, origin, AT, files)})
    assert found(one(SIGNED, material=material), "issuer_key")[0] != "passed"
    good = VerificationMaterial(
        {SHORT: ResolvedDocument(document, evidence, origin, AT, {LONG_FORM: str(LONG).encode()})}
    )
    assert found(one(SIGNED, material=good), "issuer_key") == ("passed", "issuer_key.passed")


def test_a_remembered_document_is_as_old_as_it_is():
    """Had an hour before it is used: the report says so."""

    class Method:
        async def resolve(self, did):
            return Resolution(UNIVERSITY.document() | {"id": str(did)})

    method = RememberedMethod(Method(), seconds=7200, now=lambda: AT - timedelta(hours=1))
    sources = Sources(lambda did: resolve(did, {"web": method}), lambda: AT)
    signed = UNIVERSITY.sign(credential(UNIVERSITY))
    for _ in range(2):
        material = asyncio.run(gather(signed, sources, Trust()))
        assert material.documents[UNIVERSITY.did].resolved_at == AT - timedelta(hours=1)
