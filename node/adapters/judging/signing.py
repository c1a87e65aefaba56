"""The key of one task, on the side that has it: a process asks for a signature, and gets one by this key, once."""

import asyncio
import binascii
from base64 import b64decode
from typing import TYPE_CHECKING, Final

from node.documents import JsonObject
from node.ports.judging import JudgeFailedError
from node.ports.key_store import KeyNotHeldError, KeyStore

if TYPE_CHECKING:
    from did_methods.multikey import PublicKey

SIGN_SECONDS: Final = 10.0
"""A key may lie in a service elsewhere."""
MAX_SIGNED_BYTES: Final = 512 * 1024
"""What is signed of a token is the token itself, of a credential of the largest size."""
MAX_MESSAGES: Final = 16_384
"""Statements of the largest credential."""


class OneKey:
    """Signs once, for whoever reads a document without having the key; for one task."""

    def __init__(self, keys: KeyStore, method: str) -> None:
        self.public: Final[PublicKey] = keys.public_key(method)
        self._keys = keys
        self._method = method
        self._used = False
        self._refusal: KeyNotHeldError | None = None

    async def sign(self, asked: JsonObject) -> bytes:
        """The signature that a process asks for; empty where the key refuses.

        Raises JudgeFailedError for another key, and for more than one signature: no process that is well asks so.
        """
        if asked.get("method") != self._method or self._used:
            raise JudgeFailedError("the process asked for a signature that it is not given")
        self._used = True
        try:
            async with asyncio.timeout(SIGN_SECONDS):
                return await self._signed(asked)
        except KeyNotHeldError as error:
            self._refusal = error
            return b""
        except TimeoutError as error:
            raise JudgeFailedError("the key took too long") from error

    def raise_refusal(self) -> None:
        """Raise what the key refused with, if it did."""
        if self._refusal is not None:
            raise self._refusal

    async def _signed(self, asked: JsonObject) -> bytes:
        match asked:
            case {"data": str(data)} if len(data) <= 2 * MAX_SIGNED_BYTES:
                return await self._keys.sign(self._method, _bytes(data))
            case {"header": str(header), "messages": list(messages)} if len(messages) <= MAX_MESSAGES:
                parts = [_bytes(part) for part in messages if isinstance(part, str)]
                # Many times as costly as any other signature, and nothing in it waits: not on the event loop.
                signed = self._keys.sign_messages(self._method, _bytes(header), parts)
                return await asyncio.to_thread(asyncio.run, signed)
            case _:
                raise JudgeFailedError("the process asked for a signature over nothing that is signed")


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise JudgeFailedError("the process asked for a signature over something that is no base64") from error
