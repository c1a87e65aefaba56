"""Tables of awards: what a column is, what a row says, and which column is to blame."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.credentials.achievement import Achievement
from node.credentials.award_table import MAX_COLUMNS, AwardTable
from node.credentials.errors import AwardError

ACHIEVEMENT = Achievement(
    {
        "id": "urn:x:a",
        "name": "First aid",
        "resultDescription": [{"id": name} for name in ("urn:x:a#o1", "urn:x:a#grade", "urn:x:b#grade", "urn:x:c")],
    }
)
SHARED = {
    "issuer": {"name": "Test School"},
    "narrative": "For all.",
    "result": [{"resultDescription": "urn:x:a#o1", "status": "Completed"}, {"resultDescription": "urn:x:c"}],
}


def table(*headings, shared=None, **renamed):
    return AwardTable(
        headings, {key.replace("_", " "): name for key, name in renamed.items()}, shared or SHARED, ACHIEVEMENT
    )


def refused(*headings, **options):
    with pytest.raises(AwardError) as caught:
        table(*headings, **options)
    return [problem.code for problem in caught.value.problems]


def test_a_row_says_what_its_award_has_beside_what_all_share():
    columns = table(
        "Full name", "emailAddress", "did", "awardedDate", "creditsEarned", "Phone", Full_name="name", Phone=""
    )
    award = columns.award([" Sample Learner ", "a@b.example", "did:example:1", "2026-06-12T14:03:00Z", "1,5", "007"])
    assert award == SHARED | {
        "learner": {"name": "Sample Learner", "emailAddress": "a@b.example", "id": "did:example:1"},
        "awardedDate": "2026-06-12T14:03:00Z",
        "creditsEarned": 1.5,
    }


def test_an_empty_cell_leaves_what_all_share():
    assert table("name", "narrative").award(["Sample Learner", "  "])["narrative"] == "For all."
    assert table("name", "narrative").award(["Sample Learner", "Mine."])["narrative"] == "Mine."
    assert "narrative" in SHARED
    assert SHARED["narrative"] == "For all."


def test_results_of_a_row_join_those_that_all_share():
    columns = table("name", "status:o1", "value:urn:x:a#grade", "achievedLevel:urn:x:b#grade")
    award = columns.award(["Sample Learner", "Failed", "A", ""])
    assert award["result"] == [
        {"resultDescription": "urn:x:a#o1", "status": "Failed"},
        {"resultDescription": "urn:x:c"},
        {"resultDescription": "urn:x:a#grade", "value": "A"},
    ]
    assert SHARED["result"][0]["status"] == "Completed"
    assert columns.heading_of("/result/0/status", award) == "status:o1"
    assert columns.heading_of("/result/2/value", award) == "value:urn:x:a#grade"
    assert columns.heading_of("/result/1/status", award) == ""
    assert columns.heading_of("/learner/name", award) == "name"
    assert columns.heading_of("/issuer", award) == ""


@pytest.mark.parametrize(
    ("headings", "code"),
    [
        (("Full name",), "award.table.column"),
        (("name", "issuer"), "award.table.column"),
        (("name", "credentialStatus"), "award.table.column"),
        (("name", "value:grade"), "award.table.result"),  # two descriptions end so
        (("name", "value:o2"), "award.table.result"),
        (("name", "name"), "award.table.repeated"),
        (("value:o1", "value:urn:x:a#o1"), "award.table.repeated"),
        (tuple(map(str, range(MAX_COLUMNS + 1))), "award.table.columns"),
    ],
)
def test_a_column_that_is_no_part_of_an_award_is_refused(headings, code):
    assert code in refused(*headings)


def test_names_for_columns_that_are_not_there_are_refused():
    assert refused("name", Nmae="emailAddress") == ["award.table.unused"]


def test_learners_stand_in_the_table_alone():
    assert refused("name", shared=SHARED | {"learner": {"name": "Sample Learner"}}) == ["award.table.learner"]


@settings(deadline=None)
@given(st.text(max_size=20))
def test_credits_are_plain_numbers_or_left_for_the_reader_to_refuse(cell):
    award = table("creditsEarned").award([cell])
    value = award.get("creditsEarned")
    assert value is None or isinstance(value, int | float) or value == cell.strip()
    for text, number in (("2", 2), ("2.50", 2.5), ("2,5", 2.5)):
        assert table("creditsEarned").award([text])["creditsEarned"] == number
    for text in ("1_000", "nan", "1e3", "-1", "٣", "2,", "1234567890"):
        assert table("creditsEarned").award([text])["creditsEarned"] == text
