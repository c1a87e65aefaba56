"""Whole verdicts on what the peers signed: the report on a stranger's file, not only its signature."""

import asyncio
import copy
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from interop.documents import badge, presentation
from peers.client import Peer, PeerKey

from node.app import sources
from node.documents import parse
from node.verification.case import Request
from node.verification.check import CheckName, Outcome
from node.verification.gather import gather
from node.verification.policy import built_in
from node.verification.report import CredentialReport, Report, Sentence, Verdict
from node.verification.trust import NO_TRUST
from node.verification.verify import verify

pytestmark = pytest.mark.peer

CREATED = "2026-04-01T12:00:00Z"
AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
REQUEST = Request(challenge="a challenge of 128 bits", domain="https://verifier.example")
SUITES = [("eddsa-rdfc-2022", "Ed25519"), ("ecdsa-rdfc-2019", "P-384"), ("eddsa-jcs-2022", "Ed25519")]


def report_on(document: dict[str, Any], request: Request | None = None) -> Report:
    subject = parse(orjson.dumps(document))
    material = asyncio.run(gather(subject, sources(), NO_TRUST))
    return verify(subject, material, built_in(), AT, request=request)


def only_entry(report: Report) -> CredentialReport:
    (entry,) = report.credentials
    return entry


def signed(peer: Peer, document: dict[str, Any], suite: str, key: PeerKey, **options: Any) -> dict[str, Any]:
    return peer.ask("sign", document=document, suite=suite, key=asdict(key), date=CREATED, **options)


@pytest.mark.parametrize(("suite", "key_type"), SUITES)
def test_a_badge_of_the_peers_is_accepted_and_an_altered_one_is_rejected(suite, key_type, peer):
    key = peer.generate(key_type)
    document = signed(peer, badge(key.did), suite, key)
    altered = copy.deepcopy(document)
    altered["credentialSubject"]["achievement"]["name"] += "!"

    assert report_on(document).verdict is Verdict.ACCEPTED
    assert report_on(altered).verdict is Verdict.REJECTED
    assert report_on(altered).sentence is Sentence.ALTERED


@pytest.mark.parametrize(("suite", "key_type"), SUITES)
def test_a_presentation_of_the_peers_shows_the_holder_for_its_own_request_only(suite, key_type, peer):
    issuer, holder = peer.generate(key_type), peer.generate(key_type)
    inner = badge(issuer.did)
    inner["credentialSubject"]["id"] = holder.did
    bound = {"challenge": REQUEST.challenge, "domain": REQUEST.domain}
    shown = presentation(holder.did, signed(peer, inner, suite, issuer))
    document = signed(peer, shown, suite, holder, purpose="authentication", **bound)

    live = only_entry(report_on(document, REQUEST))
    assert live.verdict is Verdict.ACCEPTED
    assert live.check(CheckName.HOLDER).passed
    for other in (Request("another", REQUEST.domain), Request(REQUEST.challenge, "https://elsewhere.example")):
        replayed = only_entry(report_on(document, other)).check(CheckName.HOLDER)
        assert (replayed.outcome, replayed.code) == (Outcome.FAILED, "holder.replay")


@pytest.mark.threat(34)
def test_a_presentation_by_another_key_than_the_subjects_is_told(peer):
    issuer, subject, thief = (peer.generate("Ed25519") for _ in range(3))
    inner = badge(issuer.did)
    inner["credentialSubject"]["id"] = subject.did
    bound = {"challenge": REQUEST.challenge, "domain": REQUEST.domain}
    shown = presentation(thief.did, signed(peer, inner, "eddsa-rdfc-2022", issuer))
    document = signed(peer, shown, "eddsa-rdfc-2022", thief, purpose="authentication", **bound)

    assert peer.ask("verify", document=document, now=AT.isoformat(), **bound)["verified"] is True
    check = only_entry(report_on(document, REQUEST)).check(CheckName.HOLDER)
    assert (check.outcome, check.code) == (Outcome.FAILED, "holder.other_key")


@pytest.mark.threat(20)
def test_a_badge_signed_with_somebody_elses_key_is_rejected_by_both(peer):
    issuer, other = peer.generate("Ed25519"), peer.generate("Ed25519")
    document = signed(peer, badge(issuer.did), "eddsa-rdfc-2022", other, bare=True)

    assert peer.ask("verify", document=document, now=AT.isoformat())["verified"] is False
    report = report_on(document)
    assert (report.verdict, report.sentence) == (Verdict.REJECTED, Sentence.WRONG_KEY)


@pytest.mark.threat(28)
def test_the_peers_accept_a_proof_that_has_expired(peer):
    """They look whether `expires` is a date, not whether it has passed."""
    key = peer.generate("Ed25519")
    options = {"proof": {"expires": "2026-04-02T12:00:00Z"}}
    document = signed(peer, badge(key.did), "eddsa-rdfc-2022", key, **options)

    assert peer.ask("verify", document=document, now=AT.isoformat())["verified"] is True
    check = only_entry(report_on(document)).check(CheckName.VALIDITY)
    assert (check.outcome, check.code) == (Outcome.FAILED, "validity.proof_expired")


def test_terms_without_a_definition_are_told_where_the_peers_say_nothing(peer):
    """A proof over the text covers them too, but nobody knows what they mean."""
    key = peer.generate("Ed25519")
    document = signed(peer, badge(key.did) | {"undefinedTerm": "x"}, "eddsa-jcs-2022", key)

    assert peer.ask("verify", document=document, now=AT.isoformat())["errors"] == []
    check = only_entry(report_on(document)).check(CheckName.CONTEXT)
    assert (check.outcome, check.code) == (Outcome.PASSED, "context.undefined_term")
    assert check.evidence["path"] == "/undefinedTerm"
