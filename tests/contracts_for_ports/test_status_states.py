"""Row 55 on both engines: whatever is done in whatever order, what was revoked never comes back."""

import itertools
import os
from dataclasses import dataclass

import pytest
import store_samples as samples
import work_support as support
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from work_support import A, now

from node.issuance.aftercare.changing import ChangeOrder, Changing
from node.issuance.aftercare.withdrawing import Choice, Withdrawing
from node.issuance.status_changes import StatusChanges, StatusOrder
from node.ports.aftercare import Change, Reason
from node.ports.api_keys import Caller
from node.ports.awarding import Award, Secured, Standing
from node.ports.errors import AbsentError, RuleError
from node.ports.outbox import Claimed
from node.ports.status_rows import ListRecord
from node.ports.work import Nobody, revoke_many
from node.status.token_status_list import INVALID, SUSPENDED

LONG = bool(os.environ.get("GLEJT_LONG"))
CALLER = Caller(A, "key", frozenset(), "org-a-owner")
AWARDS = 3
LISTS = {"revocation": 1, "suspension": 1, "status_list": 2}
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["revoke", "suspend", "lift", "unrevoke", "many", "raw"]),
        st.integers(0, AWARDS - 1),
    ),
    min_size=1,
    max_size=14,
)
NAMES = itertools.count()


@dataclass
class Model:
    """What has to be so of one award."""

    revoked: bool = False
    suspended: bool = False


@pytest.fixture
def vault(database, runner):
    return runner.run(samples.make_vault(database))


async def begin(store, vault):
    await support.add_issuer(store, vault)

    async def work(unit):
        for purpose, size in LISTS.items():
            url = f"https://org-a.example/status/{purpose}"
            await unit.status.add(ListRecord(purpose, url, support.PROFILE, purpose, size))

    await store.change(A, work)


async def fresh(store, *, tokens):
    """Awards with places that can say both: in two lists of bits, or in one of tokens."""
    ids = [f"award-{next(NAMES):08}" for _ in range(AWARDS)]

    async def work(unit):
        await unit.awards.intend(
            [Award(each, each, None, None, support.PROFILE, now(), "Demo Learner") for each in ids]
        )
        await unit.awards.secure([Secured(each, "f", f"urn:{each}", now(), b"{}") for each in ids], now())
        for each in ["status_list"] if tokens else ["revocation", "suspension"]:
            await unit.status.allocate(each, ids)

    await store.change(A, work)
    return ids


async def step(store, award, doing):
    """Do it by the way that callers have; what is refused changes nothing."""
    changing = Changing(store=store, work=Nobody(), now=now)
    if doing in {"revoke", "suspend", "lift"}:
        change = {"revoke": Change.REVOKED, "suspend": Change.SUSPENDED, "lift": Change.LIFTED}[doing]
        await changing.change(CALLER, ChangeOrder(award, change, Reason("other")))
    elif doing == "unrevoke":
        order = StatusOrder(
            credential=f"urn:{award}", kind="BitstringStatusListEntry", purpose="revocation", value=False
        )
        await StatusChanges(store=store, work=Nobody(), now=now).change(CALLER, order)
    elif doing == "many":
        withdrawing = Withdrawing(store=store, work=Nobody(), now=now)
        made = await withdrawing.order(CALLER, Choice(ids=(award,)), Reason("other"))
        await withdrawing.carry(Claimed(A, revoke_many(made.id, now())))
    else:  # past all use cases
        async with store.view(A) as view:
            places = await view.status.entries_of(award)
        for place in places:
            await store.change(
                A, lambda unit, place=place: unit.status.set_value(place.list, place.place, 0, now(), "raw")
            )


def expected(model, doing, *, tokens):
    if doing in {"revoke", "many"}:
        model.revoked = True
        model.suspended = model.suspended and not tokens
    elif doing == "suspend" and not (tokens and model.revoked):
        model.suspended = True
    elif doing == "lift" or (doing == "raw" and not (tokens and model.revoked)):
        model.suspended = False


@pytest.mark.threat(55)
def test_what_was_revoked_never_comes_back(store, vault, runner):
    runner.run(begin(store, vault))

    async def story(steps, *, tokens):
        ids = await fresh(store, tokens=tokens)
        models = [Model() for _ in ids]
        for doing, number in steps:
            try:
                await step(store, ids[number], doing)
            except (RuleError, AbsentError):
                if doing in {"revoke", "many"}:
                    raise
            if doing == "raw" and models[number].revoked and not tokens:
                doing = "none"  # noqa: PLW2901 -- the first place refuses, and with it all
            expected(models[number], doing, tokens=tokens)
            await check(ids, models, tokens=tokens)

    async def check(ids, models, *, tokens):
        async with store.view(A) as view:
            said = await view.status.standings(ids)
            values = {purpose: await view.status.values(purpose) for purpose in LISTS}
            places = {each: {entry.list: entry.place for entry in await view.status.entries_of(each)} for each in ids}
        for award, model in zip(ids, models, strict=True):
            wanted = {Standing.REVOKED: model.revoked, Standing.SUSPENDED: model.suspended}
            assert said.get(award, frozenset()) == {each for each, so in wanted.items() if so}
            if tokens:
                value = INVALID if model.revoked else SUSPENDED if model.suspended else 0
                assert values["status_list"].get(places[award]["status_list"], 0) == value
            else:
                assert values["revocation"].get(places[award]["revocation"], 0) == int(model.revoked)
                assert values["suspension"].get(places[award]["suspension"], 0) == int(model.suspended)

    @given(STEPS, st.booleans())
    @settings(
        max_examples=200 if LONG else 12,
        deadline=None,
        database=None,
        derandomize=not LONG,
        suppress_health_check=list(HealthCheck),
    )
    def stories(steps, tokens):
        runner.run(story(steps, tokens=tokens))

    stories()
