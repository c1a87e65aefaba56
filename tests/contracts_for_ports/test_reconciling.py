"""A restored list takes over what was published after the backup, from a copy that counts, before it is published."""

from datetime import timedelta

import orjson
import pytest
import store_samples as samples
import work_support as support
from sqlalchemy import text
from work_support import LIST, A, now, places, published

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.held_keys import HeldKeys
from node.issuance.errors import NotIssuableError
from node.issuance.reconciling import Reconciling
from node.ports.api_keys import Caller
from node.ports.errors import RuleError
from node.ports.vault import KeyPurpose
from node.proofs.data_integrity import prepare
from node.proofs.options import ProofOptions
from node.status.bitstring import Bitstring
from node.status.status_list import build_status_list
from node.verification.trust import NO_TRUST
from node.verification.vocabulary import vocabulary

FORMS = ({}, {"form": "jwt"}, {"form": "sd-jwt", "purpose": "status_list"})
CALLER = Caller(A, "key", frozenset())


@pytest.fixture
def vault(database, runner):
    return runner.run(samples.make_vault(database))


async def restored(store, vault, database, **listed):
    """A list of which the backup has the first of three versions; the versions, and the places set in each."""
    await support.add_issuer(store, vault, **listed)
    given = await support.add_awards(store, 3)
    versions = []
    for place in given:
        await store.change(A, lambda unit, place=place: unit.status.set_value(LIST, place, 1, now(), "by mistake"))
        versions.append((await support.publisher(store, vault).publish(A, LIST)).document)

    async def put_back(connection):
        at = {"place": given[0]}
        await connection.execute(text("UPDATE status_entries SET value = 0 WHERE place <> :place"), at)
        await connection.execute(
            text("UPDATE status_lists SET reconciled = :no, version = 1, published = :first"),
            {"no": False, "first": versions[0]},
        )

    await database.transact(put_back)
    return versions, given


def desk(store, vault, clock=now):
    return Reconciling(store, vault, NO_TRUST, clock)


@pytest.mark.threat(48)
@pytest.mark.parametrize("listed", FORMS, ids=str)
async def test_the_latest_copy_is_taken_over_and_published(store, vault, database, listed):
    versions, given = await restored(store, vault, database, **listed)
    later = desk(store, vault, lambda: now() + timedelta(seconds=5))  # tokens are dated in whole seconds
    assert await later.reconcile(CALLER, LIST, [versions[1], versions[2], versions[0]]) == 2
    async with store.view(A) as view:
        assert await view.status.values(LIST) == dict.fromkeys(given, 1)
    async with support.working(store, vault, now=lambda: now() + timedelta(seconds=5)):
        await support.until(lambda: support.idle(store))
    if not listed:
        assert places(await published(store)) == dict.fromkeys(given, 1)
    with pytest.raises(RuleError) as refused:
        await later.reconcile(CALLER, LIST, versions)
    assert refused.value.code == "status.reconciled"


async def refused(store, vault, document):
    with pytest.raises(NotIssuableError) as told:
        await desk(store, vault, lambda: now() + timedelta(seconds=5)).reconcile(CALLER, LIST, [document])
    assert told.value.code == "issuance.copy"


@pytest.mark.threat(48)
@pytest.mark.parametrize("listed", FORMS, ids=str)
async def test_what_its_issuer_did_not_sign_so_is_no_copy(store, vault, database, listed):
    versions, _ = await restored(store, vault, database, **listed)
    middle = len(versions[2]) // 2 if listed else versions[2].index(b'"validUntil":"20') + 16
    other = b"A" if versions[2][middle : middle + 1] != b"A" else b"B"
    changed = versions[2][:middle] + (other if listed else b"3") + versions[2][middle + 1 :]
    for document in (b"", b"{}", b"[]", b"\xff", versions[2][:-2], changed):
        await refused(store, vault, document)
    async with store.view(A) as view:
        with pytest.raises(RuleError):
            await view.status.values(LIST)


@pytest.mark.threat(48)
@pytest.mark.parametrize("listed", FORMS, ids=str)
async def test_another_list_of_the_same_issuer_is_no_copy(store, vault, database, listed):
    await restored(store, vault, database, **listed)
    record = samples.status_list(A, id="other", url="https://org-a.example/status/2", **_of_list(listed))
    await store.change(A, lambda unit: unit.status.add(record))
    await refused(store, vault, (await support.publisher(store, vault).publish(A, "other")).document)


@pytest.mark.threat(48)
async def test_a_list_of_another_issuer_with_a_key_of_the_same_organisation_is_no_copy(store, vault, database):
    """A department signs by a DID of its own; its list claims the other's address."""
    await restored(store, vault, database)
    private = PrivateKey.generate(KeyType.ED25519)
    name = private.public.to_multibase()
    did, method = f"did:key:{name}", f"did:key:{name}#{name}"
    await vault.take(A, method, KeyPurpose.ASSERTION, private, samples.NOW)
    jsonld = vocabulary(NO_TRUST.contexts).jsonld
    for issuer, by, key in ((did, method, private), (support.DID, method, private), (did, support.METHOD, support.KEY)):
        end = now() + timedelta(hours=24)
        made = build_status_list(support.URL, issuer, Bitstring.zeros(), valid_from=now(), valid_until=end)
        options = ProofOptions(cryptosuite=support.FORM, verification_method=by, created=now())
        unsigned = prepare(made, options, key.public, jsonld=jsonld)
        signature = await HeldKeys({by: key}).sign(by, unsigned.hash_data)
        await refused(store, vault, orjson.dumps(unsigned.complete(signature)))


def _of_list(listed):
    return {name: value for name, value in listed.items() if name != "form"}


async def test_a_clock_behind_the_copy_is_found(store, vault, database):
    versions, _ = await restored(store, vault, database)
    with pytest.raises(NotIssuableError) as refused:
        await desk(store, vault, lambda: now() - timedelta(hours=1)).reconcile(CALLER, LIST, versions)
    assert refused.value.code == "issuance.clock"


async def test_a_list_of_another_organisation_is_not_found(store, vault, database):
    versions, _ = await restored(store, vault, database)
    other = await samples.add_organisation(store, "org-b")
    with pytest.raises(Exception, match="there is no"):
        await desk(store, vault).reconcile(Caller(other, "key", frozenset()), LIST, versions)
