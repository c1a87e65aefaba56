"""Check 10: the class is computed, compared with a label and a policy, and said only of what the issuer signed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from micro_credential_support import AWARDED, REMOVALS, SUBJECT, changed, sample, without
from verification_support import (
    AT,
    EVERYDAY,
    HOLDER,
    ISSUER,
    OB,
    VC,
    badge,
    credential,
    found,
    judged,
    one,
    presentation,
)

from node.credentials.credential import Credential
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.findings import CredentialClass
from node.credentials.micro_credential.label import compose_label
from node.verification.case import Case
from node.verification.check import CheckName
from node.verification.checks.credential_class import check_class
from node.verification.policy import INDISPENSABLE, PolicyError, parse_policy
from node.verification.trust import NO_TRUST
from node.verification.vocabulary import vocabulary
from node.verification.wording import wording

TYPE = f"{AWARDED}/achievementType"
REQUIRED = replace(EVERYDAY, requires=INDISPENSABLE | {CheckName.CLASS})


def award(document=None):
    return ISSUER.sign(changed("/issuer/id", ISSUER.did, document or sample()))


@pytest.mark.parametrize(
    ("document", "outcome", "code", "credential_class"),
    [
        (sample(), "passed", "class.passed", "micro-credential"),
        (changed(TYPE, "Course", without(*REMOVALS["E3"])), "passed", "class.passed", "achievement"),
        (without(*REMOVALS["E3"]), "indeterminate", "mc.claim.unsupported", "achievement"),
        (changed(TYPE, "Course", without(*REMOVALS["E9"])), "indeterminate", "class.unclassified", "unclassified"),
        (without(*REMOVALS["E9"]), "indeterminate", "mc.claim.unsupported", "unclassified"),
        (changed(TYPE, "ext:Participation"), "passed", "class.passed", "participation"),
    ],
)  # fmt: skip
def test_the_outcome_of_each_class(document, outcome, code, credential_class):
    entry = one(award(document))
    assert found(entry, "class") == (outcome, code)
    check = entry.check(CheckName.CLASS)
    assert check.evidence["class"] == credential_class
    assert dict(check.evidence) == classify(award(document)).to_json()
    assert credential_class in check.message
    assert entry.verdict == "accepted", "the everyday rules do not ask for a class"


def test_a_policy_that_requires_the_class_is_left_undecided_where_none_is_stated():
    assert one(ISSUER.sign(badge()), policy=REQUIRED).verdict == "cannot_tell"
    assert one(award(), policy=REQUIRED).verdict == "accepted"
    assert one(award(without(*REMOVALS["E3"])), policy=REQUIRED).verdict == "cannot_tell"


@pytest.mark.parametrize(
    ("least", "declared", "verdict"),
    [
        ("micro-credential", None, "accepted"),
        ("achievement", None, "accepted"),
        ("participation", None, "accepted"),
        ("micro-credential", "ext:Participation", "rejected"),
        ("achievement", "ext:Participation", "rejected"),
        ("participation", "ext:Participation", "accepted"),
    ],
)
def test_a_policy_may_ask_for_a_class(least, declared, verdict):
    policy = parse_policy(
        f'name = "{least}"\nrequires = ["structure", "context", "issuer_key", "proof"]\nleast_class = "{least}"\n'
    )
    assert policy.least_class is CredentialClass(least)
    assert CheckName.CLASS in policy.requires
    document = sample() if declared is None else changed(TYPE, declared)
    entry = one(award(document), policy=policy)
    assert entry.verdict == verdict
    if verdict == "rejected":
        assert found(entry, "class") == ("failed", "mc.below_policy")
        assert entry.check(CheckName.CLASS).evidence["findings"][-1] == {
            "code": "mc.below_policy", "severity": "error", "path": "",
        }  # fmt: skip
        said = wording(judged(award(document), policy=policy), "en").credentials[0]
        assert "Your rules ask for a higher class." in {finding.text for finding in said.findings}


def test_what_is_unclassified_is_not_below_a_class():
    policy = replace(REQUIRED, least_class=CredentialClass.PARTICIPATION)
    assert one(ISSUER.sign(badge()), policy=policy).verdict == "cannot_tell"


@pytest.mark.parametrize("word", ['"unclassified"', '"Micro-credential"', "3"])
def test_a_policy_cannot_ask_for_another_word(word):
    with pytest.raises(PolicyError) as refused:
        parse_policy(f'name = "x"\nrequires = ["structure", "context", "issuer_key", "proof"]\nleast_class = {word}\n')
    assert refused.value.path == "least_class"


def case_of(document, policy=EVERYDAY):
    return Case(Credential(document, ""), AT, policy, NO_TRUST, vocabulary(()), None)


def label_of(document, **stated):
    label = compose_label(document, classify(document), issuer=ISSUER.did, valid_from=AT - timedelta(days=1))
    label["credentialSubject"]["classification"] |= stated
    return label


@pytest.mark.threat(103)
def test_a_label_is_compared_and_never_believed():
    document = award(without(*REMOVALS["E3"]))
    honest = check_class(case_of(document), (), [label_of(document)])
    assert (honest.outcome, honest.code) == ("indeterminate", "mc.claim.unsupported")
    raised = check_class(case_of(document), (), [label_of(document, **{"class": "micro-credential"})])
    assert (raised.outcome, raised.code) == ("failed", "mc.label.mismatch")
    assert raised.evidence["class"] == "achievement"
    assert raised.evidence["findings"][-1]["code"] == "mc.label.mismatch"
    of_another = check_class(case_of(award()), (), [label_of(document)])
    assert (of_another.outcome, of_another.code) == ("failed", "mc.label.mismatch")
    later = check_class(case_of(award()), (), [label_of(award(), rules="glejt-mc/99")])
    assert (later.outcome, later.code) == ("passed", "class.passed")


@pytest.mark.parametrize("altered", ["proof", "issuer"])
def test_no_class_is_said_of_what_the_issuer_did_not_sign(altered):
    document = award()
    if altered == "proof":
        document["credentialSubject"]["achievement"]["name"] = "Everything"
    else:
        document = HOLDER.sign(changed("/issuer/id", ISSUER.did))
    said = wording(judged(document), "en").credentials[0]
    assert (said.class_name, said.score, said.findings) == (None, None, ())


def test_class_and_findings_are_said_of_what_the_issuer_signed():
    said = wording(judged(award(without(*REMOVALS["E3"]))), "pl").credentials[0]
    assert (said.class_name, said.score) == ("Odznaka osiągnięcia", "10 z 11 elementów")
    assert "Podaj kraj wystawcy dwuliterowym kodem." in {finding.text for finding in said.findings}


def test_in_a_presentation_findings_point_into_what_was_handed_over():
    shown = presentation(award(), award(without(*REMOVALS["E3"])))
    report = judged(shown)
    found_paths = {
        finding["code"]: finding["path"]
        for finding in report.credentials[1].check(CheckName.CLASS).evidence["findings"]
    }
    assert found_paths["mc.country.missing"] == "/verifiableCredential/1/issuer"


@pytest.mark.threat(103)
def test_only_a_derived_proof_by_the_issuer_makes_a_document_derived():
    """Anybody could add a proof of such a kind; that must not make a missing name a withheld one."""
    nameless = without(f"{SUBJECT}/id", f"{SUBJECT}/identifier")
    signed = award(nameless)
    theirs = {
        **signed["proof"],
        "cryptosuite": "ecdsa-sd-2023",
        "verificationMethod": HOLDER.method,
    }
    entry = one({**signed, "proof": [signed["proof"], theirs]})
    assert entry.check(CheckName.CLASS).evidence["elements"]["E1"] == "missing"
    own = one({**signed, "proof": {**signed["proof"], "cryptosuite": "ecdsa-sd-2023"}})
    assert own.check(CheckName.CLASS).evidence["elements"]["E1"] == "withheld"
    assert own.verdict == "rejected"


@pytest.mark.parametrize("kind", ["EndorsementCredential", "BitstringStatusListCredential"])
def test_what_awards_nothing_has_no_class_unless_the_policy_asks_for_one(kind):
    document = ISSUER.sign({**credential(), "@context": [VC, OB], "type": ["VerifiableCredential", kind]})
    check = one(document).check(CheckName.CLASS)
    assert (check.outcome, check.code, check.evidence) == ("not_applicable", "class.not_applicable", {})
    asked = replace(EVERYDAY, least_class=CredentialClass.ACHIEVEMENT)
    assert one(document, policy=asked).check(CheckName.CLASS).code == "class.unclassified"
    both = ISSUER.sign(
        {**credential(), "@context": [VC, OB], "type": ["VerifiableCredential", kind, "OpenBadgeCredential"]}
    )
    assert one(both).check(CheckName.CLASS).code == "class.unclassified"
