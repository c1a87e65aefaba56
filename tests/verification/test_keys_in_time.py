"""Keys in time: a signature is judged by what its key was when something anchored shows that it existed."""

import asyncio
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    run_state_machine_as_test,
)
from jose_support import vc_jwt
from keys_in_time_support import (
    DAY,
    PARTIES,
    START,
    UPDATES,
    KeysInTime,
    Log,
    document,
    finding,
    stamp,
)
from verification_support import (
    AT,
    MALLORY,
    STRICT,
    credential,
    found,
    one,
    party,
)

from did_methods.resolution import Resolution
from did_methods.webvh import LOG_FILE
from did_methods.webvh_create import deactivate, update
from node.proofs.proof import proofs_of
from node.verification.check import CheckName, Outcome
from node.verification.did_logs import LOG_TOOLS
from node.verification.gather import gather
from node.verification.material import Origin, VerificationMaterial
from node.verification.sources import Sources
from node.verification.trust import Trust


@pytest.mark.threat(22)
@pytest.mark.threat(109)
def test_a_key_is_judged_by_what_it_was_at_the_anchored_time():
    run_state_machine_as_test(
        KeysInTime,
        settings=settings(
            max_examples=20, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture
def rotated():
    """A log in which the first key was replaced after a hundred days."""
    log = Log(PARTIES[0], START)
    log.publish(dict.fromkeys(PARTIES[:2]), [PARTIES[1]], START + 100 * DAY)
    return log


@pytest.mark.threat(22)
def test_a_backdated_signature_of_a_replaced_key_stays_undecided(rotated):
    for created in (START + DAY, START + 99 * DAY, START + 200 * DAY):
        entry = one(rotated.signed(PARTIES[0], created), material=rotated.material(AT))
        assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.replaced")
        assert found(entry, "proof") == ("passed", "proof.passed")
        assert entry.verdict == "cannot_tell"
    assert one(rotated.signed(PARTIES[1], START), material=rotated.material(AT)).verdict == "accepted"


@pytest.mark.threat(22)
def test_a_revoked_key_fails_unless_it_signed_before():
    log = Log(PARTIES[0], START)
    keys = {PARTIES[0]: START + 50 * DAY, PARTIES[1]: None}
    log.publish(keys, [PARTIES[1]], START + 100 * DAY)
    (proof,) = proofs_of(log.signed(PARTIES[0], START))
    assert finding(log, proof, AT).code == "issuer_key.revoked"
    for days, outcome in ((49, "passed"), (50, "failed"), (75, "failed"), (150, "failed")):
        assert finding(log, proof, AT, anchored=START + days * DAY).outcome == outcome
    entry = one(log.signed(PARTIES[0], START), material=log.material(AT))
    assert (found(entry, "issuer_key"), entry.verdict) == (("failed", "issuer_key.revoked"), "rejected")
    # The version that is asked is the one of then, which knew of nothing; the date is the one that was told later.
    assert finding(log, proof, AT, anchored=START + 75 * DAY).evidence["revoked"] == stamp(START + 50 * DAY)


def test_an_anchor_of_after_the_time_of_judging_is_not_there_yet(rotated):
    (proof,) = proofs_of(rotated.signed(PARTIES[0], START))
    assert finding(rotated, proof, START + 50 * DAY, anchored=START + 60 * DAY).evidence["time"] == "judging"
    assert finding(rotated, proof, AT, anchored=START + 60 * DAY).outcome is Outcome.PASSED
    # Judged as of a day on which the key was the issuer's, by a log that says more.
    assert finding(rotated, proof, AT, anchored=START - DAY).code == "issuer_key.not_yet"


@pytest.fixture
def reused():
    """A log in which the id `#key` was given from the first key to the second after a hundred days."""
    log = Log(PARTIES[0], START)
    contents = [json.loads(log.data)["state"], document(log.did, {PARTIES[1]: None}, [PARTIES[1]])]
    for days, each, who in zip((1, 100), contents, PARTIES[:2], strict=True):
        renamed = json.loads(json.dumps(each).replace(f"#{who.private.public.to_multibase()}", "#key"))
        log.data = update(log.data, {}, UPDATES, LOG_TOOLS, at=START + days * DAY, document=renamed)
    return log


def by_reused(log, who, **members):
    return who.sign(credential(issuer=log.did, **members), method=f"{log.did}#key", created=START)


@pytest.mark.threat(22)
def test_an_id_that_was_given_to_another_key_means_what_it_meant_then(reused):
    (proof,) = proofs_of(by_reused(reused, PARTIES[0]))
    for days, who in ((50, PARTIES[0]), (150, PARTIES[1])):
        told = finding(reused, proof, AT, anchored=START + days * DAY)
        assert (told.outcome, told.public_key) == (Outcome.PASSED, who.private.public)
    now = finding(reused, proof, AT)
    assert now.public_key == PARTIES[1].private.public
    assert [(other.code, other.public_key) for other in now.others] == [
        ("issuer_key.replaced", PARTIES[0].private.public)
    ]


@pytest.mark.threat(22)
def test_an_old_signature_under_an_id_that_another_key_has_is_undecided_and_not_wrong(reused):
    entry = one(by_reused(reused, PARTIES[0]), material=reused.material(AT))
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.replaced")
    assert found(entry, "proof") == ("passed", "proof.passed")
    assert entry.verdict == "cannot_tell"
    assert one(by_reused(reused, PARTIES[1]), material=reused.material(AT)).verdict == "accepted"
    for stranger in (PARTIES[2], MALLORY):
        entry = one(by_reused(reused, stranger), material=reused.material(AT))
        assert (found(entry, "proof")[0], entry.verdict) == ("failed", "rejected")


@pytest.mark.threat(22)
@pytest.mark.parametrize(("keys", "outcome"), [(15, "failed"), (16, "indeterminate"), (20, "indeterminate")])
def test_an_id_that_had_more_keys_than_are_tried_leaves_a_stranger_undecided(keys, outcome):
    log = Log(PARTIES[0], START)
    for number in range(keys):
        who = party(100 + number)
        name = who.private.public.to_multibase()
        text = json.dumps(document(log.did, {who: None}, [who])).replace(f"#{name}", "#key")
        log.data = update(log.data, {}, UPDATES, LOG_TOOLS, at=START + (number + 1) * DAY, document=json.loads(text))
    entry = one(by_reused(log, MALLORY), material=log.material(AT))
    assert found(entry, "proof")[0] == outcome
    assert one(by_reused(log, party(100 + keys - 1)), material=log.material(AT)).verdict == "accepted"


@pytest.mark.threat(22)
def test_a_token_under_such_an_id_is_undecided_too(reused):
    def judged_token(who):
        return one(vc_jwt(credential(issuer=reused.did), who, kid=f"{reused.did}#key"), material=reused.material(AT))

    entry = judged_token(PARTIES[0])
    assert (found(entry, "issuer_key")[1], found(entry, "proof")[0]) == ("issuer_key.replaced", "passed")
    assert entry.verdict == "cannot_tell"
    assert judged_token(PARTIES[1]).verdict == "accepted"
    assert judged_token(PARTIES[2]).verdict == "rejected"


@pytest.mark.threat(22)
def test_a_token_that_names_no_key_is_by_the_one_key_of_some_version(rotated):
    def judged_token(who):
        return one(vc_jwt(credential(issuer=rotated.did), who, kid=None), material=rotated.material(AT))

    def both():
        return [found(judged_token(who), "issuer_key")[1] for who in PARTIES[:2]]

    assert both() == ["issuer_key.replaced", "issuer_key.passed"]
    assert judged_token(PARTIES[2]).verdict == "rejected"
    rotated.data = deactivate(rotated.data, UPDATES, LOG_TOOLS, at=START + 200 * DAY)
    assert both() == ["issuer_key.replaced", "issuer_key.replaced"]


@pytest.mark.threat(22)
def test_a_token_that_names_no_key_could_be_by_any_of_several(rotated):
    rotated.publish(dict.fromkeys(PARTIES[1:3]), PARTIES[1:3], START + 200 * DAY)
    entry = one(vc_jwt(credential(issuer=rotated.did), PARTIES[2], kid=None), material=rotated.material(AT))
    assert found(entry, "issuer_key") == ("indeterminate", "verification_method.open")


@pytest.fixture
def given_up(rotated):
    """The same, given up after two hundred days."""
    rotated.data = deactivate(rotated.data, UPDATES, LOG_TOOLS, at=START + 200 * DAY)
    return rotated


@pytest.mark.threat(22)
def test_an_identifier_that_was_given_up_speaks_no_more_but_what_it_said_was_said(given_up):
    (proof,) = proofs_of(given_up.signed(PARTIES[1], START))
    for days, code in ((150, "passed"), (199, "passed"), (200, "replaced"), (250, "replaced"), (50, "not_yet")):
        assert finding(given_up, proof, AT, anchored=START + days * DAY).code == f"issuer_key.{code}"
    entry = one(given_up.signed(PARTIES[1], START), material=given_up.material(AT))
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.replaced")
    assert entry.verdict == "cannot_tell"
    assert finding(given_up, proof, START + 150 * DAY).outcome is Outcome.PASSED


@pytest.mark.threat(22)
def test_gathering_keeps_the_log_of_an_identifier_that_was_given_up(given_up):
    item = given_up.material(AT).documents[given_up.did]

    async def resolve(_did):
        return Resolution(item.document, {"deactivated": True}, files={LOG_FILE: given_up.data})

    signed = given_up.signed(PARTIES[1], START)
    material = asyncio.run(gather(signed, Sources(resolve, lambda: AT), Trust()))
    assert found(one(signed, material=material), "issuer_key") == ("indeterminate", "issuer_key.replaced")
    assert (
        one(MALLORY.sign(signed, method=signed["proof"]["verificationMethod"]), material=material).verdict != "accepted"
    )


@pytest.mark.threat(109)
def test_a_log_that_was_written_in_one_go_dates_nothing():
    """Complete, valid, and made today: its dates are ten years old because its controller says so."""
    fabricated = Log(PARTIES[0], AT - 3650 * DAY)
    for number in range(1, 5):
        keys = dict.fromkeys(PARTIES[: number + 1])
        fabricated.publish(keys, [PARTIES[0], PARTIES[number]], AT - (3650 - 365 * number) * DAY)
    signed = fabricated.signed(PARTIES[0], AT - 3000 * DAY)
    entry = one(signed, material=fabricated.material(AT))
    assert entry.check(CheckName.ISSUER_KEY).evidence["evidence"] == "self-declared"
    entry = one(signed, material=fabricated.material(AT), policy=STRICT)
    assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.undated")
    assert entry.verdict == "cannot_tell"
    (proof,) = proofs_of(signed)
    assert finding(fabricated, proof, AT, anchored=AT - DAY, policy=STRICT).code == "issuer_key.undated"


@pytest.mark.threat(101)
@pytest.mark.threat(23)
def test_a_log_from_the_file_proves_itself_but_not_that_nothing_followed(rotated):
    """A stolen key of before, and a log that was cut where it was still in force."""
    cut = rotated.data.split(b"\n")[0] + b"\n"
    signed = rotated.signed(PARTIES[0], START)
    for data in (cut, rotated.data):
        entry = one(signed, material=rotated.material(AT, Origin.FILE, data))
        assert found(entry, "issuer_key") == ("indeterminate", "issuer_key.from_file")
        assert entry.verdict == "cannot_tell"


@pytest.mark.threat(23)
@pytest.mark.parametrize("origin", [Origin.LIVE, Origin.FILE])
def test_files_that_prove_nothing_make_a_document_nobodys(rotated, origin):
    signed = rotated.signed(PARTIES[1], START)
    good = rotated.material(AT, origin).documents[rotated.did]
    lines = rotated.data.split(b"\n")
    other = Log(PARTIES[1], START)
    bad = {
        "no log": {"did.txt": rotated.data},
        "empty": {LOG_FILE: b""},
        "swapped": {LOG_FILE: b"\n".join(reversed(lines))},
        "without a beginning": {LOG_FILE: lines[1]},
        "altered": {LOG_FILE: rotated.data.replace(PARTIES[1].private.public.to_multibase().encode(), b"z6Mk")},
        "another's": {LOG_FILE: other.data},
    }
    for name, files in bad.items():
        material = VerificationMaterial({rotated.did: replace(good, files=files)})
        entry = one(signed, material=material)
        outcome, code = found(entry, "issuer_key")
        assert outcome == "indeterminate", name
        assert code != "issuer_key.passed", name
        assert entry.verdict == "cannot_tell", name
