"""What a verifier requires before it accepts a credential.

A policy never turns unknown into pass: it says which checks must pass, and what may count as evidence for them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from did_methods.history import KeyEvidence
from node.credentials.micro_credential.findings import CredentialClass
from node.documents import JsonObject, JsonValue
from node.verification.check import Check, CheckName, Outcome
from node.verification.errors import PolicyError
from node.verification.toml_file import read_toml, text_of

__all__ = ["KeyEvidence", "Policy", "built_in", "built_in_policies", "parse_policy"]

BUILT_IN: Final = ("everyday", "strict", "archive")
DEFAULT: Final = "everyday"
USUAL_STATUS_AGE: Final = timedelta(days=7)
"""How old a status list may be where its issuer sets no earlier end: a week, so that lists signed once a day are never
missed for a day of bad connection, and a withdrawal is never hidden for longer."""

INDISPENSABLE: Final = frozenset({CheckName.STRUCTURE, CheckName.CONTEXT, CheckName.ISSUER_KEY, CheckName.PROOF})
"""Without these a document is not known to be its issuer's, and no sentence beginning with “Genuine” could be said."""


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of one verifier; `name` stands in every report."""

    name: str
    requires: frozenset[CheckName]
    key_evidence: frozenset[KeyEvidence] = frozenset(KeyEvidence)
    accepts_inline_contexts: bool = False
    accepts_vocabulary: bool = False
    status_age: timedelta | None = USUAL_STATUS_AGE
    """How old a status list may be, by its signature. None asks for the last list, however old, even past its end."""
    head_age: timedelta | None = USUAL_STATUS_AGE
    """How old the block may be that shows which status list counts, where heads are promised. None takes the last one
    that is proven, however old, even past its end."""
    least_class: CredentialClass | None = None
    """The lowest class that will do. A lower one fails the check; whether that decides is for `requires`."""
    schema_required: bool = False
    """Whether a document has to keep to the schemas of its type and of its issuer, rather than just to be told of."""
    resources_required: bool = False
    """Whether what lies at the addresses that a document pins has to be there, and to be what was pinned."""

    undisclosed_is_absent: bool = False
    """Whether what a holder may have hidden is taken for not being there, rather than for unknown."""

    def __post_init__(self) -> None:
        if missing := INDISPENSABLE - self.requires:
            raise PolicyError(
                f"the policy {self.name} does not require {', '.join(sorted(missing))}",
                code="policy.requires",
                remedy="Require structure, context, issuer_key and proof; the other checks are the policy's choice.",
                path="requires",
            )

    def satisfied(self, check: Check) -> bool:
        """Whether this check stands in the way of acceptance.

        Not applicable is enough for the status alone: the issuer provided no way to withdraw. An anchor, holder or
        authority that is required and does not apply leaves the verdict open.
        """
        if check.name not in self.requires or check.passed:
            return True
        return check.name is CheckName.STATUS and check.outcome is Outcome.NOT_APPLICABLE


def parse_policy(text: str, *, file: str = "policy") -> Policy:
    """The policy that a TOML text describes; PolicyError names the file, the key and the remedy."""
    return _policy(read_toml(text, kind="policy", file=file, error=PolicyError))


@cache
def built_in(name: str = DEFAULT) -> Policy:
    """One of the policies that travel with glejt: `everyday`, `strict` or `archive`."""
    if name not in BUILT_IN:
        raise PolicyError(
            f"there is no built-in policy {name[:64]!r}",
            code="policy.unknown",
            remedy=f"Name one of {', '.join(BUILT_IN)}, or give the path of a policy file.",
        )
    # A test holds these files to the schema; here the check would only cost time.
    text = files("node.verification").joinpath("policies", f"{name}.toml").read_text("utf-8")
    return _policy(tomllib.loads(text))


def built_in_policies() -> Mapping[str, Policy]:
    """All policies that travel with glejt, by their names."""
    return MappingProxyType({name: built_in(name) for name in BUILT_IN})


def _policy(table: JsonObject) -> Policy:
    """A policy from a table that keeps to the schema."""
    least = table.get("least_class")
    asked = {CheckName.CLASS} if least is not None else set[CheckName]()
    status_age = _age(table.get("status_age_hours"), USUAL_STATUS_AGE)
    return Policy(
        name=text_of(table, "name"),
        requires=frozenset(CheckName(name) for name in _texts(table, "requires")) | asked,
        key_evidence=frozenset(KeyEvidence(name) for name in _texts(table, "key_evidence") or KeyEvidence),
        accepts_inline_contexts=table.get("inline_contexts") == "accept",
        accepts_vocabulary=table.get("vocabulary") == "accept",
        least_class=CredentialClass(least) if isinstance(least, str) else None,
        status_age=status_age,
        head_age=_age(table.get("head_age_hours"), status_age),
        schema_required=table.get("schema") == "require",
        resources_required=table.get("resources") == "require",
        undisclosed_is_absent=table.get("undisclosed") == "absent",
    )


def _age(hours: JsonValue, usual: timedelta | None) -> timedelta | None:
    """The age that a policy states in hours; any other value that the schema lets through is `"any"`."""
    if hours is None:
        return usual
    return timedelta(hours=hours) if isinstance(hours, int) else None


def _texts(table: JsonObject, key: str) -> list[str]:
    values = table.get(key) or []
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []
