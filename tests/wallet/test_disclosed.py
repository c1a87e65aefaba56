"""What a holder is told: exactly what is shown, in words; and what others may ask for."""

import copy
import tomllib

import pytest
from disclosure_support import FORMS, JSONLD, badge, issued
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support import ROOT

from node.wallet.derive import derive
from node.wallet.disclosed import in_short
from node.wallet.errors import WalletError
from node.wallet.request import MAX_CLAIMS, TEMPLATES, requested

BASES = {form: issued(form) for form in FORMS}


def leaves(value):
    """Every value, without where it stands."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in {"@context", "proof"}:
                yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    else:
        yield repr(value)


def places(value, path=""):
    yield path
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if name not in {"@context", "proof"} and isinstance(inner, dict | list):
            yield from places(inner, f"{path}/{name}")
        elif name not in {"@context", "proof"}:
            yield f"{path}/{name}"


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(FORMS), st.sets(st.sampled_from([one for one in places(badge("bbs")) if one]), max_size=5))
def test_the_list_is_what_the_document_shows(form, chosen):
    made = derive(BASES[form], tuple(sorted(chosen)), jsonld=JSONLD)
    assert sorted(leaves(made.credential)) == sorted(repr(one.value) for one in made.disclosed)
    whole = sorted(leaves({name: value for name, value in BASES[form].items() if name != "proof"}))
    assert len(made.disclosed) + len(made.hidden) == len(whole)


@pytest.mark.parametrize("form", FORMS)
def test_what_nobody_can_hide_is_told_apart(form):
    made = derive(BASES[form], ("/credentialSubject/identifier/0/identityHash",), jsonld=JSONLD)
    chosen = {one.path for one in made.disclosed if not one.always}
    assert chosen == {
        "/credentialSubject/identifier/0/identityHash",
        "/credentialSubject/identifier/0/type",
    }
    assert "/credentialSubject/identifier/0/salt" in made.hidden
    (line,) = [one for one in in_short(made.disclosed) if not one.always]
    assert line.told("en") == "the learner / identifier of the learner / 1 / identifier or its hash: Given Family"
    assert line.told("pl").startswith("uczący się / identyfikator uczącego się / 1 / ")
    assert len([*in_short(made.disclosed)]) < len(made.disclosed) / 2


def test_a_hostile_name_or_value_is_fit_to_be_shown():
    document = badge("ecdsa-sd", name="one\nline \u202e two")
    made = derive(issued("ecdsa-sd", document), ("/name",), jsonld=JSONLD)
    (line,) = [one.told("en") for one in made.disclosed if one.path == "/name"]
    assert line == "name: one line \\u202e two"


def test_the_words_are_the_same_in_both_languages():
    texts = [
        tomllib.loads((ROOT / "node/wallet/catalogue" / f"{name}.toml").read_text("utf-8")) for name in ("en", "pl")
    ]
    assert texts[0]["member"].keys() == texts[1]["member"].keys()
    assert all(text.strip() for one in texts for text in one["member"].values())


@pytest.mark.threat(42)
def test_requests_ask_for_no_more_than_their_purpose_needs():
    asked = {name: [claim["path"] for claim in request["claims"]] for name, request in TEMPLATES.items()}
    assert asked == {
        "achievement": [],
        "name": [["credentialSubject", "identifier", None]],
        "results": [["credentialSubject", "result", None]],
    }
    assert all(request["purpose"] for request in TEMPLATES.values())
    document = badge("bbs")
    own = document["credentialSubject"]["identifier"]
    own.append({"type": "IdentityObject", "identityType": "emailAddress", "hashed": True, "identityHash": "x"})
    assert requested(TEMPLATES["name"], document) == ("/credentialSubject/identifier/0",)
    assert requested(TEMPLATES["name"], {"credentialSubject": {"name": "A"}}) == ("/credentialSubject/name",)
    assert requested(TEMPLATES["achievement"], document) == ()
    document["credentialSubject"]["result"].append(copy.deepcopy(document["credentialSubject"]["result"][0]))
    assert requested(TEMPLATES["results"], document) == tuple(f"/credentialSubject/result/{n}" for n in range(2))
    made = derive(BASES["bbs"], TEMPLATES["name"], jsonld=JSONLD)
    assert {one.path.rpartition("/")[2] for one in made.disclosed if not one.always} == {
        "type", "identityType", "hashed", "identityHash", "salt",
    }  # fmt: skip


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"claims": {}},
        {"claims": [{}]},
        {"claims": [{"path": []}]},
        {"claims": [{"path": [True]}]},
        {"claims": [{"path": [1.5]}]},
        {"claims": [{"path": ["name"], "where": 1}]},
        {"claims": [{"path": ["absent"]}]},
        {"claims": [{"path": ["name", None]}]},
        {"claims": [{"path": ["credentialSubject", "result", -1]}]},
        {"claims": [{"path": ["credentialSubject", "result", 9]}]},
        {"claims": [{"path": ["name"]}] * (MAX_CLAIMS + 1)},
    ],
)
def test_a_request_that_cannot_be_met_is_refused(request_):
    with pytest.raises(WalletError) as refused:
        requested(request_, badge("bbs"))
    assert refused.value.code == "wallet.request"
    assert refused.value.remedy
