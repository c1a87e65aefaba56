"""The peers are pinned exactly and by digest, and their locks name no host to fetch from."""

import json
import re

import pytest
from peers.client import HERE
from support import ROOT


def test_the_node_peers_are_pinned():
    wanted = json.loads((HERE / "package.json").read_text())["dependencies"]
    locked = json.loads((HERE / "package-lock.json").read_text())["packages"]

    assert wanted
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version)
        assert locked[f"node_modules/{name}"]["version"] == version
    for path, package in locked.items():
        assert "resolved" not in package
        assert path == "" or package["integrity"].startswith("sha512-")


@pytest.mark.parametrize(("name", "pin"), [("acapy", "acapy-agent==1.7.0"), ("didcomm", "didcomm==0.3.1")])
def test_what_does_not_live_with_us_is_pinned_in_an_environment_of_its_own(name, pin):
    lock = (ROOT / "requirements" / f"{name}.txt").read_text()

    assert f"\n{pin} \\\n" in lock
    assert "://" not in lock
    assert not any(line.startswith("--") for line in lock.splitlines())  # no options of pip, above all no address
    for requirement in re.split(r"\n(?=[a-z])", lock)[1:]:
        assert "--hash=sha256:" in requirement
