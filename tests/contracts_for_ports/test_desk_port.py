"""What the desk of an organisation stands on, on both engines: keys of persons, caps, consents, ends of the log."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import store_samples as samples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.database.backup import back_up, restore
from node.adapters.database.engine import opened
from node.adapters.database.store import DatabaseStore
from node.issuance.organisation.second_person import Action, carry_out, require_second_person
from node.ports.access import Scope
from node.ports.api_keys import Caller, authenticate, make_api_key
from node.ports.errors import AbsentError, CapError, ConflictError, RuleError
from node.ports.organisations import Caps, Member, Role, Settings
from node.ports.oversight import Approval, Decision, SignedHead
from node.ports.vault import KeyPurpose

NOW, HOUR, A, B = samples.NOW, samples.HOUR, samples.A, samples.B
KEY = f"{samples.key_name(A)}-assertion"
DAY = timedelta(days=1)


@pytest.fixture
def vault(store, database, runner):
    async def fill():
        made = await samples.make_vault(database)
        for organisation in (A, B):
            await samples.add_organisation(store, organisation)
            await samples.add_keys(made, organisation, (KeyPurpose.ASSERTION, KeyPurpose.GAS))
        return made

    return runner.run(fill())


@pytest.fixture
def filled(store, vault):
    """The store, with two organisations and keys of theirs."""
    assert vault
    return store


def member(name, *roles):
    return Member(name, f"{name}@example.org", "Sample", frozenset(roles), NOW)


async def presented(store, **changed):
    values = {
        "label": "l",
        "scopes": frozenset({Scope.CREDENTIALS_ISSUE, Scope.NODE_MANAGE}),
        "made_by": "anna",
        "at": NOW,
        "lifetime": HOUR,
    }
    key, text = make_api_key("key", **values | changed)
    await store.change(A, lambda unit: unit.api_keys.add(key))
    return text.reveal().decode()


@pytest.mark.threat(79)
async def test_a_persons_key_can_no_more_than_the_person(filled):
    await filled.change(A, lambda unit: unit.members.add(member("owner", Role.OWNER)))
    await filled.change(A, lambda unit: unit.members.add(member("anna", Role.ISSUER)))
    text = await presented(filled, member="anna")
    both = frozenset({Scope.CREDENTIALS_ISSUE, Scope.NODE_MANAGE})
    assert await authenticate(filled, text, NOW) == Caller(A, "key", both, "anna", "anna")
    await filled.change(A, lambda unit: unit.members.change("anna", frozenset({Role.AUDITOR})))
    assert (await authenticate(filled, text, NOW)).scopes == {Scope.NODE_MANAGE}
    await filled.change(A, lambda unit: unit.members.remove("anna"))
    assert await authenticate(filled, text, NOW) is None


async def test_a_member_of_this_name_elsewhere_lends_no_roles(filled):
    await filled.change(B, lambda unit: unit.members.add(member("anna", Role.OWNER)))
    assert await authenticate(filled, await presented(filled, member="anna"), NOW) is None


async def test_a_caller_says_who_acts_and_who_answers_for_it():
    program = Caller(A, "k", frozenset(), None, "anna")
    assert (program.actor, program.person, program.is_own) == ("program:k", "anna", False)
    own = Caller(A, "k", frozenset(), "anna", "anna")
    assert (own.actor, own.person, own.is_own) == ("member:anna", "anna", True)
    assert not Caller(A, "k", frozenset(), "anna", "jan").is_own


async def spend(store, count=1, at=NOW, caps=Caps(10, 15)):  # noqa: B008 -- a frozen one
    await store.change(A, lambda unit: unit.keys.spend(KEY, at, caps, count=count))


@pytest.mark.threat(86)
async def test_a_key_signs_so_often_a_minute_and_a_day_and_then_again(filled):
    await spend(filled, 10)
    with pytest.raises(CapError) as caught:
        await spend(filled)
    assert (caught.value.code, caught.value.seconds) == ("key.cap", 60)
    minute = NOW + timedelta(minutes=1)
    await spend(filled, 5, minute)
    with pytest.raises(CapError) as caught:
        await spend(filled, 1, minute + timedelta(minutes=5))
    assert caught.value.seconds == 12 * 3600 - 360  # the day ends at midnight, and NOW is at noon
    await spend(filled, 10, NOW + DAY)
    with pytest.raises(CapError):
        await spend(filled, 11, NOW + 2 * DAY)
    with pytest.raises(CapError):
        await spend(filled, 0, NOW + 2 * DAY)
    with pytest.raises(CapError):
        await spend(filled, -5, NOW + 2 * DAY)


@pytest.mark.threat(86)
async def test_a_clock_that_is_behind_begins_no_new_count(filled):
    await spend(filled, 10, NOW + timedelta(minutes=1))
    with pytest.raises(CapError):
        await spend(filled, 1, NOW)


@pytest.mark.threat(86)
async def test_of_many_at_once_no_more_are_counted_than_may_be(filled):
    async def one():
        try:
            await spend(filled)
        except CapError:
            return 0
        return 1

    assert sum(await asyncio.gather(*(one() for _ in range(40)))) == 10


@pytest.mark.threat(86)
async def test_what_is_taken_back_was_not_counted(filled):
    async def fails(unit):
        await unit.keys.spend(KEY, NOW, Caps(10, 10), count=10)
        raise AbsentError("anything")

    with pytest.raises(AbsentError):
        await filled.change(A, fails)
    await spend(filled, 10)


@pytest.mark.threat(86)
def test_the_count_is_what_a_plain_count_would_be(filled, runner):
    """Any order of steps in time, forwards: the same answers as of two counters."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(st.integers(0, 90_000), st.integers(1, 6)), max_size=25), st.integers(1, 10**6))
    def same(steps, start):
        at, spans = NOW + timedelta(days=start % 5000 + 2), {}
        last[0] = max(last[0], at) + 2 * DAY
        at = last[0]
        for wait, count in steps:
            at += timedelta(seconds=wait)
            minute, day = ("m", int(at.timestamp()) // 60), ("d", int(at.timestamp()) // 86_400)
            fits = spans.get(minute, 0) + count <= 10 and spans.get(day, 0) + count <= 15
            try:
                runner.run(spend(filled, count, at))
            except CapError:
                assert not fits
            else:
                assert fits
                spans[minute] = spans.get(minute, 0) + count
                spans[day] = spans.get(day, 0) + count
        last[0] = at

    last = [NOW]
    same()


@pytest.mark.threat(86)
async def test_a_cap_is_of_a_key_that_is_there_and_ones_own(filled):
    for key in ("nobody", f"{samples.key_name(B)}-assertion"):
        with pytest.raises(ConflictError):
            await filled.change(A, lambda unit, key=key: unit.keys.spend(key, NOW, Caps(1, 1)))


async def test_a_sealed_key_is_added_with_all_of_its_transaction_or_not(store, vault):
    private = PrivateKey.generate(KeyType.ED25519)
    sealed = await vault.seal(A, "did:web:new.example#key", KeyPurpose.ASSERTION, private, NOW)
    assert private.raw not in sealed.sealed
    assert repr(sealed.sealed) not in repr(sealed)

    async def fails(unit):
        await unit.keys.add(sealed)
        raise AbsentError("anything")

    with pytest.raises(AbsentError):
        await store.change(A, fails)
    assert sealed.id not in {record.id for record in await vault.records(A)}
    await store.change(A, lambda unit: unit.keys.add(sealed))
    assert (await vault.private_key(A, sealed.id, KeyPurpose.ASSERTION)).raw == private.raw
    with pytest.raises(RuleError):
        await vault.private_key(A, sealed.id, KeyPurpose.AUTHORITY)
    with pytest.raises(ConflictError):
        await store.change(A, lambda unit: unit.keys.add(sealed))
    await store.change(A, lambda unit: unit.keys.retire(sealed.id, NOW))
    with pytest.raises(RuleError):
        await vault.private_key(A, sealed.id, KeyPurpose.ASSERTION)


async def test_a_profile_signs_with_another_key_if_nobody_was_faster(store, vault):
    await store.change(A, samples.add_profile)
    private = PrivateKey.generate(KeyType.ED25519)
    name = f"{samples.key_name(A)}-second"
    await vault.take(A, name, KeyPurpose.ASSERTION, private, NOW)
    async with store.view(A) as view:
        before = await view.identities.profile("org-a-profile")
    after = replace(before, key=name, options={"a": 1})
    with pytest.raises(ConflictError):
        await store.change(A, lambda unit: unit.identities.change_profile(after, before=name))
    await store.change(A, lambda unit: unit.identities.change_profile(after, before=before.key))
    async with store.view(A) as view:
        assert await view.identities.profile("org-a-profile") == after
    gas = replace(after, key=f"{samples.key_name(A)}-gas")
    with pytest.raises(RuleError) as caught:
        await store.change(A, lambda unit: unit.identities.change_profile(gas, before=name))
    assert caught.value.code == "key.purpose"


@pytest.mark.threat(83)
async def test_a_request_is_found_again_by_what_it_is_and_who_asked(filled):
    asked = Approval("one", "x", {"of": "a"}, "anna", NOW, NOW + HOUR, digest=b"d")
    await filled.change(A, lambda unit: unit.approvals.ask(asked))
    async with filled.view(A) as view:
        assert await view.approvals.same(b"d", "anna", NOW) == asked
        for digest, person, at in ((b"e", "anna", NOW), (b"d", "jan", NOW), (b"d", "anna", NOW + HOUR)):
            assert await view.approvals.same(digest, person, at) is None
        assert await view.approvals.listed(Decision.WAITING) == (asked,)
        assert await view.approvals.listed(Decision.WAITING, after="one") == ()
        assert await view.approvals.listed(Decision.GRANTED) == ()
    await filled.change(A, lambda unit: unit.approvals.decide("one", "jan", NOW, grant=False))
    async with filled.view(A) as view:
        assert await view.approvals.same(b"d", "anna", NOW) is None
        assert (await view.approvals.find("one")).payload == {}
    assert await filled.change(A, lambda unit: unit.approvals.forget(NOW)) == 0
    assert await filled.change(A, lambda unit: unit.approvals.forget(NOW + HOUR)) == 1


@pytest.mark.threat(83)
async def test_a_consent_counts_once_for_what_it_was_given_for(filled):
    first, second = Caller(A, "k1", frozenset(), "anna", "anna"), Caller(A, "k2", frozenset(), "jan", "jan")
    payload = {"amount": 1}
    await filled.change(A, lambda unit: unit.settings.keep(Settings(frozenset({Action.ISSUE})), NOW))

    def ask(caller, granted=None):
        return filled.change(
            A, lambda unit: require_second_person(unit, Action.ISSUE, payload, caller, NOW, granted=granted)
        )

    asked = await ask(first)
    await filled.change(A, lambda unit: unit.approvals.decide(asked.id, "jan", NOW, grant=True))

    async def fails(unit):
        await carry_out(unit, asked.id, Action.ISSUE, payload, first, NOW)
        raise AbsentError("anything")

    with pytest.raises(AbsentError):
        await filled.change(A, fails)  # what it was for went wrong, so it still counts

    async def once():
        try:
            return await ask(first, asked.id) is None
        except RuleError:
            return False

    assert sum(await asyncio.gather(*(once() for _ in range(8)))) == 1
    assert (await ask(second)).asked_by == "jan"
    async with filled.view(A) as view:
        done = [entry.event for entry in await view.audit.entries() if entry.event.action == "approval.done"]
    assert len(done) == 1


async def test_a_character_that_an_engine_does_not_store_is_refused_and_no_failure(filled):
    async def look():
        async with filled.view(A) as view:
            await view.members.find("a\x00b")

    with pytest.raises((AbsentError, RuleError)):
        await look()


async def test_settings_are_as_they_were_set_last(filled):
    async with filled.view(A) as view:
        assert await view.settings.find() == Settings()
    for chosen in ({"a", "b"}, {"c"}, set()):
        await filled.change(A, lambda unit, chosen=chosen: unit.settings.keep(Settings(frozenset(chosen)), NOW))
        async with filled.view(A) as view:
            assert await view.settings.find() == Settings(frozenset(chosen))
        async with filled.view(B) as view:
            assert await view.settings.find() == Settings()


@pytest.mark.threat(83)
async def test_a_signed_end_of_the_log_stays_and_gets_its_receipt(filled):
    head = SignedHead(3, NOW, b"signed")
    await filled.change(A, lambda unit: unit.audit.keep_head(head))
    await filled.change(A, lambda unit: unit.audit.keep_head(SignedHead(3, NOW, b"another", b"r")))
    await filled.change(A, lambda unit: unit.audit.keep_head(SignedHead(5, NOW, b"later")))
    async with filled.view(A) as view:
        assert await view.audit.signed_heads() == (SignedHead(5, NOW, b"later"), head)
        assert await view.audit.signed_heads(limit=1) == (SignedHead(5, NOW, b"later"),)
    await filled.change(A, lambda unit: unit.audit.keep_head(replace(head, receipt=b"r")))
    async with filled.view(A) as view:
        assert (await view.audit.signed_heads())[1] == replace(head, receipt=b"r")


@pytest.mark.threat(83, 100)
async def test_no_consent_outlives_a_restore(filled, database, tmp_path, make_address):
    """One that was granted may have been carried out since the backup."""
    asked = Approval("one", "x", {}, "anna", NOW, NOW + DAY, digest=b"d")
    await filled.change(A, lambda unit: unit.approvals.ask(asked))
    await filled.change(A, lambda unit: unit.approvals.decide("one", "jan", NOW, grant=True))
    await filled.change(A, lambda unit: unit.settings.keep(Settings(frozenset({"x"})), NOW))
    await back_up(database, tmp_path / "backup.zip", NOW)
    address = make_address("sqlite", empty=True)
    async with opened(address, revision=None) as empty:
        await restore(empty, tmp_path / "backup.zip", NOW)
    async with opened(address) as other:
        there = DatabaseStore(other)
        with pytest.raises(AbsentError):
            await there.change(A, lambda unit: unit.approvals.carry_out("one", NOW, action="x"))
        async with there.view(A) as view:
            assert await view.settings.find() == Settings(frozenset({"x"}))
