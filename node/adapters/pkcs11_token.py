"""A token that is spoken to by PKCS#11: what AES keys in it encrypt, and no key of them ever outside.

What is sealed is a nonce of ours and what CKM_AES_GCM makes of the secret, its context as additional data. All calls
block, and are made by one thread at a time.

A token that answers something else than expected may have lost its session, or been given bytes that nobody sealed,
and tokens tell these apart each in its own way. So it is asked to seal and open something of ours: where it does, the
bytes are at fault; where it does not, everything is opened anew, once.

Spec: https://docs.oasis-open.org/pkcs11/pkcs11-spec/v3.1/pkcs11-spec-v3.1.html#_Toc111203547
"""

import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from node.adapters.envelope import KEY_BYTES, NONCE_BYTES
from node.adapters.extras import extra
from node.ports.errors import VaultError
from node.ports.secret import Secret

EXTRA: Final = "pkcs11"
TAG_BITS: Final = 128
_TAG_BYTES: Final = TAG_BITS // 8
_LIBRARY: Final = threading.Lock()
"""A PKCS#11 library is one for a whole process, with all its sessions."""
_LAST_TRY: Final = 0x00020000
_LOCKED: Final = 0x00040000
"""CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED."""
_PIN_ERRORS: Final = ("PinIncorrect", "PinInvalid", "PinLenRange", "PinLocked", "PinExpired", "UserPinNotInitialized")


@dataclass(slots=True)
class Pkcs11Token:
    """A token by its label, opened when it is first needed, and again where it was lost."""

    module: Path
    label: str
    pin: Secret = field(repr=False)
    _session: Any = field(default=None, init=False, repr=False)
    _keys: dict[str, Any] = field(default_factory=dict, init=False, repr=False)
    _refused: bool = field(default=False, init=False, repr=False)
    """The PIN was wrong: it is not tried again, as tokens lock themselves after some tries."""

    def encrypt(self, key: str, secret: Secret, context: bytes, *, wait: float) -> bytes:
        """The secret under the key with this label; raises VaultError."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._done(key, wait, lambda held: _encrypted(held, nonce, secret.reveal(), context), told=False)

    def decrypt(self, key: str, sealed: bytes, context: bytes, *, wait: float) -> Secret:
        """What was encrypted beside the same context; raises VaultError."""
        nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        if len(rest) < _TAG_BYTES:
            raise _damaged(key)
        return Secret(self._done(key, wait, lambda held: _decrypted(held, nonce, rest, context), told=True))

    def _done(self, key: str, wait: float, work: Callable[[Any], bytes], *, told: bool) -> bytes:
        """What the work makes of the key, at a second try where the token had been lost.

        `told` says that the bytes are from the database, and may be at fault.
        """
        if not _LIBRARY.acquire(timeout=wait):
            raise slow(self.label)
        try:
            library = extra("pkcs11", of=EXTRA)
            for again in (True, False):
                held = self._key(library, key, anew=not again)
                try:
                    return work(held)
                except library.PKCS11Error as error:
                    if told and self._works(library, held):
                        raise _damaged(key) from error
                    failure = error
            raise _failed(self.label, failure)
        finally:
            _LIBRARY.release()

    def _works(self, library: ModuleType, held: Any) -> bool:  # noqa: ANN401 -- a key of a library without types
        """Whether the key opens what it has just sealed."""
        nonce, probe = secrets.token_bytes(NONCE_BYTES), secrets.token_bytes(KEY_BYTES)
        try:
            return bool(_decrypted(held, nonce, _encrypted(held, nonce, probe, b""), b"") == probe)
        except library.PKCS11Error:
            return False

    def _key(self, library: ModuleType, label: str, *, anew: bool) -> Any:  # noqa: ANN401 -- as above
        if anew or self._session is None:
            self._session, self._keys = None, {}
            self._session = self._opened(library, anew=anew)
        if label not in self._keys:
            try:
                self._keys[label] = self._found(library, label)
            except (library.PKCS11Error, VaultError) as error:
                if not anew:  # a library may not see what another process has made since it was loaded
                    return self._key(library, label, anew=True)
                if isinstance(error, VaultError):
                    raise
                raise _failed(self.label, error) from error
        return self._keys[label]

    def _opened(self, library: ModuleType, *, anew: bool) -> Any:  # noqa: ANN401 -- as above
        """A session in which the PIN was taken."""
        if self._refused:
            raise _pin(self.label, "it was refused before, and is not tried again")
        token = self._token(library, anew=anew)
        flags = int(token.flags)
        if flags & _LOCKED:
            raise _pin(self.label, "the token has locked it")
        if flags & _LAST_TRY:
            raise _pin(self.label, "the token allows one more try, which is left to a person")
        try:
            return token.open(user_pin=self.pin.reveal().decode())
        except library.UserAlreadyLoggedIn:  # by another of ours in this process
            return token.open()
        except library.PKCS11Error as error:
            if type(error).__name__ in _PIN_ERRORS:
                self._refused = True
                raise _pin(self.label, type(error).__name__) from error
            raise _failed(self.label, error) from error

    def _token(self, library: ModuleType, *, anew: bool) -> Any:  # noqa: ANN401 -- as above
        try:
            module = library.lib(str(self.module))
            if anew:
                module.reinitialize()
            tokens = list(module.get_tokens(token_label=self.label))
        except library.PKCS11Error as error:
            if type(error) is not library.PKCS11Error:  # which is the one of what cannot be loaded
                raise _failed(self.label, error) from error
            raise VaultError(
                f"{self.module} cannot be loaded as a PKCS#11 library",
                code="vault.token_library",
                remedy="Name the library that came with the token in GLEJT_NODE_PKCS11_MODULE.",
            ) from error
        if not tokens and not anew:  # it may have come after the library was loaded
            return self._token(library, anew=True)
        if len(tokens) != 1:
            raise VaultError(
                f"{len(tokens) or 'no'} tokens have the label {self.label}",
                code="vault.token_absent",
                remedy="Connect the token, or give one of them another label; pkcs11_token names it. "
                "Nothing was changed.",
            )
        return tokens[0]

    def _found(self, library: ModuleType, label: str) -> Any:  # noqa: ANN401 -- as above
        """The key with this label, which has to be one that stays in the token."""
        named = {
            library.Attribute.CLASS: library.ObjectClass.SECRET_KEY,
            library.Attribute.KEY_TYPE: library.KeyType.AES,
            library.Attribute.LABEL: label,
        }
        found = list(self._session.get_objects(named))  # a search that is not brought to its end stays open
        if len(found) != 1:
            raise _unfit(label, f"the token {self.label} has {len(found) or 'no'} AES keys with this label")
        key = found[0]
        wanted = library.Attribute
        if key[wanted.VALUE_LEN] != KEY_BYTES:
            raise _unfit(label, "it is no AES key of 256 bits")
        if key[wanted.EXTRACTABLE] or not key[wanted.SENSITIVE]:
            raise _unfit(label, "it can be taken out of the token")
        if not (key[wanted.ENCRYPT] and key[wanted.DECRYPT]):
            raise _unfit(label, "it may not encrypt and decrypt")
        return key


def slow(label: str) -> VaultError:
    """The error of a token that does not answer in time."""
    return VaultError(
        f"the token {label} does not answer in time",
        code="vault.token_slow",
        remedy="Look after the token, or what leads to it; pkcs11_seconds says how long it may take. "
        "Nothing was changed: try again.",
    )


def _mechanism(nonce: bytes, context: bytes) -> dict[str, object]:
    library = extra("pkcs11", of=EXTRA)
    return {
        "mechanism": library.Mechanism.AES_GCM,
        "mechanism_param": library.GCMParams(nonce, context, TAG_BITS),
    }


def _encrypted(held: Any, nonce: bytes, data: bytes, context: bytes) -> bytes:  # noqa: ANN401 -- as above
    return bytes(held.encrypt(data, **_mechanism(nonce, context)))


def _decrypted(held: Any, nonce: bytes, data: bytes, context: bytes) -> bytes:  # noqa: ANN401 -- as above
    return bytes(held.decrypt(data, **_mechanism(nonce, context)))


def _damaged(key: str) -> VaultError:
    return VaultError(
        f"what is stored of a key was changed, put in another's place, or never lay under the token's key {key}",
        code="vault.damaged",
        remedy="See that the token has the key of that time, and no new one under its label; else restore from a "
        "backup, and find out who can write to the database.",
    )


def _failed(label: str, error: Exception) -> VaultError:
    return VaultError(
        f"the token {label} failed: {type(error).__name__}",
        code="vault.token_failed",
        remedy="Look after the token, or what leads to it, then try again: it is opened anew by itself. "
        "Nothing was changed.",
    )


def _pin(label: str, reason: str) -> VaultError:
    return VaultError(
        f"the PIN does not open the token {label}: {reason}",
        code="vault.token_pin",
        remedy="Sign in once with the tool of the token, which also clears what it counts; put the right PIN into the "
        "file that pkcs11_pin_file names, and start again.",
    )


def _unfit(label: str, reason: str) -> VaultError:
    return VaultError(
        f"the key {label} cannot be the master key: {reason}",
        code="vault.token_key",
        remedy="Make an AES key of 256 bits in the token, sensitive and not extractable, that encrypts and decrypts, "
        "and name it in pkcs11_key. How, is in the guide on running a node.",
    )
