"""Invitations, minted when somebody clicks: an identifier and a key of its own for each, single use, ten minutes.

Spec: https://identity.foundation/didcomm-messaging/spec/v2.1/#out-of-band-messages
"""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import uuid4

from did_methods.document import Relationship
from did_methods.multikey import KeyType, PrivateKey
from did_methods.peer import create_with_keys
from did_methods.peer_services import messaging_service
from node.didcomm.message import read_message
from node.didcomm.protocols.out_of_band import LIFETIME, Invited, invitation_url, invite, short_url
from node.documents import JsonObject
from node.exchange.didcomm.opening import key_of
from node.ports.errors import AbsentError
from node.ports.organisations import OrganisationId
from node.ports.store import Store, UnitOfWork
from node.ports.threads import Purpose, Relation
from node.ports.vault import KeyPurpose, Vault

POST_PATH: Final = "/didcomm"
SOCKET_PATH: Final = "/didcomm/ws"
INVITATION_PATH: Final = "/didcomm/invitation"
SHORT_BYTES: Final = 16
GOAL_MEDIATE: Final = "mediate"


@dataclass(frozen=True, slots=True)
class Minted:
    """A new invitation: its whole address, and the short one, which a picture holds."""

    relation: Relation
    url: str = field(repr=False)
    short_url: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What an invitation is to be for; `about` is the award that it offers."""

    purpose: Purpose
    goal_code: str
    goal: str
    context: JsonObject
    about: str | None = None
    lifetime: timedelta = LIFETIME


def endpoint_of(public_url: str) -> tuple[str, str]:
    """Where messages are taken: by POST, and over a WebSocket."""
    scheme, _, rest = public_url.partition("://")
    return f"{public_url}{POST_PATH}", f"{'wss' if scheme == 'https' else 'ws'}://{rest}{SOCKET_PATH}"


def invited_of(relation: Relation) -> Invited:
    """What is kept of an invitation that nobody took up yet."""
    return Invited(
        id=relation.invitation,
        ours=relation.ours,
        expires_time=int(relation.expires_at.timestamp()),
        context=relation.context,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inviting:
    """The use case, with what it stands on."""

    store: Store
    vault: Vault
    now: Callable[[], datetime]
    public_url: str

    async def mint(
        self,
        organisation: OrganisationId,
        wanted: Wanted,
        also: Callable[[UnitOfWork, Relation], Awaitable[None]] | None = None,
    ) -> Minted:
        """A new invitation, for whoever takes it up first; `also` is kept in the same transaction."""
        at = self.now()
        private = PrivateKey.generate(KeyType.X25519)
        services = [messaging_service(uri) for uri in endpoint_of(self.public_url)]
        ours = str(create_with_keys([(Relationship.KEY_AGREEMENT, private.public)], services))
        message, invited = invite(
            id=str(uuid4()),
            sender=ours,
            goal_code=wanted.goal_code,
            goal=wanted.goal,
            at=at,
            context=wanted.context,
            lifetime=wanted.lifetime,
        )
        relation = Relation(
            ours=ours,
            theirs=None,
            purpose=wanted.purpose,
            invitation=invited.id,
            short=secrets.token_urlsafe(SHORT_BYTES),
            message=message.document,
            context=wanted.context,
            made_at=at,
            expires_at=at.replace(microsecond=0) + wanted.lifetime,
        )
        sealed = await self.vault.seal(organisation, key_of(ours), KeyPurpose.PAIRWISE, private, at)

        async def work(unit: UnitOfWork) -> None:
            await unit.keys.add(sealed)
            await unit.threads.invite(relation, about=wanted.about)
            if also is not None:
                await also(unit, relation)

        await self.store.change(organisation, work)
        return self.minted(relation)

    def minted(self, relation: Relation) -> Minted:
        """The addresses of an invitation."""
        page = f"{self.public_url}{INVITATION_PATH}"
        return Minted(relation, invitation_url(read_message(relation.message), page), short_url(relation.short, page))

    async def behind(self, short: str) -> Relation:
        """The invitation behind a short address that can still be taken up; raises AbsentError."""
        async with self.store.node_view() as view:
            found = await view.mail.invitation(short)
        if found is None or found[1].theirs is not None or self.now() >= found[1].expires_at:
            raise AbsentError("invitation that can be taken up at this address")
        return found[1]
