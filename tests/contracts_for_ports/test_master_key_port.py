"""The master key, of every kind: what it wraps opens beside its context alone, and one kind takes another's place."""

import asyncio
import shutil
import threading

import pytest
import store_samples as samples
from sqlalchemy import text
from token_support import PIN, tokens

from did_methods.multikey import KeyType, PrivateKey
from node.adapters.database.key_rows import MasterKeyRows
from node.adapters.database.vault import DatabaseVault
from node.adapters.envelope import KEY_BYTES, NONCE_BYTES, new_key
from node.adapters.master_key import LocalMasterKey
from node.adapters.pkcs11_master_key import MAX_WAITING, Pkcs11MasterKey
from node.adapters.pkcs11_token import TAG_BITS, Pkcs11Token
from node.app.key_services import require_working
from node.ports.errors import VaultError
from node.ports.secret import Secret
from node.ports.vault import KeyPurpose
from node.proofs.signatures import verify

__all__ = ["tokens"]

NOW, A, B = samples.NOW, samples.A, samples.B
CONTEXT = b"glejt/data-key/v1 of org-a, 1"
SECONDS = 60.0
"""Long enough for a machine that does much else."""


def held(tokens, label, key="master", *, pin=PIN, module=None):
    token = Pkcs11Token(module or tokens.module, label, Secret(pin.encode()))
    return Pkcs11MasterKey(token, key, SECONDS)


@pytest.fixture(params=["in this process", "in a token"])
def kind(request):
    """What makes master keys of a kind, each with its own name."""
    if request.param == "in this process":
        return LocalMasterKey.create
    all_tokens = request.getfixturevalue("tokens")
    label = all_tokens.make()

    def make(name):
        all_tokens.add_keys(label, name)
        return held(all_tokens, label, name)

    return make


def code_of(caught):
    assert caught.value.remedy
    assert PIN not in f"{caught.value} {caught.value.remedy}"
    return caught.value.code


@pytest.mark.threat(85)
async def test_what_was_wrapped_opens_under_its_key_beside_its_context_alone(kind):
    master, other, key = kind("first"), kind("second"), new_key()
    wrapped = await master.wrap(key, CONTEXT)
    assert await master.unwrap(wrapped, CONTEXT) == key
    assert key.reveal() not in wrapped
    assert len(wrapped) == NONCE_BYTES + KEY_BYTES + TAG_BITS // 8
    assert master.id != other.id
    again = await master.wrap(key, CONTEXT)
    assert wrapped[:NONCE_BYTES] != again[:NONCE_BYTES]
    refused = [
        (other, wrapped, CONTEXT),
        (master, wrapped, CONTEXT + b"x"),
        (master, wrapped, b""),
        (master, wrapped[:-1], CONTEXT),
        (master, wrapped + b"x", CONTEXT),
        (master, wrapped[: NONCE_BYTES + 3], CONTEXT),
        (master, b"", CONTEXT),
        (master, again[:NONCE_BYTES] + wrapped[NONCE_BYTES:], CONTEXT),
    ]
    for position in (0, NONCE_BYTES, NONCE_BYTES + KEY_BYTES, len(wrapped) - 1):
        changed = bytearray(wrapped)
        changed[position] ^= 1
        refused.append((master, bytes(changed), CONTEXT))
    for asked, data, about in refused:
        with pytest.raises(VaultError) as caught:
            await asked.unwrap(data, about)
        assert code_of(caught) == "vault.damaged"
    assert await master.unwrap(wrapped, CONTEXT) == key
    await require_working(master)


async def filled(store, vault):
    """Two organisations with a key each; the public halves."""
    publics = {}
    for organisation in (A, B):
        await samples.add_organisation(store, organisation)
        private = PrivateKey.generate(KeyType.ED25519)
        await vault.take(organisation, f"{organisation}-key", KeyPurpose.ASSERTION, private, NOW)
        publics[organisation] = private.public
    return publics


async def sign_all(database, masters, publics):
    vault = DatabaseVault(database, masters)  # without what another has opened
    for organisation, public in publics.items():
        keys = await vault.keys(organisation, KeyPurpose.ASSERTION)
        verify(public, b"data", await keys.sign(f"{organisation}-key", b"data"), hash_name="sha256")


async def first_vault(database, master):
    await database.transact(lambda connection: MasterKeyRows(connection).add(master.id, None, NOW))
    return DatabaseVault(database, {master.id: master})


@pytest.mark.threat(85)
async def test_a_key_of_an_organisation_opens_in_no_others_place(store, database, kind):
    master = kind("master")
    publics = await filled(store, await first_vault(database, master))
    change = "UPDATE data_keys SET wrapped = (SELECT d.wrapped FROM data_keys d WHERE d.organisation = 'org-b')"
    await database.transact(lambda connection: connection.execute(text(f"{change} WHERE organisation = 'org-a'")))
    with pytest.raises(VaultError) as caught:
        await sign_all(database, {master.id: master}, {A: publics[A]})
    assert code_of(caught) == "vault.damaged"
    await sign_all(database, {master.id: master}, {B: publics[B]})


@pytest.mark.threat(87)
@pytest.mark.parametrize("there", ["into a token", "out of a token", "to another key of the token"])
async def test_everything_moves_from_one_kind_to_another(store, database, tokens, there):
    label = tokens.make("old", "new")
    old = LocalMasterKey.create("local") if there == "into a token" else held(tokens, label, "old")
    new = LocalMasterKey.create("local") if there == "out of a token" else held(tokens, label, "new")
    publics = await filled(store, await first_vault(database, old))
    await DatabaseVault(database, {old.id: old, new.id: new}).rotate_master_key(new, None, NOW)
    await sign_all(database, {new.id: new}, publics)
    with pytest.raises(VaultError):
        await sign_all(database, {old.id: old}, publics)


async def test_a_token_is_found_by_the_name_that_stands_beside_what_it_wraps(tokens):
    label = tokens.make("a key; with % signs", "another")
    master, other = held(tokens, label, "a key; with % signs"), held(tokens, label, "another")
    assert master.id == f"pkcs11:token={label.replace(' ', '%20')};object=a%20key%3B%20with%20%25%20signs"
    wrapped = await master.wrap(new_key(), CONTEXT)
    assert await other.named(master.id).unwrap(wrapped, CONTEXT)
    assert other.named("local") is None
    assert other.named("pkcs11:token=elsewhere;object=another") is None


@pytest.mark.threat(85)
@pytest.mark.parametrize(
    ("key", "made", "expected"),
    [
        ("none", {}, "has no AES keys with this label"),
        ("twice", {}, "has 2 AES keys"),
        ("short", {"bits": 128}, "256 bits"),
        ("loose", {"extractable": True}, "taken out"),
    ],
    ids=["that is not there", "that is there twice", "that is too short", "that can be taken out"],
)
async def test_no_token_is_used_with_a_key(tokens, key, made, expected):
    label = tokens.make("master", "twice", "twice")
    if made:
        tokens.add_keys(label, key, **made)
    with pytest.raises(VaultError, match=expected) as caught:
        await held(tokens, label, key).wrap(new_key(), CONTEXT)
    assert code_of(caught) == "vault.token_key"


async def test_a_token_that_is_absent_or_a_library_that_is_none_is_named(tokens, tmp_path):
    nothing = tmp_path / "nothing.so"
    for module, label, expected in (
        (None, "nobody's", "vault.token_absent"),
        (nothing, "nobody's", "vault.token_library"),
    ):
        with pytest.raises(VaultError) as caught:
            await held(tokens, label, module=module).wrap(new_key(), CONTEXT)
        assert code_of(caught) == expected


@pytest.mark.threat(85)
async def test_a_wrong_pin_is_tried_once(tokens):
    label = tokens.make("master")
    master = held(tokens, label, pin="0000000")
    for _ in range(2):
        with pytest.raises(VaultError) as caught:
            await master.wrap(new_key(), CONTEXT)
        assert code_of(caught) == "vault.token_pin"
    master.token.pin = Secret(PIN.encode())  # so that a second try would go well, and show itself
    with pytest.raises(VaultError, match="not tried again"):
        await master.wrap(new_key(), CONTEXT)
    assert await held(tokens, label).wrap(new_key(), CONTEXT)


class Counting(Pkcs11Token):
    """A token that counts wrong PINs, as SoftHSM does not."""

    flags = 0

    def _token(self, *_, **__):
        return self

    def open(self, *, user_pin):
        raise AssertionError(f"the PIN of {len(user_pin)} characters was tried")


@pytest.mark.threat(85)
@pytest.mark.parametrize(("flags", "told"), [(0x00020000, "one more try"), (0x00040000, "locked")])
async def test_the_last_try_is_left_to_a_person(tokens, flags, told):
    token = Counting(tokens.module, "counting", Secret(PIN.encode()))
    token.flags = flags | 0x00010000
    with pytest.raises(VaultError, match=told) as caught:
        await Pkcs11MasterKey(token, "master", SECONDS).wrap(new_key(), CONTEXT)
    assert code_of(caught) == "vault.token_pin"


@pytest.mark.parametrize("lost", ["its session was closed", "nobody is signed in", "its library was ended"])
async def test_a_session_that_was_lost_is_opened_anew(tokens, lost):
    import pkcs11  # noqa: PLC0415 -- of an extra

    master, key = held(tokens, tokens.make("master")), new_key()
    wrapped = await master.wrap(key, CONTEXT)
    if lost == "its library was ended":
        pkcs11.lib(str(tokens.module)).finalize()
    elif lost == "nobody is signed in":
        token = pkcs11.lib(str(tokens.module)).get_token(token_label=master.token.label)
        with pytest.raises(pkcs11.UserAlreadyLoggedIn):
            token.open(user_pin=PIN)
        master.token._session.close()  # which signs out, and so does it for all
        token.open()
    else:
        master.token._session.close()
    assert await master.unwrap(wrapped, CONTEXT) == key
    assert await master.wrap(key, CONTEXT)


async def test_a_token_that_is_taken_away_says_so_and_works_when_it_is_back(tokens):
    master, key = held(tokens, tokens.make("master")), new_key()
    wrapped = await master.wrap(key, CONTEXT)
    away = tokens.folder.with_name("away")
    tokens.folder.rename(away)
    try:
        tokens.folder.mkdir()
        for attempt in (lambda: master.wrap(key, CONTEXT), lambda: master.unwrap(wrapped, CONTEXT)):
            with pytest.raises(VaultError) as caught:
                await attempt()
            assert code_of(caught) in {"vault.token_absent", "vault.token_failed"}
    finally:
        shutil.rmtree(tokens.folder)
        away.rename(tokens.folder)
    assert await master.unwrap(wrapped, CONTEXT) == key


class Hanging:
    """A token that answers when it is let."""

    label = "hanging"

    def __init__(self):
        self.let = threading.Event()

    def encrypt(self, *_, wait):
        assert wait
        self.let.wait()
        return b"wrapped"


async def test_a_token_that_hangs_holds_up_nobody_else_and_not_for_ever():
    token = Hanging()
    impatient = Pkcs11MasterKey(token, "master", 0.05)
    with pytest.raises(VaultError) as caught:
        await impatient.wrap(new_key(), CONTEXT)
    assert code_of(caught) == "vault.token_slow"
    assert impatient._calls.under_way == 1  # its thread is still there
    patient = Pkcs11MasterKey(token, "master", SECONDS, impatient._calls)
    waiting = [asyncio.ensure_future(patient.wrap(new_key(), CONTEXT)) for _ in range(MAX_WAITING - 1)]
    while impatient._calls.under_way < MAX_WAITING:  # noqa: ASYNC110 -- what is waited for is no event
        await asyncio.sleep(0)
    with pytest.raises(VaultError) as caught:
        await patient.wrap(new_key(), CONTEXT)
    assert code_of(caught) == "vault.token_slow"
    token.let.set()
    assert await asyncio.gather(*waiting) == [b"wrapped"] * (MAX_WAITING - 1)
    while impatient._calls.under_way:  # noqa: ASYNC110 -- likewise
        await asyncio.sleep(0)
    assert await patient.wrap(new_key(), CONTEXT) == b"wrapped"


class Careless:
    """A service that forgets the context."""

    id = "careless"

    async def wrap(self, key, _):
        return key.reveal()

    async def unwrap(self, wrapped, _):
        return Secret(wrapped)


@pytest.mark.threat(85)
async def test_a_service_that_forgets_the_context_is_not_used():
    with pytest.raises(VaultError, match="another's place") as caught:
        await require_working(Careless())
    assert code_of(caught) == "vault.service"


@pytest.mark.threat(88)
def test_no_dump_of_a_token_shows_its_pin(tokens):
    master = held(tokens, "label")
    assert PIN not in f"{master!r} {master.token!r}"
