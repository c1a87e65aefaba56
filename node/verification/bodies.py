"""The bodies in a trust file: whose accreditations a verifier believes, and for what."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.credentials.errors import ScopeError
from node.credentials.record_name import RecordName
from node.credentials.scope import Scope
from node.documents import JsonObject, JsonValue
from node.verification.errors import TrustError
from node.verification.toml_file import text_of

_ONE: Final = "Keep one of them; which would count could not be told."

type Wrong = Callable[[str, str, str, str], TrustError]
"""The error about a trust file: what is wrong, its code, the remedy, and the key."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body whose accreditations count for this verifier, from which on other bodies may derive theirs.

    `scopes` are what it is believed for; empty is anything. `namespaces` are where it writes on chains. With
    `signed_suffices` an accreditation that it signed counts without a record of it, which then nobody can withdraw.
    `addresses` are where it publishes accreditations, one at each.
    """

    did: str
    name: str
    namespaces: frozenset[RecordName] = frozenset()
    scopes: tuple[Scope, ...] = ()
    distrust_from: datetime | None = None
    signed_suffices: bool = False
    addresses: tuple[str, ...] = ()

    def believed_for(self, scope: Scope) -> bool:
        """Whether an accreditation for this scope is one that the body is believed for."""
        return not self.scopes or any(wider.covers(scope) for wider in self.scopes)

    def believed_at(self, time: datetime) -> bool:
        """Whether it was still believed at a time."""
        return self.distrust_from is None or time < self.distrust_from


def read_scopes(table: JsonObject, path: str, wrong: Wrong) -> tuple[Scope, ...]:
    """What a body is believed for."""
    return tuple(
        [_scope(entry, f"{path}.scopes[{index}]", wrong) for index, entry in enumerate(_items(table, "scopes"))]
    )


def require_new(did: str, known: dict[str, Body], path: str, wrong: Wrong) -> None:
    """That a body is there once."""
    if did in known:
        raise wrong(f"{did} is there twice", "trust.duplicate", _ONE, f"{path}.did")


def body_of(
    table: JsonObject,
    did: str,
    namespaces: frozenset[RecordName],
    scopes: tuple[Scope, ...],
    distrust_from: datetime | None,
) -> Body:
    """The body in a table that keeps to the schema."""
    return Body(
        did,
        text_of(table, "name"),
        namespaces,
        scopes,
        distrust_from,
        table.get("signed_suffices") is True,
        tuple([address for address in _items(table, "accreditations") if isinstance(address, str)]),
    )


def _scope(entry: JsonValue, path: str, wrong: Wrong) -> Scope:
    try:
        return Scope.read(entry)
    except ScopeError as error:
        raise wrong(f"{error} (at {error.path or 'its top'})", "trust.scope", error.remedy, path) from error


def _items(table: JsonObject, key: str) -> list[JsonValue]:
    values = table.get(key)
    return values if isinstance(values, list) else []
