"""A namespace that an accreditation gives an issuer counts for what it accredits the issuer for, and nothing else."""

from dataclasses import replace
from datetime import timedelta

import pytest
from accreditation_support import AGENCY, BODY, Ground, accreditation, award, board, signed
from verification_support import EVERYDAY, UNIVERSITY, found

from anchoring.facts import AnchorOf
from node.credentials.timestamps import format_timestamp
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence
from node.verification.trust import ListedIssuer
from node.verification.verify import verify

COOKING = {"types": ["ExampleCookingBadge"]}


def _entry(scope, *, listed=False, published=False):
    """An award that names the agency's record, and was anchored there before its issuer revoked the stolen key.

    The agency, accredited for this scope, says in an accreditation of the university that the record is the latter's.
    The trust file may name the one that is, and the university's own document that of the agency.
    """
    ground = Ground()
    boards, agencies, own = (ground.name(seed) for seed in ("board", "agency", "university"))
    given = {"scopes": [scope], "namespaces": [str(agencies)]}
    upper = signed(accreditation(BODY, AGENCY, records=[boards], mayAccredit=1, **given), BODY)
    ground.accredit(upper, boards)
    lower = signed(accreditation(AGENCY, UNIVERSITY, records=[agencies], parent=upper, **given), AGENCY)
    ground.accredit(lower, agencies)
    ground.pass_time(1000)
    document, receipt, operation = ground.anchored(award(UNIVERSITY), agencies, UNIVERSITY)
    ground.order(operation)
    revoked = ground.now + timedelta(seconds=100)
    ground.pass_time(5000)
    known = frozenset([own] if listed else [])
    entry = ListedIssuer(UNIVERSITY.did, "Example University", "university.example", namespaces=known)
    trust = ground.trust(board(boards), issuers=[entry])
    document_now = UNIVERSITY.document(revoked=format_timestamp(revoked))
    if published:
        service = {"id": "#record", "type": "TrustAnchorNamespace", "serviceEndpoint": str(agencies)}
        document_now = {**document_now, "service": [service]}
    material = ground.material(
        upper,
        lower,
        base=VerificationMaterial(
            {UNIVERSITY.did: ResolvedDocument(document_now, KeyEvidence.NOW_ONLY, Origin.LIVE, ground.now)}
        ),
    )
    anchor = ground.shown(AnchorOf(agencies.namespace, operation.value))
    ledgers = replace(
        material.ledgers, receipts=(receipt,), facts=(*material.ledgers.facts, *anchor.facts), blocks=anchor.blocks
    )
    at = ground.now + timedelta(seconds=30)
    return verify(document, replace(material, ledgers=ledgers), EVERYDAY, at, trust=trust).credentials[0]


@pytest.mark.threat(30)
@pytest.mark.threat(107)
@pytest.mark.parametrize("scope", [COOKING, {"level": [{"framework": "EQF", "code": "5"}]}])
def test_a_body_gives_no_namespace_for_what_it_does_not_accredit_the_issuer_for(scope):
    entry = _entry(scope)
    assert entry.verdict == "rejected"
    assert found(entry, "anchor") == ("indeterminate", "anchor.namespace")
    assert found(entry, "issuer_key") == ("failed", "issuer_key.revoked")


@pytest.mark.parametrize("scope", [{}, {"level": [{"framework": "EQF", "code": "4"}]}])
def test_for_what_it_accredits_the_issuer_for_it_does(scope):
    entry = _entry(scope)
    assert found(entry, "anchor") == ("passed", "anchor.passed")
    assert found(entry, "issuer_key") == ("passed", "issuer_key.passed")


@pytest.mark.parametrize("scope", [{}, COOKING])
def test_the_issuers_own_document_gives_it_for_all(scope):
    entry = _entry(scope, published=True)
    assert found(entry, "anchor") == ("passed", "anchor.passed")


@pytest.mark.threat(30)
@pytest.mark.threat(104)
@pytest.mark.threat(107)
@pytest.mark.parametrize("published", [False, True])
def test_where_the_trust_file_names_any_these_are_all(published):
    """Neither a body nor whoever writes the issuer's document adds a record in which a stolen key could be dated."""
    entry = _entry({}, listed=True, published=published)
    assert entry.verdict == "rejected"
    assert found(entry, "anchor") == ("indeterminate", "anchor.namespace")
    assert found(entry, "issuer_key") == ("failed", "issuer_key.revoked")
