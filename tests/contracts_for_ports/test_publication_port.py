"""What is kept of pictures, the catalogue, statements and registers, on both engines."""

from dataclasses import replace
from datetime import timedelta

import pytest
import store_samples as samples

from node.adapters.database.backup import back_up, restore, sums
from node.adapters.database.engine import opened
from node.ports.awarding import Achievement
from node.ports.errors import AbsentError, ConflictError, RuleError
from node.ports.publishing import KEPT_FILES, MAX_ENTRIES, EntryQuery, RegisterFile
from node.ports.vault import KeyPurpose

NOW, HOUR, A, B = samples.NOW, samples.HOUR, samples.A, samples.B


@pytest.fixture
def filled(store, database, runner):
    """Two organisations, one with something everywhere."""

    async def fill():
        vault = await samples.make_vault(database)
        for organisation in (A, B):
            await samples.add_organisation(store, organisation)
            await samples.add_keys(vault, organisation, (KeyPurpose.ASSERTION, KeyPurpose.AUTHORITY, KeyPurpose.GAS))
        await store.change(A, samples.add_everything)

    runner.run(fill())
    return store


async def entries(store, **query):
    async with store.node_view() as node:
        return [entry.achievement for entry in await node.public.entries(EntryQuery(**query))]


async def add_entry(store, name, organisation=A, **changed):
    async def work(unit):
        await unit.achievements.add(Achievement(name, {"name": name}, 1, NOW, NOW))
        await unit.achievements.publish(name, b"{}", "x", NOW, revision=1)
        await unit.catalogue.put(samples.entry(organisation, achievement=name, **changed))

    await store.change(organisation, work)


async def test_a_picture_is_seen_by_others_once_it_is_published(filled):
    async with filled.node_view() as node:
        with pytest.raises(AbsentError):
            await node.public.picture("org-a-picture")
    await filled.change(A, lambda unit: unit.pictures.publish("org-a-picture", NOW))
    await filled.change(A, lambda unit: unit.pictures.publish("org-a-picture", NOW + HOUR))
    async with filled.node_view() as node:
        picture, image = await node.public.picture("org-a-picture")
    assert (picture, image) == (samples.picture("org-a", published_at=NOW), b"org-a")
    with pytest.raises(RuleError):
        await filled.change(A, lambda unit: unit.pictures.remove("org-a-picture"))
    assert not await filled.change(A, lambda unit: unit.pictures.add(samples.picture("org-a"), b"other"))
    async with filled.view(A) as view:
        assert await view.pictures.image("org-a-picture") == b"org-a"
        assert await view.pictures.unpublished() == 0
        assert [one.digest for one in await view.register.pictures()] == ["org-a-picture"]


async def test_two_organisations_may_have_the_same_picture(filled):
    picture = samples.picture("org-a")
    assert await filled.change(B, lambda unit: unit.pictures.add(picture, b"org-a"))
    await filled.change(B, lambda unit: unit.pictures.publish("org-a-picture", NOW))
    async with filled.view(A) as view:
        assert (await view.pictures.find("org-a-picture")).published_at is None
    async with filled.node_view() as node:
        assert (await node.public.picture("org-a-picture"))[1] == b"org-a"
    await filled.change(A, lambda unit: unit.pictures.remove("org-a-picture"))
    with pytest.raises(AbsentError):
        await filled.change(A, lambda unit: unit.pictures.remove("org-a-picture"))


async def test_an_entry_is_replaced_and_keeps_what_is_said_of_taking_part(filled):
    await filled.change(A, lambda unit: unit.catalogue.offer("org-a-course", {"cost": "free"}))
    await filled.change(A, lambda unit: unit.catalogue.put(samples.entry("org-a", card={"of": "new"})))
    async with filled.view(A) as view:
        found = await view.catalogue.entry("org-a-course")
    assert (found.card, found.offer) == ({"of": "new"}, {"cost": "free"})
    await filled.change(A, lambda unit: unit.catalogue.offer("org-a-course", None))
    async with filled.view(A) as view:
        assert (await view.catalogue.entry("org-a-course")).offer is None
    with pytest.raises(AbsentError):
        await filled.change(A, lambda unit: unit.catalogue.offer("nothing", {}))


async def test_entries_are_found_by_words_classes_and_organisation(filled):
    await add_entry(filled, "b-1", B, words=" sewing 100%_sure ", credential_class="participation")
    await add_entry(filled, "c-2", B, words=" welding sewing ")
    assert await entries(filled) == ["b-1", "c-2", "org-a-course"]
    assert await entries(filled, words=("sew",)) == ["b-1", "c-2"]
    assert await entries(filled, words=("sew", "weld")) == ["c-2"]
    assert await entries(filled, words=("ewing",)) == []
    assert await entries(filled, words=("100%_s",)) == ["b-1"]
    assert await entries(filled, words=("1%",)) == []
    assert await entries(filled, words=("10__",)) == []
    assert await entries(filled, classes=frozenset({"participation"})) == ["b-1"]
    assert await entries(filled, organisation=A) == ["org-a-course"]
    assert await entries(filled, after="b-1", limit=1) == ["c-2"]
    assert await entries(filled, limit=0) == ["b-1"]
    assert MAX_ENTRIES >= 3
    await filled.change(B, lambda unit: unit.achievements.withdraw("b-1", NOW))
    assert await entries(filled) == ["c-2", "org-a-course"]
    async with filled.node_view() as node:
        assert (await node.public.entry("b-1")).achievement == "b-1"
    await filled.node_change(lambda node: node.organisations.close(B))
    assert await entries(filled) == ["org-a-course"]


async def test_a_head_follows_the_one_that_was_looked_at(filled):
    async def put(number, at, *files):
        head = samples.register_head("org-a", number, at)
        named = [RegisterFile(name, "text/plain", name.encode()) for name in files]
        await filled.change(A, lambda unit: unit.register.put(head, named))

    with pytest.raises(ConflictError):
        await put(1, NOW)
    with pytest.raises(ConflictError):
        await put(3, NOW)
    await put(2, NOW + HOUR, "two", "org-a-file")

    async def files():
        there = set()
        async with filled.node_view() as node:
            for name in ("org-a-file", "two", "three", "four"):
                try:
                    assert (await node.public.register_file(name)).content in {name.encode(), b"org-a"}
                except AbsentError:
                    continue
                there.add(name)
        return there

    await put(3, NOW + 2 * HOUR, "three")
    assert await files() == {"org-a-file", "two", "three"}, "who copies the head of before goes on"
    await put(4, NOW + 2 * HOUR + KEPT_FILES, "two", "four")
    assert await files() == {"org-a-file", "two", "three", "four"}
    await put(5, NOW + 3 * HOUR + 2 * KEPT_FILES, "four")
    assert await files() == {"two", "four"}
    async with filled.view(A) as view:
        assert (await view.register.head()).number == 5
    async with filled.node_view() as node:
        ((whose, head),) = await node.public.registers()
        assert (whose.id, whose.name, head.number) == (A, "Sample org-a", 5)
        assert await node.public.registers(after=A) == ()
        with pytest.raises(AbsentError):
            await node.public.register(B)


async def test_a_register_is_made_of_what_was_published(filled):
    await filled.change(A, lambda unit: unit.achievements.save("org-a-course", {"a": 1}, NOW, revision=2))
    later = NOW + timedelta(minutes=1)
    await filled.change(A, lambda unit: unit.achievements.publish("org-a-course", b"four", "x", later, revision=3))
    await filled.change(A, lambda unit: unit.achievements.withdraw("org-a-course", later))
    async with filled.view(A) as view:
        lines = await view.register.versions()
    assert [(one.version, one.size, one.withdrawn_at) for one in lines] == [(1, 12, later), (2, 4, later)]
    async with filled.view(B) as view:
        assert await view.register.versions() == ()
        assert await view.register.head() is None


async def test_a_statement_is_published_once_and_taken_back(filled):
    async with filled.node_view() as node:
        found = await node.public.statement("org-a-statement")
    assert not await filled.change(A, lambda unit: unit.statements.add(replace(found, document=b"other")))
    async with filled.view(A) as view:
        assert await view.statements.listed() == (found,)
    await filled.change(A, lambda unit: unit.statements.remove("org-a-statement"))
    async with filled.node_view() as node:
        with pytest.raises(AbsentError):
            await node.public.statement("org-a-statement")


async def test_a_backup_has_them_and_the_other_engine_takes_them(filled, database, make_address, engine, tmp_path):
    await filled.change(A, lambda unit: unit.pictures.publish("org-a-picture", NOW))
    backup = await back_up(database, tmp_path / "backup", NOW)
    for table in ("pictures", "catalogue_entries", "statements", "register_heads", "register_files"):
        assert backup.tables[table].rows == 1, table
    other = "postgresql" if engine == "sqlite" else "sqlite"
    async with opened(make_address(other, empty=True), revision=None) as elsewhere:
        await restore(elsewhere, tmp_path / "backup", NOW, moving=True)
        assert await sums(elsewhere) == backup.tables
