"""A controller whose keys come and go: its log, and a machine that judges what they signed by what was anchored."""

import json
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
)
from verification_support import (
    AT,
    EVERYDAY,
    STRICT,
    Party,
    credential,
    party,
)

from did_methods.document import Relationship
from did_methods.multikey import KeyType, PrivateKey
from did_methods.web import WebPlace
from did_methods.webvh import LOG_FILE
from did_methods.webvh_create import UpdateKey, create, unfinished_did, update
from did_methods.webvh_log import read_log
from node.proofs.data_integrity import add_proof
from node.proofs.jsonld import JsonLd
from node.proofs.options import ProofOptions
from node.proofs.proof import Proof, proofs_of
from node.proofs.signatures import local_signer
from node.verification.check import Outcome
from node.verification.did_logs import LOG_TOOLS
from node.verification.keys import KeyRing
from node.verification.material import Origin, ResolvedDocument, VerificationMaterial
from node.verification.policy import KeyEvidence
from node.verification.trust import Trust

START = datetime(2020, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
PLACE = WebPlace("university.example", None, ())
PARTIES = [party(number) for number in range(60, 70)]
ADMINISTRATOR = PrivateKey(KeyType.ED25519, bytes([99]) * 32)


class Issued(NamedTuple):
    """Something signed, and whose key it was."""

    key: Party
    proof: Proof


def _prove(document, *, method, created):
    options = ProofOptions(cryptosuite="eddsa-jcs-2022", verification_method=method, created=created)
    return add_proof(document, options, local_signer(ADMINISTRATOR), jsonld=JsonLd({}))["proof"]


UPDATES = UpdateKey(ADMINISTRATOR.public, _prove)


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def document(did, keys, listed):
    """The document of keys, each with the time of its revocation or None, of which some are listed."""
    methods = []
    for who, revoked in keys.items():
        multibase = who.private.public.to_multibase()
        method = {"id": f"{did}#{multibase}", "type": "Multikey", "controller": did, "publicKeyMultibase": multibase}
        methods.append(method if revoked is None else method | {"revoked": stamp(revoked)})
    names = [f"{did}#{who.private.public.to_multibase()}" for who in listed]
    contexts = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]
    return {"@context": contexts, "id": did, "verificationMethod": methods, "assertionMethod": names}


class Log:
    """A did:webvh and its log, as its controller publishes it."""

    def __init__(self, who, at):
        text = document(str(unfinished_did(PLACE)), {who: None}, [who])
        self.data = create(text, {}, UPDATES, LOG_TOOLS, at=at)
        self.did = json.loads(self.data)["state"]["id"]

    def publish(self, keys, listed, at):
        self.data = update(self.data, {}, UPDATES, LOG_TOOLS, at=at, document=document(self.did, keys, listed))

    def material(self, at, origin=Origin.LIVE, data=None):
        files = {LOG_FILE: self.data if data is None else data}
        version = read_log(files[LOG_FILE], LOG_TOOLS, now=at).versions[-1]
        # What is said beside the files is a lie here: it must count for nothing.
        lie = ResolvedDocument(version.document, KeyEvidence.ANCHORED, origin, at, files)
        return VerificationMaterial({self.did: lie})

    def signed(self, who, created):
        method = f"{self.did}#{who.private.public.to_multibase()}"
        return who.sign(credential(issuer=self.did), method=method, created=created)


def finding(log, proof, at, *, anchored=None, policy=EVERYDAY):
    ring = KeyRing(log.material(max(at, AT)), Trust(), policy, at, lambda _proof: anchored)
    return ring.find(proof, Relationship.ASSERTION_METHOD)


class KeysInTime(RuleBasedStateMachine):
    """A controller and those who hold its keys do what they like, in any order, over the years."""

    issued = Bundle("issued")

    @initialize()
    def begin(self):
        self.now = START
        self.listed = {PARTIES[0]: [(START, None)]}  # when each key was the issuer's
        self.revoked = {PARTIES[0]: None}
        self.current = PARTIES[0]
        self.anchors = {}
        self.log = Log(self.current, START)
        self.seen = []

    def _publish(self):
        self.log.publish(self.revoked, [self.current], self.now)

    def _rotate(self):
        assume(len(self.listed) < len(PARTIES))
        since, _ = self.listed[self.current][-1]
        self.listed[self.current][-1] = (since, self.now)
        self.current = PARTIES[len(self.listed)]
        self.listed[self.current] = [(self.now, None)]
        self.revoked[self.current] = None

    @rule(days=st.integers(1, 400))
    def wait(self, days):
        self.now += days * DAY

    @rule()
    def rotate(self):
        self.now += DAY
        self._rotate()
        self._publish()

    @rule(choice=st.integers(0, 9), days_back=st.integers(0, 800))
    def revoke(self, choice, days_back):
        known = list(self.listed)
        key = known[choice % len(known)]
        assume(self.revoked[key] is None)
        self.now += DAY
        if key is self.current:
            self._rotate()
        self.revoked[key] = self.now - days_back * DAY
        self._publish()

    @rule(choice=st.integers(0, 9))
    def take_back(self, choice):
        """A key of before becomes the present one again."""
        known = list(self.listed)
        key = known[choice % len(known)]
        assume(key is not self.current)
        self.now += DAY
        since, _ = self.listed[self.current][-1]
        self.listed[self.current][-1] = (since, self.now)
        self.current = key
        self.listed[key].append((self.now, None))
        self._publish()

    @rule(target=issued, choice=st.integers(0, 9), backdated=st.integers(-100, 3000))
    def issue(self, choice, backdated):
        """Whoever holds a key signs, with any date; a stolen key is as good as its owner's."""
        if len(self.seen) >= 6:
            return multiple()
        key = list(self.listed)[choice % len(self.listed)]
        (proof,) = proofs_of(self.log.signed(key, self.now - backdated * DAY))
        made = Issued(key, proof)
        self.seen.append(made)
        return made

    @rule(made=issued)
    def anchor(self, made):
        self.anchors.setdefault(id(made), self.now)

    def _expected(self, key, time):
        revoked = self.revoked[key]
        if revoked is not None and revoked <= time:
            return Outcome.FAILED
        active = any(since <= time and (until is None or time < until) for since, until in self.listed[key])
        return Outcome.PASSED if active else Outcome.INDETERMINATE

    @invariant()
    def judged_by_the_anchored_time_alone(self):
        for made in getattr(self, "seen", ()):
            anchored = self.anchors.get(id(made))
            expected = self._expected(made.key, anchored or self.now)
            found = finding(self.log, made.proof, self.now, anchored=anchored)
            assert found.outcome is expected, (found.code, found.evidence)
            assert found.evidence["time"] == ("judging" if anchored is None else "anchored")
            assert found.evidence["evidence"] == "self-declared"
            if anchored is not None:
                assert found.evidence["anchoredAt"] == stamp(anchored)
            strict = finding(self.log, made.proof, self.now, anchored=anchored, policy=STRICT)
            assert strict.outcome is (expected if expected is Outcome.FAILED else Outcome.INDETERMINATE)
