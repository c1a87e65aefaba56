"""Who vouches for an issuer: what accreditations count, and everything that makes one count for nothing."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from accreditation_support import (
    AGENCY,
    BODY,
    EQF_4,
    START,
    STRANGER,
    Ground,
    accreditation,
    authority,
    award,
    board,
    copy_of,
    given,
    judged,
    moment,
    shown_of,
    signed,
    with_anchor,
)
from verification_support import ISSUER, MALLORY, one
from verification_support import judged as judge_all

from node.credentials.scope import Level, Scope
from node.issuance.accrediting import SignedAccreditation
from node.verification.chains import ChainKind
from node.verification.check import CheckName
from node.verification.trust import ListedIssuer
from node.verification.wording import wording

ACCREDITED = ("passed", "authority.accredited")


@pytest.fixture
def ground():
    return Ground()


@pytest.fixture
def name(ground):
    return ground.name("body")


@pytest.fixture
def document():
    return ISSUER.sign(award(), created=moment(START))


def test_a_recorded_accreditation_is_somebodys_word_for_the_quality(ground, name, document):
    data = given(ground, name, scopes=[EQF_4])
    entry = judged(ground, document, ground.trust(board(name)), data)
    assert authority(entry) == ACCREDITED
    shown = shown_of(entry)
    assert (shown["body"], shown["bodyId"], shown["evidence"]) == ("Quality Board", BODY.did, "proven")
    assert (shown["level"], shown["level_signed"], shown["time"]) == ("EQF 4", True, "judging")
    (step,) = shown["chain"]
    assert (step["subject"], step["scope"], step["sequence"], step["evidence"]) == (ISSUER.did, EQF_4, 0, "proven")
    assert step["record"] == str(name)


def test_without_bodies_or_without_accreditations_nothing_changes(ground, name, document):
    data = given(ground, name)
    assert authority(judged(ground, document, ground.trust(), data)) == ("indeterminate", "authority.unknown")
    assert authority(judged(ground, document, ground.trust(board(name)))) == ("indeterminate", "authority.unknown")


def test_a_list_and_a_body_say_it_together(ground, name, document):
    data = given(ground, name)
    listed = ListedIssuer(ISSUER.did, "Example University", "university.example")
    entry = judged(ground, document, ground.trust(board(name), issuers=[listed]), data)
    assert authority(entry) == ACCREDITED
    assert shown_of(entry)["lists"][0]["issuer"] == "Example University"
    distrusted = replace(listed, distrust_from=moment(START))
    entry = judged(ground, document, ground.trust(board(name), issuers=[distrusted]), data)
    assert authority(entry) == ("failed", "authority.distrusted")


ROWS = {
    "en": (
        "School of Welding was accredited by Quality Board for this, on the day of issue.",
        (
            "Assessed: practical task, supervised. Guaranteed by Quality Board, signed, in force on the day of issue. "
            "Level: EQF 4."
        ),
        "Quality Board: the accreditation was not in force on the day of issue.",
        "Genuine, but its accreditation was not in force.",
    ),
    "pl": (
        "School of Welding: akredytacja od Quality Board na ten zakres, w dniu wydania.",
        (
            "Ocena: zadanie praktyczne, z nadzorem. Gwarant: Quality Board; poręczenie podpisane, "
            "ważne w dniu wydania. Poziom: EQF 4."
        ),
        "Quality Board: akredytacja nie obowiązywała w dniu wydania.",
        "Dokument autentyczny, ale akredytacja nie obowiązywała.",
    ),
}


@pytest.mark.parametrize("language", ["en", "pl"])
def test_the_rows_name_the_body(ground, name, language):
    document = award()
    document["@context"].append("https://w3id.org/glejt/v1")
    document["credentialSubject"]["achievement"] |= {
        "type": ["Achievement", "MicroCredentialAchievement"],
        "assessmentType": "practical",
        "supervisionType": "supervised",
    }
    made = ISSUER.sign(document, created=moment(START))
    subject = {"id": ISSUER.did, "name": "School of Welding"}
    data = given(ground, name, scopes=[EQF_4], subject=subject)
    trust = ground.trust(board(name))
    second, seventh, failed, sentence = ROWS[language]
    (said,) = wording(_report(ground, made, trust, data), language).credentials
    assert (said.rows[1].text, said.rows[6].text) == (second, seventh)
    assert (said.rows[1].state, said.rows[6].state) == ("pass", "pass")
    wide = given(ground, name, subject=subject, scopes=[{"types": ["Certificate"]}])
    (said,) = wording(_report(ground, made, trust, wide), language).credentials
    assert said.rows[6].text == seventh.replace("EQF 4.", _claimed(language))
    ground.withdraw(data, name)
    (said,) = wording(_report(ground, made, trust, data), language).credentials
    assert (said.rows[1].state, said.rows[6].state) == ("unknown", "fail")
    assert (said.rows[6].text, said.sentence) == (failed, sentence)


def _claimed(language):
    return {"en": "EQF 4 (stated by the issuer).", "pl": "EQF 4 (podany przez wystawcę)."}[language]


def _report(ground, made, trust, *copies):
    return judge_all(made, material=ground.material(*copies), trust=trust, at=ground.now)


# --- signed, and not recorded


def test_what_is_merely_signed_is_claimed(ground, name, document):
    data = signed(accreditation(BODY, ISSUER, records=[name]), BODY)
    ground.pass_time(1000)
    entry = judged(ground, document, ground.trust(board(name)), data)
    assert authority(entry) == ("indeterminate", "authority.claimed")
    assert (shown_of(entry)["evidence"], shown_of(entry)["why"]) == ("claimed", "unproven")
    entry = judged(ground, document, ground.trust(board(name, signed_suffices=True)), data)
    assert authority(entry) == ("passed", "authority.signed")
    assert shown_of(entry)["evidence"] == "claimed"


def test_without_a_record_named_it_can_only_be_claimed(ground, name, document):
    data = signed(accreditation(BODY, ISSUER), BODY)
    ground.pass_time(1000)
    assert shown_of(judged(ground, document, ground.trust(board(name)), data))["why"] == "unrecorded"


def test_a_body_that_is_believed_no_more_cannot_date_its_signatures_back(ground, name, document):
    data = signed(accreditation(BODY, ISSUER), BODY)
    ground.pass_time(1000)
    ended = board(name, signed_suffices=True, distrust_from=ground.now + timedelta(days=1))
    assert authority(judged(ground, document, ground.trust(ended), data))[0] == "indeterminate"


# --- whose word it is


@pytest.mark.threat(29)
def test_a_self_signed_look_alike_vouches_for_nobody(ground, name, document):
    strange = ground.name("stranger")
    own = given(ground, strange, by=STRANGER, name="Quality Board")
    entry = judged(ground, document, ground.trust(board(name)), own)
    assert authority(entry) == ("indeterminate", "authority.unknown")
    assert shown_of(entry)["why"] == ["no_body"]
    assert "body" not in shown_of(entry)


@pytest.mark.threat(29)
def test_a_forged_signature_of_a_body(ground, name, document):
    unsigned = accreditation(BODY, ISSUER, records=[name])
    forged = json.dumps(MALLORY.sign(unsigned, method=BODY.method, created=moment(START))).encode()
    ground.accredit(forged, name)  # even recorded by a slip of the body
    ground.pass_time(1000)
    assert authority(judged(ground, document, ground.trust(board(name)), forged))[1] == "authority.unknown"
    by_other = json.dumps(MALLORY.sign(unsigned, created=moment(START))).encode()
    assert authority(judged(ground, document, ground.trust(board(name)), by_other))[1] == "authority.unknown"


def test_for_somebody_else(ground, name, document):
    data = given(ground, name, subject=AGENCY)
    assert authority(judged(ground, document, ground.trust(board(name)), data)) == (
        "indeterminate",
        "authority.unknown",
    )


def test_it_says_nothing_of_a_document_that_is_not_its_issuers(ground, name):
    data = given(ground, name)
    forged = MALLORY.sign(award(), method=ISSUER.method, created=moment(START))
    entry = judged(ground, forged, ground.trust(board(name)), data)
    assert authority(entry)[0] == "indeterminate"
    assert "body" not in shown_of(entry)


@pytest.mark.threat(104)
def test_a_record_in_a_namespace_that_is_not_the_bodys(ground, name, document):
    strange = ground.name("stranger")
    data = given(ground, strange)
    entry = judged(ground, document, ground.trust(board(name)), data)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.claimed", "namespace")


def test_a_record_that_it_does_not_name(ground, name):
    """The digest stands in the body's record, and the statement does not say so: only what it names is looked at."""
    other = ground.name("other")
    data = signed(accreditation(BODY, ISSUER, records=[other]), BODY)
    with pytest.raises(Exception, match="does not say that it stands in"):
        ground.accredit(data, name)


def test_on_a_network_for_tests_nothing_counts(ground, name, document):
    data = given(ground, name)
    entry = judged(ground, document, ground.trust(board(name), kind=ChainKind.TEST), data)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.claimed", "test_network")


def test_other_bytes_are_another_statement(ground, name, document):
    data = given(ground, name)
    rewritten = json.dumps(json.loads(data), indent=1).encode()
    material = replace(ground.material(data), accreditations=(copy_of(rewritten),))
    entry = one(document, material=material, trust=ground.trust(board(name)), at=ground.now)
    assert authority(entry)[1] == "authority.claimed"


# --- what for


@pytest.mark.threat(30)
@pytest.mark.parametrize(
    "scope",
    [
        {"level": [{"framework": "EQF", "code": "5"}]},
        {"level": [{"framework": "PRK", "code": "4"}]},
        {"types": ["Diploma"]},
        {"types": ["Certificate", "Diploma"]},
        {"achievement": ["https://school.example/achievements/other"]},
        {"limitJurisdiction": ["DE"]},
        {**EQF_4, "limitJurisdiction": ["DE"]},
    ],
)
def test_accredited_for_another_type_level_or_country(ground, name, document, scope):
    data = given(ground, name, scopes=[scope])
    entry = judged(ground, document, ground.trust(board(name)), data)
    assert authority(entry) == ("indeterminate", "authority.not_covered")
    assert "body" not in shown_of(entry)


@pytest.mark.parametrize(
    "scope",
    [
        {},
        EQF_4,
        {"types": ["Certificate", "OpenBadgeCredential"]},
        {"achievement": ["https://school.example/achievements/welding"]},
        {"limitJurisdiction": ["DE", "PL"]},
        {**EQF_4, "types": ["Certificate"], "limitJurisdiction": ["PL"]},
    ],
)
def test_accredited_for_this(ground, name, document, scope):
    data = given(ground, name, scopes=[{"types": ["Diploma"]}, scope])
    assert authority(judged(ground, document, ground.trust(board(name)), data)) == ACCREDITED


@pytest.mark.threat(30)
def test_a_level_outside_stands_beside_one_inside(ground, name):
    data = given(ground, name, scopes=[EQF_4])
    both = ISSUER.sign(award(levels=[("EQF", "4"), ("PRK", "7")]), created=moment(START))
    assert authority(judged(ground, both, ground.trust(board(name)), data))[1] == "authority.not_covered"


def test_the_body_is_believed_for_something_else(ground, name, document):
    data = given(ground, name)
    narrow = board(name, scopes=(Scope(levels=frozenset([Level("EQF", "4")])),))
    assert authority(judged(ground, document, ground.trust(narrow), data))[1] == "authority.unknown"
    fitting = given(ground, name, scopes=[EQF_4])
    assert authority(judged(ground, document, ground.trust(narrow), fitting)) == ACCREDITED


def test_permission_to_accredit_is_none_to_issue(ground, name, document):
    data = given(ground, name, mayAccredit=1, mayIssue=False)
    assert authority(judged(ground, document, ground.trust(board(name)), data))[1] == "authority.unknown"


# --- when


@pytest.mark.threat(30)
def test_withdrawn_before_and_after(ground, name, document):
    data = given(ground, name)
    trust = ground.trust(board(name))
    before = ground.now
    ground.withdraw(data, name)
    ground.pass_time(1000)
    entry = judged(ground, document, trust, data)
    assert authority(entry) == ("failed", "authority.not_in_force")
    assert shown_of(entry)["body"] == "Quality Board"
    assert entry.check(CheckName.AUTHORITY).evidence["chain"][0]["withdrawn"]
    assert authority(judged(ground, document, trust, data, at=before)) == ACCREDITED


@pytest.mark.threat(30)
def test_accredited_again_under_a_new_number(ground, name, document):
    data = given(ground, name)
    trust = ground.trust(board(name))
    ground.withdraw(data, name)
    ground.pass_time(1000)
    gap = ground.now
    ground.pass_time(10)
    again = given(ground, name, at=ground.clock)
    assert authority(judged(ground, document, trust, data, again)) == ACCREDITED
    assert shown_of(judged(ground, document, trust, data, again))["chain"][0]["sequence"] == 1
    assert authority(judged(ground, document, trust, data, again, at=gap)) == ("failed", "authority.not_in_force")
    # Whoever hands over the old one alone does not make the issuer look unaccredited.
    entry = one(document, material=ground.material(data), trust=trust, at=ground.now)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.open", "another")


@pytest.mark.threat(30)
def test_its_own_period(ground, name, document):
    end = moment(START + 2000).strftime("%Y-%m-%dT%H:%M:%SZ")
    data = given(ground, name, validUntil=end)
    trust = ground.trust(board(name))
    assert authority(judged(ground, document, trust, data)) == ACCREDITED
    ground.pass_time(5000)
    assert authority(judged(ground, document, trust, data)) == ("failed", "authority.not_in_force")


@pytest.mark.threat(30)
@pytest.mark.threat(108)
def test_recorded_later_for_an_earlier_time(ground, name):
    """A thief of the body's key could accredit for the past, and taking it back later would not undo it."""
    issuers = ground.name("issuer")
    made, receipt, operation = ground.anchored(award(), issuers)
    ground.order(operation)
    ground.pass_time(1000)
    data = given(ground, name)  # from START on, recorded after the anchor
    listed = ListedIssuer(ISSUER.did, "Example University", "university.example", namespaces=frozenset([issuers]))
    trust = ground.trust(board(name), issuers=[listed])
    entry = with_anchor(ground, made, receipt, trust, data)
    assert entry.check(CheckName.ANCHOR).passed
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.claimed", "later")
    ground.withdraw(data, name)
    suffices = ground.trust(board(name, signed_suffices=True), issuers=[listed])
    assert authority(with_anchor(ground, made, receipt, suffices, data))[1] == "authority.open"


@pytest.mark.threat(30)
@pytest.mark.threat(107)
def test_a_namespace_that_an_accreditation_names_is_the_issuers(ground, name):
    issuers = ground.name("issuer")
    data = given(ground, name, namespaces=[str(issuers)])
    made, receipt, operation = ground.anchored(award(), issuers)
    ground.order(operation)
    ground.pass_time(1000)
    trust = ground.trust(board(name))
    entry = with_anchor(ground, made, receipt, trust, data)
    assert entry.check(CheckName.ANCHOR).passed
    assert authority(entry) == ACCREDITED
    assert shown_of(entry)["time"] == "anchored"
    # Withdrawn later: still good as of its date, and so is the namespace.
    ground.withdraw(data, name)
    ground.pass_time(1000)
    entry = with_anchor(ground, made, receipt, trust, data)
    assert entry.check(CheckName.ANCHOR).passed
    assert authority(entry) == ACCREDITED
    # Without the accreditation, or with one that is merely signed, it is nobody's.
    assert with_anchor(ground, made, receipt, trust).check(CheckName.ANCHOR).code == "anchor.namespace"
    claimed = signed(accreditation(BODY, ISSUER, records=[name], namespaces=[str(issuers)], name="Other"), BODY)
    suffices = ground.trust(board(name, signed_suffices=True))
    assert with_anchor(ground, made, receipt, suffices, claimed).check(CheckName.ANCHOR).code == "anchor.namespace"


@pytest.mark.threat(30)
def test_anchored_only_after_the_withdrawal(ground, name):
    issuers = ground.name("issuer")
    data = given(ground, name, namespaces=[str(issuers)])
    ground.withdraw(data, name)
    made, receipt, operation = ground.anchored(award(), issuers)
    ground.order(operation)
    listed = ListedIssuer(ISSUER.did, "Example University", "university.example", namespaces=frozenset([issuers]))
    entry = with_anchor(ground, made, receipt, ground.trust(board(name), issuers=[listed]), data)
    assert entry.check(CheckName.ANCHOR).passed
    assert authority(entry) == ("failed", "authority.not_in_force")
    # The namespace was the issuer's by the accreditation alone, and no more when it was anchored.
    alone = with_anchor(ground, made, receipt, ground.trust(board(name)), data)
    assert alone.check(CheckName.ANCHOR).code == "anchor.namespace"


@pytest.mark.threat(30)
def test_issued_before_the_accreditation_by_its_own_word(ground, name):
    old = ISSUER.sign(award(validFrom="2020-03-01T09:00:00Z"), created=moment(START))
    data = given(ground, name)
    entry = judged(ground, old, ground.trust(board(name)), data)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.not_in_force", "before")
    early = given(ground, name, at=START, validFrom="2019-01-01T00:00:00Z", name="Since 2019")
    assert authority(judged(ground, old, ground.trust(board(name)), early)) == ACCREDITED


def test_a_proof_that_is_too_old_says_nothing_of_what_followed(ground, name, document):
    data = given(ground, name)
    old = ground.facts(data)
    ground.pass_time(30 * 86_400)
    material = replace(ground.material(data), ledgers=old)
    entry = one(document, material=material, trust=ground.trust(board(name)), at=ground.now)
    assert (authority(entry)[1], shown_of(entry)["why"]) == ("authority.open", "stale")


def test_the_body_is_distrusted_from_a_date(ground, name, document):
    data = given(ground, name)
    after = board(name, distrust_from=ground.now)
    assert authority(judged(ground, document, ground.trust(after), data))[1] == "authority.unknown"
    later = board(name, distrust_from=ground.now + timedelta(days=1))
    assert authority(judged(ground, document, ground.trust(later), data)) == ACCREDITED


@pytest.mark.threat(30)
def test_the_record_may_end_before_the_statement_does(ground, name, document):
    data = signed(accreditation(BODY, ISSUER, records=[name]), BODY)
    (operation,) = SignedAccreditation.read(data).accredit(name, {})
    ground.order(replace(operation, valid_until=ground.clock + 500))
    trust = ground.trust(board(name))
    assert authority(judged(ground, document, trust, data)) == ACCREDITED
    ground.pass_time(1000)
    assert authority(judged(ground, document, trust, data)) == ("failed", "authority.not_in_force")


@pytest.mark.threat(30)
def test_one_scope_of_two_is_withdrawn(ground, name, document):
    data = given(ground, name, scopes=[EQF_4, {"types": ["Diploma"]}])
    read = SignedAccreditation.read(data)
    trust = ground.trust(board(name))
    assert authority(judged(ground, document, trust, data)) == ACCREDITED
    (operation,) = read.withdraw(name, {read.accreditation.scopes[0]: 0})
    ground.order(operation)
    assert authority(judged(ground, document, trust, data)) == ("failed", "authority.not_in_force")


@pytest.mark.threat(104)
def test_another_namespace_than_the_one_that_the_accreditation_names(ground, name):
    issuers, other = ground.name("issuer"), ground.name("other")
    data = given(ground, name, namespaces=[str(other)])
    made, receipt, operation = ground.anchored(award(), issuers)
    ground.order(operation)
    entry = with_anchor(ground, made, receipt, ground.trust(board(name)), data)
    assert entry.check(CheckName.ANCHOR).code == "anchor.namespace"
    assert authority(entry) == ACCREDITED  # by the time of judging, for no anchor counts
    assert shown_of(entry)["time"] == "judging"
