"""What a holder is told will stay open at verifiers, and that following the advice settles it."""

import pytest
from disclosure_support import FORMS, JSONLD, badge, issued, judged, thin
from hypothesis import given, settings
from hypothesis import strategies as st
from jose_support import token
from verification_support import ISSUER, one

from node.proofs.sd_jwt.concealment import conceal
from node.status.entry import StatusEntry
from node.wallet.derive import derive
from node.wallet.undecided import CLASS, STATUS, VALIDITY, Undecided, undecided

REVOCATION = StatusEntry(list_url="https://school.example/status/1", index=7).to_json()
SUSPENSION = StatusEntry(list_url="https://school.example/status/2", index=7, purpose="suspension").to_json()
END = "2026-12-31T00:00:00Z"
CORE = ("/type", "/issuer", "/credentialSubject/achievement")
PLACES = ("/validFrom", "/validUntil", "/credentialStatus", "/name", "/credentialSubject/result/0")
OPEN = {"validity.undisclosed": VALIDITY, "status.undisclosed": STATUS, "class.undisclosed": CLASS}


def told(base, *pointers):
    derived = derive(base, pointers, jsonld=JSONLD)
    return judged(derived.credential), undecided(judged(derived.credential), base, derived.disclosed)


def foreign(form="ecdsa-sd", always=CORE, **changes):
    return thin(form, badge(form, **({"validUntil": END, "credentialStatus": REVOCATION} | changes)), always)


@pytest.mark.threat(102)
@pytest.mark.parametrize("form", FORMS)
def test_what_is_hidden_and_would_settle_a_question_is_named(form):
    _, found = told(foreign(form), "/validFrom")
    assert found == (
        Undecided(VALIDITY, ("/validUntil",)),
        Undecided(STATUS, ("/credentialStatus",)),
        Undecided(CLASS),
    )
    _, found = told(foreign(form), "/validFrom", "/validUntil", "/credentialStatus")
    assert found == (Undecided(CLASS),)


@pytest.mark.parametrize("form", FORMS)
def test_of_ours_nothing_is_open(form):
    document = badge(form, validUntil=END, credentialStatus=REVOCATION)
    assert told(issued(form, document))[1] == ()


def test_where_only_the_issuer_could_settle_it_nothing_is_to_be_added():
    for changes in ({"validUntil": None}, {"validFrom": None}):
        assert Undecided(VALIDITY) in told(foreign(**changes))[1]
    for entry in (None, SUSPENSION):
        assert Undecided(STATUS) in told(foreign(credentialStatus=entry))[1]


@pytest.mark.parametrize(
    ("always", "shown", "found"),
    [
        (CORE, ("/credentialStatus/0",), ("/credentialStatus/1",)),
        ((*CORE, "/credentialStatus/0"), (), ("/credentialStatus/1",)),
        (CORE, ("/credentialStatus/1",), None),
        (CORE, ("/credentialStatus",), None),
        (CORE, (), ("/credentialStatus/1",)),
    ],
)
def test_of_several_entries_the_one_about_withdrawal_settles_it(always, shown, found):
    """Offline nobody looks the others up, and the report does not get as far as saying that one may be hidden."""
    base = foreign(credentialStatus=[SUSPENSION, REVOCATION], always=always)
    open_ones = {one.code: one.show for one in told(base, "/validFrom", "/validUntil", *shown)[1]}
    assert open_ones.get(STATUS) == found


def test_of_something_else_than_an_achievement_no_class_is_missed():
    base = thin("ecdsa-sd", badge("ecdsa-sd"), ("/type", "/issuer"))
    assert CLASS not in {one.code for one in told(base)[1]}


def test_of_an_sd_jwt_nothing_is_to_be_added_that_its_verifiers_would_refuse():
    document = badge("ecdsa-sd", validUntil=END)
    document["issuer"]["id"] = ISSUER.did
    concealed = conceal({**document, "iat": 1_782_000_000}, ("/validUntil", "/name"))
    jwt = token(concealed.payload, ISSUER, typ="vc+sd-jwt", cty="vc")
    text = "".join(f"{part}~" for part in (jwt, *(each.text for each in concealed.disclosures)))
    derived = derive(text, ("/name",), jsonld=JSONLD)
    found = undecided(one(derived.credential), text, derived.disclosed)
    assert {each.code: each.show for each in found} == {VALIDITY: (), STATUS: (), CLASS: ()}


@pytest.mark.threat(102)
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_following_the_advice_leaves_open_only_what_nobody_could_settle(data):
    changes = {
        "validFrom": data.draw(st.sampled_from(["2026-06-12T14:03:00Z", None])),
        "validUntil": data.draw(st.sampled_from([END, None])),
        "credentialStatus": data.draw(st.sampled_from([REVOCATION, None, SUSPENSION, [SUSPENSION, REVOCATION]])),
    }
    there = [place for place in PLACES if changes.get(place[1:], place) is not None]
    chosen = st.lists(st.sampled_from(there), unique=True)
    base = foreign(always=(*CORE, *data.draw(chosen)), **changes)
    first = tuple(data.draw(chosen))
    entry, found = told(base, *first)
    assert {OPEN[check.code] for check in entry.checks if check.code in OPEN} <= {each.code for each in found}
    _, left = told(base, *first, *(place for each in found for place in each.show))
    assert {each.code for each in left} == {each.code for each in found if not each.show}
    assert not any(each.show for each in left)
