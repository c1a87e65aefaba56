"""Which version of a DID document is asked for.

Spec: https://www.w3.org/TR/did-resolution/#did-resolution-options
"""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol, Self, runtime_checkable
from urllib.parse import parse_qsl

from did_methods.did import Did, DidUrl
from did_methods.errors import DidMethodsError, InvalidDidUrlError, shown
from did_methods.resolution import Method, Resolution
from did_methods.timestamps import parse_stamp

_NUMBER: Final = re.compile(r"[1-9][0-9]{0,8}")
_NAMES: Final = ("versionId", "versionTime", "versionNumber")


@dataclass(frozen=True, slots=True)
class VersionQuery:
    """One version by its id, its number, or the time at which it was in force; without any of them the present one."""

    version_id: str | None = None
    version_time: datetime | None = None
    version_number: int | None = None

    @classmethod
    def of(cls, url: DidUrl) -> Self:
        """What the query of a DID URL asks for; raises InvalidDidUrlError for two of the three."""
        asked = [(name, value) for name, value in parse_qsl(url.query or "", keep_blank_values=True) if name in _NAMES]
        if not asked:
            return cls()
        if len(asked) > 1:
            raise _refused(f"{shown(str(url))} asks for a version in more than one way")
        ((name, value),) = asked
        return cls.read(name, value)

    @classmethod
    def read(cls, name: str, value: str) -> Self:
        """What one parameter asks for."""
        match name:
            case "versionTime":
                try:
                    return cls(version_time=parse_stamp(value, path=""))
                except DidMethodsError as error:
                    raise _refused(f"{shown(value)} is no time") from error
            case "versionNumber":
                if not _NUMBER.fullmatch(value):
                    raise _refused(f"{shown(value)} is not the number of a version")
                return cls(version_number=int(value))
        return cls(version_id=value)

    @property
    def is_present(self) -> bool:
        """Whether it asks for the present version."""
        return self == VersionQuery()


@runtime_checkable
class VersionedMethod(Method, Protocol):
    """A DID method whose documents have a history that can be asked for."""

    async def resolve_version(self, did: Did, query: VersionQuery) -> Resolution:
        """Resolve one version of a DID whose `method` is this one's name."""


def _refused(message: str) -> InvalidDidUrlError:
    return InvalidDidUrlError(
        message,
        code="did_url.version",
        remedy="Ask with one of versionId, versionTime=2026-09-01T12:00:00Z and versionNumber=2.",
    )
