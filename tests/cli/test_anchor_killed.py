"""`glejt anchor run` on the embedded chain, killed anywhere and run twice at once: one anchor, the same receipts."""

import asyncio
import os

import pytest
from anchor_desk import RUN, desk, founded, office
from anchor_office import DEAD, Office

from anchoring.devchain.opening import opened
from anchoring.errors import EmbeddedChainError
from anchoring.receipt import State

pytest.importorskip("eth", reason="the extra devchain is not installed")
__all__ = ["desk", "founded", "office"]  # fixtures

STORY = [*RUN, "first.json", "second.json", "--json"]


@pytest.fixture
def signed(desk):
    for name in ("first", "second"):
        desk.sign(f"{name}.json", id=f"urn:example:{name}")
    return desk


def _survived(desk):
    """After the run to the end: one anchor, receipts of it, and nothing half-written."""
    told = desk(*STORY).json()
    assert told["receipts"] == 2
    (value,) = set(desk.anchors())
    assert len(desk.anchors()) == 1
    for name in ("first", "second"):
        receipt = desk.receipt(f"{name}.json")
        assert (receipt.state, receipt.question.value) == (State.FINAL, value)
    assert not [path for path in desk.folder.iterdir() if path.name.startswith(".")]
    return value


LONG = "GLEJT_LONG" in os.environ
PLACES = range(1, 15) if LONG else (2, 4, 6, 9)


@pytest.mark.threat(93)
@pytest.mark.parametrize("kill", PLACES)
def test_killed_at_a_point_there_is_one_anchor_and_the_same_receipts(signed, kill):
    done = signed(*STORY, kill=kill, expect=None)
    assert done.ended == DEAD, done
    pending = [signed.receipt(f"{name}.json") for name in ("first", "second")] if _has_receipts(signed) else []
    for again in (kill, kill + 1) if LONG else (3,):
        signed(*STORY, kill=again, expect=None)
    value = _survived(signed)
    for name, before in zip(("first", "second"), pending, strict=False):
        assert signed.receipt(f"{name}.json").place == before.place
        assert before.question.value == value


def _has_receipts(desk):
    return all((desk.folder / f"{name}.json.receipt").exists() for name in ("first", "second"))


def test_the_story_passes_every_point(signed):
    passed = set(signed(*STORY).passed)
    wanted = {
        f"{point}, {when}"
        for point in ("batch", "call", "save", "send", "record", "receipts")
        for when in ("before", "after")
    }
    assert passed == wanted


@pytest.mark.threat(95)
def test_two_runs_at_once_anchor_each_document_once(signed):
    with Office() as other:
        signed.office.start(signed.folder, *STORY)
        other.start(signed.folder, *STORY)
        ends = [signed.office.end(), other.end()]
    assert [end.returncode for end in ends] == [0, 0], ends
    assert sum(end.json()["anchored"] for end in ends) == 2
    _survived(signed)


def test_the_chain_of_somebody_else_is_not_opened_by_two(signed):
    async def held():
        async with opened(signed.folder / "chain"):
            with pytest.raises(EmbeddedChainError, match="in use"):
                async with opened(signed.folder / "chain"):
                    pass

    asyncio.run(held())
