"""Documents that nobody has to be asked for, or that come with what proves them."""

import asyncio
import json
from dataclasses import replace

import pytest
from samples import finished
from verification_support import AT, ISSUER, MALLORY, UNIVERSITY, credential, found, judged, one, party

from did_methods import peer, pkh
from did_methods.resolution import Resolution
from did_methods.webvh import LOG_FILE
from node.verification.check import CheckName
from node.verification.gather import gather
from node.verification.histories import LONG_FORM
from node.verification.material import EMPTY, Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence
from node.verification.sources import Sources
from node.verification.trust import Trust

SIGNER = party(60)


class TestDocumentsThatProveThemselves:
    LONG = peer.create_with_document(
        {
            "verificationMethod": [
                {"id": "#key", "type": "Multikey", "publicKeyMultibase": SIGNER.private.public.to_multibase()}
            ],
            "assertionMethod": ["#key"],
        }
    )
    SHORT = peer.short_form(LONG)

    def signed(self, did):
        return SIGNER.sign(credential(issuer=str(did)), method=f"{did}#key")

    def material(self, files):
        made_up = json.loads(json.dumps(MALLORY.document()).replace(MALLORY.did, str(self.SHORT)))
        item = ResolvedDocument(made_up, KeyEvidence.IMMUTABLE, Origin.LIVE, AT, files)
        written = VerificationMaterial({str(self.SHORT): item}).to_json()
        return VerificationMaterial.from_json(json.loads(json.dumps(written)))

    def test_a_long_form_needs_nobody(self):
        entry = one(self.signed(self.LONG))
        assert found(entry, "issuer_key") == ("passed", "issuer_key.passed")
        assert entry.check(CheckName.ISSUER_KEY).evidence["evidence"] == "immutable"
        assert entry.verdict == "accepted"

    @pytest.mark.threat(101)
    def test_a_short_form_is_known_by_its_long_form_that_came_with_the_file(self):
        entry = one(self.signed(self.SHORT), material=self.material({LONG_FORM: str(self.LONG).encode()}))
        assert entry.verdict == "accepted"
        assert entry.check(CheckName.ISSUER_KEY).evidence["origin"] == "computed"

    @pytest.mark.threat(101)
    @pytest.mark.parametrize(
        "files",
        [
            {},
            {"other": b"x"},
            {LONG_FORM: b""},
            {LONG_FORM: b"\xff"},
            {LONG_FORM: b"did:peer:4zQmb7xLdVY9TXx8oov5XgpGUmGELgqiAV2699s43i6Qdm3M:zQSJgiFTYiCHjQ9MktwNThRXM7a"},
        ],
    )
    def test_nothing_else_makes_it_known(self, files):
        for by in (SIGNER, MALLORY):
            method = "#key" if by is SIGNER else f"#{MALLORY.private.public.to_multibase()}"
            signed = by.sign(credential(issuer=str(self.SHORT)), method=f"{self.SHORT}{method}")
            entry = one(signed, material=self.material(files))
            assert found(entry, "issuer_key")[0] == "indeterminate"
            assert entry.verdict == "cannot_tell"

    @pytest.mark.threat(101)
    def test_a_document_of_did_web_counts_only_when_it_is_pinned(self):
        signed = UNIVERSITY.sign(credential(UNIVERSITY))
        item = ResolvedDocument(UNIVERSITY.document(), KeyEvidence.IMMUTABLE, Origin.FILE, AT, {LOG_FILE: b"{}"})
        for files in ({}, {LOG_FILE: b"{}"}, {LONG_FORM: b"did:peer:0z"}):
            entry = one(signed, material=VerificationMaterial({UNIVERSITY.did: replace(item, files=files)}))
            assert found(entry, "issuer_key")[0] == "indeterminate"
        pinned = Trust(documents={UNIVERSITY.did: UNIVERSITY.document()})
        assert one(signed, trust=pinned).verdict == "accepted"

    def test_an_account_that_is_its_key_signs(self):
        did = pkh.create(ISSUER.private.public)
        signed = ISSUER.sign(credential(issuer=str(did)), method=pkh.method_id(did))
        entry = one(signed)
        assert entry.verdict == "accepted"
        assert entry.check(CheckName.ISSUER_KEY).evidence["evidence"] == "immutable"
        forged = MALLORY.sign(credential(issuer=str(did)), method=pkh.method_id(did))
        assert one(forged).verdict == "rejected"

    def test_gathering_asks_nobody_for_what_is_computed_and_keeps_the_files(self):
        asked = []

        async def resolve(did):
            asked.append(did)
            return Resolution({"id": did}, files={LONG_FORM: str(self.LONG).encode()})

        sources = Sources(resolve, lambda: AT)
        assert finished(gather_of(self.signed(self.LONG), sources)) == EMPTY
        assert asked == []
        gathered = asyncio.run(gather_of(self.signed(self.SHORT), sources))
        assert asked == [str(self.SHORT)]
        assert judged(self.signed(self.SHORT), material=gathered).credentials[0].verdict == "accepted"


def gather_of(subject, sources):
    return gather(subject, sources, Trust())
