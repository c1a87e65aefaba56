"""Tokens of SoftHSM, an independent implementation of PKCS#11, in a folder of the tests. Their PINs are for tests."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

PIN, SO_PIN = "7654321", "1234567"
NO_SOFTHSM = "SoftHSM is absent: install softhsm2, so that softhsm2-util and libsofthsm2.so are found"
PLACES = ("/usr/lib", "/usr/lib64", "/usr/local/lib", "/opt/homebrew/lib")
MAKE_KEY = """
import sys
import pkcs11
from pkcs11 import Attribute, KeyType
module, token, pin, bits, extractable, *labels = sys.argv[1:]
template = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: extractable == "yes"}
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin) as session:
    for label in labels:
        session.generate_key(KeyType.AES, int(bits), label=label, store=True, template=template)
"""
REMOVE_KEY = """
import sys
import pkcs11
module, token, pin, label = sys.argv[1:]
with pkcs11.lib(module).get_token(token_label=token).open(rw=True, user_pin=pin) as session:
    session.get_key(label=label).destroy()
"""


def module() -> Path:
    """The library of SoftHSM; skips where it is not installed, which is a failure in CI."""
    found = [path for place in PLACES for path in sorted(Path(place).glob("**/softhsm/libsofthsm2.so"))]
    if not found or shutil.which("softhsm2-util") is None:
        pytest.skip(NO_SOFTHSM)
    return found[0]


class Tokens:
    """Makes tokens and what is in them, each in a process of its own, as tools do."""

    def __init__(self, folder: Path) -> None:
        self.module, self.folder = module(), folder / "tokens"
        self.folder.mkdir()
        (folder / "softhsm2.conf").write_text(f"directories.tokendir = {self.folder}\nlog.level = ERROR\n", "utf-8")
        os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")  # the library reads it when it is loaded
        self.made = 0

    def make(self, *keys: str) -> str:
        """A new token with these keys; its label."""
        self.made += 1
        label = f"glejt {self.made}"
        self._run("softhsm2-util", "--init-token", "--free", "--label", label, "--so-pin", SO_PIN, "--pin", PIN)
        if keys:
            self.add_keys(label, *keys)
        return label

    def add_keys(self, token: str, *keys: str, bits: int = 256, extractable: bool = False) -> None:
        """New keys in a token."""
        rest = (str(bits), "yes" if extractable else "no", *keys)
        self._run(sys.executable, "-c", MAKE_KEY, str(self.module), token, PIN, *rest)

    def remove_key(self, token: str, key: str) -> None:
        """Take a key away for ever."""
        self._run(sys.executable, "-c", REMOVE_KEY, str(self.module), token, PIN, key)

    def forget(self) -> None:
        """End the library in this process, so that nobody is signed in, as in a new one."""
        import pkcs11  # noqa: PLC0415 -- of an extra

        pkcs11.lib(str(self.module)).finalize()

    def settings(self, token: str, key: str = "master", pin: str = PIN) -> dict[str, str]:
        """What leads a node there."""
        return {
            "GLEJT_NODE_PKCS11_MODULE": str(self.module),
            "GLEJT_NODE_PKCS11_TOKEN": token,
            "GLEJT_NODE_PKCS11_KEY": key,
            "GLEJT_NODE_PKCS11_PIN": pin,
        }

    def _run(self, *line: str) -> None:
        done = subprocess.run(line, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 -- lines of ours
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Tokens:
    """One folder of tokens for a whole process: so it is with the library, too."""
    return Tokens(tmp_path_factory.mktemp("softhsm"))
