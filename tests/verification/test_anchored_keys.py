"""Keys in time, by real receipts: rotate, revoke, sign and anchor in any order, over logs of did:webvh."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, multiple, rule, run_state_machine_as_test
from jose_support import vc_jwt
from keys_in_time_support import DAY, PARTIES, START, UPDATES, KeysInTime, Log, stamp
from keys_in_time_support import document as log_document
from ledger_support import (
    NAME,
    STRANGE,
    Case,
    Record,
    anchored,
    checkpoint,
    commitments,
    ledgers,
    naming,
    pending,
    trusted_chain,
    trusting,
)
from verification_support import AT, MALLORY, STRICT, Party, badge, found, one

from did_methods.webvh_create import update
from node.proofs.commitment import commitment_of
from node.proofs.jose.jws import parse_jws, verify_jws
from node.verification.check import CheckName, Outcome
from node.verification.did_logs import LOG_TOOLS
from node.verification.material import Origin
from node.verification.trust import Trust


def signed(log, who, created=START, **members):
    """An award by the controller of a log, that names its record."""
    method = f"{log.did}#{who.private.public.to_multibase()}"
    document = badge(Party(who.private, log.did), evidence=naming(), **members)
    return who.sign(document, method=method, created=created)


def trust_in(log, **members):
    return trusting(Party(MALLORY.private, log.did), **members)


class KeysAndReceipts(KeysInTime):
    """The same, and what is anchored is shown by nothing but a receipt and a checkpoint."""

    issued = Bundle("issued")

    @rule(target=issued, choice=st.integers(0, 9), backdated=st.integers(-100, 3000))
    def issue(self, choice, backdated):
        """Whoever holds a key signs, with any date; a receipt is there at once, of a batch that waits."""
        if len(self.seen) >= 4:
            return multiple()
        key = list(self.listed)[choice % len(self.listed)]
        document = signed(self.log, key, self.now - backdated * DAY, id=f"urn:uuid:{len(self.seen)}")
        made = (key, document, *pending(commitments(document, key)[0], NAME, document["id"]))
        self.seen.append(made)
        return made

    @rule(made=issued)
    def anchor(self, made):
        """The batch is written down, once and for all."""
        if id(made) not in self.anchors:
            self.anchors[id(made)] = self.now
            self._record.anchor(made[2], self.now, 100 + len(self.anchors))

    @property
    def _record(self):
        if not hasattr(self, "record"):
            self.record = Record()
        return self.record

    @invariant()
    def judged_by_the_anchored_time_alone(self):
        if not getattr(self, "seen", ()):
            return
        record = replace(self._record, time=self.now, number=1000)
        state = record.state
        material = self.log.material(self.now)
        trust = trust_in(self.log)
        for made in self.seen:
            key, document, _, receipt = made
            time = self.anchors.get(id(made))
            expected = self._expected(key, time or self.now)
            shown = receipt if time is None else record.final(receipt)
            evidence = ledgers(material, receipts=(shown.encode(),), checkpoints=(checkpoint(state),))
            entry = one(document, material=evidence, trust=trust, at=self.now)
            check = entry.check(CheckName.ISSUER_KEY)
            assert check.outcome is expected, (check.code, check.evidence)
            assert check.evidence["time"] == ("judging" if time is None else "anchored")
            assert entry.check(CheckName.ANCHOR).outcome is (Outcome.INDETERMINATE if time is None else Outcome.PASSED)
            if time is not None:
                assert check.evidence["anchoredAt"] == stamp(time)
            strict = one(document, material=evidence, trust=trust, at=self.now, policy=STRICT)
            known = strict.check(CheckName.ISSUER_KEY).outcome
            assert known is (expected if expected is Outcome.FAILED else Outcome.INDETERMINATE)


@pytest.mark.threat(22)
@pytest.mark.threat(107)
def test_a_key_is_judged_by_what_it_was_when_a_receipt_shows_its_signature():
    run_state_machine_as_test(
        KeysAndReceipts,
        settings=settings(
            max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


@pytest.fixture
def rotated():
    """A log in which the first key was replaced after a hundred days."""
    log = Log(PARTIES[0], START)
    log.publish(dict.fromkeys(PARTIES[:2]), [PARTIES[1]], START + 100 * DAY)
    return log


def _judged(log, document, material, **inputs):
    return one(
        document, material=replace(material, documents=log.material(AT).documents), **{"trust": trust_in(log)} | inputs
    )


@pytest.mark.threat(22)
def test_a_replaced_key_counts_for_what_was_anchored_before(rotated):
    document = signed(rotated, PARTIES[0])
    before = _judged(rotated, document, anchored(document, PARTIES[0], START + 50 * DAY).material())
    assert found(before, "issuer_key") == ("passed", "issuer_key.passed")
    assert before.check(CheckName.ISSUER_KEY).evidence["anchoredAt"] == stamp(START + 50 * DAY)
    assert (before.verdict, before.sentence) == ("accepted", "genuine")
    after = _judged(rotated, document, anchored(document, PARTIES[0], START + 150 * DAY).material())
    assert found(after, "issuer_key") == ("indeterminate", "issuer_key.replaced")
    assert found(after, "anchor") == ("passed", "anchor.passed")
    assert after.verdict == "cannot_tell"
    without = _judged(rotated, document, ledgers())
    assert found(without, "issuer_key") == ("indeterminate", "issuer_key.replaced")


@pytest.mark.threat(22)
@pytest.mark.parametrize(("day", "outcome"), [(49, "passed"), (50, "failed"), (75, "failed"), (150, "failed")])
def test_a_revoked_key_counts_for_what_was_anchored_before(day, outcome):
    log = Log(PARTIES[0], START)
    log.publish({PARTIES[0]: START + 50 * DAY, PARTIES[1]: None}, [PARTIES[1]], START + 100 * DAY)
    document = signed(log, PARTIES[0])
    entry = _judged(log, document, anchored(document, PARTIES[0], START + day * DAY).material())
    assert found(entry, "issuer_key")[0] == outcome
    assert entry.verdict == ("accepted" if outcome == "passed" else "rejected")


@pytest.mark.threat(107)
def test_a_thief_of_a_key_that_was_revoked_has_no_way_back():
    """He has the key and the network, and not the authority of the namespace."""
    log = Log(PARTIES[0], START)
    log.publish({PARTIES[0]: START + 50 * DAY, PARTIES[1]: None}, [PARTIES[1]], START + 100 * DAY)
    theirs = replace(NAME, namespace=STRANGE)
    for names in ((NAME,), (theirs,), (NAME, theirs)):
        method = f"{log.did}#{PARTIES[0].private.public.to_multibase()}"
        forged = PARTIES[0].sign(badge(Party(PARTIES[0].private, log.did), evidence=naming(*names)), method=method)
        record = Record(theirs)
        tree, receipt = pending(commitments(forged, PARTIES[0])[0], theirs, forged["id"])
        record.anchor(tree, START + 10 * DAY)  # even if he had thought of it in time
        entry = _judged(log, forged, Case(forged, record.final(receipt), record).material())
        assert found(entry, "issuer_key") == ("failed", "issuer_key.revoked")
        assert entry.verdict == "rejected"


@pytest.mark.threat(22)
def test_an_anchor_dates_the_proof_that_it_is_of_and_no_other(rotated):
    """Of a set, the old key's proof is not saved by the anchor of another one."""
    one_, other = signed(rotated, PARTIES[0]), signed(rotated, PARTIES[0], START + DAY)
    both = {**one_, "proof": [one_["proof"], other["proof"]]}
    material = anchored(one_, PARTIES[0], START + 50 * DAY).material()
    assert found(_judged(rotated, one_, material), "issuer_key")[0] is Outcome.PASSED
    assert found(_judged(rotated, other, material), "issuer_key")[0] is Outcome.INDETERMINATE
    entry = _judged(rotated, both, material)
    assert found(entry, "issuer_key")[0] is Outcome.PASSED
    assert [proof["key"]["outcome"] for proof in entry.check(CheckName.PROOF).evidence["proofs"]] == [
        "passed",
        "indeterminate",
    ]
    assert [proof["counts"] for proof in entry.check(CheckName.PROOF).evidence["proofs"]] == [True, False]


@pytest.mark.threat(111)
def test_the_anchor_of_a_proof_that_does_not_count_is_not_one_of_the_document(rotated):
    """The old key's proof was anchored too late; the new key's is not anchored, and nothing speaks against it."""
    method = f"{rotated.did}#{PARTIES[1].private.public.to_multibase()}"
    old = signed(rotated, PARTIES[0])
    new = PARTIES[1].sign(badge(Party(PARTIES[1].private, rotated.did), evidence=naming()), method=method)
    both = {**old, "proof": [old["proof"], new["proof"]]}
    entry = _judged(rotated, both, anchored(old, PARTIES[0], START + 150 * DAY).material())
    assert found(entry, "issuer_key") == ("passed", "issuer_key.passed")
    assert entry.check(CheckName.ISSUER_KEY).evidence["time"] == "judging"
    assert found(entry, "anchor") == ("indeterminate", "anchor.no_receipt")


@pytest.mark.threat(22)
def test_a_token_by_a_replaced_key_counts_for_what_was_anchored_before(rotated):
    method = f"{rotated.did}#{PARTIES[0].private.public.to_multibase()}"
    text = vc_jwt(badge(Party(PARTIES[0].private, rotated.did), evidence=naming()), PARTIES[0], kid=method)
    verified = verify_jws(parse_jws(text), PARTIES[0].private.public, algorithms={"EdDSA"})
    for day, outcome in ((50, "passed"), (150, "indeterminate")):
        record = Record()
        tree, receipt = pending(commitment_of(verified), NAME, badge()["id"])
        record.anchor(tree, START + day * DAY)
        entry = _judged(rotated, text, Case({}, record.final(receipt), record).material())
        assert found(entry, "issuer_key")[0] == outcome
        assert found(entry, "anchor") == ("passed", "anchor.passed")


@pytest.mark.threat(22)
def test_of_several_records_the_earliest_time_counts(rotated):
    other = replace(NAME, namespace=STRANGE)
    method = f"{rotated.did}#{PARTIES[0].private.public.to_multibase()}"
    named = badge(Party(PARTIES[0].private, rotated.did), evidence=naming(other, NAME))
    document = PARTIES[0].sign(named, method=method, created=START)
    record = Record()
    receipts = []
    for name, day in ((other, 150), (NAME, 50)):
        tree, receipt = pending(commitments(document, PARTIES[0])[0], name, document["id"])
        record.anchors |= replace(record, name=name, anchors={}).written(tree, START + day * DAY)
        receipts.append(receipt)
    material = ledgers(
        receipts=tuple(record.final(receipt).encode() for receipt in receipts), checkpoints=(checkpoint(record.state),)
    )
    entry = _judged(rotated, document, material, trust=trust_in(rotated, names=[NAME, other]))
    assert found(entry, "issuer_key") == ("passed", "issuer_key.passed")
    assert entry.check(CheckName.ISSUER_KEY).evidence["anchoredAt"] == stamp(START + 50 * DAY)
    assert entry.check(CheckName.ANCHOR).evidence["time"] == stamp(START + 50 * DAY)


@pytest.mark.threat(22)
@pytest.mark.parametrize(
    ("day", "who", "code"), [(50, 0, "passed"), (150, 0, "replaced"), (150, 1, "passed"), (50, 1, "not_yet")]
)
def test_an_id_that_was_given_to_another_key_is_that_of_the_one_that_signed(day, who, code):
    """The time says which key the id meant; the signature, which one made it."""
    log = Log(PARTIES[0], START)
    for since, holder in ((1, PARTIES[0]), (100, PARTIES[1])):
        named = json.dumps(log_document(log.did, {holder: None}, [holder]))
        text = named.replace(f"#{holder.private.public.to_multibase()}", "#key")
        log.data = update(log.data, {}, UPDATES, LOG_TOOLS, at=START + since * DAY, document=json.loads(text))
    signer = PARTIES[who]
    document = signer.sign(
        badge(Party(signer.private, log.did), evidence=naming()), method=f"{log.did}#key", created=START
    )
    entry = _judged(log, document, anchored(document, signer, START + day * DAY).material())
    assert entry.check(CheckName.ISSUER_KEY).code == f"issuer_key.{code}"
    assert found(entry, "proof") == ("passed", "proof.passed")
    assert entry.check(CheckName.ANCHOR).passed


SERVICE = {"id": "#time", "type": "TrustAnchorNamespace", "serviceEndpoint": str(NAME)}


@pytest.mark.threat(107)
@pytest.mark.parametrize(("day", "passes"), [(50, True), (150, False)])
def test_a_namespace_that_was_given_up_counts_for_what_was_anchored_before(day, passes, monkeypatch):
    import keys_in_time_support as support  # noqa: PLC0415

    usual = support.document
    with monkeypatch.context() as patched:
        patched.setattr(support, "document", lambda *given: usual(*given) | {"service": [SERVICE]})
        log = Log(PARTIES[0], START)
    log.publish({PARTIES[0]: None}, [PARTIES[0]], START + 100 * DAY)
    document = signed(log, PARTIES[0])
    unlisted = Trust(chains=(trusted_chain(),))
    material = anchored(document, PARTIES[0], START + day * DAY).material()
    entry = _judged(log, document, material, trust=unlisted)
    assert found(entry, "anchor") == (("passed", "anchor.passed") if passes else ("indeterminate", "anchor.namespace"))
    assert entry.check(CheckName.ISSUER_KEY).evidence["time"] == ("anchored" if passes else "judging")
    from_file = replace(material, documents=log.material(AT, Origin.FILE).documents)
    assert found(one(document, material=from_file, trust=unlisted), "anchor") == ("indeterminate", "anchor.namespace")
    assert AT - timedelta(days=1) > START
