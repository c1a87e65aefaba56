"""Keys at rest: what whoever has the database has, and what a rotation that is broken off leaves."""

import copy
import json
import pickle
from dataclasses import dataclass, field

import pytest
import store_samples as samples
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.database import key_rows
from node.adapters.database.schema import METADATA
from node.adapters.database.vault import (
    DatabaseVault,
    change_passphrase,
    establish_master_key,
    open_master_keys,
)
from node.adapters.envelope import NONCE_BYTES, context, new_key, seal, unseal
from node.adapters.errors import KeyFileError
from node.adapters.master_key import LocalMasterKey, read_passphrase_file
from node.ports.errors import ConflictError, RuleError, VaultError
from node.ports.key_store import KeyNotHeldError, KeyRetiredError
from node.ports.secret import Secret
from node.ports.vault import KeyPurpose
from node.proofs.errors import UnsupportedProofError
from node.proofs.signatures import verify

NOW, A, B = samples.NOW, samples.A, samples.B
PASSPHRASE, ANOTHER = "correct horse battery staple", "another long passphrase"


def name(purpose, organisation=A):
    return f"{samples.key_name(organisation)}-{purpose}"


async def all_bytes(database):
    """All that is in the database, as one text."""
    found = []
    async with database.reading() as connection:
        for table in METADATA.sorted_tables:
            for row in await connection.execute(select(table)):
                found += [value if isinstance(value, bytes) else repr(value).encode() for value in row]
    return b"\n".join(found)


async def works(vault, organisation=A):
    """Every key of the sample signs, and the signature is by it."""
    for purpose in (KeyPurpose.ASSERTION, KeyPurpose.AUTHENTICATION):
        keys = await vault.keys(organisation, purpose)
        key = name(purpose, organisation)
        verify(keys.public_key(key), b"data", await keys.sign(key, b"data"), hash_name="sha256")


async def filled(store, vault, organisations=(A,)):
    for organisation in organisations:
        await samples.add_organisation(store, organisation)
        await samples.add_keys(vault, organisation, (KeyPurpose.ASSERTION, KeyPurpose.AUTHENTICATION))


@pytest.mark.threat(85)
async def test_the_database_has_no_key_and_opens_with_its_passphrase_alone(store, database):
    master = await establish_master_key(database, PASSPHRASE, NOW)
    vault = DatabaseVault(database, {master.id: master})
    await samples.add_organisation(store)
    private = PrivateKey.generate(KeyType.ED25519)
    await vault.take(A, "key", KeyPurpose.ASSERTION, private, NOW)
    everything = await all_bytes(database)
    for secret in (private.raw, master._key.reveal(), *(opened.reveal() for opened in vault._open.values())):
        for form in (secret, secret.hex().encode(), repr(secret).encode()):
            assert form not in everything
    with pytest.raises(VaultError) as caught:
        await open_master_keys(database, [ANOTHER])
    assert caught.value.code == "vault.passphrase"
    masters = await open_master_keys(database, [ANOTHER, PASSPHRASE])
    opened = await DatabaseVault(database, masters).private_key(A, "key", KeyPurpose.ASSERTION)
    assert opened.raw == private.raw
    with pytest.raises(VaultError) as caught:
        await DatabaseVault(database, {}).private_key(A, "key", KeyPurpose.ASSERTION)
    assert caught.value.code == "vault.unopened"
    with pytest.raises(RuleError):
        await establish_master_key(database, ANOTHER, NOW)
    await change_passphrase(database, masters[master.id], ANOTHER)
    again = DatabaseVault(database, await open_master_keys(database, [ANOTHER]))
    assert (await again.private_key(A, "key", KeyPurpose.ASSERTION)).raw == private.raw


@pytest.mark.threat(85)
@pytest.mark.parametrize(
    ("column", "taken_from", "put_into"),
    [
        ("sealed", "organisation = 'org-b' AND id LIKE '%-assertion'", "organisation = 'org-a'"),
        ("purpose", "organisation = 'org-a' AND id LIKE '%-assertion'", "id LIKE '%-authentication'"),
        ("sealed", "organisation = 'org-a' AND id LIKE '%-authentication'", "organisation = 'org-a'"),
        ("public", "organisation = 'org-b' AND id LIKE '%-assertion'", "organisation = 'org-a'"),
    ],
    ids=["of another organisation", "of another purpose", "of another key", "another public half"],
)
async def test_a_key_that_was_put_in_anothers_place_does_not_open(store, database, column, taken_from, put_into):
    vault = await samples.make_vault(database)
    await filled(store, vault, (A, B))
    change = f"UPDATE keys SET {column} = (SELECT k.{column} FROM keys k WHERE {taken_from}) WHERE {put_into}"  # noqa: S608 -- of the lines above
    await database.transact(lambda connection: connection.execute(text(change)))
    with pytest.raises(VaultError) as caught:
        await DatabaseVault(database, vault.masters).keys(A, KeyPurpose.ASSERTION)
    assert caught.value.code == "vault.damaged"


@pytest.mark.threat(85)
async def test_the_key_of_an_organisation_opens_nothing_in_anothers_place(store, database):
    vault = await samples.make_vault(database)
    await filled(store, vault, (A, B))
    change = "UPDATE data_keys SET wrapped = (SELECT d.wrapped FROM data_keys d WHERE d.organisation = 'org-b')"
    await database.transact(lambda connection: connection.execute(text(f"{change} WHERE organisation = 'org-a'")))
    with pytest.raises(VaultError) as caught:
        await DatabaseVault(database, vault.masters).keys(A, KeyPurpose.ASSERTION)
    assert caught.value.code == "vault.damaged"
    with pytest.raises(VaultError):  # or a new key of A would lie under a key that B has
        await DatabaseVault(database, vault.masters).take(
            A, "new", KeyPurpose.GAS, PrivateKey.generate(KeyType.ED25519), NOW
        )


@pytest.mark.threat(86)
async def test_a_key_serves_one_purpose(store, database):
    vault = await samples.make_vault(database)
    await samples.add_organisation(store)
    await samples.add_keys(vault, A, list(KeyPurpose))
    for held in KeyPurpose:
        for asked in KeyPurpose:
            keys = await vault.keys(A, asked)
            if held is asked:
                assert await keys.sign(name(held), b"data")
                continue
            for refused in (keys.sign(name(held), b"data"), keys.sign_messages(name(held), b"", [b"data"])):
                with pytest.raises(KeyNotHeldError):
                    await refused
            with pytest.raises(RuleError) as caught:
                await vault.private_key(A, name(held), asked)
            assert caught.value.code == "key.purpose"
    with pytest.raises(ConflictError):
        await vault.take(A, name("gas"), KeyPurpose.AUTHORITY, PrivateKey.generate(KeyType.ED25519), NOW)


@pytest.mark.threat(86)
async def test_a_profile_signs_by_a_key_for_assertions_and_a_namespace_by_an_authoritys(store, database):
    vault = await samples.make_vault(database)
    await samples.add_organisation(store)
    await samples.add_keys(vault, A, [KeyPurpose.ASSERTION, KeyPurpose.AUTHORITY, KeyPurpose.GAS])
    wrong = samples.ChainRecord("eip155:1:0x00#1", NOW, name("gas"))
    profile = samples.Profile("profile", "did:web:org-a.example", name("gas"), samples.FORM, NOW)
    for attempt in (
        lambda unit: unit.identities.add_namespace(wrong),
        lambda unit: unit.identities.add_gas_account(samples.ChainRecord("eip155:1:0", NOW, name("authority"))),
        lambda unit: unit.identities.add_profile(profile),
    ):
        with pytest.raises(RuleError) as caught:
            await store.change(A, attempt)
        assert caught.value.code == "key.purpose"


@pytest.mark.threat(87)
async def test_a_key_that_is_retired_can_be_verified_by_and_signs_no_more(store, database):
    vault = await samples.make_vault(database)
    await filled(store, vault)
    key = name("assertion")
    before = await (await vault.keys(A, KeyPurpose.ASSERTION)).sign(key, b"data")
    await vault.retire(A, key, NOW)
    keys = await vault.keys(A, KeyPurpose.ASSERTION)
    verify(keys.public_key(key), b"data", before, hash_name="sha256")
    for refused in (keys.sign(key, b"data"), keys.sign_messages(key, b"", [b"data"])):
        with pytest.raises(KeyRetiredError):
            await refused
    with pytest.raises(RuleError) as caught:
        await vault.private_key(A, key, KeyPurpose.ASSERTION)
    assert caught.value.code == "key.retired"
    other = await vault.keys(A, KeyPurpose.AUTHENTICATION)
    with pytest.raises(UnsupportedProofError):
        await other.sign_messages(name("authentication"), b"", [b"data"])


class KilledError(Exception):
    """The process is gone."""


@dataclass
class Dying:
    """A database whose process dies instead of the transaction with this number."""

    database: object
    left: int
    kind: str = field(init=False)

    def __post_init__(self):
        self.kind = self.database.kind

    def reading(self):
        return self.database.reading()

    async def transact(self, work):
        if self.left == 0:
            raise KilledError
        self.left -= 1
        return await self.database.transact(work)


async def killed_at_each_step(database, rotate, check):
    """Break a rotation off before each of its transactions, see that all works, go on; how many steps it took."""
    steps = 0
    while True:
        try:
            await rotate(Dying(database, steps))
        except KilledError:
            await check()
            steps += 1
        else:
            await check()
            return steps


@pytest.mark.threat(87)
async def test_a_rotation_of_the_master_key_may_be_broken_off_anywhere(store, database):
    vault = await samples.make_vault(database)
    await filled(store, vault, (A, B))
    old, new = vault.masters["master"], LocalMasterKey.create("new")
    both = {"master": old, "new": new}

    async def rotate(dying):
        await DatabaseVault(dying, both).rotate_master_key(new, None, NOW)

    async def check():
        for organisation in (A, B):
            await works(DatabaseVault(database, both), organisation)

    # It begins anew each time, from what the time before has left: so each step is reached, and each is repeated.
    assert await killed_at_each_step(database, rotate, check) >= 2
    for organisation in (A, B):
        await works(DatabaseVault(database, {"new": new}), organisation)
    with pytest.raises(VaultError):
        await works(DatabaseVault(database, {"master": old}))
    async with database.reading() as connection:
        assert [row["id"] for row in await key_rows.MasterKeyRows(connection).all()] == ["new"]


@pytest.mark.threat(87)
async def test_a_rotation_of_an_organisations_key_may_be_broken_off_anywhere(store, database):
    vault = await samples.make_vault(database)
    await filled(store, vault, (A, B))
    before = await all_sealed(database)

    async def rotate(dying):
        await DatabaseVault(dying, vault.masters).rotate_data_key(A, NOW)

    async def check():
        await works(DatabaseVault(database, vault.masters))
        await works(DatabaseVault(database, vault.masters), B)

    assert await killed_at_each_step(database, rotate, check) >= 3
    after = await all_sealed(database)
    assert {key for key, sealed in after.items() if before[key] != sealed} == {key for key in before if key[0] == A}
    async with database.reading() as connection:
        assert len(await key_rows.KeyRows(connection, A).data_keys()) == 1
        assert [row["generation"] for row in await key_rows.KeyRows(connection, B).data_keys()] == [1]


async def all_sealed(database):
    async with database.reading() as connection:
        rows = await connection.execute(text("SELECT organisation, id, sealed FROM keys"))
        return {(row.organisation, row.id): bytes(row.sealed) for row in rows}


@pytest.mark.threat(88)
@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, "{0!r:>9}".format, lambda secret: repr([secret, {1: secret}])]
)
def test_no_way_to_print_a_secret_shows_it(show):
    assert b"\x01hidden" in Secret(b"\x01hidden").reveal()
    assert "hidden" not in show(Secret(b"\x01hidden"))


@pytest.mark.threat(88)
def test_a_secret_is_not_copied_into_a_file_nor_used_as_a_name():
    secret = Secret(b"hidden")
    for refused in (pickle.dumps, json.dumps, hash, lambda each: json.dumps(vars(each))):
        with pytest.raises(TypeError):
            refused(secret)
    assert copy.copy(secret) is secret
    assert secret == Secret(b"hidden")
    assert secret != Secret(b"hiddem")
    assert secret != b"hidden"
    assert "hidden" not in repr(LocalMasterKey("id", secret))


@pytest.mark.threat(85)
@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.lists(st.text(max_size=8), max_size=3), st.integers(0, 10_000))
def test_an_envelope_opens_as_it_is_beside_its_own_context_alone(secret, parts, position):
    key, about = new_key(), context(b"tag", *parts)
    sealed = seal(key, Secret(secret), about)
    assert unseal(key, sealed, about) == Secret(secret)
    changed = bytearray(sealed)
    changed[position % len(sealed)] ^= 1
    for other in (
        (new_key(), sealed, about),
        (key, bytes(changed), about),
        (key, sealed, context(b"tag", *parts, "")),
        (key, sealed, context(b"tah", *parts)),
        (key, sealed[: NONCE_BYTES - 5], about),
    ):
        with pytest.raises(VaultError):
            unseal(*other)


def test_parts_of_a_context_do_not_run_into_each_other():
    assert context(b"t", "ab", "c") != context(b"t", "a", "bc")
    assert context(b"t", "ab") != context(b"t", "a", "b")


@pytest.mark.threat(85)
def test_a_passphrase_is_read_from_a_file_that_others_cannot_read(tmp_path):
    path = tmp_path / "passphrase"
    path.write_text(f"{PASSPHRASE}\r\nanything\n")
    path.chmod(0o640)
    with pytest.raises(KeyFileError) as caught:
        read_passphrase_file(path)
    assert caught.value.code == "key_file.permissions"
    path.chmod(0o600)
    assert read_passphrase_file(path) == PASSPHRASE
    for content in (b"", b"\n", b"\xff\n", b"x" * 2000):
        path.write_bytes(content)
        with pytest.raises(KeyFileError):
            read_passphrase_file(path)
