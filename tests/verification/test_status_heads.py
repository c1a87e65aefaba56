"""Which list counts: heads on a chain against lists that are older, other, hidden or taken back."""

from dataclasses import replace
from datetime import timedelta

import pytest
from heads_support import (
    DOCUMENT,
    HEADS,
    NEW,
    NEW_HEAD,
    OLD,
    OLD_HEAD,
    TRUST,
    Heads,
    head,
    promising,
    published,
    seen_in,
    shown,
)
from ledger_support import CHAIN, STRANGE, live, trusted_chain, trusting, utc
from status_support import ARCHIVE, DAY, HOUR, LIST, OTHER, copy_of, entry, pointing, status_list
from verification_support import AT, EVERYDAY, ISSUER, MALLORY, STRICT, UNIVERSITY, badge, found, judged, one

from anchoring.checkpoint import Chain
from anchoring.heads import digest_of, list_id
from node.credentials.record_name import RecordName
from node.status.status_list import SEALED_UNTIL
from node.verification.chains import ChainKind
from node.verification.check import CheckName
from node.verification.material import Origin, VerificationMaterial
from node.verification.policy import built_in
from node.verification.trust import Trust
from node.verification.wording import wording

RECORD = Heads({LIST: NEW_HEAD})
PASSED = ("passed", "status.passed")
ROLLED_BACK = ("indeterminate", "status.rolled_back")
OTHER_LIST = ("indeterminate", "status.head.other")
EQUIVOCATED = ("indeterminate", "status.equivocated")
NO_LIST = ("failed", "status.no_anchored_list")


def _told(*records, lists=(NEW,), document=DOCUMENT, trust=TRUST, policy=EVERYDAY, at=AT, **members):
    material = shown(*records, lists=lists, **members)
    return found(one(document, material=material, trust=trust, policy=policy, at=at), "status")


def test_the_list_that_the_head_names_counts_as_of_the_block():
    entry_ = one(DOCUMENT, material=shown(RECORD, lists=[NEW]), trust=TRUST)
    check = entry_.check(CheckName.STATUS)
    assert (check.outcome, check.code) == PASSED
    assert check.evidence == {
        "purpose": "revocation",
        "index": 7,
        "list": LIST,
        "network": "Ethereum",
        "source": "anchored",
        "time": utc(RECORD.time),
        "validUntil": utc(AT + DAY),
        "heads": [
            {
                "record": str(HEADS.record),
                "listId": "0x" + list_id(LIST).hex(),
                "era": 0,
                "version": 2,
                "digest": "0x" + digest_of(published(NEW).encode()).hex(),
                "set": int((AT - HOUR / 2).timestamp()),
                "validUntil": utc(AT + DAY),
                "asOf": utc(RECORD.time),
            }
        ],
    }
    report = judged(DOCUMENT, material=shown(RECORD, lists=[NEW]), trust=TRUST)
    texts = [wording(report, language).credentials[0].rows[2].text for language in ("en", "pl")]
    assert texts == [
        "Not withdrawn as of 12 June 2026, 13:53 UTC (last anchored list).",
        "Nie wycofano; stan na 12 czerwca 2026, 13:53 UTC (ostatnia zakotwiczona lista).",
    ]


def test_it_does_not_matter_who_brought_the_copy():
    for origin in (Origin.LIVE, Origin.SAVED, Origin.FILE):
        assert _told(RECORD, lists=[copy_of(published(NEW), origin)]) == PASSED


# Rollback: threat 48


@pytest.mark.threat(48)
def test_an_earlier_list_is_never_good():
    for lists in ([OLD], [copy_of(published(OLD))]):
        report = judged(DOCUMENT, material=shown(RECORD, lists=lists), trust=TRUST)
        assert found(report.credentials[0], "status") == ROLLED_BACK
        assert report.verdict == "cannot_tell"
        texts = [wording(report, language).credentials[0].rows[2].text for language in ("en", "pl")]
        assert texts == [
            "The list offered is older than one already seen (12 June 2026, 13:33 UTC).",
            "Podana lista jest starsza niż już widziana (12 czerwca 2026, 13:33 UTC).",
        ]
    assert _told(RECORD, lists=[OLD, NEW]) == PASSED
    assert _told(RECORD, lists=[NEW, OLD]) == PASSED


@pytest.mark.threat(48)
@pytest.mark.parametrize("version", range(1, 6))
def test_of_many_versions_only_the_last_counts(version):
    versions = [status_list(signed=AT - (9 - number) * HOUR) for number in range(1, 7)]
    record = Heads({LIST: head(versions[-1], 6, set_at=AT - 2.9 * HOUR)})
    assert _told(record, lists=[versions[version - 1]]) == ROLLED_BACK
    assert _told(record, lists=versions[:5]) == ROLLED_BACK
    assert _told(record, lists=[versions[5]]) == PASSED


def test_an_older_proof_does_not_hide_a_newer_one():
    before = Heads({LIST: OLD_HEAD}, number=900, time=AT - 2 * HOUR)
    for records in ((before, RECORD), (RECORD, before)):
        assert _told(*records, lists=[OLD]) == ROLLED_BACK
        assert _told(*records) == PASSED


def test_a_byte_more_is_another_list():
    assert _told(RECORD, lists=[published(NEW) + "\n"]) == ROLLED_BACK
    assert _told(RECORD, lists=[published(NEW).replace(": ", ":", 1)]) == ROLLED_BACK
    spaced = published(NEW) + "\r\n \n"
    assert _told(Heads({LIST: head(spaced, 2)}), lists=[spaced]) == PASSED


def test_a_list_that_is_newer_than_the_head_is_not_yet_the_one_that_counts():
    newer = status_list(signed=AT - HOUR / 4)
    assert _told(RECORD, lists=[newer]) == OTHER_LIST
    assert _told(RECORD, lists=[newer, NEW]) == PASSED
    report = judged(DOCUMENT, material=shown(RECORD, lists=[newer]), trust=TRUST)
    texts = [wording(report, language).credentials[0].rows[2].text for language in ("en", "pl")]
    assert texts == [
        "The list offered is not the one that Ethereum names.",
        "Podana lista nie jest tą, którą wskazuje sieć Ethereum.",
    ]


def test_what_any_list_of_the_issuers_says_to_be_withdrawn_is_withdrawn():
    """Before its head is final, and after another head has taken its place."""
    for signed in (AT - HOUR / 4, AT - 5 * HOUR):
        withdrawn = status_list([7], signed=signed)
        for lists in ([withdrawn], [withdrawn, NEW], [NEW, withdrawn]):
            assert _told(RECORD, lists=lists) == ("failed", "status.revoked")
    assert _told(lists=[status_list([7])]) == ("failed", "status.revoked")
    by_mallory = status_list([7], issuer=MALLORY)
    assert _told(RECORD, lists=[by_mallory, NEW]) == PASSED


def test_a_suspension_is_read_from_the_list_that_counts():
    document = promising(entries=[entry(purpose="suspension")])
    then = status_list([7], purpose="suspension", signed=AT - 3 * HOUR)
    now = status_list(purpose="suspension", signed=AT - HOUR)
    lifted, still = Heads({LIST: head(now, 2)}), Heads({LIST: head(then, 1, set_at=AT - 2.5 * HOUR)})
    assert _told(lifted, lists=[then, now], document=document) == PASSED
    assert _told(still, lists=[then, now], document=document) == ("failed", "status.suspended")
    assert _told(lifted, lists=[then], document=document) == ROLLED_BACK


# Heads that are missing


@pytest.mark.threat(48)
def test_a_missing_head_fails_only_where_one_was_promised():
    empty = Heads()
    report = judged(DOCUMENT, material=shown(empty, lists=[NEW]), trust=TRUST)
    assert (report.verdict, report.sentence) == ("rejected", "refused")
    assert found(report.credentials[0], "status") == NO_LIST
    said = [wording(report, language).credentials[0] for language in ("en", "pl")]
    assert [(each.sentence, each.rows[2].text) for each in said] == [
        (
            "Genuine, but your rules do not accept it: the anchored withdrawal list it promises is not there.",
            "It promises an anchored withdrawal list; Ethereum holds none.",
        ),
        (
            "Dokument autentyczny, ale nie spełnia Twoich zasad: brak zakotwiczonej listy wycofań, którą zapowiada.",
            "Zapowiada zakotwiczoną listę wycofań; w sieci Ethereum jej nie ma.",
        ),
    ]
    assert _told(empty, lists=[]) == NO_LIST
    for record in (empty, RECORD, Heads({LIST: OLD_HEAD})):
        assert _told(record, document=pointing()) == PASSED
    anchor_only = promising(HEADS.record)
    assert _told(empty, document=anchor_only) == PASSED


def test_that_there_was_none_before_the_document_was_signed_says_nothing_of_it():
    young = Heads(time=AT - 40 * DAY, number=10)
    archive = built_in("archive")
    assert _told(young, policy=archive) == ("indeterminate", "status.head.stale")
    assert _told(Heads(time=AT - 20 * DAY, number=10), policy=archive) == NO_LIST
    assert _told(Heads(time=AT - 8 * DAY, number=10)) == ("indeterminate", "status.head.stale")
    assert _told(Heads(time=AT - 6 * DAY, number=10)) == NO_LIST


def test_without_a_proof_it_is_not_known():
    material = VerificationMaterial(status_lists=(copy_of(NEW),))
    assert found(one(DOCUMENT, material=material, trust=TRUST), "status") == ("indeterminate", "status.head.unproven")
    assert _told(RECORD, checkpoints=()) == ("indeterminate", "status.head.untrusted_block")
    elsewhere = replace(RECORD.proof(), origin=Origin.LIVE)
    assert _told(RECORD, facts=(elsewhere,), checkpoints=(), blocks=(live(RECORD.state, Origin.FILE),)) == (
        "indeterminate",
        "status.head.untrusted_block",
    )
    assert _told(RECORD, checkpoints=(), blocks=(live(RECORD.state),)) == PASSED
    report = judged(DOCUMENT, material=material, trust=TRUST)
    assert wording(report, "en").credentials[0].rows[2].text == (
        "Not checked. Last known: not withdrawn on 12 June 2026, 13:03 UTC."
    )
    assert _told(RECORD, lists=[]) == ("indeterminate", "status.not_checked")


def test_a_copy_that_the_head_names_and_nobody_can_read_says_why():
    unsigned = published({name: value for name, value in NEW.items() if name != "proof"})
    record = Heads({LIST: head(unsigned, 2)})
    assert _told(record, lists=[unsigned, OLD])[1].startswith("status.list.")
    assert _told(record, lists=[unsigned])[1].startswith("status.list.")


def test_a_list_that_says_suspended_is_not_said_to_have_been_good():
    document = promising(entries=[entry(purpose="suspension")])
    for values, known in (([7], False), ([], True)):
        lists = status_list(values, purpose="suspension", signed=AT - HOUR)
        ended = Heads({LIST: head(lists, 2, until=AT - HOUR / 4)})
        for records, code in (((), "status.head.unproven"), ((ended,), "status.head.ended")):
            check = one(document, material=shown(*records, lists=[lists]), trust=TRUST).check(CheckName.STATUS)
            assert check.code == code
            assert ("last_known" in check.evidence) is known


# Freeze


@pytest.mark.threat(48)
def test_a_head_counts_until_its_own_end():
    for until, code in ((AT - HOUR / 4, "status.head.ended"), (AT - timedelta(seconds=60), "status.passed")):
        assert _told(Heads({LIST: head(NEW, 2, until=until)}))[1] == code
        assert _told(Heads({LIST: head(NEW, 2, until=until)}), policy=ARCHIVE) == PASSED
    ended = status_list(signed=AT - 2 * HOUR, until=AT - HOUR)
    record = Heads({LIST: head(ended, 2)})
    assert _told(record, lists=[ended]) == ("indeterminate", "status.list.ended")
    assert _told(record, lists=[ended], policy=ARCHIVE) == PASSED


@pytest.mark.threat(48)
@pytest.mark.parametrize(
    ("age", "everyday", "strict"),
    [
        (timedelta(hours=23), "status.passed", "status.passed"),
        (timedelta(days=2), "status.passed", "status.head.stale"),
        (timedelta(days=8), "status.head.stale", "status.head.stale"),
    ],
)
def test_a_block_counts_up_to_the_longest_age_of_the_policy(age, everyday, strict):
    """Whoever keeps newer blocks back can freeze what is known for so long, and no longer."""
    lists = status_list(signed=AT - 9 * DAY, until=AT + DAY)
    record = Heads({LIST: head(lists, 2, set_at=AT - 8.5 * DAY)}, time=AT - age)
    assert [_told(record, lists=[lists], policy=policy)[1] for policy in (EVERYDAY, STRICT)] == [everyday, strict]
    assert _told(record, lists=[lists], policy=ARCHIVE) == PASSED
    later = replace(EVERYDAY, head_age=timedelta(days=9))
    assert _told(record, lists=[lists], policy=later) == PASSED


def test_a_list_of_long_ago_counts_while_its_head_does():
    """That none followed is what the block shows; the date of the signature does not matter then."""
    lists = status_list(signed=AT - 30 * DAY, until=AT + 30 * DAY)
    record = Heads({LIST: head(lists, 1, set_at=AT - 29 * DAY, until=AT + 30 * DAY)})
    assert _told(record, lists=[lists], policy=STRICT, document=promising()) == PASSED
    assert _told(record, lists=[lists], document=pointing()) == ("indeterminate", "status.list.stale")


def test_a_frozen_answer_says_as_of_when_it_was_good():
    record = Heads({LIST: NEW_HEAD}, time=AT - 8 * DAY)
    lists = status_list(signed=AT - 9 * DAY, until=AT + DAY)
    record = Heads({LIST: head(lists, 2, set_at=AT - 8.5 * DAY)}, time=AT - 8 * DAY)
    report = judged(DOCUMENT, material=shown(record, lists=[lists]), trust=TRUST)
    assert report.verdict == "cannot_tell"
    assert wording(report, "en").credentials[0].rows[2].text == (
        "Not checked. Last known: not withdrawn on 4 June 2026, 14:03 UTC."
    )


def test_a_sealed_head_ends_the_question():
    lists = status_list(signed=AT - 3000 * DAY, until=SEALED_UNTIL)
    record = Heads({LIST: head(lists, 9, set_at=AT - 2999 * DAY, sealed=True)})
    report = judged(DOCUMENT, material=shown(record, lists=[lists]), trust=TRUST)
    assert report.verdict == "accepted"
    assert wording(report, "en").credentials[0].rows[2].text == (
        "Not withdrawn as of 12 June 2026, 13:53 UTC (final list, closed by the issuer)."
    )
    long_ago = replace(record, time=AT - 2000 * DAY)
    now = {"checkpoints": (), "blocks": (live(long_ago.state),)}
    assert _told(long_ago, lists=[lists], policy=ARCHIVE, **now) == PASSED
    assert _told(long_ago, lists=[lists], **now) == ("indeterminate", "status.head.stale")
    assert _told(record, lists=[NEW]) == OTHER_LIST


def test_as_of_an_earlier_time():
    """A head that was set later says nothing of then; one that was there already does, in whatever block."""
    before = Heads({LIST: OLD_HEAD}, number=900, time=AT - 2 * HOUR)
    then = AT - 1.5 * HOUR
    later = replace(before, time=AT)
    blocks = {"checkpoints": (), "blocks": (live(RECORD.state), live(before.state))}
    assert _told(RECORD, before, lists=[OLD], at=then, **blocks) == PASSED
    assert _told(RECORD, lists=[OLD], at=then, **blocks) == ("indeterminate", "status.head.later")
    at_once = {"checkpoints": (), "blocks": (live(later.state),)}
    assert _told(later, lists=[OLD], at=then, **at_once) == PASSED
    checked = one(DOCUMENT, material=shown(later, lists=[OLD], **at_once), trust=TRUST, at=then)
    assert checked.check(CheckName.STATUS).evidence["time"] == utc(then)


# Eras and equivocation


def test_an_era_comes_before_a_version():
    recovered = Heads({LIST: replace(NEW_HEAD, era=1, version=1)})
    thief = Heads({LIST: replace(OLD_HEAD, version=99)}, number=900, time=AT - 2 * HOUR)
    assert _told(recovered, thief) == PASSED
    assert _told(recovered, thief, lists=[OLD]) == ROLLED_BACK


def test_a_chain_that_says_two_things_is_not_believed():
    other = Heads({LIST: replace(OLD_HEAD, version=2)}, number=900, time=AT - 2 * HOUR)
    assert _told(RECORD, other) == EQUIVOCATED
    ahead = Heads({LIST: replace(OLD_HEAD, version=3)}, number=900, time=AT - 2 * HOUR)
    assert _told(RECORD, ahead) == ROLLED_BACK
    gone = Heads(number=1001, time=AT - timedelta(minutes=1))
    assert _told(RECORD, gone) == EQUIVOCATED


def test_an_issuer_that_signs_two_lists_at_once():
    document = promising(entries=[entry(purpose="suspension")])
    good = status_list(purpose="suspension", signed=AT - HOUR)
    bad = status_list([7], purpose="suspension", signed=AT - HOUR)
    record = Heads({LIST: head(good, 2)})
    assert _told(record, lists=[good], document=document) == PASSED
    assert _told(record, lists=[good, bad], document=document) == EQUIVOCATED
    report = judged(document, material=shown(record, lists=[good, bad]), trust=TRUST)
    texts = [wording(report, language).credentials[0].rows[2].text for language in ("en", "pl")]
    assert texts == [
        "There are two answers to which list counts (Ethereum).",
        "Są dwie odpowiedzi na to, która lista obowiązuje (Ethereum).",
    ]


# Whose record, and where: threat 104

FOREIGN = RecordName(CHAIN.id, HEADS.contract, STRANGE, HEADS.promise)


@pytest.mark.threat(104)
def test_a_fresher_head_in_anothers_namespace_changes_nothing():
    fresher = head(OLD, 99, set_at=AT - HOUR / 4, era=7)
    both = replace(RECORD, foreign={FOREIGN: fresher})
    alone = Heads(foreign={FOREIGN: fresher})
    proofs = (both.proof(), both.proof(name=FOREIGN))
    for trust in (TRUST, trusting(ISSUER, names=(HEADS.record, FOREIGN.record))):
        for facts in (proofs, proofs[::-1]):
            assert _told(both, facts=facts, lists=[OLD], trust=trust) == ROLLED_BACK
            assert _told(both, facts=facts, trust=trust) == PASSED
        hidden = _told(both, facts=proofs[1:], lists=[OLD], trust=trust)
        assert hidden == ("indeterminate", "status.head.unproven")
        assert _told(alone, facts=(alone.proof(), alone.proof(name=FOREIGN)), lists=[OLD], trust=trust) == NO_LIST
    relabelled = replace(both.proof(name=FOREIGN), questions=both.proof().questions)
    assert _told(both, facts=(relabelled,), lists=[OLD]) == ("indeterminate", "status.head.untrusted_block")


@pytest.mark.threat(104)
def test_a_record_that_is_not_its_issuers_counts_nothing():
    document = promising(FOREIGN)
    foreign = Heads({LIST: NEW_HEAD}, name=FOREIGN)
    namespace = ("indeterminate", "status.head.namespace")
    assert _told(foreign, document=document) == namespace
    assert _told(Heads(name=FOREIGN), document=document) == namespace
    assert _told(foreign, document=document, trust=trusting(MALLORY, names=(FOREIGN.record,))) == namespace
    assert _told(foreign, document=document, trust=trusting(ISSUER, names=(FOREIGN.record,))) == PASSED
    assert _told(RECORD, foreign, document=promising(HEADS, FOREIGN)) == namespace


@pytest.mark.threat(104)
def test_the_same_list_on_another_chain_or_in_another_contract():
    other_chain = Chain(5150, bytes([9]) * 32)
    elsewhere = replace(HEADS, chain_id=other_chain.id)
    chains = (trusted_chain(), replace(trusted_chain(chain=other_chain), name="Elsewhere"))
    trust = trusting(ISSUER, names=(HEADS.record, elsewhere.record), chains=chains)
    fresher = Heads({LIST: head(OLD, 99)}, name=elsewhere, chain=other_chain)
    assert _told(RECORD, fresher, lists=[OLD], trust=trust) == ROLLED_BACK
    assert _told(RECORD, fresher, trust=trust) == PASSED
    assert _told(fresher, lists=[OLD], trust=trust) == ("indeterminate", "status.head.unproven")
    contract = replace(HEADS, contract=bytes([3]) * 20)
    other_contract = Heads({LIST: head(OLD, 99)}, name=contract, number=1001)
    assert _told(RECORD, other_contract, lists=[OLD]) == ROLLED_BACK
    assert _told(other_contract, lists=[OLD]) == ("indeterminate", "status.head.unproven")
    assert _told(other_contract, lists=[OLD], document=promising(contract)) == (
        "indeterminate",
        "status.head.other_contract",
    )


def test_a_head_of_another_list_says_nothing_of_this_one():
    record = Heads({OTHER: head(NEW, 2)})
    assert _told(record) == NO_LIST
    assert _told(record, urls=(OTHER,)) == ("indeterminate", "status.head.unproven")


def test_all_records_that_can_be_known_have_to_agree():
    second = Chain(5150, bytes([9]) * 32)
    other = replace(HEADS, chain_id=second.id)
    document = promising(HEADS, other)
    both = trusting(
        ISSUER,
        names=(HEADS.record, other.record),
        chains=(trusted_chain(), replace(trusted_chain(chain=second), name="Second")),
    )
    agreeing = Heads({LIST: NEW_HEAD}, name=other, chain=second)
    behind = Heads({LIST: OLD_HEAD}, name=other, chain=second)
    empty = Heads(name=other, chain=second)
    assert _told(RECORD, agreeing, document=document, trust=both) == PASSED
    assert _told(RECORD, behind, document=document, trust=both) == OTHER_LIST
    assert _told(RECORD, empty, document=document, trust=both) == NO_LIST
    assert _told(RECORD, document=document, trust=both) == ("indeterminate", "status.head.unproven")
    assert _told(RECORD, document=document) == PASSED  # the verifier does not know the second chain


@pytest.mark.parametrize(
    ("chains", "code"),
    [
        ((trusted_chain(ChainKind.TEST),), "test_network"),
        ((), "unknown_network"),
        ((trusted_chain(ChainKind.LOCAL),), None),
    ],
)
def test_chains_that_the_verifier_does_not_count(chains, code):
    told = _told(RECORD, trust=trusting(ISSUER, chains=chains))
    assert told == (PASSED if code is None else ("indeterminate", f"status.head.{code}"))


@pytest.mark.threat(104)
def test_a_record_by_the_issuers_own_document():
    lists = status_list(issuer=UNIVERSITY)
    document = UNIVERSITY.sign(badge(UNIVERSITY, credentialStatus=[entry()], evidence=[HEADS.entry()]))
    record = Heads({LIST: head(lists, 2)})
    chains = Trust(chains=(trusted_chain(),))
    for named, answer in (
        (HEADS.record, PASSED),
        (FOREIGN.record, ("indeterminate", "status.head.namespace")),
        (HEADS, PASSED),
    ):
        service = {"id": "#time", "type": "TrustAnchorNamespace", "serviceEndpoint": str(named)}
        trust = replace(chains, documents={UNIVERSITY.did: UNIVERSITY.document() | {"service": [service]}})
        assert _told(record, lists=[lists], document=document, trust=trust) == answer


def test_each_entry_has_the_head_of_its_own_list():
    second = status_list(url=OTHER, signed=AT - HOUR)
    document = promising(entries=[entry(), entry(list_url=OTHER)])
    record = Heads({LIST: NEW_HEAD, OTHER: head(second, 5)})
    lists = [copy_of(published(NEW)), copy_of(published(second), url=OTHER)]
    assert _told(record, lists=lists, document=document, urls=(LIST, OTHER)) == PASSED
    half = Heads({LIST: NEW_HEAD})
    assert _told(half, lists=lists, document=document, urls=(LIST, OTHER)) == NO_LIST
    entry_ = one(document, material=shown(record, lists=lists, urls=(LIST, OTHER)), trust=TRUST)
    told = entry_.check(CheckName.STATUS).evidence["entries"]
    assert [each["heads"][0]["version"] for each in told] == [2, 5]
    assert seen_in(entry_)


def test_a_head_that_only_tells_of_a_newer_document_decides_nothing():
    document = promising(entries=[entry(purpose="refresh")])
    assert _told(Heads(), lists=[], document=document)[0] == "not_applicable"
