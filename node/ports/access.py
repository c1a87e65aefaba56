"""What keys may be used for, and what of it each role has."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from node.ports.organisations import Role


class Scope(StrEnum):
    """What a key may be used for."""

    CREDENTIALS_ISSUE = "credentials:issue"
    CREDENTIALS_STATUS = "credentials:status"
    CREDENTIALS_READ = "credentials:read"
    """Awards, receipts, capsules."""
    CREDENTIALS_DERIVE = "credentials:derive"
    VERIFY = "verify"
    PRESENTATIONS_REQUEST = "presentations:request"
    ACHIEVEMENTS_READ = "achievements:read"
    ACHIEVEMENTS_WRITE = "achievements:write"
    ACHIEVEMENTS_PUBLISH = "achievements:publish"
    ORGANISATION_READ = "organisation:read"
    ORGANISATION_MANAGE = "organisation:manage"
    """Members, keys, profiles, DIDs, namespaces."""
    AUDIT_READ = "audit:read"
    APPROVALS_DECIDE = "approvals:decide"
    NODE_MANAGE = "node:manage"
    """Organisations of the node: no role has it, only a key made on the machine, or by such a key."""
    NODE_OBSERVE = "node:observe"
    """Metrics of the node: no role has it, either, for they count all organisations together."""


NODES_OWN: Final = frozenset({Scope.NODE_MANAGE, Scope.NODE_OBSERVE})
"""Scopes that are above organisations."""


_READING: Final = frozenset(
    {Scope.CREDENTIALS_READ, Scope.ACHIEVEMENTS_READ, Scope.ORGANISATION_READ, Scope.AUDIT_READ, Scope.VERIFY}
)
SCOPES_OF: Final[Mapping[Role, frozenset[Scope]]] = MappingProxyType(
    {
        Role.OWNER: frozenset(Scope) - NODES_OWN,
        Role.DESIGNER: frozenset(
            {
                Scope.ACHIEVEMENTS_READ,
                Scope.ACHIEVEMENTS_WRITE,
                Scope.ACHIEVEMENTS_PUBLISH,
                Scope.ORGANISATION_READ,
                Scope.VERIFY,
            }
        ),
        Role.ISSUER: frozenset(
            {
                Scope.CREDENTIALS_ISSUE,
                Scope.CREDENTIALS_STATUS,
                Scope.CREDENTIALS_READ,
                Scope.CREDENTIALS_DERIVE,
                Scope.VERIFY,
                Scope.PRESENTATIONS_REQUEST,
                Scope.ACHIEVEMENTS_READ,
                Scope.ORGANISATION_READ,
                Scope.APPROVALS_DECIDE,
            }
        ),
        Role.AUDITOR: _READING,
    }
)


def scopes_of(roles: frozenset[Role]) -> frozenset[Scope]:
    """What somebody with these roles may do, and so at most what their keys may."""
    return frozenset[Scope]().union(*(SCOPES_OF[role] for role in roles))
