"""Row 82: a request that is sent again under its key counts once, whatever broke in between."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from node_support import A

KEY = "Idempotency-Key"


async def done(node, organisation=A):
    """How often the thing was done."""
    async with node.store.view(organisation) as view:
        return (await view.audit.head())[0]


async def post(node, key=None, body=None, role="issuer", **more):
    headers = node.key(role, **more) | ({} if key is None else {KEY: key})
    return await node.client.post("/counted", json=body or {"a": 1}, headers=headers)


@pytest.mark.threat(82)
async def test_the_same_request_counts_once_and_has_the_same_answer(sampled):
    answers = [await post(sampled, "one") for _ in range(3)]
    assert [(each.status_code, each.json()) for each in answers] == [(200, {"number": 1})] * 3
    assert await done(sampled) == 1
    assert (await post(sampled, '"one"')).json() == {"number": 1}
    assert (await post(sampled, "two")).json() == {"number": 2}
    assert (await post(sampled)).json() == {"number": 3}


@pytest.mark.threat(82)
async def test_the_same_key_for_something_else_is_a_mistake(sampled):
    await post(sampled, "one")
    answer = await post(sampled, "one", {"a": 2})
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency.other_request")
    answer = await sampled.client.post("/counted?x=1", json={"a": 1}, headers=sampled.key("issuer") | {KEY: "one"})
    assert answer.status_code == 409
    assert await done(sampled) == 1


@pytest.mark.threat(82)
async def test_keys_of_two_callers_never_meet(sampled):
    numbers = [(await post(sampled, "one", role=role)).json()["number"] for role in ("issuer", "owner", "program")]
    assert numbers == [1, 2, 3]
    assert (await post(sampled, "one", organisation="org-b")).json() == {"number": 1}


@pytest.mark.threat(82)
async def test_many_at_one_time_count_once(sampled):
    answers = await asyncio.gather(*(post(sampled, "one") for _ in range(30)))
    assert {each.json()["number"] for each in answers} == {1}
    assert await done(sampled) == 1


@pytest.mark.threat(82)
def test_whatever_breaks_in_between_it_counts_once(sampled, runner, monkeypatch):
    """N posts, of which some end in a crash before, in or after the transaction: once one is answered, there is one."""
    keys = iter(range(10_000))
    change, broken = sampled.store.change, []

    async def breaking(organisation, work):
        crash = broken.pop(0) if broken else None

        async def crashing(unit):
            if crash == "before":
                raise OSError
            result = await work(unit)
            if crash == "within":
                raise OSError
            return result

        result = await change(organisation, crashing)
        if crash == "after":
            raise OSError
        return result

    monkeypatch.setattr(type(sampled.store), "change", lambda _, organisation, work: breaking(organisation, work))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.sampled_from([None, "before", "within", "after"]), min_size=1, max_size=5))
    def one(crashes):
        key, before = str(next(keys)), runner.run(done(sampled))
        broken[:] = crashes
        answers = [runner.run(post(sampled, key)) for _ in range(len(crashes) + 1)]
        assert answers[-1].status_code == 200
        assert {json.dumps(each.json()) for each in answers if each.status_code == 200} == {
            json.dumps(answers[-1].json())
        }
        assert [each.status_code for each in answers] == [200 if crash is None else 500 for crash in [*crashes, None]]
        assert runner.run(done(sampled)) == before + 1

    one()


@pytest.mark.parametrize("key", ["", " ", "a b", "ł", '"', "a" * 129, '"a', "a\x7f"])
async def test_a_key_that_is_none_is_refused(sampled, key):
    headers = [*sampled.key("issuer").items(), (KEY, key.encode())]
    answer = await sampled.client.post("/counted", json={"a": 1}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency.key")
    assert await done(sampled) == 0


async def test_two_keys_are_none(sampled):
    headers = [*sampled.key("issuer").items(), (KEY, "a"), (KEY, "a")]
    assert (await sampled.client.post("/counted", json={"a": 1}, headers=headers)).status_code == 400
