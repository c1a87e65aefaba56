"""Whatever a holder chooses, what keeps a credential honest is shown, and nothing is worth more than before."""

import copy
import json
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from disclosable_samples import SAMPLES, own_samples, selections
from disclosure_support import AT, FORMS, JSONLD, KEYS, badge, issued, judged
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from status_support import status_list
from verification_support import Party

from did_methods import key as did_key
from node.credentials.credential import CREDENTIAL_TYPE
from node.credentials.errors import CredentialsError
from node.credentials.micro_credential.disclosure import with_the_word
from node.credentials.micro_credential.findings import CredentialClass
from node.issuance.disclosable import KeyScope
from node.issuance.errors import IssuanceError
from node.proofs.disclosure import mandatory_pointers_of
from node.proofs.errors import ProofsError
from node.status.entry import StatusEntry
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.policy import built_in
from node.verification.report import VERDICTS
from node.verification.verify import verify
from node.wallet.derive import derive

ALWAYS = ("type", "issuer", "validFrom", "validUntil", "credentialStatus", "learnerStated", "awardedDate")
LIST = "https://school.example/status/1"
ANCHOR = {"id": "eip155:1:0x00000000000000000000000000000000000000aa", "type": ["Evidence"], "name": "Anchor"}


def prepared(document, form):
    """A sample as one of our issuers would sign it, with all that has to be shown always."""
    made = copy.deepcopy(document)
    made.pop("proof", None)
    own = str(did_key.create(KEYS[form].public))
    made["issuer"] = made["issuer"] | {"id": own} if isinstance(made.get("issuer"), dict) else own
    if "https://www.w3.org/ns/credentials/v2" in made["@context"]:
        made |= {"validFrom": "2026-01-01T00:00:00Z", "validUntil": "2030-01-01T00:00:00Z"}
        made["evidence"] = [*(made.get("evidence") or []), ANCHOR]
    results = made["credentialSubject"].get("result")
    for result in results if isinstance(results, list) else ():
        result.setdefault("type", ["Result"])
    made["credentialStatus"] = StatusEntry(list_url=LIST, index=7).to_json()
    return made


@cache
def base(number, form):
    """The sample signed for disclosure, and whole; None for one that nobody here would sign."""
    try:
        document = prepared(SAMPLES[number], form)
        achievement = document["credentialSubject"].get("achievement", {})
        named = achievement.get("id") or next(one for one in document["type"] if one != CREDENTIAL_TYPE)
        signed = issued(form, document, **({"scope": KeyScope(named, "2026")} if form == "bbs" else {}))
    except (IssuanceError, ProofsError, CredentialsError, AttributeError, KeyError, TypeError, StopIteration):
        return None
    return document, signed, Party(KEYS["ecdsa-sd"]).sign(prepared(SAMPLES[number], "ecdsa-sd"))


def usable(form):
    return [number for number in range(len(SAMPLES)) if base(number, form)]


def worth(document, at=AT, *, material=None, policy="everyday"):
    report = verify(document, material or VerificationMaterial(), built_in(policy), at)
    (entry,) = report.credentials
    classed = entry.check("class").evidence.get("class", "unclassified")
    return VERDICTS.index(entry.verdict), CredentialClass(classed).rank, entry


@pytest.mark.threat(102)
@pytest.mark.threat(103)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FORMS), st.data())
def test_whatever_is_chosen_the_rest_stays_honest(form, data):
    number = data.draw(st.sampled_from(usable(form)))
    document, signed, whole = base(number, form)
    chosen = data.draw(st.sets(st.sampled_from(selections(document)), max_size=4))
    derived = derive(signed, tuple(sorted(chosen)), jsonld=JSONLD).credential
    assert {name: derived.get(name) for name in ALWAYS} == {name: with_the_word(document).get(name) for name in ALWAYS}
    subject = derived.get("credentialSubject", {})  # of a credential without an achievement all of it may be hidden
    assert subject.get("achievement") == document["credentialSubject"].get("achievement")
    if "evidence" in document:
        assert ANCHOR in derived["evidence"]
    for at in (AT, datetime(2031, 1, 1, tzinfo=UTC)):
        before, after = worth(whole, at), worth(derived, at)
        assert after[2].check("proof").passed or not subject
        assert after[0] >= before[0]  # VERDICTS lists the best first
        assert after[1] <= before[1]


def test_the_samples_are_many_and_of_every_class():
    for form in FORMS:
        assert len(usable(form)) >= len(own_samples())
    classes = {worth(base(number, "ecdsa-sd")[2])[1] for number in usable("ecdsa-sd")[: len(own_samples())]}
    assert len(classes) >= 3


@pytest.mark.threat(102)
@pytest.mark.parametrize("form", FORMS)
def test_nothing_revoked_or_expired_is_revived_by_hiding(form):
    document = badge(
        form,
        validUntil="2026-12-31T00:00:00Z",
        credentialStatus=StatusEntry(list_url=LIST, index=7).to_json(),
    )
    derived = derive(issued(form, document), (), jsonld=JSONLD).credential
    revoked = status_list({7}, issuer=Party(KEYS["ecdsa-sd"]), signed=AT - timedelta(hours=1), until=None)
    if form == "ecdsa-sd":  # a BBS key signs no lists
        found = StatusListCopy(LIST, json.dumps(revoked), Origin.LIVE, AT)
        entry = worth(derived, material=VerificationMaterial(status_lists=(found,)))[2]
        assert (entry.verdict, entry.sentence) == ("rejected", "withdrawn")
    late = worth(derived, datetime(2027, 2, 1, tzinfo=UTC))[2]
    assert late.check("validity").code == "validity.ended"
    assert late.verdict == "rejected"
    assert derived["credentialStatus"] == document["credentialStatus"]


@pytest.mark.threat(102)
@pytest.mark.parametrize("form", FORMS)
def test_a_profile_drops_nothing_but_the_date_of_award(form):
    document = badge(form, validUntil="2030-01-01T00:00:00Z")
    signed = issued(form, document, awarded_date=False, mandatory=("/name",))
    assert "/awardedDate" not in mandatory_pointers_of(signed)
    assert {"/type", "/issuer", "/validFrom", "/validUntil", "/learnerStated", "/name"} <= set(
        mandatory_pointers_of(signed)
    )
    derived = derive(signed, (), jsonld=JSONLD).credential
    assert "awardedDate" not in derived
    assert derived["name"] == document["name"]


@pytest.mark.threat(103)
@pytest.mark.parametrize("form", FORMS)
def test_a_failure_and_a_missing_learner_stay_visible(form):
    document = badge(form)
    own = document["credentialSubject"]["achievement"]["id"]
    document["credentialSubject"]["result"].append(
        {"type": ["Result"], "resultDescription": f"{own}#o1", "status": "Failed"}
    )
    derived = derive(issued(form, document), ("/name",), jsonld=JSONLD).credential
    assert [result["status"] for result in derived["credentialSubject"]["result"]] == ["Failed"]
    assert judged(derived).check("class").evidence["class"] == "participation"
    nobody = badge(form, learnerStated=None)
    del nobody["credentialSubject"]["id"], nobody["credentialSubject"]["identifier"]
    entry = judged(derive(issued(form, nobody), (), jsonld=JSONLD).credential)
    assert entry.check("class").evidence["elements"]["E1"] == "missing"
    named = badge(form)
    del named["credentialSubject"]["id"]
    entry = judged(derive(issued(form, named), (), jsonld=JSONLD).credential)
    assert entry.check("class").evidence["elements"]["E1"] == "withheld"
    assert entry.check("class").evidence["class"] == "micro-credential"


def test_each_of_our_own_samples_is_signed():
    assert all(base(number, form) for form in FORMS for number in range(len(own_samples())))
