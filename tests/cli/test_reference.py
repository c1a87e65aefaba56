"""The page on the command line says what is so."""

import re
import tomllib

import typer
from support import ROOT

from node.cli.program import app
from node.config import KINDS, Settings, load

PAGE = (ROOT / "docs" / "reference" / "command-line.md").read_text("utf-8")


def test_the_settings_of_the_page_are_all_there_are_and_can_be_read(tmp_path):
    example = re.search(r"```toml settings\n(.*?)```", PAGE, re.DOTALL)[1]
    assert set(tomllib.loads(example)) == set(KINDS)
    (tmp_path / "glejt.toml").write_text(example, "utf-8")
    settings = load({}, {}, folder=None, user_file=tmp_path / "glejt.toml")
    assert all(getattr(settings, key) not in {None, False} for key in KINDS)
    assert set(KINDS) | {"files"} == set(Settings.__slots__)


def options(command):
    own = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    return own.union(*(options(each) for each in getattr(command, "commands", {}).values()))


def test_each_option_is_somewhere_in_the_reference():
    pages = "".join(page.read_text("utf-8") for page in (ROOT / "docs" / "reference").glob("*.md"))
    found = options(typer.main.get_command(app))
    assert len(found) > 40
    assert {name for name in found if not re.search(rf"{name}(?![\w-])", pages)} == set()
