"""Who may call what: each route declares its access, and a key has scopes of its maker's roles.

A route without a declared access cannot be added. What belongs to another organisation is answered as what does not
exist; a scope that is missing is named, for it says nothing but what its owner may look up. A key that does not count
is refused everywhere, also where none is needed, so that nobody gets past the limits for strangers with a made-up one.
"""

import hashlib
import re
import time
from collections.abc import Collection, Sequence
from enum import Enum
from typing import Annotated, Final

from fastapi import Depends, Request

from node.http.frame.addresses import address_of
from node.http.frame.bounded import brings_key
from node.http.frame.buckets import Buckets, too_often
from node.http.problems import ProblemError
from node.http.services import Services
from node.ports.access import NODES_OWN, SCOPES_OF, Scope, scopes_of
from node.ports.api_keys import Caller, authenticate

__all__ = [
    "CHALLENGE",
    "NODES_OWN",
    "PUBLIC",
    "SCOPES_OF",
    "Access",
    "Calling",
    "Gate",
    "MaybeCalling",
    "Public",
    "Scope",
    "caller_if_any",
    "caller_of",
    "require_scope",
    "require_within",
    "scopes_of",
    "who_makes",
]


class Public(Enum):
    """Access without a key."""

    PUBLIC = "public"


PUBLIC: Final = Public.PUBLIC
type Access = Scope | Public

_BEARER: Final = re.compile(r"Bearer +([!-~]{1,256})", re.ASCII | re.IGNORECASE)
_CHANGES_KEYS: Final = frozenset(
    {Scope.ORGANISATION_MANAGE, Scope.ORGANISATION_READ, Scope.APPROVALS_DECIDE, Scope.NODE_MANAGE}
)
"""Through which keys, roles and organisations end; who may read may end its own key."""
_MAX_KNOWN: Final = 1024
"""More keys at work within a second than a node has requests."""
CHALLENGE: Final = 'Bearer realm="glejt"'


def who_makes(scope: Scope) -> str:
    """Where a key with a scope comes from."""
    if scope in NODES_OWN:
        return "one is made on the machine of the node: glejt node key"
    return "an owner of the organisation makes one"


def require_scope(caller: Caller, scope: Scope) -> None:
    """Raise ProblemError for whoever may not do this."""
    if scope not in caller.scopes:
        raise ProblemError(
            403,
            "access.scope",
            f"this key is not for {scope}",
            f"Use a key with the scope {scope}; {who_makes(scope)}.",
            headers={"WWW-Authenticate": f'{CHALLENGE}, error="insufficient_scope", scope="{scope}"'},
        )


class Gate:
    """Lets callers in to the routes of one application."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._callers = Buckets(services.limits.caller)
        self._wrong = Buckets(services.limits.wrong_key)
        self._known = _KnownKeys(services)

    async def admit(self, request: Request, access: Access, also: Sequence[Scope] = ()) -> Caller | None:
        """Who calls; None for a stranger, who is let in where anybody is. Raises ProblemError 401, 403 or 429.

        `also` are scopes that a route takes besides.
        """
        if access is PUBLIC and not brings_key(request.scope):
            return None
        caller = await self._identified(request)
        if wait := self._callers.take(caller.key):
            self._services.telemetry.refused("caller")
            raise too_often(wait)
        if access is not PUBLIC:
            for scope in (access, *also):
                require_scope(caller, scope)
        return caller

    def changed(self, access: Access) -> None:
        """Something may have changed through a route with this access: keys that may have ended are looked up again."""
        if access in _CHANGES_KEYS:
            self._known.forget()

    async def _identified(self, request: Request) -> Caller:
        said = request.headers.getlist("authorization")
        presented = _BEARER.fullmatch(said[0]) if len(said) == 1 else None
        if presented is not None:
            address = address_of(request.scope, self._services.limits.proxies)
            if wait := self._wrong.wait(address):
                self._services.telemetry.refused("wrong_key")
                raise too_often(wait)
            caller = await self._known.caller(presented[1])
            if caller is not None:
                return caller
            self._wrong.take(address)
        raise ProblemError(
            401,
            "access.key",
            "there is no key with this request, or it is not one that counts",
            "Send a key of your organisation: Authorization: Bearer glejt_…",
            headers={"WWW-Authenticate": CHALLENGE},
        )


class _KnownKeys:
    """Keys that were looked up a moment ago; of them a digest is kept, and never a key."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._lasting = services.limits.key_known_seconds
        self._found: dict[bytes, tuple[float, Caller]] = {}

    def forget(self) -> None:
        """Look up every key again; also one that is being looked up now."""
        self._found = {}

    async def caller(self, presented: str) -> Caller | None:
        name, now = hashlib.sha256(presented.encode()).digest(), time.monotonic()
        until, known = self._found.get(name, (0.0, None))
        if known is not None and now < until:
            return known
        found = self._found
        caller = await authenticate(self._services.store, presented, self._services.now())
        if caller is None:
            found.pop(name, None)
        elif self._lasting:
            if len(found) >= _MAX_KNOWN:
                found.clear()
            found[name] = (now + self._lasting, caller)
        return caller


def require_within(caller: Caller, wanted: Collection[str]) -> None:
    """Raise ProblemError 403 where a key would give another one more than it has itself."""
    beyond = sorted(set(Scope) & set(wanted) - caller.scopes)
    if beyond or set(wanted) - set(Scope):
        raise ProblemError(
            403,
            "access.beyond",
            "a key gives others no scope that it does not have itself",
            "Leave out what this key may not do itself: GET /organisation/keys says what that is.",
        )


def caller_of(request: Request) -> Caller:
    """Who calls a route that is not public."""
    caller = request.state.caller
    if not isinstance(caller, Caller):
        raise TypeError("a public route has no caller")
    return caller


def caller_if_any(request: Request) -> Caller | None:
    """Who calls, where it is known."""
    caller = request.state.caller
    return caller if isinstance(caller, Caller) else None


async def _caller(request: Request) -> Caller:  # the framework would call a plain function in a thread of its own
    return caller_of(request)


async def _caller_if_any(request: Request) -> Caller | None:
    return caller_if_any(request)


Calling = Annotated[Caller, Depends(_caller)]
"""The type of a handler's parameter that is the caller."""
MaybeCalling = Annotated[Caller | None, Depends(_caller_if_any)]
"""… of a route that is public."""
