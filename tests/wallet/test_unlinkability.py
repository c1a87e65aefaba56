"""Two presentations of one BBS credential are as unlike as those of two: whoever compares them is right by chance."""

import hashlib
from itertools import pairwise

import pytest
from disclosure_support import JSONLD, badge, issued

from anchoring import cbor
from did_methods.multibase import decode_base64url
from node.issuance.disclosable import SUITE_OF_FORM, Disclosure
from node.issuance.privacy import PrivacyLinter
from node.proofs.selective_disclosure.labels import MAX_SETTLED, settled_key, shuffled_labels
from node.verification.case import Request
from node.wallet.derive import derive

HOLDERS = 100
"""Pairs of one credential; as many of two. Half of them teach, half are judged."""
BOUND = 0.25
"""From a half: five standard deviations of 100 guesses, so that chance fails once in a million runs."""


def anonymous(form, number):
    """A credential that the linter has nothing to say of; holders differ in what they hide, by more than its length."""
    document = badge(form, id=None, learnerStated=None, awardedDate=None)
    document |= {"validFrom": "2026-06-01T00:00:00Z", "validUntil": "2026-08-31T00:00:00Z"}
    own = document["credentialSubject"]["achievement"]
    for name in ("workload", "alignment"):
        for index, part in enumerate(own[name]):
            part["id"] = f"{own['id']}#{name}-{index}"
    own["resultDescription"][0]["alignment"][0]["id"] = f"{own['id']}#o1-1"
    own["criteria"]["id"] = f"{own['id']}#criteria"
    document["issuer"]["address"]["id"] = "https://school.example/#address"
    subject = document["credentialSubject"]
    del subject["id"]
    secret = hashlib.sha256(str(number).encode()).hexdigest()
    subject["identifier"][0] |= {"identityHash": f"Learner {secret[:8]}", "salt": secret}
    subject["narrative"] = secret
    subject["result"][0]["value"] = "ABCDE"[number % 5]
    return document


def shown(base, number):
    request = Request(f"challenge {number}", "verifier.example")
    return derive(base, ("/credentialSubject/result/0/status",), jsonld=JSONLD, request=request).credential


def parts_of(document):
    """The components of a proof value."""
    value = decode_base64url(document["proof"]["proofValue"])
    return cbor.as_list(cbor.decode(value[3:], max_bytes=1 << 17, foreign=True), 5)


def features(one, other):
    """How alike two presentations are: their parts that are equal, and equal bytes of the proofs."""
    found = [float(first == second) for first, second in zip(parts_of(one), parts_of(other), strict=True)]
    raw = [decode_base64url(document["proof"]["proofValue"]) for document in (one, other)]
    length = min(map(len, raw))
    found += [float(raw[0][at : at + 16] == raw[1][at : at + 16]) for at in range(0, length, 16)]
    found += [sum(a == b for a, b in zip(*raw, strict=False)) / length, float(len(raw[0]) == len(raw[1]))]
    return found


def accuracy(pairs):
    """Of a classifier that learns how far apart the means of the two kinds are, and weighs each feature by that."""
    half = len(pairs) // 2
    taught, asked = pairs[:half], pairs[half:]
    width = min(len(found) for found, _ in pairs)
    means = {
        same: [
            sum(found[at] for found, kind in taught if kind is same) / sum(kind is same for _, kind in taught)
            for at in range(width)
        ]
        for same in (True, False)
    }
    weights = [a - b for a, b in zip(means[True], means[False], strict=True)]
    middle = sum(w * (a + b) / 2 for w, a, b in zip(weights, means[True], means[False], strict=True))
    right = [
        (sum(w * value for w, value in zip(weights, found, strict=False)) > middle) is kind for found, kind in asked
    ]
    return sum(right) / len(right)


def pairs_of(form, holders):
    bases = [issued(form, anonymous(form, number)) for number in range(holders)]
    first = [shown(base, number) for number, base in enumerate(bases)]
    again = [shown(base, holders + number) for number, base in enumerate(bases)]
    made = []
    for number in range(holders):
        made.append((features(first[number], again[number]), True))
        made.append((features(first[number], again[(number + 1) % holders]), False))
    return made


@pytest.mark.threat(39)
def test_presentations_of_one_credential_are_not_recognised():
    assert abs(accuracy(pairs_of("bbs", HOLDERS)) - 0.5) < BOUND


def test_the_same_classifier_recognises_what_does_link():
    """Else it would show nothing; that ecdsa-sd links is said to issuers and holders."""
    assert accuracy(pairs_of("ecdsa-sd", 12)) > 0.95


@pytest.mark.threat(39)
def test_all_that_is_shown_beside_the_proof_is_the_same_for_all():
    said = []
    for number in range(8):
        document = shown(issued("bbs", anonymous("bbs", number)), number)
        _, *beside, header = parts_of(document)
        assert header
        said.append((document, beside, len(document["proof"].pop("proofValue"))))
    assert all(one == other for one, other in pairwise(said))


@pytest.mark.threat(39)
def test_names_follow_the_document_whatever_they_were_called():
    for count in range(1, MAX_SETTLED + 1):
        for turn in range(1, 4):
            canonical = {f"n{7 + node}": f"c14n{(node * turn + 2) % 7}" for node in range(count)}
            if len(set(canonical.values())) < count:
                continue
            key = settled_key(canonical)
            assert list(shuffled_labels(canonical, key).values()) == [f"b{index}" for index in range(count)]
    many = {f"n{node}": f"c14n{node}" for node in range(MAX_SETTLED + 6)}
    assert len({settled_key(many) for _ in range(3)}) == 3


@pytest.mark.threat(39)
def test_the_linter_has_nothing_to_say_of_it_and_names_what_would_link():
    linter = PrivacyLinter(SUITE_OF_FORM["bbs"], Disclosure(), JSONLD)
    quiet = anonymous("bbs", 1)
    assert linter.look(quiet) == []
    loud = badge("bbs", credentialStatus={"type": "BitstringStatusListEntry", "statusListIndex": "7"})
    found = linter.look(loud)
    assert {(one.code, one.path) for one in found} == {
        ("privacy.credential_id", "/id"),
        ("privacy.id", "/credentialSubject/id"),
        ("privacy.time", "/validFrom"),
        ("privacy.status", "/credentialStatus"),
        ("privacy.names", ""),
    }


@pytest.mark.threat(40)
def test_the_proof_of_ecdsa_sd_does_not_tell_how_much_is_hidden():
    """Of n results one is shown: whatever n, the proof has the same parts of the same lengths, under new names."""
    told, names = set(), []
    for count in range(1, 7):
        document = anonymous("ecdsa-sd", count)
        result = document["credentialSubject"]["result"][0]
        document["credentialSubject"]["result"] = [result | {"value": str(number)} for number in range(count)]
        base = issued("ecdsa-sd", document)
        made = derive(base, (f"/credentialSubject/result/{count - 1}",), jsonld=JSONLD).credential
        _, _, signatures, labels, mandatory = parts_of(made)
        told.add((len(signatures), tuple(labels), len(mandatory), len(made["proof"]["proofValue"])))
        names += labels.values()
    assert len(told) == 1
    assert len(set(names)) == len(names)
