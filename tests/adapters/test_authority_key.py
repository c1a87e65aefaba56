"""The keys of a namespace in files: what is written, who opens it, and what was tampered with."""

import json
import os

import pytest

from anchoring.errors import CallError
from anchoring.founding import RecoveryKey, found
from anchoring.layout import namespace_id, recovery_commitment
from anchoring.signing_key import SigningKey
from did_methods.multibase import from_base64url, to_base64url
from node.adapters import sealed_secret
from node.adapters.authority_key import (
    read_authority_key,
    read_recovery_key,
    write_authority_key,
    write_recovery_key,
)
from node.adapters.errors import KeyFileError, PassphraseError

PASSPHRASE = "koń zszywka bateria poprawnie"  # noqa: S105 - it protects nothing


@pytest.fixture(autouse=True)
def cheap(monkeypatch):
    monkeypatch.setattr(sealed_secret, "_MEMORY_KIB", 64)
    monkeypatch.setattr(sealed_secret, "_ITERATIONS", 1)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "authority.key.json"


@pytest.fixture
def secret():
    return SigningKey.generate()[1]


@pytest.mark.parametrize("passphrase", [None, PASSPHRASE])
def test_an_authoritys_key_comes_back(path, secret, passphrase):
    written = write_authority_key(path, secret, passphrase=passphrase)
    read = read_authority_key(path)
    assert read.address == written.address == SigningKey(secret).address
    assert read.protected == written.protected == (passphrase is not None)
    assert read.unlock(passphrase).address == read.address
    text = path.read_text()
    assert read.address.hex() in text
    assert (to_base64url(secret) in text) == (passphrase is None)
    assert secret.hex() not in text
    assert path.stat().st_mode & 0o777 == 0o600
    for shown in (repr(read), repr(written)):
        assert to_base64url(secret) not in shown
        assert repr(secret) not in shown


@pytest.mark.threat(108)
def test_a_recovery_key_comes_back_and_its_file_shows_nothing_of_it(path):
    key = RecoveryKey.generate()
    write_recovery_key(path, key, passphrase=PASSPHRASE)
    read = read_recovery_key(path)
    assert read.commitment == key.commitment == recovery_commitment(key.signer.address, key.salt)
    assert read.unlock(PASSPHRASE) == key
    text = path.read_text() + repr(read) + repr(key)
    for hidden in (key.signer.address, key.salt, key.secret):
        assert hidden.hex() not in text
        assert to_base64url(hidden) not in text
        assert repr(hidden) not in text


def test_passphrases_that_do_not_open(path, secret, tmp_path):
    write_authority_key(path, secret, passphrase=PASSPHRASE)
    with pytest.raises(PassphraseError) as caught:
        read_authority_key(path).unlock()
    assert caught.value.code == "key_file.passphrase_needed"
    recovery = tmp_path / "recovery.json"
    write_recovery_key(recovery, RecoveryKey.generate(), passphrase=PASSPHRASE)
    for read in (read_authority_key(path), read_recovery_key(recovery)):
        with pytest.raises(PassphraseError) as caught:
            read.unlock(PASSPHRASE + "x")
        assert caught.value.code == "key_file.passphrase_wrong"
    with pytest.raises(PassphraseError):
        write_recovery_key(tmp_path / "weak.json", RecoveryKey.generate(), passphrase="short")  # noqa: S106 - weak
    assert not (tmp_path / "weak.json").exists()


def test_an_existing_file_is_never_touched(path, secret):
    path.write_text("mine")
    for write in (
        lambda: write_authority_key(path, secret, passphrase=None),
        lambda: write_recovery_key(path, RecoveryKey.generate(), passphrase=PASSPHRASE),
    ):
        with pytest.raises(KeyFileError) as caught:
            write()
        assert caught.value.code == "key_file.exists"
    assert path.read_text() == "mine"


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_a_bare_key_that_others_may_read_is_refused(path, secret):
    write_authority_key(path, secret, passphrase=None)
    path.chmod(0o640)
    with pytest.raises(KeyFileError) as caught:
        read_authority_key(path)
    assert caught.value.code == "key_file.permissions"


def _changed(path, **members):
    document = json.loads(path.read_text()) | members
    path.write_text(json.dumps({name: value for name, value in document.items() if value is not None}))


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"type": "Multikey"}, "key_file.unsupported"),
        ({"type": "TrustAnchorRecoveryKey"}, "key_file.unsupported"),
        ({"address": None}, "key_file.damaged"),
        ({"address": "0x" + "AB" * 20}, "key_file.damaged"),
        ({"address": "ab" * 20}, "key_file.damaged"),
        ({"address": "0x" + "ab" * 19}, "key_file.damaged"),
        ({"address": "0xzz"}, "key_file.damaged"),
        ({"address": 5}, "key_file.damaged"),
        ({"secretKey": None}, "key_file.damaged"),
        ({"secretKey": "="}, "key_file.damaged"),
        ({"secretKey": 5}, "key_file.damaged"),
        ({"secretKey": to_base64url(bytes(32))}, "key_file.damaged"),
        ({"encryptedSecretKey": {}}, "key_file.damaged"),
        ({"secretKey": None, "encryptedSecretKey": "x"}, "key_file.damaged"),
        ({"address": "0x" + "ab" * 20}, "key_file.mismatch"),
    ],
)
def test_what_is_no_authoritys_key(path, secret, members, code):
    write_authority_key(path, secret, passphrase=None)
    _changed(path, **members)
    with pytest.raises(KeyFileError) as caught:
        read_authority_key(path).unlock()
    assert caught.value.code == code
    assert caught.value.remedy


@pytest.mark.threat(108)
def test_a_public_half_that_was_replaced(path, tmp_path, secret):
    """A header is authenticated with what is encrypted under it: an accident is told from a replacement."""
    write_authority_key(path, secret, passphrase=PASSPHRASE)
    _changed(path, address="0x" + "ab" * 20)
    with pytest.raises(KeyFileError):
        read_authority_key(path).unlock(PASSPHRASE)
    recovery = tmp_path / "recovery.json"
    write_recovery_key(recovery, RecoveryKey.generate(), passphrase=PASSPHRASE)
    _changed(recovery, commitment="0x" + "ab" * 32)
    with pytest.raises(KeyFileError):
        read_recovery_key(recovery).unlock(PASSPHRASE)


def test_a_file_sealed_over_something_else(path, monkeypatch):
    """Whoever knows the passphrase can still have made nonsense."""
    key = RecoveryKey.generate()
    monkeypatch.setattr(RecoveryKey, "to_bytes", lambda self: self.secret)
    write_recovery_key(path, key, passphrase=PASSPHRASE)
    with pytest.raises(KeyFileError) as caught:
        read_recovery_key(path).unlock(PASSPHRASE)
    assert caught.value.code == "key_file.damaged"
    path.unlink()
    monkeypatch.setattr(RecoveryKey, "to_bytes", lambda self: self.secret + bytes(32))
    write_recovery_key(path, key, passphrase=PASSPHRASE)
    with pytest.raises(KeyFileError) as caught:
        read_recovery_key(path).unlock(PASSPHRASE)
    assert caught.value.code == "key_file.mismatch"


@pytest.mark.threat(108)
def test_a_namespace_has_two_keys_and_a_salt_of_its_own():
    authority, _ = SigningKey.generate()
    recovery = RecoveryKey.generate()
    one, other = found(authority.address, recovery), found(authority.address, recovery)
    assert one.namespace == namespace_id(authority.address, recovery.commitment, one.salt)
    assert one.namespace != other.namespace
    assert RecoveryKey.from_bytes(recovery.to_bytes()) == recovery
    assert from_base64url(to_base64url(recovery.to_bytes())) == recovery.secret + recovery.salt
    with pytest.raises(CallError) as caught:
        found(recovery.signer.address, recovery)
    assert caught.value.code == "call.same_key"
    for wrong in (b"", recovery.to_bytes()[:63], recovery.to_bytes() + b"\0", bytes(64)):
        with pytest.raises(CallError):
            RecoveryKey.from_bytes(wrong)
