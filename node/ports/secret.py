"""Bytes that no log, error, dump of variables or copy shows."""

import hmac
from typing import Final, NoReturn, Self, final

_SHOWN: Final = "<Secret>"


@final
class Secret:
    """Some secret bytes. `reveal` is where to look for what may give them away."""

    __slots__ = ("_data",)

    def __init__(self, data: bytes) -> None:
        self._data = bytes(data)

    def reveal(self) -> bytes:
        """The bytes."""
        return self._data

    def __repr__(self) -> str:
        return _SHOWN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return _SHOWN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._data, other._data)

    def __hash__(self) -> NoReturn:
        raise TypeError("a secret is no key of a mapping")

    def __copy__(self) -> Self:
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is neither pickled nor copied")
