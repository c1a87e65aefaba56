"""What to do about each finding, in words: one sentence per code and language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal


@cache
def help_texts(language: Literal["en", "pl"]) -> Mapping[str, str]:
    """The help for every code of a finding, in a language."""
    text = files(__package__).joinpath("catalogue", f"{language}.toml").read_text("utf-8")
    return MappingProxyType({str(code): str(said) for code, said in tomllib.loads(text)["help"].items()})
