"""A table issued by a node: a request for each row, cut off at any point and run again; nothing is issued twice."""

import json
import re
import signal
import stat
import subprocess
import sys
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from remote_support import between, desk, elsewhere, glejt
from running import at_terminal, environment
from serve_support import stored
from web_servers import response

from node.adapters.node_client import NodeClientError
from node.cli.remote_run import Run, content_of, path_beside

SHARED = ("--achievement", "achievement.json", "--award", "award.json", "--profile", "dev")
ROWS = 60


@pytest.fixture(scope="module")
def at(tmp_path_factory):
    with desk(tmp_path_factory.mktemp("remote")) as found:
        yield found


def table(at, name, rows):
    at.write(name, "name,emailAddress\n" + "".join(f"{row},learner@school.example\n" for row in rows))
    return name


def issue(at, name, out, *more, **also):
    return at.run("issue", "--csv", name, *SHARED, "--out", out, *more, **also)


def names(documents):
    return [
        next(one["identityHash"] for one in document["credentialSubject"]["identifier"] if not one["hashed"])
        for document in documents
    ]


def issued_to(at, prefix):
    """The ids of all credentials on the node for people whose name begins so, by the name."""
    found = {}
    for document in stored(at.folder):
        if "identifier" in document["credentialSubject"]:
            (name,) = names([document])
            if name.startswith(prefix):
                found.setdefault(name, []).append(document["id"])
    return found


def test_everybody_in_a_table_is_awarded_by_the_node_in_order(at):
    done = issue(at, table(at, "all.csv", [f"All {n}" for n in range(12)]), "all.jsonl")
    assert (done.returncode, done.stdout) == (0, "")
    documents = at.lines("all.jsonl")
    assert names(documents) == [f"All {n}" for n in range(12)]
    assert {document["issuer"]["id"] for document in documents} == {at.did}
    assert len({document["id"] for document in documents}) == 12
    assert all(re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", document["id"]) for document in documents)
    (places,) = {len(document["credentialStatus"]) for document in documents}
    assert places == 2
    verified = at.run("verify", "all.jsonl", "--json")
    assert {json.loads(line)["verdict"] for line in verified.stdout.splitlines()} == {"accepted"}
    assert stat.S_IMODE((at.folder / "all.jsonl.run").stat().st_mode) == 0o600
    assert "All" not in (at.folder / "all.jsonl.run").read_text("ascii")


def test_a_folder_holds_a_file_for_each_row(at):
    assert issue(at, table(at, "folder.csv", ["Folder 1"]), "folder").returncode == 0
    assert [path.name for path in (at.folder / "folder").iterdir()] == ["row-0000002.json"]


@pytest.mark.threat(82)
@pytest.mark.threat(97)
def test_the_same_table_again_issues_nothing_twice_and_a_row_that_was_mended_only_once(at):
    rows = [f"Twice {n}" for n in range(5)]
    assert issue(at, table(at, "twice.csv", rows), "twice.jsonl").returncode == 0
    first = at.lines("twice.jsonl")
    assert issue(at, "twice.csv", "twice.jsonl").returncode == 2  # nothing is replaced unless somebody says so
    again = issue(at, "twice.csv", "twice.jsonl", "--force")
    assert (again.returncode, "Goes on with the run" in again.stderr) == (0, True)
    assert at.lines("twice.jsonl") == first
    mended = [rows[3], "Twice new", *rows[:3], rows[4]]  # another order, and one more
    assert issue(at, table(at, "twice.csv", mended), "twice.jsonl", "--force").returncode == 0
    assert names(at.lines("twice.jsonl")) == mended
    assert {len(ids) for ids in issued_to(at, "Twice").values()} == {1}
    assert len(issued_to(at, "Twice")) == 6


@pytest.mark.threat(82)
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_killed_in_the_middle_is_run_again_and_nothing_is_issued_twice(at, number):
    prefix, out = f"Killed {number} ", f"killed-{number}.jsonl"
    table(at, "killed.csv", [f"{prefix}{n}" for n in range(ROWS)])
    line = [sys.executable, "-m", "node", "issue", "--csv", "killed.csv", *SHARED, "--out", out]
    line += ["--node", at.url, "--node-key-file", "node.key"]
    process = subprocess.Popen(  # noqa: S603 -- our own program
        line, cwd=at.folder, env=environment(at.folder), stderr=subprocess.PIPE, start_new_session=True
    )
    end = time.monotonic() + 60
    while len(issued_to(at, prefix)) < 5 and process.poll() is None and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode != 0
    before = issued_to(at, prefix)
    assert 5 <= len(before) < ROWS
    assert not (at.folder / out).exists()
    done = issue(at, "killed.csv", out)
    assert done.returncode == 0, done.stderr
    assert names(at.lines(out)) == [f"{prefix}{n}" for n in range(ROWS)]
    after = issued_to(at, prefix)
    assert {name: after[name] for name in before} == before
    assert (len(after), {len(ids) for ids in after.values()}) == (ROWS, {1})


@pytest.mark.threat(82)
def test_answers_that_get_lost_are_asked_for_again_and_count_once(at):
    once = set()

    def drop(path, key):
        new = path.endswith("/issue") and key not in once
        once.add(key)
        return new

    with between(at.url, drop) as (url, seen):
        done = issue(at, table(at, "lost.csv", [f"Lost {n}" for n in range(8)]), "lost.jsonl", url=url)
    assert done.returncode == 0, done.stderr
    sent = [key for path, key, _ in seen if path.endswith("/issue")]
    assert len(sent) > len(set(sent)) == 8
    assert (len(issued_to(at, "Lost")), {len(ids) for ids in issued_to(at, "Lost").values()}) == (8, {1})


@pytest.mark.threat(82)
def test_a_node_that_goes_away_stops_the_run_which_goes_on_later(at):
    asked, away = [], [True]

    def drop(path, _key):
        asked.append(path)
        return path.endswith("/issue") and len(asked) > 4 and away[0]

    table(at, "gone.csv", [f"Gone {n}" for n in range(8)])
    with between(at.url, drop) as (url, _):
        stopped = issue(at, "gone.csv", "gone.jsonl", url=url)
        assert (stopped.returncode, "remote.broken" in stopped.stderr) == (2, True)
        assert not (at.folder / "gone.jsonl").exists()
        other = issue(at, "gone.csv", "gone.jsonl")  # another address is another node, as far as anybody can tell
        assert (other.returncode, "remote.other_run" in other.stderr) == (2, True)
        away[0] = False
        assert issue(at, "gone.csv", "gone.jsonl", url=url).returncode == 0
    assert names(at.lines("gone.jsonl")) == [f"Gone {n}" for n in range(8)]
    assert {len(ids) for ids in issued_to(at, "Gone").values()} == {1}


def test_what_is_wrong_with_a_row_is_told_of_it_and_the_others_go_on(at):
    at.write("wrong.csv", "name,id\nWrong 1,urn:example:row\nWrong 2,no address\n,\nWrong 3,urn:example:row\n")
    done = issue(at, "wrong.csv", "wrong.jsonl")
    assert done.returncode == 1
    assert len(at.lines("wrong.jsonl")) == 1
    rejected = (at.folder / "wrong.jsonl.rejected.csv").read_text("utf-8-sig")
    assert "store.conflict" in done.stderr
    assert rejected.count("\n") >= 3


def test_who_asks_without_leave_is_told_once_and_nothing_is_written(at):
    at.private("wrong.key", "glejt_0000000000000000_" + 64 * "0")
    done = issue(at, table(at, "leave.csv", [f"Leave {n}" for n in range(9)]), "leave.jsonl", key="wrong.key")
    assert (done.returncode, done.stderr.count("access.key")) == (2, 1)
    assert not list(at.folder.glob("leave.jsonl*"))
    made = at.post("/organisation/api-keys", {"label": "reader", "scopes": ["organisation:read"]})
    at.private("reader.key", made["key"])
    done = issue(at, "leave.csv", "leave.jsonl", key="reader.key")
    assert (done.returncode, done.stderr.count("access.scope")) == (2, 1)
    assert [path.name for path in at.folder.glob("leave.jsonl*")] == ["leave.jsonl.run"]
    nobody = at.run("issue", "--csv", "leave.csv", *SHARED[:4], "--profile", "nobody", "--out", "leave.jsonl")
    assert (nobody.returncode, nobody.stderr.count("store.absent")) == (2, 1)


def test_a_trial_sends_no_row(at):
    table(at, "trial.csv", ["Trial 1", "Trial 2"])
    with between(at.url, lambda _path, _key: False) as (url, seen):
        done = at.run("issue", "--csv", "trial.csv", *SHARED, "--dry-run", url=url)
    assert done.returncode == 0, done.stderr
    assert [path for path, _, _ in seen] == ["/organisation/profiles/dev"]
    assert issued_to(at, "Trial") == {}
    assert not list(at.folder.glob("*trial*.run"))


def test_a_run_counts_for_what_it_was_begun_with(at):
    table(at, "begun.csv", ["Begun 1"])
    assert issue(at, "begun.csv", "begun.jsonl").returncode == 0
    at.write("other.json", {"issuer": {"name": "Another School"}})
    shared = ("--achievement", "achievement.json", "--award", "other.json", "--profile", "dev")
    done = at.run("issue", "--csv", "begun.csv", *shared, "--out", "begun.jsonl", "--force")
    assert (done.returncode, "remote.other_run" in done.stderr) == (2, True)
    at.private("begun.jsonl.run", '{"kind": "something else"}')
    done = issue(at, "begun.csv", "begun.jsonl", "--force")
    assert (done.returncode, "remote.run" in done.stderr) == (2, True)
    assert len(issued_to(at, "Begun")["Begun 1"]) == 1


APPROVAL = "01990d5e-0000-7000-8000-000000000000"


def test_where_a_second_person_has_to_agree_nothing_is_written_and_the_same_is_asked_later(at):
    asked = json.dumps({"approval": APPROVAL, "state": "waiting", "expiresAt": "2026-09-08T12:00:00Z"}).encode()
    answer = response(asked, "202 Accepted", {"Content-Type": "application/json"})
    single = ("issue", at.credential("asked"), "--profile", "dev", "--out", "asked.signed.json")
    first, sent = elsewhere(at, answer, *single)
    assert (first.returncode, f"--approval {APPROVAL}" in first.stderr) == (20, True)
    assert not (at.folder / "asked.signed.json").exists()
    again, later = elsewhere(at, answer, *single, "--approval", APPROVAL)
    assert again.returncode == 20
    name = re.compile(rb"(?i)Idempotency-Key: (\S+)")
    assert name.search(sent)[1] == name.search(later)[1]
    assert f"Glejt-Approval: {APPROVAL}".encode() not in sent
    assert f"Glejt-Approval: {APPROVAL}".encode() in later
    withdrawn, _ = elsewhere(at, answer, "revoke", "urn:example:asked", "--yes")
    assert (withdrawn.returncode, withdrawn.stdout) == (20, "")


@pytest.mark.parametrize(
    "credential",
    [
        None,
        {"issuer": "did:example:other", "credentialSubject": {"name": "Demo Learner"}, "proof": {}},
        {"issuer": "{did}", "credentialSubject": {"name": "Somebody else"}, "proof": {}},
        {"issuer": "{did}", "credentialSubject": {"name": "Demo Learner"}},
        {"type": "EnvelopedVerifiableCredential", "id": "data:text/html,x"},
        {"type": "EnvelopedVerifiableCredential", "id": "data:application/vc+jwt,"},
    ],
)
def test_a_credential_of_something_else_is_not_taken_for_the_one_that_was_asked_for(at, credential):
    body = json.dumps({"verifiableCredential": credential}).replace("{did}", at.did).encode()
    answer = response(body, "201 Created", {"Content-Type": "application/json"})
    done, _ = elsewhere(at, answer, "issue", at.credential("swapped"), "--profile", "dev", "--out", "taken.json")
    assert (done.returncode, "remote.answer" in done.stderr) == (2, True)
    assert not (at.folder / "taken.json").exists()


@pytest.mark.parametrize("kind", ["vc+jwt", "dc+sd-jwt"])
def test_a_token_comes_as_a_token(at, kind):
    given = (
        "a.b.c"
        if kind.startswith("dc")
        else {"type": "EnvelopedVerifiableCredential", "id": f"data:application/{kind},a.b.c"}
    )
    answer = response(json.dumps({"verifiableCredential": given}).encode(), "201 Created")
    done, _ = elsewhere(at, answer, "issue", at.credential("token"), "--profile", "dev")
    assert (done.returncode, done.stdout) == (0, "a.b.c\n")


def test_progress_is_shown_at_a_terminal(at):
    table(at, "seen.csv", ["Seen 1", "Seen 2"])
    line = ("issue", "--csv", "seen.csv", *SHARED, "--out", "seen.jsonl", "--node", at.url)
    status, shown = at_terminal(at.folder, *line, "--node-key-file", "node.key")
    assert (status, "Issued: 2 credentials" in shown) == (0, True)


@given(
    rows=st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8)), max_size=12),
    order=st.randoms(use_true_random=False),
)
@pytest.mark.threat(97)
def test_names_of_requests_are_those_of_the_rows_repeated_shuffled_and_overlapping(rows, order):
    run = Run.new()

    def requests(table):
        fresh = Run(run.seed, run.at)
        return [fresh.of(content_of(["name", "id"], row)).request for row in table]

    first = requests(rows)
    assert len(set(first)) == len(first)
    assert requests(rows) == first
    shuffled = list(rows)
    order.shuffle(shuffled)
    assert sorted(requests(shuffled)) == sorted(first)
    assert set(first) <= set(requests([*rows, ("more", "rows")]))
    assert not set(first) & {Run.new().of(content_of(["name", "id"], row)).request for row in rows}


def test_ids_and_salts_come_from_the_seed_and_are_never_the_same_twice():
    run = Run.new()
    own, same = (Run(run.seed, run.at).of("a").fresh("did:example:1", run.at) for _ in range(2))
    drawn = [own.new_id(), own.new_id(), own.new_salt(), own.new_salt()]
    assert drawn == [same.new_id(), same.new_id(), same.new_salt(), same.new_salt()]
    assert len(set(drawn)) == 4
    assert len(own.new_salt()) >= 22
    assert repr(run).count("seed") == 0


def test_the_file_of_a_run_is_there_before_it_is_needed(tmp_path):
    result = tmp_path / "out.jsonl"
    run = Run.beside(result, {"a": 1})
    assert (run.resumed, path_beside(result).exists()) == (False, True)
    again = Run.beside(result, {"a": 1})
    assert (again.resumed, again.seed, again.at) == (True, run.seed, run.at)
    with pytest.raises(NodeClientError) as refused:
        Run.beside(result, {"a": 2})
    assert refused.value.code == "remote.other_run"


def test_help_names_the_node(tmp_path):
    assert "--node" in glejt(tmp_path, "issue", "--help").stdout
