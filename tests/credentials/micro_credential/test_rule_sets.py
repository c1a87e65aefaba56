"""The rules are data with a digest: pinned, never changed, and the same as our context says."""

import json
import re
from hashlib import sha256
from importlib.resources import files

import pytest
import rfc8785

import node.credentials.micro_credential as package
from node.credentials.context_profile import GLEJT_CONTEXT
from node.credentials.contexts import BUNDLED
from node.credentials.errors import RuleSetError
from node.credentials.micro_credential import rule_set as versions
from node.credentials.micro_credential.classification import classify
from node.credentials.micro_credential.elements import ELEMENTS
from node.credentials.micro_credential.options import OPTIONS
from node.credentials.micro_credential.rule_set import NEWEST, VERSIONS, Pin, rule_set

DATA = json.loads(files(package).joinpath("rules", "glejt-mc-1.json").read_bytes())


def test_the_digest_is_that_of_the_data_in_the_form_of_rfc_8785():
    assert NEWEST == DATA["name"] == "glejt-mc/1"
    digest = sha256(rfc8785.dumps(DATA)).hexdigest()
    assert digest == VERSIONS[NEWEST].sha256 == "f556f8ba51e9ac7859358f90635962d142775f301654c95118fb15053fda81bb"
    assert classify({}).to_json()["digest"] == f"sha256:{digest}"


def test_every_version_is_there_and_its_procedure_knows_its_elements():
    folder = {entry.name for entry in files(package).joinpath("rules").iterdir()}
    assert folder == {pin.file for pin in VERSIONS.values()}
    for name in VERSIONS:
        tables = rule_set(name).tables
        assert set(tables.elements) == set(ELEMENTS)
        assert set(tables.options) == set(OPTIONS)
        assert tables.award_elements < set(tables.elements)


def test_an_unknown_version_is_an_error_with_a_remedy():
    with pytest.raises(RuleSetError) as refused:
        rule_set("glejt-mc/99")
    assert refused.value.code == "rules.unknown"
    assert NEWEST in refused.value.remedy


def test_changed_data_are_refused(monkeypatch):
    pin = Pin(VERSIONS[NEWEST].file, "0" * 64)
    monkeypatch.setattr(versions, "VERSIONS", {"glejt-mc/changed": pin})
    with pytest.raises(RuleSetError, match="not the pinned") as refused:
        rule_set("glejt-mc/changed")
    assert refused.value.code == "rules.bundle"


def scoped(definition):
    return {name: one for name, one in definition["@context"].items() if not name.startswith("@")}


def test_each_listed_value_is_one_term_with_an_iri_of_its_own():
    context = BUNDLED[GLEJT_CONTEXT]["@context"]
    achievement = context["MicroCredentialAchievement"]["@context"]
    unit = achievement["workload"]["@context"]["Workload"]["@context"]["unit"]
    members = {f"{kind}Type": kind for kind in ("assessment", "participation", "supervision")} | {
        "stackability": "stackability"
    }
    defined = {kind: scoped(achievement[member]) for member, kind in members.items()} | {"unit": scoped(unit)}
    listed = {kind: one for kind, one in DATA["values"].items() if kind != "quality"}  # texts in Open Badges
    assert defined == {kind: {term: one["iri"] + term for term in one["terms"]} for kind, one in listed.items()}
    iris = [iri for terms in defined.values() for iri in terms.values()]
    assert len(set(iris)) == len(iris)
    assert {one["iri"].rpartition("#")[0] for one in DATA["values"].values()} == {"https://w3id.org/glejt"}


def test_every_foreign_value_maps_to_a_listed_one():
    for tables in DATA["foreign"].values():
        for kind, mapping in tables.items():
            if kind != "evidence":
                assert set(mapping.values()) <= set(DATA["values"][kind]["terms"])
    assert DATA["no_assessment"] in DATA["values"]["assessment"]["terms"]
    assert DATA["internal_quality"] in DATA["values"]["quality"]["terms"]


def test_the_countries_are_those_of_the_standard_and_kosovo():
    countries = DATA["countries"]
    assert len(countries) == 250
    assert len(set(countries.values())) == 250
    assert {countries[code] for code in ("POL", "IRL", "FRA", "NLD", "DEU", "UKR", "1A0")} == {
        "PL", "IE", "FR", "NL", "DE", "UA", "XK",
    }  # fmt: skip
    assert all(
        re.fullmatch(r"[A-Z0-9]{3}", long) and re.fullmatch(r"[A-Z]{2}", short) for long, short in countries.items()
    )
