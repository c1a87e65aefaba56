"""What accreditations are for: no scope covers more than it says, and none has two names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.credentials.errors import ScopeError
from node.credentials.scope import MAX_ITEMS, Level, Scope, Stated

TYPES = st.frozensets(st.sampled_from(["Certificate", "Diploma", "ext:Hygiene"]), max_size=3)
ACHIEVEMENTS = st.frozensets(st.sampled_from(["urn:a", "urn:b", "https://c.example/1"]), max_size=3)
LEVELS = st.frozensets(st.sampled_from([Level("EQF", "3"), Level("EQF", "4"), Level("PRK", "4")]), max_size=3)
COUNTRIES = st.frozensets(st.sampled_from(["PL", "DE", "XK"]), max_size=3)
SCOPES = st.builds(Scope, TYPES, ACHIEVEMENTS, LEVELS, COUNTRIES)
STATED = st.builds(
    Stated,
    TYPES,
    st.frozensets(st.sampled_from(["urn:a", "urn:b", None]), max_size=2),
    st.frozensets(st.sampled_from([Level("EQF", "3"), Level("EQF", "4"), Level("PRK", "4"), None]), max_size=2),
    COUNTRIES,
)


@given(SCOPES, SCOPES, SCOPES, STATED)
def test_covering_is_an_order_that_never_adds_a_document(wide, middle, narrow, stated):
    assert wide.covers(wide)
    if wide.covers(middle) and middle.covers(narrow):
        assert wide.covers(narrow)
    if wide.covers(middle) and middle.covers(wide):
        assert wide == middle
    if wide.covers(narrow) and narrow.admits(stated):
        assert wide.admits(stated)
    assert Scope().covers(wide)
    assert Scope().admits(stated)


@given(SCOPES, SCOPES)
def test_each_scope_has_one_form_and_one_name(one, other):
    assert Scope.read(one.to_json()) == one
    assert (one.canonical() == other.canonical()) == (one == other)
    shuffled = {name: value[::-1] for name, value in reversed(one.to_json().items())}
    assert Scope.read(shuffled).canonical() == one.canonical()


@given(SCOPES)
def test_what_is_not_said_is_within_no_limit(scope):
    nothing = Stated(frozenset(), frozenset(), frozenset(), frozenset())
    assert scope.admits(nothing) == (scope == Scope())
    unread = Stated(frozenset(scope.types), frozenset([None]), frozenset([None]), frozenset(scope.countries))
    assert scope.admits(unread) == (not scope.achievements and not scope.levels)


def test_all_types_and_no_level_outside():
    scope = Scope(frozenset(["Certificate", "OpenBadgeCredential"]), levels=frozenset([Level("EQF", "4")]))
    own = frozenset(["Certificate", "OpenBadgeCredential", "VerifiableCredential"])
    level = frozenset([Level("EQF", "4")])
    assert scope.admits(Stated(own, frozenset([None]), level, frozenset()))
    assert not scope.admits(Stated(own - {"Certificate"}, frozenset(), level, frozenset()))
    assert not scope.admits(Stated(own, frozenset(), level | {Level("EQF", "5")}, frozenset()))
    assert not scope.admits(Stated(own, frozenset(), frozenset(), frozenset()))


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (None, ""),
        ([], ""),
        ({"colour": ["red"]}, "/colour"),
        ({"Level": []}, "/Level"),
        ({"types": []}, "/types"),
        ({"types": [""]}, "/types/0"),
        ({"types": [" x"]}, "/types/0"),
        ({"types": [1]}, "/types/0"),
        ({"types": ["x"] * (MAX_ITEMS + 1)}, "/types"),
        ({"achievement": ["welding"]}, "/achievement/0"),
        ({"level": ["EQF 4"]}, "/level/0"),
        ({"level": [{"framework": "EQF"}]}, "/level/0"),
        ({"level": [{"framework": "EQF", "code": "4", "type": "x"}]}, "/level/0"),
        ({"level": [{"framework": "EQF", "code": 4}]}, "/level/0/code"),
        ({"limitJurisdiction": ["POL"]}, "/limitJurisdiction/0"),
        ({"limitJurisdiction": ["pl"]}, "/limitJurisdiction/0"),
        ({"limitJurisdiction": None}, "/limitJurisdiction"),
    ],
)
def test_a_limit_that_is_not_understood_is_no_scope(value, path):
    with pytest.raises(ScopeError) as caught:
        Scope.read(value)
    assert (caught.value.code, caught.value.path) == ("scope", path)
    assert caught.value.remedy
