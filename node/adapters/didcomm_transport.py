"""Envelopes of DIDComm on their way: posted to an address, or over a WebSocket that stays open, through the dialer.

    transport = Transport(GuardedDialer())
    answer = await transport.post(uri, envelope)            # what came back on the same way, or None
    async with transport.open(uri) as line:                  # wss://…, for who has no address
        await line.send(envelope)
        envelope = await line.receive()

Whoever has no address asks for answers on the same way (`return_route: all` in the message), and says so in every
message: a server knows only what it was told. Nothing here knows what is in an envelope.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#transports,
https://github.com/decentralized-identity/didcomm-messaging/blob/main/extensions/return_route/main.md
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from node.adapters.dial import GuardedDialer, Socket
from node.verification.errors import UnreachableError

MEDIA_TYPE: Final = "application/didcomm-encrypted+json"
_SOCKETS: Final = ("ws://", "wss://")


@dataclass(frozen=True, slots=True)
class Transport:
    """The ways to a party. Everything raises FetchRefusedError and UnreachableError."""

    dialer: GuardedDialer = field(default_factory=GuardedDialer)

    async def post(self, address: str, data: bytes) -> bytes | None:
        """Send an envelope; the one that came back on the same way, if one did."""
        answer = await self.dialer.post(address, data, media_type=MEDIA_TYPE)
        return answer.body if answer.body and answer.media_type == MEDIA_TYPE else None

    @asynccontextmanager
    async def open(self, address: str) -> AsyncIterator[Socket]:
        """A WebSocket, to send and receive envelopes on for as long as it is open."""
        async with self.dialer.socket(address) as line:
            yield line

    async def deliver(self, address: str, data: bytes) -> None:
        """Send an envelope to who has an address, whichever kind that is."""
        if not address.lower().startswith(_SOCKETS):
            await self.dialer.post(address, data, media_type=MEDIA_TYPE)
            return
        async with self.dialer.socket(address) as line:
            await line.send(data)

    async def exchange(self, address: str, data: bytes) -> tuple[bytes, ...]:
        """Send an envelope and have what comes back at once: of a WebSocket the first message alone."""
        if not address.lower().startswith(_SOCKETS):
            answer = await self.post(address, data)
            return () if answer is None else (answer,)
        async with self.dialer.socket(address) as line:
            await line.send(data)
            try:
                return (await line.receive(),)
            except UnreachableError:
                return ()
