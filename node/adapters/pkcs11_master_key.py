"""The master key of a node as a key in a token: an HSM, a service that comes with a PKCS#11 library, or SoftHSM.

The token encrypts and decrypts the keys of organisations; its own key is never outside of it. It is asked in threads,
as it may take long, and is given up after a time: a token that hangs holds nothing up but who needs it.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Self
from urllib.parse import quote, unquote

from node.adapters.pkcs11_token import Pkcs11Token, slow
from node.ports.secret import Secret

MAX_WAITING: Final = 64
"""Threads that may wait for one token, each for a key of an organisation that is opened for the first time."""
_SCHEME: Final = "pkcs11:"


@dataclass(slots=True)
class _Calls:
    """How many calls of one token are under way."""

    under_way: int = 0


@dataclass(frozen=True, slots=True)
class Pkcs11MasterKey:
    """A MasterKey that a token holds; its name is the token's label and the key's.

    Spec: https://www.rfc-editor.org/rfc/rfc7512#section-2.3
    """

    token: Pkcs11Token
    key: str
    seconds: float
    _calls: _Calls = field(default_factory=_Calls, repr=False, compare=False)

    @property
    def id(self) -> str:
        """Its name, which stands beside what it wraps."""
        return f"{_SCHEME}token={quote(self.token.label, safe='')};object={quote(self.key, safe='')}"

    def named(self, key_id: str) -> Self | None:
        """Another key of the same token, by the name that it was given; nothing where it is none of this token."""
        before = self.id.rpartition(";object=")[0] + ";object="
        if not key_id.startswith(before):
            return None
        return type(self)(self.token, unquote(key_id.removeprefix(before)), self.seconds, self._calls)

    async def wrap(self, key: Secret, context: bytes) -> bytes:
        """The key, encrypted."""
        return await self._asked(lambda: self.token.encrypt(self.key, key, context, wait=self.seconds))

    async def unwrap(self, wrapped: bytes, context: bytes) -> Secret:
        """The key that was wrapped."""
        return await self._asked(lambda: self.token.decrypt(self.key, wrapped, context, wait=self.seconds))

    async def _asked[T](self, work: Callable[[], T]) -> T:
        if self._calls.under_way >= MAX_WAITING:
            raise slow(self.token.label)
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def told(result: T | None, error: BaseException | None) -> None:
            self._calls.under_way -= 1
            if answer.done():
                return  # whoever asked is gone
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(result)  # type: ignore[arg-type]  # there is one where there is no error

        def ask() -> None:
            result, failure = None, None
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 -- it is raised where it was asked for
                failure = error
            with suppress(RuntimeError):  # the loop has ended, and nobody waits
                loop.call_soon_threadsafe(told, result, failure)

        self._calls.under_way += 1
        threading.Thread(target=ask, name="pkcs11", daemon=True).start()  # one that hangs keeps no process from ending
        try:
            async with asyncio.timeout(self.seconds):
                return await answer
        except TimeoutError:
            raise slow(self.token.label) from None
