"""Envelopes, opened and made with the keys of one relation, in threads: why there and with which bounds, ADR 35 says.

1. Whose it is, its outermost layer says: the ids of keys that it is encrypted for.
2. The one of these that is ours has its key in the vault of its organisation, and no other key is at hand.
3. It is opened; documents that this needs are resolved, and it is opened again.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson

from did_methods.did import MAX_DID_URL_CHARS
from node.didcomm.encrypted import MAX_ENVELOPE_BYTES, MAX_RECIPIENTS
from node.didcomm.errors import MalformedEnvelopeError, NotForUsError
from node.didcomm.message import Message
from node.didcomm.pack import pack
from node.didcomm.parties import HeldSecrets
from node.didcomm.unpack import Unpacked, unpack
from node.documents import JsonObject, JsonValue
from node.exchange.didcomm.documents import Known, Resolving
from node.ports.organisations import OrganisationId
from node.ports.store import Store
from node.ports.vault import KeyPurpose, Vault

AT_ONCE: Final = 4
"""Envelopes that are opened or made at one time; the others wait, each in its own request."""
MAX_MEMBERS: Final = 16
"""Of an envelope, and of a header in it: there are six, and a few that nobody knows are passed over."""
MAX_KEYS: Final = 1024
"""Keys of relations at work that are at hand."""
INLINE_BYTES: Final = 16 * 1024
"""Of an envelope of as many at most the outline is read at once: it takes less time than the way to a thread."""
_KEY: Final = "#key-1"


def key_of(ours: str) -> str:
    """The id of the one key of an identifier of ours."""
    return f"{ours}{_KEY}"


@dataclass(frozen=True, slots=True)
class Opened:
    """An envelope that was opened: whose it is, and what it brings."""

    organisation: OrganisationId
    ours: str
    unpacked: Unpacked


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelopes:
    """What opens and makes them, with what it stands on."""

    store: Store
    vault: Vault
    resolving: Resolving
    now: Callable[[], datetime]
    _room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE), init=False, repr=False)
    _held: dict[str, tuple[OrganisationId, HeldSecrets]] = field(default_factory=dict, init=False, repr=False)

    async def open(self, data: bytes) -> Opened:
        """An envelope for one of the node's relations; raises DidCommError."""
        async with self._room:
            small = len(data) <= INLINE_BYTES
            named = recipients(data) if small else await asyncio.to_thread(recipients, data)  # 1.
            organisation, ours = await self._owner(named)
            secrets, at = await self.secrets(organisation, ours), self.now()  # 2.

            def opened(documents: Known, _: frozenset[str]) -> Unpacked:  # 3.
                return unpack(data, secrets=secrets, documents=documents, at=at)

            return Opened(organisation, ours, await self.resolving.done(opened))

    async def is_ours(self, did: str) -> bool:
        """Whether there is a relation of this identifier, as the store has it; what was at hand of none is dropped."""
        async with self.store.node_view() as view:
            owner = await view.mail.owner((did,))
        if owner is None:
            self._held.pop(did, None)
        return owner is not None

    async def _owner(self, named: tuple[str, ...]) -> tuple[OrganisationId, str]:
        """Whose an envelope is. Relations stay with their organisation; whether one is gone, who takes it sees."""
        if len(named) == 1 and (held := self._held.get(named[0])) is not None:
            return held[0], named[0]
        async with self.store.node_view() as view:
            owner = await view.mail.owner(named)
        if owner is None:
            raise NotForUsError("the envelope is encrypted for nobody here")
        return owner

    async def make(self, organisation: OrganisationId, message: Message, *, ours: str) -> bytes:
        """The envelope of a message from us, for whom the message is for; raises DidCommError."""
        secrets, at = await self.secrets(organisation, ours), self.now()
        to = [str(party.did) for party in message.to]
        async with self._room:
            return await self.resolving.done(
                lambda documents, _: pack(message, to=to, sender=ours, secrets=secrets, documents=documents, at=at).data
            )

    async def secrets(self, organisation: OrganisationId, ours: str) -> HeldSecrets:
        """The key of one relation, and no other."""
        held = self._held.get(ours)
        if held is None or held[0] != organisation:
            private = await self.vault.private_key(organisation, key_of(ours), KeyPurpose.PAIRWISE)
            held = organisation, HeldSecrets({key_of(ours): private})
            if len(self._held) >= MAX_KEYS:
                self._held.clear()
            self._held[ours] = held
        return held[1]


def recipients(data: bytes) -> tuple[str, ...]:
    """The identifiers whose keys an envelope is encrypted for; raises MalformedEnvelopeError.

    An outline, which costs a stranger more to send than us to look at: whether two readers would read the same in it is
    found out once it is for somebody here. There are texts in an envelope and nothing else, so no number is read twice.
    """
    try:
        document: JsonValue = orjson.loads(data) if len(data) <= MAX_ENVELOPE_BYTES else None
    except orjson.JSONDecodeError:
        document = None
    outline = document if isinstance(document, dict) else {}
    listed = outline.get("recipients")
    entries = listed if isinstance(listed, list) and len(listed) <= MAX_RECIPIENTS else []
    kids = [kid for each in entries if (kid := _kid(each)) is not None]
    if not kids or len(kids) != len(entries) or not _has_texts_alone(outline):
        raise MalformedEnvelopeError(
            "the envelope does not say, by the ids of keys, whom it is encrypted for",
            code="didcomm.envelope.recipients",
        )
    return tuple(dict.fromkeys([kid.partition("#")[0] for kid in kids]))


def _kid(entry: JsonValue) -> str | None:
    header = entry.get("header") if isinstance(entry, dict) else None
    kid = header.get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) and len(kid) <= MAX_DID_URL_CHARS else None


def _has_texts_alone(document: JsonObject) -> bool:
    """Whether all that stands beside the recipients is text, or few members of it."""
    beside = [value for name, value in document.items() if name != "recipients"]
    return len(beside) <= MAX_MEMBERS and all(
        isinstance(value, str) or (isinstance(value, dict) and len(value) <= MAX_MEMBERS) for value in beside
    )
