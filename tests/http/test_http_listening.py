"""Who listens to runs and requests: so many at one time, each let go as it ends, or as what it hears of is erased."""

import asyncio
from datetime import timedelta

import orjson
import pytest
import store_samples as samples
from node_support import NOW, A

from node.http import listening
from node.http.listening import MAX_STREAMS, Listeners
from node.http.problems import ProblemError
from node.http.routes import conversations, run_results
from node.ports.errors import AbsentError
from node.ports.runs import RunState

REQUESTS = "/organisation/presentation-requests"
ASKED = {
    "definition": {
        "id": "asked",
        "input_descriptors": [
            {"id": "one", "constraints": {"fields": [{"path": ["$.credentialSubject.achievement.name"]}]}}
        ],
    },
    "why": "To let you work with the machine.",
}
LATER = NOW + timedelta(days=3650)


async def forever():
    yield b"data: 1\n\n"
    await asyncio.Event().wait()


async def heard(answer):
    return [chunk async for chunk in answer.body_iterator]


@pytest.mark.threat(80)
async def test_one_too_many_is_told_to_come_again_and_has_room_once_another_one_has_gone():
    listeners = Listeners("x.streams", "Come again.")
    streams = [listeners.stream(forever()).body_iterator for _ in range(MAX_STREAMS)]
    late = listeners.stream(forever())
    for stream in streams:
        listeners.require_room()
        assert await anext(stream) == b"data: 1\n\n"
    with pytest.raises(ProblemError) as refused:
        listeners.require_room()
    assert (refused.value.status, refused.value.code) == (503, "x.streams")
    assert await heard(late) == [b"retry: 10000\n\n"]
    await streams.pop().aclose()
    listeners.require_room()
    streams.append(listeners.stream(forever()).body_iterator)
    assert await anext(streams[-1]) == b"data: 1\n\n"
    for stream in streams:
        await stream.aclose()
    listeners.require_room()


async def test_what_is_erased_ends_the_stream_and_leaves_room(monkeypatch):
    async def erased():
        yield b"data: 1\n\n"
        raise AbsentError("thing with this id")

    monkeypatch.setattr(listening, "MAX_STREAMS", 1)
    listeners = Listeners("x.streams", "Come again.")
    for _ in range(3):
        listeners.require_room()
        assert await heard(listeners.stream(erased())) == [b"data: 1\n\n"]


def heard_first(show, first):
    def shown(*arguments):
        first.set()
        return show(*arguments)

    return shown


@pytest.fixture
def told(monkeypatch):
    """Set once the first has heard anything; room is for one."""
    first = asyncio.Event()
    monkeypatch.setattr(listening, "MAX_STREAMS", 1)
    for module, name in ((conversations, "shown_request"), (run_results, "shown_run")):
        monkeypatch.setattr(module, name, heard_first(getattr(module, name), first))
        monkeypatch.setattr(module, "LOOK_SECONDS", 0.01)
    return first


async def listened(node, path, told, code):
    """A listener that has heard something, after which another one is refused."""
    told.clear()
    one = asyncio.create_task(node.client.get(f"{path}/events", headers=node.key("issuer")))
    await told.wait()
    other = await node.client.get(f"{path}/events", headers=node.key("issuer"))
    assert (other.status_code, other.json()["code"], other.headers["Retry-After"]) == (503, code, "10")
    assert other.json()["remedy"]
    return one


@pytest.mark.threat(80)
async def test_a_request_that_is_erased_while_somebody_listens_ends_the_stream(node, told):
    made = await node.client.post(REQUESTS, json=ASKED, headers=node.key("issuer"))
    path = f"{REQUESTS}/{made.json()['id']}"
    one = await listened(node, path, told, "presentation_request.streams")
    await node.store.change(A, lambda unit: unit.threads.forget(LATER))
    answer = await one
    assert answer.status_code == 200
    assert [orjson.loads(line[6:])["state"] for line in answer.text.splitlines() if line.startswith("data: ")] == [
        made.json()["state"]
    ]
    gone = await node.client.get(f"{path}/events", headers=node.key("issuer"))
    assert gone.status_code == 404


@pytest.mark.threat(80)
async def test_a_run_that_is_erased_while_somebody_listens_ends_the_stream(node, told):
    await node.store.change(A, samples.add_run)
    run = samples.run("org-a").id
    await node.store.change(A, lambda unit: unit.runs.change(run, RunState.CHECKING, NOW))
    path = f"/organisation/runs/{run}"
    one = await listened(node, path, told, "run.streams")

    async def end(unit):
        await unit.runs.change(run, RunState.CANCELLED, NOW)
        await unit.runs.remove(run)

    await node.store.change(A, end)
    answer = await one
    assert (answer.status_code, answer.text.count("data: ")) == (200, 1)
    assert (await node.client.get(f"{path}/events", headers=node.key("issuer"))).status_code == 404
