"""The house rules that no other tool checks: what may stand in a file, and which threats have a test."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

# The rows of the threat table whose defence stands in this tree, for its part at least; a new room adds its rows.
DEFENDED = {
    *range(1, 57),
    *range(58, 70),
    *range(75, 101),
    *range(101, 116),
}

REGISTRY_HOSTS = re.compile(
    r"(registry\.npm" + r"js|py" + r"pi\.org|python" + r"hosted|deb\.deb" + r"ian)", re.IGNORECASE
)
OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:home|root|work|Users)/\w")
DOWNLOAD_ADDRESS = re.compile(r'"resolved":|--(?:extra-)?index-url|--find-links')


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True)  # noqa: S607 -- git of the developer's PATH
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("rule", [REGISTRY_HOSTS, OF_A_MACHINE], ids=["registry host", "path of a machine"])
def test_no_file_names(rule):
    assert [str(path.relative_to(ROOT)) for path in _tracked() if path.is_file() and rule.search(_text(path))] == []


def test_locks_carry_hashes_and_no_download_address():
    for lock in [*(ROOT / "requirements").glob("*.txt"), *ROOT.glob("**/package-lock.json")]:
        if "node_modules" in lock.parts:
            continue
        text = lock.read_text("utf-8")
        assert not DOWNLOAD_ADDRESS.search(text), lock
        if lock.suffix == ".txt":
            pins = re.findall(r"^[a-z0-9].*==", text, re.MULTILINE | re.IGNORECASE)
            assert pins, lock
            assert len(
                re.findall(r"^[a-z0-9][^\n]*==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE | re.IGNORECASE)
            ) == len(pins), lock


def _rows(path: Path) -> set[int]:
    return {
        argument.value
        for call in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "threat"
        for argument in call.args
        if isinstance(argument, ast.Constant)
    }


def test_each_defended_row_of_the_threat_table_has_a_test():
    proven = {row for path in (ROOT / "tests").glob("**/test_*.py") for row in _rows(path)}
    assert proven >= DEFENDED, f"rows without a test: {sorted(DEFENDED - proven)}"


def test_no_module_has_outgrown_its_room():
    longest = 500  # lines: beyond that a module is two
    assert [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if path.suffix == ".py" and path.is_file() and _text(path).count("\n") > longest
    ] == []


def test_no_script_for_measuring_hides_a_module_of_python():
    # a script's folder is searched first, so that one of this name would be imported in the library's place
    names = {path.stem for path in (ROOT / "bench").glob("*.py")}
    assert names
    assert names.isdisjoint(sys.stdlib_module_names)
