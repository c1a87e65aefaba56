"""Gathering: bounded, side by side, and never more than the judgement may need. And the material it leaves."""

import asyncio
import json
import pickle
from datetime import timedelta

import pytest
from verification_support import (
    AT,
    ISSUER,
    UNIVERSITY,
    badge,
    credential,
    found,
    gathered,
    judged,
    one,
    party,
    presentation,
    shown_live,
)

from did_methods.jwk import JwkMethod
from did_methods.key import KeyMethod
from did_methods.resolution import Problem, Resolution, resolve
from node.credentials.presentation import MAX_PRESENTED
from node.verification import gather as gathering
from node.verification.errors import MaterialError
from node.verification.gather import MAX_AT_ONCE, MAX_IDENTIFIERS, gather
from node.verification.material import EMPTY, Origin, ResolutionFailure, VerificationMaterial
from node.verification.policy import KeyEvidence
from node.verification.sources import Sources
from node.verification.trust import Trust

OFFLINE = {"key": KeyMethod(), "jwk": JwkMethod()}


class Asked:
    """A resolver that keeps count: of what it was asked, and of how many at once."""

    def __init__(self, documents=None, *, seconds=0.0, methods=None):
        self.names = []
        self.most = 0
        self._now = 0
        self._documents = documents or {}
        self._seconds = seconds
        self._methods = methods if methods is not None else OFFLINE

    async def __call__(self, did):
        self.names.append(did)
        self._now += 1
        self.most = max(self.most, self._now)
        await asyncio.sleep(self._seconds)
        self._now -= 1
        if did in self._documents:
            return self._documents[did]
        return await resolve(did, self._methods)


def _gather(subject, resolver=None, trust=None):
    asked = resolver or Asked()
    return asyncio.run(gather(subject, Sources(asked, lambda: AT), trust or Trust())), asked


def test_an_identifier_that_is_its_own_key_is_not_asked_for():
    material, asked = _gather(shown_live(presentation(ISSUER.sign(badge()))))
    assert asked.names == []
    assert material == EMPTY
    assert judged(ISSUER.sign(badge()), material=material).verdict == "accepted"


def test_what_cannot_be_resolved_is_noted_as_data():
    material, _ = _gather(UNIVERSITY.sign(credential(UNIVERSITY)))
    failure = material.failures[UNIVERSITY.did]
    assert (failure.code, failure.at) == ("METHOD_NOT_SUPPORTED", AT)
    assert "web" in failure.message
    entry = one(UNIVERSITY.sign(credential(UNIVERSITY)), material=material)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.unresolved")
    assert failure.message in entry.check("issuer_key").message


def test_a_resolved_document_tells_only_of_now():
    answer = {UNIVERSITY.did: Resolution(UNIVERSITY.document())}
    material, _ = _gather(UNIVERSITY.sign(credential(UNIVERSITY)), Asked(answer))
    item = material.documents[UNIVERSITY.did]
    assert (item.evidence, item.origin) == (KeyEvidence.NOW_ONLY, Origin.LIVE)
    assert one(UNIVERSITY.sign(credential(UNIVERSITY)), material=material).verdict == "accepted"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Resolution.failed(Problem.NOT_FOUND, "gone"), "NOT_FOUND"),
        (Resolution(UNIVERSITY.document(), {"deactivated": True}), "DEACTIVATED"),
        (Resolution(None), "NOT_FOUND"),
        (Resolution(None, {}, {"error": {"type": "https://odd.example/#WEIRD"}}), "INTERNAL_ERROR"),
    ],
)
def test_the_ways_a_resolution_fails(answer, code):
    material, _ = _gather(UNIVERSITY.sign(credential(UNIVERSITY)), Asked({UNIVERSITY.did: answer}))
    assert material.failures[UNIVERSITY.did].code == code
    assert UNIVERSITY.did not in material.documents


def test_what_the_verifier_pinned_is_not_asked_for():
    trust = Trust(documents={UNIVERSITY.did: UNIVERSITY.document()})
    material, asked = _gather(UNIVERSITY.sign(credential(UNIVERSITY)), trust=trust)
    assert asked.names == []
    assert material.documents[UNIVERSITY.did].origin is Origin.PINNED
    # Pinned is what the verifier says, not what the material says.
    entry = one(UNIVERSITY.sign(credential(UNIVERSITY)), material=material)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")


def test_an_https_address_is_not_fetched():
    school = party(61, "https://school.example/issuer")
    material, asked = _gather(school.sign(credential(school)))
    assert asked.names == []
    assert material.failures[school.did].code == "NOT_A_DID"


def test_the_holder_and_each_issuer_once():
    school, holder = party(62, "did:web:school.example"), party(63, "did:web:holder.example")
    signed = [school.sign(credential(school)), UNIVERSITY.sign(credential(UNIVERSITY)), school.sign(badge(school))]
    _, asked = _gather(shown_live(presentation(*signed, holder=holder), holder))
    assert asked.names == [holder.did, school.did, UNIVERSITY.did]


@pytest.mark.threat(31)
def test_nothing_else_in_a_document_is_ever_asked_for():
    """Not evidence, schemas, terms of use, status lists, pictures or subjects: also where the signature is bad."""
    document = credential(
        credentialSchema={"id": "https://issuer.example/schema", "type": "JsonSchema"},
        credentialStatus={
            "type": "BitstringStatusListEntry",
            "statusListCredential": "https://issuer.example/list",
        },
        evidence=[{"id": "https://issuer.example/evidence", "type": ["Evidence"]}],
        termsOfUse=[{"id": "https://issuer.example/terms", "type": "Policy"}],
        refreshService={"id": "https://issuer.example/refresh", "type": "Refresh"},
        credentialSubject={"id": "did:web:subject.example"},
        relatedResource=[{"id": "https://issuer.example/picture", "digestMultibase": "uEiA"}],
    )
    signed = UNIVERSITY.sign({**document, "issuer": UNIVERSITY.did}, "eddsa-jcs-2022")
    for subject in (signed, {**signed, "name": "altered"}, presentation(signed)):
        _, asked = _gather(subject)
        assert asked.names == [UNIVERSITY.did]


@pytest.mark.parametrize(
    "subject",
    [None, [], "x", {}, credential(issuer=7), credential(issuer={"id": ["did:web:a.example"]}), presentation(None, 7),
     {**credential(), "proof": {"verificationMethod": "did:web:a.example%00#k"}}, {**credential(), "proof": [[]]}],
)  # fmt: skip
def test_gathering_never_raises_for_what_a_stranger_wrote(subject):
    material, asked = _gather(subject)
    assert (asked.names, material) == ([], EMPTY)


def test_only_so_many_are_resolved_and_the_rest_is_noted():
    many = [credential(issuer=f"did:web:u{index}.example") for index in range(MAX_PRESENTED)]
    for index, document in enumerate(many):
        document["proof"] = [{"verificationMethod": f"did:web:v{index}-{number}.example#k"} for number in range(8)]
    material, asked = _gather(presentation(*many))
    assert len(asked.names) == MAX_IDENTIFIERS
    assert [failure.code for failure in material.failures.values()].count(
        "TOO_MANY"
    ) == 9 * MAX_PRESENTED - MAX_IDENTIFIERS
    asked = Asked(seconds=0.01)
    _gather(presentation(*many[:5]), asked)
    assert 1 < asked.most <= MAX_AT_ONCE


@pytest.mark.parametrize(("one_limit", "whole_limit"), [(0.05, 60.0), (60.0, 0.05)])
def test_time_runs_out_as_data(monkeypatch, one_limit, whole_limit):
    monkeypatch.setattr(gathering, "RESOLVE_SECONDS", one_limit)
    monkeypatch.setattr(gathering, "GATHER_SECONDS", whole_limit)
    slow = Asked(seconds=30)
    material, _ = _gather(presentation(*(credential(issuer=f"did:web:u{n}.example") for n in range(3))), slow)
    assert {failure.code for failure in material.failures.values()} == {"TIMEOUT"}
    assert len(material.failures) == 3


def test_material_travels_as_json():
    material, _ = _gather(
        shown_live(presentation(ISSUER.sign(badge()), UNIVERSITY.sign(credential(UNIVERSITY)))),
    )
    assert material.failures
    text = json.dumps(material.to_json())
    assert VerificationMaterial.from_json(json.loads(text), own=True) == material
    assert pickle.loads(pickle.dumps(material)) == material  # noqa: S301 -- our own bytes
    assert VerificationMaterial.from_json(EMPTY.to_json()) == EMPTY


def test_the_same_verdict_from_saved_material_at_any_later_day():
    """Gathered once, judged for ever: the report depends on nothing but its inputs."""
    signed = UNIVERSITY.sign(credential(UNIVERSITY))
    material = gathered(UNIVERSITY)
    again = VerificationMaterial.from_json(json.loads(json.dumps(material.to_json())), own=True)
    later = AT + timedelta(days=3650)
    assert judged(signed, material=material, at=later).to_json() == judged(signed, material=again, at=later).to_json()


@pytest.mark.threat(101)
def test_material_from_a_file_says_so_whatever_it_claims():
    told = gathered(UNIVERSITY).to_json()
    for origin in Origin:
        told["documents"][UNIVERSITY.did]["origin"] = origin.value
        material = VerificationMaterial.from_json(told)
        assert material.documents[UNIVERSITY.did].origin is Origin.FILE


@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda told: [told], ""),
        (lambda told: {**told, "version": 2}, "/version"),
        (lambda told: {**told, "documents": []}, "/documents"),
        (lambda told: {**told, "failures": None}, "/failures"),
        (lambda told: {**told, "documents": {"did:a:b": 7}}, "/documents/did:a:b"),
        (lambda told: {**told, "documents": {"did:a:b": {}}}, "/documents/did:a:b/evidence"),
        (
            lambda told: {**told, "documents": {"did:a:b": {"evidence": "now-only"}}},
            "/documents/did:a:b/origin",
        ),
        (
            lambda told: {**told, "documents": {"did:a:b": {"evidence": "rumour", "origin": "live"}}},
            "/documents/did:a:b",
        ),
        (
            lambda told: {**told, "documents": {"did:a:b": {"evidence": "now-only", "origin": "live", "document": []}}},
            "/documents/did:a:b/document",
        ),
        (
            lambda told: {
                **told,
                "documents": {
                    "did:a:b": {"evidence": "now-only", "origin": "live", "document": {}, "resolvedAt": "now"}
                },
            },
            "/documents/did:a:b/resolvedAt",
        ),
        (lambda told: {**told, "failures": {"did:a:b": {"code": "X"}}}, "/failures/did:a:b/message"),
    ],
)
def test_what_is_no_material(change, path):
    with pytest.raises(MaterialError) as refused:
        VerificationMaterial.from_json(change(EMPTY.to_json()))
    assert refused.value.path == path
    assert refused.value.code == ("material.version" if path == "/version" else "material.invalid")
    assert refused.value.remedy


def test_a_failure_keeps_its_words():
    failure = ResolutionFailure("NOT_FOUND", "no such name", AT)
    material = VerificationMaterial(failures={UNIVERSITY.did: failure})
    assert VerificationMaterial.from_json(material.to_json()).failures[UNIVERSITY.did] == failure
