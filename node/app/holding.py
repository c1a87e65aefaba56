"""The holder's agent, put together: its file, the guarded ways, and the one pipeline that judges."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError
from node.adapters.held_keys import HeldKeys
from node.app import sources
from node.app.talking import transport
from node.didcomm.errors import InvitationError
from node.didcomm.message import MAX_MESSAGE_BYTES, Message, parse_message
from node.didcomm.protocols.out_of_band import ShortUrl, read_invitation_url, read_short_answer
from node.verification.gather import gather
from node.verification.policy import built_in
from node.verification.trust import Trust
from node.verification.verify import verify
from node.verification.vocabulary import vocabulary
from node.wallet.agent import Agent, Keep

if TYPE_CHECKING:
    from node.documents import JsonObject
    from node.verification.report import Report


def agent(keep: Keep, *, trust: Trust, online: bool = True, loopback: bool = False) -> Agent:
    """A holder's agent over a file; `loopback` opens this machine's own addresses, for development."""
    outside = sources(online=online, loopback=loopback, remember=True)

    async def judge(credential: "JsonObject | str") -> "Report":
        material = await gather(credential, outside, trust)
        return await asyncio.to_thread(verify, credential, material, built_in(), datetime.now(UTC), trust=trust)

    async def resolve(did: str) -> DidDocument | None:
        found = await outside.resolve(did)
        if found.document is None:
            return None
        try:
            return DidDocument.parse(found.document)
        except DidMethodsError:
            return None

    return Agent(
        keep=keep,
        send=transport(loopback=loopback).exchange,
        judge=judge,
        resolve=resolve,
        keys=HeldKeys,
        jsonld=vocabulary(trust.contexts).jsonld,
        now=lambda: datetime.now(UTC),
    )


async def invitation(text: str, *, online: bool = True, loopback: bool = False) -> Message:
    """The invitation in a text: an address with it, a short address that leads to it, or the message itself."""
    text = text.strip()
    if text.startswith("{"):
        return parse_message(text.encode())
    found = read_invitation_url(text)
    if isinstance(found, ShortUrl):
        fetch = sources(online=online, loopback=loopback).fetch
        answer = await fetch(found.url, accept="application/json", max_bytes=MAX_MESSAGE_BYTES)
        moved = answer.url != found.url
        try:
            return read_short_answer(found, location=answer.url if moved else None, body=answer.body)
        except InvitationError:
            if moved:
                return read_short_answer(found, location=None, body=answer.body)
            raise
    return found
