"""Resolving identifiers for others: those that are published here from the store, others where foreign input is read.

What is at this node's own address is never asked for over the network, so nobody can make the node talk to itself.

Spec: https://www.w3.org/TR/did-resolution/
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from did_methods.dereferencing import Part, dereference, is_whole
from did_methods.did import Did, DidUrl, parse_did_url
from did_methods.errors import AbsentPartError, DidMethodsError
from did_methods.resolution import Problem, Resolution
from did_methods.versions import VersionQuery
from node.documents import JsonObject
from node.ports.judging import Judging, Resolved

_BEYOND: Final = frozenset("/?#")
"""What only a DID URL has."""
_VERSIONS: Final = ("versionId", "versionTime", "versionNumber")

type Own = Callable[[Did, VersionQuery, datetime], Awaitable[Resolution | None]]
"""The resolution of an identifier whose place is this node, also of one that is not there; None for any other."""


class ForeignError(Exception):
    """It is an identifier of others, which would have to be asked for."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a DID or a DID URL stands for: the resolution, and the part of it that was asked for, if one was."""

    resolution: Resolution
    part: Part | None = None
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Resolving:
    """Whoever looks identifiers up. `loopback` takes addresses of this machine in services, for development."""

    own: Own
    judges: Judging
    now: Callable[[], datetime]
    loopback: bool = False

    async def find(self, text: str, *, foreign: bool) -> Found:
        """What a DID or a DID URL stands for; raises ForeignError for one of others, unless it may be asked for.

        1. It is spelt as one, and asks for one version at most.
        2. Its document is looked up, here or elsewhere.
        3. The part that it names is taken out.
        """
        try:
            url = parse_did_url(text)  # 1.
            query = VersionQuery.of(url)
        except DidMethodsError as error:
            problem = Problem.INVALID_DID if _BEYOND.isdisjoint(text) else Problem.INVALID_DID_URL
            return Found(Resolution.failed(problem, f"{error}. {error.remedy}"))
        resolution = await self.own(url.did, query, self.now())  # 2.
        if resolution is None:
            if not foreign:
                raise ForeignError
            resolution = _read(await self.judges.resolve(str(url.did), version=_version_in(url)))
        if is_whole(url):
            return Found(resolution)
        if resolution.problem is not None or resolution.document is None:
            return Found(resolution, is_part=True)
        try:
            return Found(resolution, dereference(url, resolution.document, loopback=self.loopback), is_part=True)  # 3.
        except DidMethodsError as error:
            problem = Problem.NOT_FOUND if isinstance(error, AbsentPartError) else Problem.INVALID_DID_URL
            if error.code == "did_url.service":  # what the method says of an address that cannot be asked
                problem = Problem.INVALID_DID
            return Found(Resolution.failed(problem, f"{error}. {error.remedy}"), is_part=True)


def _version_in(url: DidUrl) -> dict[str, str]:
    return {name: value for name, value in parse_qsl(url.query or "", keep_blank_values=True) if name in _VERSIONS}


def _read(resolved: Resolved) -> Resolution:
    result = resolved.result
    return Resolution(
        resolved.document, _object(result, "didDocumentMetadata"), _object(result, "didResolutionMetadata")
    )


def _object(result: JsonObject, name: str) -> JsonObject:
    value = result.get(name)
    return value if isinstance(value, dict) else {}
