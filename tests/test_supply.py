"""Row 89: what is installed is what was looked at, to the byte; and who builds the wheel gets the very same one."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from support import ROOT

PACKED = ("anchoring", "did_methods", "node", "pyproject.toml", "README.md", "LICENSE", "NOTICE", "CHANGELOG.md")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
NPM_LOCKS = [
    ROOT / path
    for path in ("tests/peers/package-lock.json", "bench/peers/package-lock.json", "contracts/package-lock.json")
]
PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==\S+( ; [^\\]+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def built(folder, umask, **variables):
    """The wheel that is built in a folder; its name and bytes."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "out"],
        cwd=folder,
        env={name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ} | variables,
        capture_output=True,
        check=True,
        umask=umask,
        timeout=120,
    )
    (wheel,) = (folder / "out").glob("*.whl")
    return wheel.name, wheel.read_bytes()


@pytest.mark.threat(89)
def test_two_builds_of_the_wheel_are_the_same_to_the_byte(tmp_path):
    """In another folder, by another user's habits, in another place of the world, at another time."""
    one, two = tmp_path / "one", tmp_path / "somewhere" / "two"
    for name in PACKED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, one / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            one.mkdir(exist_ok=True)
            shutil.copyfile(source, one / name)
    shutil.copytree(one, two, copy_function=shutil.copyfile)
    for path in two.rglob("*"):
        os.utime(path, (86_400 * 9_000, 86_400 * 9_000))
    first = built(one, 0o022, LANG="C.UTF-8", TZ="UTC", HOME=str(one))
    assert built(two, 0o077, LANG="pl_PL.UTF-8", TZ="Asia/Tokyo", HOME=str(two), PYTHONHASHSEED="7") == first


@pytest.mark.threat(89)
@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_a_lock_names_each_package_by_its_hash_and_no_place_to_get_it_from(lock):
    text = lock.read_text("ascii").replace(" \\\n", " ")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.strip().startswith("#")]
    assert lines
    for line in lines:
        pin, *hashes = re.split(r"\s+(?=--)", line)
        assert PIN.fullmatch(pin.strip()), line
        assert hashes, line
        assert all(HASH.fullmatch(each.strip()) for each in hashes), line


@pytest.mark.threat(89)
@pytest.mark.parametrize("lock", NPM_LOCKS, ids=lambda path: path.parent.name)
def test_a_lock_of_the_peers_has_the_digest_of_each(lock):
    packages = {name: each for name, each in json.loads(lock.read_text("utf-8"))["packages"].items() if name}
    assert packages
    assert [
        name for name, each in packages.items() if not each.get("link") and "sha512-" not in each["integrity"]
    ] == []


@pytest.mark.threat(89)
def test_nothing_is_installed_but_what_a_lock_names():
    """Each installation takes hashes or is of our own tree; none takes what a package asks for besides."""
    recipes = [ROOT / "Makefile", *sorted((ROOT / ".ci").iterdir())]
    lines = [
        (path.name, line.strip())
        for path in recipes
        for line in path.read_text("utf-8").splitlines()
        if re.search(r"(\bpip\b.*|\$\(PIP\)) install|npm (ci|install)|\buv\b.*\binstall\b|npx ", line)
    ]
    assert len(lines) >= 8
    for name, line in lines:
        own = "--no-deps" in line and ("--editable ." in line or "--no-index" in line)
        hashed = "--require-hashes" in line and "--no-deps" in line
        assert own or hashed or "npm ci" in line, (name, line)
        assert "index-url" not in line, (name, line)
