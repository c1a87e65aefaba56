"""Runs over HTTP: a table handed in, ordered, checked, started, followed and taken out again."""

import csv
import io
from contextlib import asynccontextmanager
from dataclasses import replace

import orjson
import pytest
import run_support as support
from node_support import A, running_node

from node.http.routes import run_results as routes
from node.issuance.background.office import Means, background
from node.issuance.desk.cells import MARKS, restored
from node.ports.runs import RunState
from node.verification.trust import NO_TRUST

PATH = "/organisation/runs"
CSV = {"Content-Type": "text/csv"}


@asynccontextmanager
async def desk_node(folder):
    """A node with a course and a profile, whose runs are carried out."""
    async with running_node(folder, tables=support.tables_here()) as node:
        await support.add_profile(node.store, node.vault)
        await node.store.change(A, support.add_course)
        office = support.Office(node.store, node.vault, node.services.tables, clock=node.clock)
        means = Means(store=node.store, vault=node.vault, trust=NO_TRUST, now=node.clock, kinds=office.kinds)
        async with background(replace(means, pace=support.support.QUICK)):
            yield node, office


async def upload(node, data, role="issuer", **query):
    return await node.client.post(PATH, content=data, params=query, headers={**node.key(role), **CSV})


def order(**changes):
    return {"achievement": support.COURSE, "version": 1, "profile": "profile", **changes}


async def test_a_table_from_the_upload_to_what_came_of_it(tmp_path):
    rows = [*support.learners(3), ["=cmd|' /C calc'!A0", "", "9.0"], ["Ragged"]]
    async with desk_node(tmp_path) as (node, office):
        key = node.key("issuer")
        uploaded = await upload(node, support.table(rows), name="course.csv")
        assert uploaded.status_code == 201
        run = uploaded.json()
        where = uploaded.headers["location"]
        assert (run["rows"], run["state"], run["headings"]) == (5, "read", list(support.HEADINGS))
        columns = await node.client.get(f"{where}/columns", params={"achievement": support.COURSE}, headers=key)
        assert columns.json()["columns"] == {name: name for name in support.HEADINGS}
        ordered = await node.client.put(f"{where}/order", json=order(), headers=key)
        assert ordered.json()["state"] == "checking"
        checked = await office.until_over(run["id"])
        assert (checked.state, checked.rejected) == (RunState.CHECKED, 2)
        started = await node.client.post(f"{where}/start", headers=key)
        assert started.json()["state"] == "running"
        await office.until_over(run["id"])
        found = (await node.client.get(where, headers=key)).json()
        assert (found["state"], found["awarded"], found["rejected"], found["done"]) == ("done", 3, 2, 5)
        lines = (await node.client.get(f"{where}/credentials", headers=key)).text.splitlines()
        assert [orjson.loads(line)["row"] for line in lines] == [2, 3, 4]
        assert "proof" in orjson.loads(orjson.loads(lines[0])["credential"])
        listed = await node.client.get(PATH, headers=key)
        assert [one["id"] for one in listed.json()["runs"]] == [run["id"]]
        assert (await node.client.get(f"{where}/remarks", headers=key)).json() == {"remarks": []}
        assert (await node.client.post(f"{where}/pause", headers=key)).status_code == 409
        assert (await node.client.delete(where, headers=key)).status_code == 204
        assert (await node.client.get(where, headers=key)).status_code == 404


@pytest.mark.threat(64)
async def test_rejected_rows_come_back_as_they_were_and_are_no_formulas(tmp_path):
    cells = ["=1+1", "+48 600", "-x", "@a", "\tb", "'c", "d", "\uff1de", "  =f", "|g"]
    rows = [[cell, f"{number}@school.example", "9.0"] for number, cell in enumerate(cells)]
    async with desk_node(tmp_path) as (node, office):
        run = await office.award(support.table(rows))
        assert (run.awarded, run.rejected) == (0, len(rows))
        answer = await node.client.get(f"{PATH}/{run.id}/rejected", headers=node.key("issuer"))
    assert "attachment" in answer.headers["content-disposition"]
    assert answer.headers["content-type"].startswith("text/csv")
    text = answer.content.decode("utf-8-sig")
    (headings, *found) = list(csv.reader(io.StringIO(text)))
    assert headings == [*MARKS, *support.HEADINGS]
    assert [[restored(cell) for cell in row[4:]] for row in found] == rows
    for row in found:
        assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "|", "\uff1d")) for cell in row)
        assert row[1] == support.GRADE
        assert row[3]
    assert text.count('"') >= 2 * len(headings) * (len(rows) + 1)


async def test_who_follows_a_run_hears_of_each_step_and_comes_again_after_the_last(tmp_path, monkeypatch):
    monkeypatch.setattr(routes, "LOOK_SECONDS", 0.01)
    async with desk_node(tmp_path) as (node, office):
        run = await office.award(support.table(support.learners(2)))
        key = node.key("issuer")
        answer = await node.client.get(f"{PATH}/{run.id}/events", headers=key)
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = [part for part in answer.text.split("\n\n") if part.startswith("id: ")]
        last = events[-1].splitlines()
        assert orjson.loads(last[2].removeprefix("data: "))["awarded"] == 2
        again = await node.client.get(
            f"{PATH}/{run.id}/events", headers={**key, "Last-Event-ID": last[0].removeprefix("id: ")}
        )
        assert "id: " not in again.text
        monkeypatch.setattr(routes, "STREAM_SECONDS", 0.05)
        waiting = await office.desk.upload(support.CALLER, "t", support.table(support.learners(1)))
        still = await node.client.get(f"{PATH}/{waiting.id}/events", headers=key)
        assert still.text.count("id: ") == 1
        await node.store.change(A, lambda unit: unit.runs.change(waiting.id, RunState.CHECKING, node.clock()))
        bounded = await node.client.get(f"{PATH}/{waiting.id}/events", headers=key)
        assert bounded.text.count("id: ") == 1


async def test_what_cannot_be_read_or_awarded_is_refused_with_a_remedy(tmp_path):
    async with desk_node(tmp_path) as (node, office):
        key = node.key("issuer")
        for data, code in (
            (b"", "table.empty"),
            (b"name\r\n\xff\r\n", "table.encoding"),
            (b"PK\x03\x04", "table.workbook"),
        ):
            refused = await upload(node, data)
            assert (refused.status_code, refused.json()["code"]) == (422, code)
            assert refused.json()["remedy"]
        assert (await upload(node, b"name\r\nx\r\n", encoding="punycode")).json()["code"] == "table.encoding"
        other = await node.client.post(PATH, content=b"{}", headers={**key, "Content-Type": "application/json"})
        assert other.status_code == 415
        run = (await upload(node, support.table(support.learners(1), ("name", "emailAddress", "x")))).json()
        where = f"{PATH}/{run['id']}"
        assert (await node.client.post(f"{where}/start", headers=key)).json()["code"] == "run.order"
        refused = await node.client.put(f"{where}/order", json=order(), headers=key)
        assert (refused.status_code, refused.json()["code"]) == (422, "run.columns")
        unknown = await node.client.put(f"{where}/order", json=order(profile="x"), headers=key)
        assert unknown.status_code == 404
        assert (await office.found(run["id"])).state is RunState.READ


@pytest.mark.parametrize("role", ["designer", "auditor"])
async def test_only_who_may_issue_hands_in_tables(tmp_path, role):
    async with running_node(tmp_path) as node:
        assert (await upload(node, support.table(support.learners(1)), role)).status_code == 403


async def test_the_log_says_who_did_what_and_names_no_learner(tmp_path):
    async with desk_node(tmp_path) as (node, office):
        uploaded = (await upload(node, support.table(support.learners(2)))).json()
        key = node.key("issuer")
        await node.client.put(f"{PATH}/{uploaded['id']}/order", json=order(check=False), headers=key)
        await node.client.post(f"{PATH}/{uploaded['id']}/start", headers=key)
        await office.until_over(uploaded["id"])
        async with node.store.view(A) as view:
            entries = [entry.event for entry in await view.audit.entries() if entry.event.subject == uploaded["id"]]
    assert [event.action for event in entries] == ["run.upload", "run.start", "run.page", "run.done"]
    assert {event.actor for event in entries} == {f"member:{A}-issuer"}
    assert not any("Learner" in str(event.details) for event in entries)
