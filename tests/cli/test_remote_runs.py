"""A table awarded by a run of a node: followed from the command line, and never twice."""

import json

import pytest
from remote_support import ACHIEVEMENT, desk


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("runs")) as found:
        found.write("course.json", {name: value for name, value in ACHIEVEMENT.items() if name != "id"})
        done = found.run("achievement", "publish", "course.json", "--json")
        assert done.returncode == 0, done.stderr
        found.course = json.loads(done.stdout)["url"]
        yield found


def award(at, table, out, *more):
    where = ("--achievement", at.course, "--award", "award.json", "--profile", "dev")
    return at.run("issue", "--csv", table, *where, "--out", out, *more)


def test_a_table_is_awarded_by_a_run_and_by_the_next_to_nobody_again(at):
    at.write("first.csv", "name,emailAddress\n" + "".join(f"Demo {n},demo{n}@school.example\n" for n in range(5)))
    done = award(at, "first.csv", "first.jsonl")
    assert done.returncode == 0, done.stderr
    documents = at.lines("first.jsonl")
    names = [one["credentialSubject"]["identifier"][0]["identityHash"] for one in documents]
    assert names == [f"Demo {n}" for n in range(5)]
    assert all(one["proof"] for one in documents)
    assert "5" in done.stderr
    at.write(
        "second.csv", "name,emailAddress\nDemo 9,demo9@school.example\nDemo 2,demo2@school.example\nNobody,x,too much\n"
    )
    again = award(at, "second.csv", "second.jsonl")
    assert again.returncode == 1
    found = {one["credentialSubject"]["identifier"][0]["identityHash"]: one for one in at.lines("second.jsonl")}
    assert found["Demo 2"] == documents[2]
    assert sorted(found) == ["Demo 2", "Demo 9"]
    assert "Nobody" in (at.folder / "second.jsonl.rejected.csv").read_text("utf-8-sig")


def test_a_trial_says_what_would_be_and_signs_nothing(at):
    at.write("trial.csv", "name,emailAddress\nDemo Trial,trial@school.example\n")
    done = award(at, "trial.csv", "trial.jsonl", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert not (at.folder / "trial.jsonl").exists()
    assert award(at, "trial.csv", "trial.jsonl").returncode == 0
    assert len(at.lines("trial.jsonl")) == 1
