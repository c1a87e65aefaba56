"""The file of a wallet: encrypted, whole after any crash, and noticed where somebody altered it."""

import json
from dataclasses import replace

import pytest

from did_methods.multikey import KeyType, PrivateKey
from node.adapters import wallet_file
from node.adapters.errors import PassphraseError
from node.adapters.wallet_file import WalletFile, alone, restore
from node.wallet.contents import Contents, Held, Relation, Unsent, read_contents, write_contents
from node.wallet.errors import WalletError

PHRASE = "four words drawn at random"
KEY = PrivateKey.generate(KeyType.P256)
HELD = Held(
    id="1",
    credential={"name": "Plain as day", "deep": [[["x"]]]},
    method="did:key:z#z",
    issuer="did:key:issuer",
    name="Plain as day",
    identifier=None,
    ours="did:peer:2.ours",
    thread="t",
    receipts=({"state": "pending"},),
    status="withdrawn",
    received_at="2026-01-01T00:00:00Z",
)
RELATION = Relation(
    ours="did:peer:2.ours",
    theirs="did:peer:2.theirs",
    secrets={"did:peer:2.ours#key-1": KEY},
    goal="mediate",
    invitation="i",
    made_at="2026-01-01T00:00:00Z",
)
FULL = replace(
    Contents().with_held(HELD).with_relation(RELATION).with_key("did:key:z#z", KEY),
    unsent=(Unsent("did:peer:2.ours", {"id": "m"}),),
    shown=({"to": "somebody"},),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    path = tmp_path_factory.mktemp("wallets") / "wallet.json"
    WalletFile.create(path, PHRASE).save(FULL)
    return path.read_bytes()


@pytest.fixture
def path(made, tmp_path):
    (tmp_path / "wallet.json").write_bytes(made)
    return tmp_path / "wallet.json"


def code(error):
    return error.value.code


def test_what_is_saved_is_there_again_and_nothing_of_it_is_on_the_disk_in_plain(path):
    assert write_contents(WalletFile.open(path, PHRASE).load()) == write_contents(FULL)
    data = path.read_bytes()
    for secret in (b"Plain as day", b"did:", KEY.to_multibase().encode(), b"somebody", b"withdrawn"):
        assert secret not in data


def test_a_new_wallet_is_for_its_owner_alone_and_never_takes_the_place_of_another(tmp_path):
    path = tmp_path / "wallet.json"
    WalletFile.create(path, PHRASE)
    assert path.stat().st_mode & 0o077 == 0
    before = path.read_bytes()
    with pytest.raises(WalletError) as error:
        WalletFile.create(path, PHRASE)
    assert code(error) == "wallet.exists"
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["wallet.json"]


def test_another_passphrase_does_not_open_it(path):
    with pytest.raises(PassphraseError) as error:
        WalletFile.open(path, "four words drawn otherwise")
    assert code(error) == "key_file.passphrase_wrong"


@pytest.mark.parametrize("member", ["encryptedKey", "nonce", "ciphertext", "type", "version"])
def test_a_file_that_was_altered_is_noticed_whatever_was_altered(path, member):
    document = json.loads(path.read_bytes())
    value = document[member]
    if member == "encryptedKey":
        value["ciphertext"] = _other(value["ciphertext"])
    else:
        document[member] = 2 if member == "version" else _other(value)
    path.write_text(json.dumps(document))
    with pytest.raises(WalletError) as error:
        WalletFile.open(path, PHRASE)
    assert code(error) == "wallet.altered"


def _other(text):
    place = len(text) // 2
    return f"{text[:place]}{'A' if text[place] != 'A' else 'B'}{text[place + 1 :]}"


@pytest.mark.parametrize("data", [b"", b"{}", b"not JSON", b'{"type":"GlejtWallet","version":1}'])
def test_what_is_no_wallet_is_refused(tmp_path, data):
    (tmp_path / "wallet.json").write_bytes(data)
    with pytest.raises(WalletError) as error:
        WalletFile.open(tmp_path / "wallet.json", PHRASE)
    assert code(error) == "wallet.altered"


def test_parts_of_two_wallets_make_no_third(path, tmp_path):
    other = tmp_path / "other.json"
    WalletFile.create(other, PHRASE)
    mixed = json.loads(path.read_bytes()) | {
        name: value for name, value in json.loads(other.read_bytes()).items() if name in {"nonce", "ciphertext"}
    }
    path.write_text(json.dumps(mixed))
    with pytest.raises(WalletError) as error:
        WalletFile.open(path, PHRASE)
    assert code(error) == "wallet.altered"


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_a_write_that_fails_anywhere_leaves_the_old_state_and_nothing_beside_it(path, tmp_path, monkeypatch, call):
    keep = WalletFile.open(path, PHRASE)

    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    if call == "replace":
        monkeypatch.setattr(type(path), "replace", fails)
    else:
        monkeypatch.setattr(wallet_file.os, call, fails)
    with pytest.raises(WalletError) as error:
        keep.save(Contents())
    assert code(error) == "wallet.unwritable"
    monkeypatch.undo()
    assert write_contents(keep.load()) == write_contents(FULL)
    assert [each.name for each in tmp_path.iterdir()] == ["wallet.json"]


def test_one_process_at_a_time_has_it_open(path):
    with alone(path), pytest.raises(WalletError) as error, alone(path):
        pass
    assert code(error) == "wallet.in_use"
    with alone(path):
        pass


def test_a_backup_is_checked_and_restored_into_an_empty_place_alone(path, tmp_path):
    copy, again = tmp_path / "copy.json", tmp_path / "again.json"
    WalletFile.open(path, PHRASE).copy_to(copy)
    assert write_contents(restore(copy, again, PHRASE).load()) == write_contents(FULL)
    with pytest.raises(WalletError) as error:
        restore(copy, path, PHRASE)
    assert code(error) == "wallet.exists"
    copy.write_bytes(copy.read_bytes()[:-40])
    with pytest.raises(WalletError):
        restore(copy, tmp_path / "third.json", PHRASE)
    with pytest.raises(PassphraseError):
        restore(again, tmp_path / "third.json", "four words drawn otherwise")
    assert not (tmp_path / "third.json").exists()


def test_there_is_nothing_to_open_where_no_wallet_is(tmp_path):
    with pytest.raises(WalletError) as error:
        WalletFile.open(tmp_path / "wallet.json", PHRASE)
    assert code(error) == "wallet.absent"
    with pytest.raises(WalletError) as error:
        WalletFile.create(tmp_path / "no" / "wallet.json", PHRASE)
    assert code(error) == "wallet.unwritable"
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"relations": {}},
        {"held": [{"id": 1}]},
        {"keys": {"did:key:z#z": "zBad"}},
        {"talks": [{"exchange": {}, "told": {}}]},
        {"unsent": [{"ours": "x"}]},
    ],
    ids=range(6),
)
def test_contents_that_are_damaged_are_told(change):
    with pytest.raises(WalletError) as error:
        read_contents(write_contents(FULL) | change)
    assert code(error) in {"wallet.damaged", "wallet.version"}
