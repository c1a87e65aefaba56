"""Key files: what is written, who may read it, what a passphrase protects, and what a hostile file cannot do."""

import json
import os
import pickle
import stat
import unicodedata

import pytest

from did_methods.key import create, method_id
from did_methods.multibase import from_base64url, to_base64url
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from node.adapters import sealed_secret
from node.adapters.key_file import KeyFileError, PassphraseError, read_key_file, write_key_file

PASSPHRASE = "koń zszywka bateria poprawnie"  # noqa: S105 - it protects nothing
POSIX = pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    """Argon2id at its cheapest; one test measures the real cost."""
    monkeypatch.setattr(sealed_secret, "_MEMORY_KIB", 64)
    monkeypatch.setattr(sealed_secret, "_ITERATIONS", 1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "issuer.key.json"


@pytest.fixture
def key():
    return PrivateKey.generate(KeyType.ED25519)


def write(path, key, passphrase=PASSPHRASE):
    return write_key_file(path, key, verification_method=method_id(key.public), passphrase=passphrase)


def rewrite(path, change):
    """Change the JSON of a key file in place, keeping its mode."""
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def reseal(document):
    """Make the checksum fit again, as an attacker would."""
    box = document["encryptedSecretKey"]
    header = {name: document[name] for name in ("id", "type", "controller", "publicKeyMultibase")}
    sealed = sealed_secret.SealedSecret(
        box["memoryKiB"],
        box["iterations"],
        box["lanes"],
        from_base64url(box["salt"]),
        from_base64url(box["nonce"]),
        from_base64url(box["ciphertext"]),
    )
    document["encryptedSecretKey"] = sealed.to_json(header)


def refusal(path, error=KeyFileError):
    with pytest.raises(error) as caught:
        read_key_file(path)
    assert caught.value.remedy
    return caught.value.code


@pytest.mark.parametrize("key_type", list(KeyType))
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_key_comes_back(path, key_type, passphrase):
    key = PrivateKey.generate(key_type)
    written = write(path, key, passphrase)
    read = read_key_file(path)
    for key_file in (written, read):
        assert str(key_file.verification_method) == method_id(key.public)
        assert key_file.verification_method.did == create(key.public)
        assert key_file.public == key.public
        assert key_file.protected is (passphrase is not None)
        assert key_file.unlock(passphrase).raw == key.raw


def test_a_bare_key_file_is_a_multikey_that_other_software_reads(path, key):
    write(path, key, None)
    assert json.loads(path.read_text()) == {
        "@context": "https://w3id.org/security/multikey/v1",
        "id": method_id(key.public),
        "type": "Multikey",
        "controller": str(create(key.public)),
        "publicKeyMultibase": key.public.to_multibase(),
        "secretKeyMultibase": key.to_multibase(),
    }
    assert read_key_file(path).unlock("a passphrase that is not needed").raw == key.raw


def test_whose_key_it_is_can_be_read_without_the_passphrase(path, key):
    write(path, key)
    document = json.loads(path.read_text())
    assert PublicKey.from_multibase(document["publicKeyMultibase"]) == key.public
    assert document["encryptedSecretKey"]["kdf"] == "argon2id"
    assert document["encryptedSecretKey"]["cipher"] == "A256GCM"


def test_the_cost_of_a_guess_is_the_recommended_one(monkeypatch, path, key):
    monkeypatch.undo()
    write(path, key)
    box = json.loads(path.read_text())["encryptedSecretKey"]
    assert (box["memoryKiB"], box["iterations"], box["lanes"]) == (64 * 1024, 3, 4)
    assert read_key_file(path).unlock(PASSPHRASE).raw == key.raw


@pytest.mark.threat(85)
@pytest.mark.parametrize("key_type", list(KeyType))
def test_no_known_key_bytes_are_in_a_protected_file(path, key_type):
    key = PrivateKey.generate(key_type)
    write(path, key)
    data = path.read_bytes()
    assert key.raw not in data
    assert key.raw.hex().encode() not in data.lower()
    assert key.to_multibase().encode() not in data
    assert to_base64url(key.raw).encode() not in data
    assert PASSPHRASE.encode() not in data


@pytest.mark.threat(85)
def test_swapped_ciphertexts_do_not_open(tmp_path):
    """Not even with one passphrase for both, and with a checksum that was made to fit."""
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        write(path, PrivateKey.generate(KeyType.ED25519))
    one, two = (json.loads(path.read_text()) for path in paths)
    one["encryptedSecretKey"], two["encryptedSecretKey"] = two["encryptedSecretKey"], one["encryptedSecretKey"]
    for path, document in zip(paths, (one, two), strict=True):
        path.write_text(json.dumps(document))
        assert refusal(path) == "key_file.damaged"
        reseal(document)
        path.write_text(json.dumps(document))
        with pytest.raises(PassphraseError):
            read_key_file(path).unlock(PASSPHRASE)


@pytest.mark.threat(85)
@pytest.mark.parametrize(
    "change",
    [
        lambda document, other: document.update(id=method_id(other), controller=str(create(other))),
        lambda document, other: document.update(publicKeyMultibase=other.to_multibase()),
        lambda document, _: document.update(id=document["id"] + "x"),
        lambda document, _: document["encryptedSecretKey"].update(iterations=2),
        lambda document, _: document["encryptedSecretKey"].update(lanes=2),
    ],
)
def test_what_stands_beside_the_secret_is_authenticated(path, key, change):
    write(path, key)
    other = PrivateKey.generate(KeyType.ED25519).public

    def tamper(document):
        change(document, other)
        reseal(document)

    rewrite(path, tamper)
    with pytest.raises(PassphraseError):
        read_key_file(path).unlock(PASSPHRASE)


@pytest.mark.threat(88)
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_a_key_file_shows_nothing_of_its_secret(path, key, passphrase):
    key_file = write(path, key, passphrase)
    shown = f"{key_file!r} {key_file}"
    assert key.to_multibase() not in shown
    assert str(key.raw) not in shown
    if passphrase is None:
        with pytest.raises(TypeError):
            pickle.dumps(key_file)


# Passphrases


@pytest.mark.parametrize(
    "wrong", ["kon zszywka bateria poprawnie", PASSPHRASE + " ", PASSPHRASE.upper(), "qqq", "q" * 1024]
)
def test_a_wrong_passphrase_is_told_apart_from_a_damaged_file(path, key, wrong):
    write(path, key)
    with pytest.raises(PassphraseError) as caught:
        read_key_file(path).unlock(wrong)
    assert caught.value.code == "key_file.passphrase_wrong"
    assert wrong not in str(caught.value)
    rewrite(path, lambda document: document["encryptedSecretKey"].update(ciphertext="AAAA"))
    assert refusal(path) == "key_file.damaged"


@pytest.mark.parametrize("wrong", ["", "x" * 1025, "\ud800"])
def test_what_cannot_be_a_passphrase_is_refused(path, key, wrong):
    write(path, key)
    with pytest.raises(PassphraseError) as caught:
        read_key_file(path).unlock(wrong)
    assert caught.value.code == "key_file.passphrase_wrong"


def test_a_missing_passphrase_is_asked_for(path, key):
    write(path, key)
    with pytest.raises(PassphraseError) as caught:
        read_key_file(path).unlock()
    assert caught.value.code == "key_file.passphrase_needed"


@pytest.mark.parametrize("weak", ["", "1234567"])
def test_a_weak_passphrase_is_refused_and_nothing_is_written(path, key, weak):
    with pytest.raises(PassphraseError) as caught:
        write(path, key, weak)
    assert caught.value.code == "key_file.passphrase_weak"
    assert list(path.parent.iterdir()) == []


def test_a_passphrase_may_be_typed_on_another_keyboard(path, key):
    write(path, key, unicodedata.normalize("NFD", PASSPHRASE))
    assert read_key_file(path).unlock(unicodedata.normalize("NFC", PASSPHRASE)).raw == key.raw


# Files


@POSIX
@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
def test_only_the_owner_may_read_what_is_written(path, key, passphrase, umask):
    before = os.umask(umask)
    try:
        write(path, key, passphrase)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("content", [b"", b"something else"])
def test_an_existing_file_is_never_touched(path, key, content):
    path.write_bytes(content)
    with pytest.raises(KeyFileError) as caught:
        write(path, key)
    assert caught.value.code == "key_file.exists"
    assert path.read_bytes() == content
    assert list(path.parent.iterdir()) == [path]


@POSIX
def test_a_link_is_not_followed_when_writing(path, key, tmp_path):
    target = tmp_path / "elsewhere"
    path.symlink_to(target)
    with pytest.raises(KeyFileError) as caught:
        write(path, key)
    assert caught.value.code == "key_file.exists"
    assert not target.exists()


@POSIX
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o620, 0o777])
def test_a_bare_key_that_others_may_read_is_refused(path, key, mode):
    write(path, key, None)
    path.chmod(mode)
    assert refusal(path) == "key_file.permissions"
    path.chmod(0o400)
    assert read_key_file(path).unlock().raw == key.raw


@POSIX
def test_a_protected_key_may_lie_where_others_read_it(path, key):
    write(path, key)
    path.chmod(0o644)
    assert read_key_file(path).unlock(PASSPHRASE).raw == key.raw


@pytest.mark.parametrize("name", ["replace", "fsync", "fdopen"])
def test_a_write_that_fails_leaves_nothing_behind(path, key, monkeypatch, name):
    def fail(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    if name == "replace":
        monkeypatch.setattr("pathlib.Path.replace", fail)
    else:
        monkeypatch.setattr(f"node.adapters.secret_file.os.{name}", fail)
    with pytest.raises(KeyFileError) as caught:
        write(path, key)
    monkeypatch.undo()
    assert caught.value.code == "key_file.unwritable"
    assert "No space left" in str(caught.value)
    assert list(path.parent.iterdir()) == []


def test_an_interrupt_leaves_nothing_behind(path, key, monkeypatch):
    def interrupt(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr("node.adapters.secret_file.os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write(path, key)
    monkeypatch.undo()
    assert list(path.parent.iterdir()) == []


def test_a_folder_that_is_not_there_is_told(tmp_path, key):
    with pytest.raises(KeyFileError) as caught:
        write(tmp_path / "no" / "folder", key)
    assert caught.value.code == "key_file.unwritable"
    assert refusal(tmp_path / "no" / "folder") == "key_file.absent"
    assert refusal(tmp_path) == "key_file.unreadable"


@pytest.mark.parametrize(
    "method", ["did:example:1", "not a did", "did:example:1#", "https://example.com/#key", "did:web:a%40b#c"]
)
def test_a_key_is_for_a_verification_method(path, key, method):
    with pytest.raises(KeyFileError) as caught:
        write_key_file(path, key, verification_method=method, passphrase=None)
    assert caught.value.code == "key_file.method"
    assert not path.exists()


def test_a_key_may_be_for_a_method_of_any_did(path, key):
    write_key_file(path, key, verification_method="did:web:uni.example#key-1", passphrase=PASSPHRASE)
    key_file = read_key_file(path)
    assert str(key_file.verification_method) == "did:web:uni.example#key-1"
    assert str(key_file.verification_method.did) == "did:web:uni.example"


# Foreign files


@pytest.mark.threat(63)
@pytest.mark.parametrize(
    ("member", "value"), [("memoryKiB", 256 * 1024 + 1), ("iterations", 11), ("lanes", 17), ("memoryKiB", 2**52)]
)
def test_a_file_cannot_exhaust_the_machine(path, key, member, value):
    write(path, key)
    rewrite(path, lambda document: document["encryptedSecretKey"].update({member: value}))
    assert refusal(path) == "key_file.limits"


@pytest.mark.parametrize("member", ["memoryKiB", "iterations", "lanes"])
@pytest.mark.parametrize("value", [0, -1, 1.5, "3", None, True, []])
def test_costs_are_positive_numbers(path, key, member, value):
    write(path, key)
    rewrite(path, lambda document: document["encryptedSecretKey"].update({member: value}))
    assert refusal(path) == "key_file.damaged"


@pytest.mark.parametrize("member", ["salt", "nonce", "ciphertext", "checksum"])
@pytest.mark.parametrize("value", ["", "AA", "AAA=", "A" * 22, None, 5, "A" * 3000])
def test_damaged_parts_are_told(path, key, member, value):
    write(path, key)
    rewrite(path, lambda document: document["encryptedSecretKey"].update({member: value}))
    assert refusal(path) == "key_file.damaged"


@pytest.mark.parametrize("member", ["cipher", "kdf"])
@pytest.mark.parametrize("value", ["A256CBC", "pbkdf2", None, 5])
def test_other_ways_of_protection_are_unsupported(path, key, member, value):
    write(path, key)
    rewrite(path, lambda document: document["encryptedSecretKey"].update({member: value}))
    assert refusal(path) == "key_file.unsupported"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda document: document.update(type="JsonWebKey"), "key_file.unsupported"),
        (lambda document: document.pop("type"), "key_file.unsupported"),
        (lambda document: document.pop("id"), "key_file.damaged"),
        (lambda document: document.update(id="did:example:1"), "key_file.damaged"),
        (lambda document: document.update(controller="did:example:1"), "key_file.damaged"),
        (lambda document: document.pop("controller"), "key_file.damaged"),
        (lambda document: document.pop("publicKeyMultibase"), "key_file.damaged"),
        (lambda document: document.update(publicKeyMultibase="z6Mk"), "key_file.damaged"),
        (lambda document: document.pop("secretKeyMultibase"), "key_file.damaged"),
        (lambda document: document.update(secretKeyMultibase=5), "key_file.damaged"),
        (lambda document: document.update(encryptedSecretKey={}), "key_file.damaged"),
        (lambda document: document.update(secretKeyMultibase=document["secretKeyMultibase"] + "0"), "key_file.damaged"),
        (
            lambda document: document.update(secretKeyMultibase=PrivateKey.generate(KeyType.ED25519).to_multibase()),
            "key_file.mismatch",
        ),
        (
            lambda document: document.update(secretKeyMultibase=PrivateKey.generate(KeyType.P256).to_multibase()),
            "key_file.mismatch",
        ),
    ],
)
def test_files_that_contradict_themselves_are_refused(path, key, change, code):
    write(path, key, None)
    rewrite(path, change)
    assert refusal(path) == code


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b'{"type":"Multikey","type":"Multikey"}', b"-----BEGIN"]
)
def test_what_is_not_a_json_object_is_damaged(path, content):
    path.write_bytes(content)
    assert refusal(path) == "key_file.damaged"


def test_an_oversize_file_is_not_read(path):
    path.write_bytes(b" " * (16 * 1024 + 1))
    assert refusal(path) == "key_file.too_large"


@pytest.mark.threat(88)
def test_no_message_quotes_the_secret_of_a_damaged_file(path, key):
    write(path, key, None)
    text = path.read_text()
    for damaged in (text[:-4], text.replace('"secretKeyMultibase": "', '"secretKeyMultibase": "0'), text + text):
        path.write_text(damaged)
        with pytest.raises(KeyFileError) as caught:
            read_key_file(path)
        told = f"{caught.value} {caught.value.remedy} {caught.value.__cause__}"
        assert key.to_multibase()[6:20] not in told


def test_a_sealed_file_whose_halves_do_not_belong_together_is_refused(path, key):
    """By whoever knows the passphrase, it can be sealed: the key pair is checked all the same."""
    write(path, key)

    def replace(document):
        header = {name: document[name] for name in ("id", "type", "controller", "publicKeyMultibase")}
        other = PrivateKey.generate(KeyType.ED25519)
        document["encryptedSecretKey"] = sealed_secret.SealedSecret.seal(other.raw, PASSPHRASE, header).to_json(header)

    rewrite(path, replace)
    with pytest.raises(KeyFileError) as caught:
        read_key_file(path).unlock(PASSPHRASE)
    assert caught.value.code == "key_file.mismatch"


def test_a_sealed_secret_that_is_no_key_is_damaged(path, key):
    write(path, key)

    def replace(document):
        header = {name: document[name] for name in ("id", "type", "controller", "publicKeyMultibase")}
        document["encryptedSecretKey"] = sealed_secret.SealedSecret.seal(b"short", PASSPHRASE, header).to_json(header)

    rewrite(path, replace)
    with pytest.raises(KeyFileError) as caught:
        read_key_file(path).unlock(PASSPHRASE)
    assert caught.value.code == "key_file.damaged"


@POSIX
def test_a_key_can_be_read_from_a_pipe(path, key):
    write(path, key, None)
    reader, writer = os.pipe()
    os.write(writer, path.read_bytes())
    os.close(writer)
    try:
        assert read_key_file(path.__class__(f"/dev/fd/{reader}")).unlock().raw == key.raw
    finally:
        os.close(reader)
