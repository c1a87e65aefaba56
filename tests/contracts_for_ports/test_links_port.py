"""Private links and senders on both engines: one of a kind lives, one of many claims counts, what is over does not."""

import asyncio
from datetime import timedelta

import pytest
import store_samples as samples

from node.ports.errors import AbsentError
from node.ports.links import GRACE, LinkKind
from node.ports.mail import Sender
from node.ports.vault import KeyPurpose

NOW, HOUR, A, B = samples.NOW, samples.HOUR, samples.A, samples.B
MOMENT = timedelta(microseconds=1)


def link(number=1, **changed):
    return samples.link(A, number, **changed)


@pytest.fixture
def links(store, database, runner):
    """Does something with the links of an organisation that has two awards."""

    async def fill():
        vault = await samples.make_vault(database)
        await samples.add_organisation(store, A)
        await samples.add_keys(vault, A, [KeyPurpose.ASSERTION])

        async def awards(unit):
            await samples.add_profile(unit)
            await samples.add_course(unit)
            await unit.awards.intend([samples.award(A, number) for number in (1, 2)])

        await store.change(A, awards)

    runner.run(fill())

    async def do(method, *given, **named):
        return await store.change(A, lambda unit: getattr(unit.links, method)(*given, **named))

    return do


async def found(store, number=1, *, kind=LinkKind.CLAIM, at=NOW, again=None):
    async with store.node_view() as node:
        try:
            return await node.public.link(f"digest {number} {A}".encode(), kind, at, again=again)
        except AbsentError:
            return None


async def accept(links, number=1, *, at=NOW, again=None, holder=None):
    return await links("accept", f"digest {number} {A}".encode(), at, again=again, holder=holder)


async def test_a_link_is_found_by_its_digest_as_it_was_put(store, links):
    await links("put", link())
    assert await found(store) == (A, link())
    assert await found(store, kind=LinkKind.DOCUMENT) is None
    assert await found(store, 2) is None
    async with store.view(A) as view:
        assert await view.links.find("org-a-link-1") == link()
        assert await view.links.of_award("org-a-award-1") == (link(),)


async def test_a_new_link_takes_the_place_of_those_of_its_kind_and_award(store, links):
    await links("put", link(1))
    await links("put", link(2, kind=LinkKind.DOCUMENT))
    await links("put", link(3, award="org-a-award-2"))
    await links("put", link(4))
    living = [
        number
        for number, kind in ((1, LinkKind.CLAIM), (2, LinkKind.DOCUMENT), (3, LinkKind.CLAIM), (4, LinkKind.CLAIM))
        if await found(store, number, kind=kind)
    ]
    assert living == [2, 3, 4]
    with pytest.raises(AbsentError):
        await links("put", link(5, award="org-a-award-9"))


@pytest.mark.threat(69)
async def test_of_many_that_accept_at_once_one_does(store, links):
    await links("put", link())
    done = await asyncio.gather(*(accept(links, again=f"{number}".encode(), holder="did:x") for number in range(20)))
    (one,) = [each for each in done if each is not None]
    assert (one.accepted_at, one.holder) == (NOW, "did:x")
    async with store.view(A) as view:
        assert await view.links.find(one.id) == one
    assert await found(store) is None


@pytest.mark.threat(69)
async def test_what_is_put_at_once_leaves_one_that_lives(store, links):
    await asyncio.gather(*(links("put", link(number)) for number in range(10)))
    assert len([number for number in range(10) if await found(store, number)]) == 1


@pytest.mark.threat(69)
async def test_a_link_lives_until_it_is_over_and_not_then(store, links):
    await links("put", link())
    assert await found(store, at=NOW + HOUR - MOMENT)
    assert await found(store, at=NOW + HOUR) is None
    assert await accept(links, at=NOW + HOUR) is None
    assert await accept(links, at=NOW + HOUR - MOMENT)


async def test_whoever_has_accepted_finds_it_by_the_key_for_a_while(store, links):
    await links("put", link())
    await accept(links, again=b"own")
    assert await found(store, again=b"own", at=NOW + GRACE - MOMENT)
    assert await found(store, again=b"own", at=NOW + GRACE) is None
    assert await found(store, again=b"another") is None
    assert await found(store) is None


async def test_what_was_accepted_without_a_key_is_found_by_none(store, links):
    await links("put", link())
    await accept(links)
    assert await found(store, again=b"") is None


async def test_what_was_ended_is_not_accepted_and_the_other_way_round(links):
    await links("put", link(1))
    assert await links("end", "org-a-award-1", list(LinkKind), NOW) == 1
    assert await accept(links, 1) is None
    await links("put", link(2))
    assert await accept(links, 2)
    assert await links("end", "org-a-award-1", list(LinkKind), NOW) == 0


async def test_what_is_over_is_forgotten_and_what_was_accepted_stays(store, links):
    await links("put", link(1))
    await links("put", link(2, award="org-a-award-2"))
    await accept(links, 1)
    assert await links("forget", NOW + HOUR - MOMENT) == 0
    assert await links("forget", NOW + HOUR) == 1
    async with store.view(A) as view:
        assert await view.links.of_award("org-a-award-2") == ()
        assert len(await view.links.of_award("org-a-award-1")) == 1


async def test_a_document_link_is_nothing_to_accept(links):
    await links("put", link(kind=LinkKind.DOCUMENT))
    assert await accept(links) is None


async def test_links_go_with_their_awards(store, links):
    await links("put", link())
    await store.change(A, lambda unit: unit.awards.erase(["org-a-award-1"]))
    assert await found(store) is None


async def test_a_sender_is_kept_and_changed(store, links):
    assert links
    async with store.view(A) as view:
        assert await view.senders.find() == Sender()
    for sender in (Sender("a@b.example", "Ż", "c@d.example", "pl"), Sender()):
        await store.change(A, lambda unit, sender=sender: unit.senders.keep(sender, NOW))
        async with store.view(A) as view:
            assert await view.senders.find() == sender
