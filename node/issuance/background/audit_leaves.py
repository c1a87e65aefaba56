"""The signed end of an organisation's log, as one more leaf of its next batch.

It costs nothing beside others, and where there are no others, a batch is made for it alone.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.issuance.background.schedule import active
from node.issuance.organisation.log import LogDesk, commitment_to, subject_of_head
from node.ports.organisations import OrganisationId
from node.ports.outbox import Claimed
from node.ports.oversight import SignedHead
from node.ports.store import Store, View
from node.ports.work import anchor_batch

_SALT: Final = b"glejt/audit-leaf-salt/v1"


@dataclass(frozen=True, slots=True)
class AuditLeaf:
    """A signed head that no batch has yet."""

    head: SignedHead
    commitment: bytes
    subject: bytes

    def salt(self, secret: bytes) -> bytes:
        """Its salt in the batch with this secret: whoever goes on with the batch finds the same."""
        return hashlib.sha256(_SALT + secret + self.commitment).digest()


async def audit_leaf(view: View, organisation: OrganisationId) -> AuditLeaf | None:
    """The latest signed head, if it is not anchored, nor about to be."""
    for head in await view.audit.signed_heads(limit=1):
        if head.receipt is None:
            return AuditLeaf(head, commitment_to(head), subject_of_head(organisation, head.number))
    return None


@dataclass(frozen=True, slots=True)
class AuditHeads:
    """Signs the ends of logs, and has them anchored where the organisation anchors."""

    store: Store
    log: LogDesk
    now: Callable[[], datetime]

    async def sign(self, claimed: Claimed) -> None:
        """Carry out the task that `node.issuance.organisation.events.order_head` orders."""
        await self._sign(claimed.organisation)

    async def sign_grown(self) -> None:
        """Sign the end of each log that grew without anybody ordering that, as by what is issued."""
        async for organisation in active(self.store):
            async with self.store.view(organisation) as view:
                number, _ = await view.audit.head()
                latest = await view.audit.signed_heads(limit=1)
            if number and (not latest or latest[0].number < number):
                await self._sign(organisation)

    async def _sign(self, organisation: OrganisationId) -> None:
        head = await self.log.sign(organisation, self.now())
        if head is None or head.receipt is not None:
            return
        async with self.store.view(organisation) as view:
            ours = [record.id for record in await view.identities.namespaces() if record.key is not None]
        if ours:
            order = anchor_batch(ours[0], self.now())
            await self.store.change(organisation, lambda unit: unit.outbox.add([order]))
