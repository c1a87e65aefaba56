"""The versions of the rules: data with a pinned digest, and old versions stay runnable.

A version never changes: what would change a class is a new version. The digest is the SHA-256 of the RFC 8785 form of
the data, so that every implementation computes the same one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import orjson

from node.credentials.contexts import jcs_digest
from node.credentials.errors import RuleSetError, shown
from node.credentials.micro_credential.tables import Tables


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One version of the rules."""

    name: str
    digest: str
    """`sha256:` and 64 hexadecimal digits, as results and labels state it."""
    tables: Tables = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pin:
    """Where the data of a version lies, and what it must be."""

    file: str
    sha256: str


NEWEST: Final = "glejt-mc/1"

VERSIONS: Final[Mapping[str, Pin]] = MappingProxyType(
    {NEWEST: Pin("glejt-mc-1.json", "f556f8ba51e9ac7859358f90635962d142775f301654c95118fb15053fda81bb")}
)


@cache
def rule_set(name: str = NEWEST) -> RuleSet:
    """The rules of this name; RuleSetError for a version that is not known here, or whose data were changed."""
    pin = VERSIONS.get(name)
    if pin is None:
        raise RuleSetError(
            f"there are no rules {shown(name)} here",
            code="rules.unknown",
            remedy=f"Update glejt; it knows {', '.join(VERSIONS)}.",
        )
    data = orjson.loads(files(__package__).joinpath("rules", pin.file).read_bytes())
    actual = jcs_digest(data)
    if actual != pin.sha256:
        raise RuleSetError(f"the data of the rules {name} have the SHA-256 {actual}, not the pinned {pin.sha256}")
    return RuleSet(name, f"sha256:{pin.sha256}", Tables.of(data))
