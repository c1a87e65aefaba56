"""What a holder may have hidden is not taken for absent: no end, no withdrawal, and nothing that was not reached."""

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache

import pytest
from disclosable_samples import SAMPLES, own_samples, selections
from disclosure_support import AT, FORMS, JSONLD, KEYS, badge, issued, judged, thin
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jose_support import NOW, token
from micro_credential_support import ACHIEVEMENT
from samples import finished
from sd_jwt_support import raw, sd_jwt, with_claims, without
from status_support import status_list
from verification_support import ISSUER, Party, one

from did_methods import key as did_key
from node.adapters.held_keys import HeldKeys
from node.credentials.micro_credential.disclosure import ALWAYS_DISCLOSED, always_disclosed, with_the_word
from node.credentials.micro_credential.findings import CredentialClass
from node.credentials.micro_credential.readers.sd_jwt import EUDI, WE_BUILD
from node.credentials.micro_credential.wallet_forms import wallet_form
from node.credentials.sd_jwt_vc import NEVER_DISCLOSED
from node.issuance.secure import Signing, SigningProfile
from node.issuance.selective_token import secure_as_sd_jwt
from node.proofs.data_integrity import verify_proof
from node.proofs.errors import ProofsError
from node.proofs.proof import proofs_of
from node.proofs.sd_jwt.concealment import conceal
from node.proofs.sd_jwt.proof import open_sd_jwt
from node.proofs.sd_jwt.sd_jwt import parse_sd_jwt
from node.status.entry import StatusEntry
from node.verification.check import CheckName, Outcome
from node.verification.errors import PolicyError
from node.verification.material import Origin, StatusListCopy, VerificationMaterial
from node.verification.policy import BUILT_IN, INDISPENSABLE, Policy, built_in, parse_policy
from node.verification.report import Verdict
from node.verification.trust import NO_TRUST
from node.verification.verify import verify
from node.wallet.derive import derive

LIST = "https://school.example/status/1"
REVOCATION = StatusEntry(list_url=LIST, index=7).to_json()
SUSPENSION = StatusEntry(list_url="https://school.example/status/2", index=7, purpose="suspension").to_json()
REFRESH = StatusEntry(list_url="https://school.example/status/3", index=7, purpose="refresh").to_json()
ACHIEVED = "/credentialSubject/achievement"
CORE = ("/type", "/issuer", ACHIEVED)
DATED = (*CORE, "/validFrom", "/validUntil")
END = "2026-12-31T00:00:00Z"
LATE = datetime(2027, 2, 1, tzinfo=UTC)
ABSENT = replace(built_in(), undisclosed_is_absent=True)
WITH_CLASS = replace(built_in(), requires=INDISPENSABLE | {CheckName.CLASS})
EVERYTHING = {"validity", "status", "class"}


@cache
def signed_list(*revoked):
    """Lists for each purpose, one of them with these entries."""
    copies = []
    for entry in (REVOCATION, SUSPENSION, REFRESH):
        url, purpose = entry["statusListCredential"], entry["statusPurpose"]
        values = revoked if purpose == "revocation" else ()
        issuer, signed = Party(KEYS["ecdsa-sd"]), AT - timedelta(hours=1)
        made = status_list(values, issuer=issuer, url=url, purpose=purpose, signed=signed, until=None)
        copies.append(StatusListCopy(url, json.dumps(made), Origin.LIVE, AT))
    return VerificationMaterial(status_lists=tuple(copies))


def shown(base, *pointers):
    return derive(base, pointers, jsonld=JSONLD).credential


def open_checks(entry):
    """The checks that are open because of what may be hidden."""
    found = {check.name.value for check in entry.checks if check.code.endswith(".undisclosed")}
    assert all(entry.check(CheckName(name)).outcome is Outcome.INDETERMINATE for name in found)
    return found


@pytest.mark.threat(102)
@pytest.mark.parametrize("form", FORMS)
def test_hiding_the_end_and_the_withdrawal_of_a_thin_credential_leaves_both_open(form):
    document = badge(form, validUntil=END, credentialStatus=REVOCATION)
    entry = judged(shown(thin(form, document, CORE), "/validFrom"), at=LATE)
    assert (entry.verdict, entry.sentence) == (Verdict.CANNOT_TELL, "cannot_tell")
    assert open_checks(entry) == EVERYTHING
    assert entry.check("validity").evidence["undisclosed"] == ["validUntil"]
    assert entry.check("class").evidence["class"] == "unclassified"
    assert entry.check("class").evidence["findings"][-1]["code"] == "class.undisclosed"
    for policy in ("strict", "archive"):
        assert judged(shown(thin(form, document, CORE), "/validFrom"), policy=built_in(policy)).verdict == "cannot_tell"


@pytest.mark.threat(102)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_shown_settles_its_own_question(form):
    document = badge(form, validUntil=END, credentialStatus=REVOCATION)
    base = thin(form, document, CORE)
    dated = shown(base, "/validFrom", "/validUntil")
    assert open_checks(judged(dated)) == {"status", "class"}
    assert judged(dated).check("validity").evidence["until"] == END
    assert judged(dated, at=LATE).sentence == "ended"
    whole = shown(base, "/validFrom", "/validUntil", "/credentialStatus")
    assert open_checks(judged(whole)) == {"class"}
    assert judged(whole).check("status").code == "status.not_checked"
    assert open_checks(judged(shown(base, "/validUntil"))) == EVERYTHING  # it could begin later


@pytest.mark.threat(102)
def test_a_thin_credential_that_shows_both_is_accepted():
    document = badge("ecdsa-sd", validUntil=END, credentialStatus=REVOCATION)
    document["issuer"]["id"] = str(did_key.create(KEYS["ecdsa-sd"].public))
    derived = shown(thin("ecdsa-sd", document, CORE), "/validFrom", "/validUntil", "/credentialStatus")
    for revoked, verdict in (((), "accepted"), ((7,), "rejected")):
        assert verify(derived, signed_list(*revoked), built_in(), AT).verdict == verdict


@pytest.mark.threat(102)
@pytest.mark.parametrize(
    ("entries", "always", "chosen", "code"),
    [
        ([SUSPENSION, REVOCATION], (), ("/credentialStatus/0",), "status.undisclosed"),
        ([REFRESH, REVOCATION], (), ("/credentialStatus/0",), "status.undisclosed"),
        ([SUSPENSION, REVOCATION], (), ("/credentialStatus/1",), "status.passed"),
        (SUSPENSION, (), ("/credentialStatus",), "status.undisclosed"),
        (SUSPENSION, ("/credentialStatus",), (), "status.passed"),
        ([SUSPENSION, REVOCATION], ("/credentialStatus",), (), "status.passed"),
    ],
)
def test_one_of_several_entries_does_not_speak_for_those_that_are_hidden(entries, always, chosen, code):
    document = badge("ecdsa-sd", validUntil=END, credentialStatus=entries)
    derived = shown(thin("ecdsa-sd", document, (*DATED, *always)), *chosen)
    (entry,) = verify(derived, signed_list(), built_in(), AT).credentials
    assert entry.check("status").code == code


@pytest.mark.threat(103)
@pytest.mark.parametrize("form", FORMS)
def test_hiding_a_failure_of_a_thin_credential_gives_it_no_class(form):
    document = badge(form, validUntil=END)
    document["credentialSubject"]["result"] = [
        {"type": ["Result"], "resultDescription": f"{ACHIEVEMENT}#o1", "status": "Failed"}
    ]
    derived = shown(thin(form, document, DATED))
    entry = judged(derived, policy=WITH_CLASS)
    assert "result" not in derived["credentialSubject"]
    assert (entry.check("class").code, entry.verdict) == ("class.undisclosed", "cannot_tell")
    least = judged(derived, policy=parse_policy(f'name = "x"\nleast_class = "participation"\n{REQUIRES}'))
    assert least.verdict == "cannot_tell"


@pytest.mark.threat(102)
@pytest.mark.threat(103)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("pointer", ["/validFrom", "/validUntil", "/learnerStated", "/evidence", ACHIEVED, "/issuer"])
def test_the_word_does_not_count_where_what_is_shown_belies_it(form, pointer):
    """The issuer says that nobody can hide what matters, and yet signed some of it as the holder's choice."""
    anchor = {"id": "eip155:1:0x00000000000000000000000000000000000000aa", "type": ["Evidence"], "name": "Anchor"}
    document = with_the_word(badge(form, validUntil=END, evidence=[anchor]))
    always = tuple(one for one in (*DATED, "/learnerStated", "/evidence") if one != pointer)
    kept = shown(thin(form, document, (*always, pointer)))
    assert open_checks(judged(kept)) == set()
    parts = ("/issuer/name",) if pointer == "/issuer" else ("/credentialSubject/achievement/name",)
    chosen = parts if pointer in {"/issuer", ACHIEVED} else (pointer,)
    entry = judged(shown(thin(form, document, always), *chosen))
    assert open_checks(entry) == {"status", "class"}


@pytest.mark.parametrize("form", FORMS)
def test_ours_are_never_left_open(form):
    """Without an end and a withdrawal, too: their issuer says that there are none."""
    derived = shown(issued(form, badge(form, validUntil=None)))
    assert ALWAYS_DISCLOSED in derived["type"]
    entry = judged(derived)
    assert (open_checks(entry), entry.verdict) == (set(), "accepted")
    assert entry.check("status").outcome is Outcome.NOT_APPLICABLE
    assert "taken_for_absent" not in entry.check("validity").evidence
    profile = SigningProfile(ISSUER.did, ISSUER.method, "eddsa-rdfc-2022")
    signing = Signing(profile, HeldKeys({ISSUER.method: ISSUER.private}), NO_TRUST)
    selective = finished(secure_as_sd_jwt(of_issuer(validUntil=None), signing, created=AT - timedelta(days=30)))
    entry = one(f"{selective.text.split('~')[0]}~")
    assert (open_checks(entry), entry.verdict) == (set(), "accepted")


def test_the_word_is_signed_once_and_only_where_the_holder_chooses():
    assert ALWAYS_DISCLOSED not in Party(KEYS["ecdsa-sd"]).sign(badge("ecdsa-sd"))["type"]
    again = issued("ecdsa-sd", with_the_word(badge("ecdsa-sd")))
    assert again["type"].count(ALWAYS_DISCLOSED) == 1


@pytest.mark.threat(102)
def test_a_word_that_nobody_signed_is_no_word():
    derived = copy.deepcopy(shown(thin("ecdsa-sd", badge("ecdsa-sd"), CORE), "/validFrom"))
    derived["type"].append(ALWAYS_DISCLOSED)
    entry = judged(derived)
    assert (entry.verdict, entry.check("proof").outcome) == ("rejected", Outcome.FAILED)
    assert "validity" in open_checks(entry)


@pytest.mark.threat(102)
def test_a_proof_of_the_whole_that_nobody_can_check_hides_nothing_less():
    """Whoever shows it can put one there that names the issuer's own key."""
    derived = copy.deepcopy(shown(thin("ecdsa-sd", badge("ecdsa-sd"), CORE)))
    unknown = {**derived["proof"], "cryptosuite": "whole-2030", "id": "urn:uuid:6f1e1c3e-3d0b-4d53-9a2c-0d3a3f0a8a11"}
    derived["proof"] = [derived["proof"], unknown]
    entry = judged(derived)
    assert entry.check("proof").passed
    assert open_checks(entry) == EVERYTHING


@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_there_or_means_nothing_by_itself_is_not_said_to_be_open(form):
    levels = ["A", "B", "C"]
    document = badge(form, validUntil=END)
    document["credentialSubject"]["achievement"]["resultDescription"][0]["allowedValue"] = levels
    derived = shown(thin(form, document, DATED), "/name")
    suite = {"ecdsa-sd": "ecdsa-sd-2023", "bbs": "bbs-2023"}[form]
    (proof,) = proofs_of(derived)
    assert proof.cryptosuite == suite
    statements = verify_proof(derived, proof, KEYS[form].public, jsonld=JSONLD).shown
    place = f"{ACHIEVED}/resultDescription/0/allowedValue"
    assert statements.cannot_hide(("/validUntil", "/issuer/name", place))
    assert not statements.cannot_hide(("/name",))
    assert not statements.cannot_hide(("/validUntil", "/nothing"))
    assert not statements.cannot_hide((f"{place}/1",))


REQUIRES = 'requires = ["structure", "context", "issuer_key", "proof", "validity", "status"]'


def test_a_policy_may_take_what_is_not_shown_for_absent():
    text = f'name = "lenient"\n{REQUIRES}\nundisclosed = "absent"'
    assert parse_policy(text).undisclosed_is_absent
    assert not parse_policy(text.replace("absent", "open")).undisclosed_is_absent
    with pytest.raises(PolicyError):
        parse_policy(text.replace("absent", "hidden"))
    assert not Policy("as it comes", INDISPENSABLE).undisclosed_is_absent
    assert not any(built_in(name).undisclosed_is_absent for name in BUILT_IN)
    derived = shown(thin("ecdsa-sd", badge("ecdsa-sd", validUntil=END), CORE))
    entry = judged(derived, policy=parse_policy(text))
    assert (entry.verdict, open_checks(entry)) == ("accepted", set())
    assert entry.check("validity").evidence["taken_for_absent"] == ["validFrom", "validUntil"]
    assert entry.check("status").evidence["taken_for_absent"] == ["credentialStatus"]
    assert entry.check("class").evidence["class"] == "achievement"  # the learner is hidden, too


def test_what_is_signed_whole_hides_nothing():
    entry = judged(Party(KEYS["ecdsa-sd"]).sign(badge("ecdsa-sd", validUntil=None)))
    assert (entry.verdict, open_checks(entry)) == ("accepted", set())


# --- Any sample, any group, any choice.


@cache
def prepared(number, form):
    """A sample that ends, can be withdrawn, and does not say that nobody can hide that."""
    made = copy.deepcopy(SAMPLES[number])
    made.pop("proof", None)
    own = str(did_key.create(KEYS[form].public))
    made["issuer"] = made["issuer"] | {"id": own} if isinstance(made.get("issuer"), dict) else own
    if "https://www.w3.org/ns/credentials/v2" in made["@context"]:
        made |= {"validFrom": "2026-01-01T00:00:00Z", "validUntil": END}
    results = made["credentialSubject"].get("result")
    for result in results if isinstance(results, list) else ():
        result.setdefault("type", ["Result"])
    return made | {"credentialStatus": REVOCATION}


@cache
def whole(number):
    return Party(KEYS["ecdsa-sd"]).sign(prepared(number, "ecdsa-sd"))


def ranked(document, at, material):
    (entry,) = verify(document, material, built_in(), at).credentials
    return CredentialClass(entry.check("class").evidence.get("class", "unclassified")).rank, entry.verdict


@pytest.mark.threat(102)
@pytest.mark.threat(103)
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FORMS), st.data())
def test_whatever_group_an_issuer_signs_nothing_is_worth_more_for_what_is_hidden(form, data):
    number = data.draw(st.integers(0, len(SAMPLES) - 1) | st.integers(0, len(own_samples()) - 1))
    document = prepared(number, form)
    places = sorted({*always_disclosed(document), *selections(document)})
    always = data.draw(st.sets(st.sampled_from(places), max_size=8))
    chosen = data.draw(st.sets(st.sampled_from(places), max_size=6))
    try:
        derived = shown(thin(form, document, tuple(sorted(always))), *sorted(chosen))
    except ProofsError:
        return  # nothing is shown, or the sample has no meaning in the contexts that are known
    for at in (AT, LATE):
        for material in (VerificationMaterial(), signed_list(7), signed_list()):
            before, after = ranked(whole(number), at, material), ranked(derived, at, material)
            assert after[0] <= before[0]
            assert after[1] != "accepted" or before[1] == "accepted"


# --- SD-JWTs.


def as_credential(document, hidden, shown_names=(), **claims):
    """A credential of the W3C in an SD-JWT by anybody, of which only these members are disclosed."""
    concealed = conceal({**document, "iat": NOW - 60, **claims}, hidden)
    jwt = token(concealed.payload, ISSUER, typ="vc+sd-jwt", cty="vc")
    kept = [one.text for one in concealed.disclosures if one.name in shown_names]
    return "".join(f"{part}~" for part in (jwt, *kept))


def of_issuer(**changes):
    made = badge("ecdsa-sd", **changes)
    made["issuer"]["id"] = ISSUER.did
    return made


@pytest.mark.threat(36)
@pytest.mark.threat(102)
@pytest.mark.parametrize("name", sorted(NEVER_DISCLOSED))
def test_the_claims_that_an_sd_jwt_vc_may_not_hide_are_refused_when_disclosed(name):
    """So `exp`, `nbf` and `status` that are not there are absent, by the specification."""
    members = {"status": {"status_list": {"idx": 1, "uri": LIST}}, "vct#integrity": "sha256-AAAA"}
    claims = with_claims(**({name: members[name]} if name in members else {}))
    assert one(sd_jwt(claims, (f"/{name}",))).check("structure").code == "sd_jwt.hidable"
    assert one(sd_jwt(with_claims(exp=None), ("/given_name",))).check("validity").code == "validity.passed"


@pytest.mark.threat(102)
def test_a_w3c_credential_in_an_sd_jwt_may_hide_its_end():
    document = of_issuer(validUntil=END, credentialStatus=REVOCATION)
    entry = one(as_credential(document, ("/validUntil", "/credentialStatus")), at=LATE)
    assert open_checks(entry) == EVERYTHING
    assert entry.verdict == "cannot_tell"
    refused = one(as_credential(document, ("/validUntil",), ("validUntil",)))
    assert refused.check("structure").code == "sd_jwt.hidable"
    # Where nothing of the credential itself is hidden, neither are its dates.
    entry = one(as_credential(document, ("/credentialSubject/identifier",)))
    assert open_checks(entry) == {"class"}
    entry = one(as_credential(of_issuer(validUntil=None), ("/credentialSubject/identifier",)))
    assert open_checks(entry) == {"class"}


@pytest.mark.threat(103)
def test_the_word_in_an_sd_jwt_counts_where_it_is_borne_out():
    document = with_the_word(of_issuer(validUntil=None))
    entry = one(as_credential(document, ("/credentialSubject/identifier", "/name")))
    assert (open_checks(entry), entry.verdict) == (set(), "accepted")
    entry = one(as_credential(document, ("/credentialSubject/achievement/achievementType", "/name")))
    assert open_checks(entry) == EVERYTHING
    entry = one(as_credential(document, ("/learnerStated", "/name"), ("learnerStated",)))
    assert open_checks(entry) == EVERYTHING


def test_a_status_claim_in_the_open_settles_what_an_entry_would():
    document = of_issuer(validUntil=END)
    claim = {"status_list": {"idx": 1, "uri": LIST}}
    assert open_checks(one(as_credential(document, ("/name",), status=claim))) == {"class"}
    assert open_checks(one(as_credential(document, ("/name",)))) == {"class", "status"}


@pytest.mark.threat(103)
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_results_hidden_in_an_sd_jwt_raise_no_class(data):
    samples = own_samples()
    document = copy.deepcopy(data.draw(st.sampled_from(samples)))
    document["issuer"]["id"] = ISSUER.did
    places = [one for one in (*always_disclosed(document), *selections(document)) if one.count("/") > 1]
    hidden = data.draw(st.sets(st.sampled_from(places), max_size=6))
    hidden = {one for one in hidden if not any(one.startswith(f"{other}/") for other in hidden)}
    names = data.draw(st.sets(st.sampled_from([one.rpartition("/")[2] for one in places])))
    entry, base = one(as_credential(document, tuple(hidden), names)), one(as_credential(document, ()))
    assert rank(entry) <= rank(base)


def rank(entry):
    return CredentialClass(entry.check("class").evidence.get("class", "unclassified")).rank


@pytest.mark.threat(103)
@pytest.mark.parametrize("vct", [EUDI, WE_BUILD])
def test_a_wallet_form_that_hides_how_it_was_assessed_has_no_class(vct):
    name = {EUDI: "assessmentType", WE_BUILD: "typeOfAssessment"}[vct]
    claims = {**with_claims(given_name=None, family_name=None, address=None, grades=None), **form(vct)}
    person = tuple(f"/{one}" for one in ("given_name", "givenName") if one in claims)
    assert open_checks(one(bare(sd_jwt(claims, person)))) == set()
    hidden = bare(sd_jwt(claims, (*person, f"/{name}")))
    assert open_checks(one(hidden)) == {"class"}
    assert rank(one(hidden)) == 0
    assert open_checks(one(without(sd_jwt(claims, (f"/{name}", *person)), "given_name", "givenName"))) == {"class"}
    parted = bare(
        sd_jwt(claims, (*person, f"/{next(key for key, value in claims.items() if key[:8] == 'learning')}/0"))
    )
    assert open_checks(one(parted)) == {"class"}


@pytest.mark.threat(103)
@settings(max_examples=60, deadline=None)
@given(st.sampled_from([EUDI, WE_BUILD]), st.data())
def test_no_choice_of_claims_raises_the_class_of_a_wallet_form(vct, data):
    """Also of values that no issuer of ours would write: several, of which some are on no list."""
    claims = {**with_claims(given_name=None, family_name=None, address=None, grades=None), **form(vct)}
    for name in data.draw(st.sets(st.sampled_from(sorted(form(vct))), max_size=4)) - {"vct"}:
        claims[name] = data.draw(st.sampled_from([[claims[name], "unlisted"], "none", ["none", claims[name]], "n/a"]))
    places = [f"/{name}" for name in form(vct) if name != "vct"]
    lists = {name: value for name, value in claims.items() if isinstance(value, list)}
    places += [f"/{name}/{index}" for name, value in lists.items() for index in range(len(value))]
    hidden = data.draw(st.sets(st.sampled_from(places), max_size=8))
    hidden = sorted({one for one in hidden if not any(one.startswith(f"{other}/") for other in hidden)})
    kept = data.draw(st.sets(st.sampled_from(hidden))) if hidden else ()
    whole = open_sd_jwt(parse_sd_jwt(sd_jwt(claims, tuple(hidden))))
    disclosures = [disclosure for place, disclosure in whole.processed.disclosed.items() if place in kept]
    text = whole.sd_jwt.showing(disclosures).text
    assert rank(one(text)) <= rank(one(sd_jwt(claims, ())))


def form(vct):
    return wallet_form(badge("ecdsa-sd"), vct).claims


def bare(text):
    """The SD-JWT without any Disclosure."""
    assert open_sd_jwt(parse_sd_jwt(text)).processed.disclosed
    return f"{text.split('~')[0]}~"


def test_decoys_of_a_whole_sd_jwt_are_not_told_from_what_is_hidden():
    payload = with_claims(vct=EUDI, assessmentType="practical", _sd=["A" * 43])
    assert open_checks(one(raw(payload))) == set()
