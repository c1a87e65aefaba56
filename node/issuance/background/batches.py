"""Anchoring in the background: from what is wanted in a namespace to final receipts.

1. A batch is opened: from now on it is known which leaves are in it, and the secret that pads them, so whoever goes on
   after a crash makes the same root.
2. Tree and receipts are made, off the event loop, and the receipts are kept, some thousands at a time.
3. The authority signs the call. Root, call and the end of the secret are stored in one transaction with the order to
   follow; only then is the chain told.
4. The call is brought to the chain until the contract's storage at a final block bears it out. A call that can be taken
   no more, as the chain stood still for too long, is authorised anew for the same root.
5. The proof that all of the batch share is kept, and every receipt is final.

`docs/concepts/background-work.md` has a line for what survives a crash at each.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from anchoring.batch import batch as batch_of
from anchoring.batch import fresh_secret
from anchoring.calls import AuthorizedCall, TypedCall, authorize
from anchoring.errors import StorageProofError
from anchoring.facts import Anchor, AnchorOf
from anchoring.layout import proven_facts
from anchoring.ledger import CallProgress, CallState
from anchoring.operations import AnchorValue, Operation
from anchoring.receipt import Finality, Receipt, Site
from anchoring.transactions.store import SETTLED
from node.credentials.errors import RecordNameError
from node.credentials.record_name import RecordName
from node.issuance.anchor import ABSENT
from node.issuance.announcing import announce
from node.issuance.background.audit_leaves import AuditLeaf, audit_leaf
from node.issuance.background.tasks import Checkpoint, HopelessError, Later, member, unwatched
from node.ports.anchor_rows import BatchRecord, BatchState, Leaf
from node.ports.chains import Authorities, Chains, ChainSite
from node.ports.errors import ConflictError, RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import ChainRecord, OrganisationId
from node.ports.outbox import Claimed, Task
from node.ports.store import Store, UnitOfWork, View
from node.ports.webhooks import EventType
from node.ports.work import Kind, follow_batch
from node.verification.case import CLOCK_SKEW
from node.verification.receipt_subject import subject_of

BATCH_LEAVES: Final = 10_000
"""Of one batch: what one piece of work of the database writes without keeping others waiting for long."""
PAGE: Final = 2_500
"""Leaves that are read, and receipts that are written, at once: so nobody else waits for long."""
LOOKS: Final = 4
"""At a chain that answers at once, before the task makes room for others."""
AT_ONCE_PAUSE: Final = 1.0
"""Chains that need no longer between looks are looked at again within the same task."""
_SLOT: Final = "slot"


@dataclass(frozen=True, slots=True)
class Anchoring:
    """Anchors for all organisations of the node."""

    store: Store
    chains: Chains
    authorities: Authorities
    now: Callable[[], datetime]
    every: timedelta = timedelta()
    """How often a namespace gets a batch; at once where there is no time between."""
    leaves: int = BATCH_LEAVES
    checkpoint: Checkpoint = unwatched
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def anchor(self, claimed: Claimed) -> Later | None:
        """Carry out ANCHOR_BATCH: steps 1 to 3, for all that is wanted by then."""
        namespace, organisation = member(claimed, "namespace"), claimed.organisation
        if self.every and _SLOT not in claimed.task.payload:
            return Later(self._next_slot(namespace))
        name = named(namespace)
        async with self.store.view(organisation) as view:
            record = await record_of(view, namespace)
            begun = [one for one in await view.anchors.unfinished() if one.namespace == namespace]
            head = await audit_leaf(view, organisation)
        for one in begun:
            if one.state is BatchState.OPEN:
                await self._submit(organisation, one, name, record, head)
                head = None
        full = True
        while full:  # what is wanted from now on has its own order
            batch, taken = await self._opened(organisation, namespace, empty=head is not None)
            full = taken >= self.leaves
            if taken or head is not None:
                self.checkpoint("batch.opened")
                await self._submit(organisation, batch, name, record, head)
                head = None
        return None

    async def follow(self, claimed: Claimed) -> Later | None:
        """Carry out FOLLOW_BATCH: steps 4 and 5."""
        batch_id, organisation = member(claimed, "batch"), claimed.organisation
        async with self.store.view(organisation) as view:
            batch = await view.anchors.batch(batch_id)
        if batch.state is not BatchState.SUBMITTED or batch.call is None or batch.anchored is None:
            return None
        name = named(batch.namespace)
        site = await self.chains.site(organisation, name)
        progress = await brought(site, AuthorizedCall.decode(batch.call), self.pause)
        self.checkpoint("call.brought")
        if progress.state is CallState.REFUSED:
            await self._authorize_anew(organisation, batch, name)
        elif progress.state is CallState.FINALIZED:
            finality = await _proven(site, name.namespace, batch.anchored)
            if finality is not None:
                self.checkpoint("anchor.proven")
                await self._finish(organisation, batch, finality)
                return None
        return Later(follow_batch(batch_id, self.now() + timedelta(seconds=site.pause)))

    async def _opened(self, organisation: OrganisationId, namespace: str, *, empty: bool) -> tuple[BatchRecord, int]:
        """Step 1, and how many leaves were taken; without any, there is a batch only if it may be empty."""
        at = self.now()
        batch = BatchRecord(new_id(), namespace, at, at, fresh_secret())
        taken = await self.store.change(
            organisation, lambda unit: unit.anchors.open(batch, limit=self.leaves, empty=empty)
        )
        return batch, taken

    async def _submit(
        self,
        organisation: OrganisationId,
        batch: BatchRecord,
        name: RecordName,
        record: ChainRecord,
        head: AuditLeaf | None,
    ) -> None:
        """Steps 2 and 3. Where another process has gone on with the batch meanwhile, what that did counts."""
        leaves = await self._leaves(organisation, batch.id)
        if not leaves and head is None:  # everybody in it was erased
            await self.store.change(organisation, lambda unit: _given_up(unit, batch.id, self.now()))
            return
        site = Site(name.chain_id, name.contract, name.namespace)
        anchored, receipts, of_head = await asyncio.to_thread(_made, leaves, batch.secret or b"", site, head)
        call = await self.authorized(organisation, AnchorValue(name.namespace, anchored), name, record)
        self.checkpoint("batch.made")
        at, kept = self.now(), 0
        while len(receipts) - kept > PAGE:  # what others wait for is never long
            page = receipts[kept : kept + PAGE]
            try:
                await self.store.change(organisation, lambda unit, page=page: unit.anchors.keep(batch.id, page))  # type: ignore[misc]
            except RuleError:
                return
            kept += PAGE

        async def work(unit: UnitOfWork) -> None:
            await unit.anchors.submit(batch.id, anchored, call.encode(), receipts[kept:], at)
            if head is not None and of_head is not None:
                await unit.audit.keep_head(replace(head.head, receipt=of_head))
            await unit.outbox.add([follow_batch(batch.id, at)])

        with suppress(RuleError):
            await self.store.change(organisation, work)
        self.checkpoint("batch.submitted")

    async def authorized(
        self, organisation: OrganisationId, operation: Operation, name: RecordName, record: ChainRecord
    ) -> AuthorizedCall:
        """The operation with the word of the namespace's authority.

        Nothing is signed by a clock that lies behind a block that is final already: its deadline would be over.
        """
        if record.key is None:
            raise HopelessError(
                f"the authority's key of {record.id} is not on this node",
                code="work.authority",
                remedy="Anchor where that key is, with glejt anchor; or give the namespace an authority of the node's.",
            )
        site = await self.chains.site(organisation, name)
        now, until = self.now(), datetime.fromtimestamp(await site.anchored_until(), UTC)
        if now + CLOCK_SKEW < until:
            raise ClockBehindError(now, until)
        signer = await self.authorities.signer(organisation, record.key)
        call = TypedCall.soon(operation, chain_id=name.chain_id, contract=name.contract, now=int(now.timestamp()))
        return await authorize(call, signer)

    async def _authorize_anew(self, organisation: OrganisationId, batch: BatchRecord, name: RecordName) -> None:
        """Another call for the same root; the one before can be taken no more."""
        anchored, before = batch.anchored or b"", batch.call or b""
        operation = AnchorValue(name.namespace, anchored)
        async with self.store.view(organisation) as view:
            record = await record_of(view, batch.namespace)
        call = await self.authorized(organisation, operation, name, record)
        with suppress(ConflictError):
            await self.store.change(
                organisation,
                lambda unit: unit.anchors.authorize(batch.id, call.encode(), self.now(), before=before),
            )
        self.checkpoint("call.anew")

    async def _finish(self, organisation: OrganisationId, batch: BatchRecord, finality: Finality) -> None:
        """Step 5."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            await unit.anchors.finish(batch.id, finality.encode(), at)
            await announce(unit, EventType.ANCHOR_FINAL, at, batch=batch.id)
            for head in await unit.audit.signed_heads():
                receipt = None if head.receipt is None else Receipt.decode(head.receipt)
                if receipt is not None and receipt.progress is None and receipt.question.value == batch.anchored:
                    await unit.audit.keep_head(replace(head, receipt=replace(receipt, progress=finality).encode()))

        await self.store.change(organisation, work)
        self.checkpoint("batch.final")

    async def _leaves(self, organisation: OrganisationId, batch: str) -> list[Leaf]:
        found: list[Leaf] = []
        async with self.store.view(organisation) as view:
            after = ("", "")
            while page := await view.anchors.leaves(batch, after=after, limit=PAGE):
                found += page
                after = (page[-1].award, page[-1].form)
        return found

    def _next_slot(self, namespace: str) -> Task:
        """The task that makes the next batch by the clock: the same for all who order one until then."""
        seconds = self.every.total_seconds()
        slot = datetime.fromtimestamp((self.now().timestamp() // seconds + 1) * seconds, UTC)
        payload = {"namespace": namespace, _SLOT: slot.isoformat()}
        return Task(new_id(), Kind.ANCHOR_BATCH, payload, slot, f"{Kind.ANCHOR_BATCH} {_SLOT} {namespace}")


class ClockBehindError(Exception):
    """Nothing is signed by a clock that is behind what stands on a chain."""

    code = "clock.behind"
    remedy = "Set the clock; it goes on by itself then."

    def __init__(self, now: datetime, until: datetime) -> None:
        super().__init__(f"the clock says {now:%Y-%m-%dT%H:%MZ}, and a final block is of {until:%Y-%m-%dT%H:%MZ}")


async def receipt_of(view: View, award: str, form: str) -> Receipt | None:
    """The receipt of a credential, as far as its anchor has come; None before it is in a batch that was authorised.

    Raises AbsentError for a credential that is not to be anchored.
    """
    leaf = await view.anchors.leaf(award, form)
    if leaf.receipt is None or leaf.batch is None:
        return None
    receipt = Receipt.decode(leaf.receipt)
    batch = await view.anchors.batch(leaf.batch)
    return receipt if batch.finality is None else replace(receipt, progress=Finality.decode(batch.finality))


async def brought(site: ChainSite, call: AuthorizedCall, pause: Callable[[float], Awaitable[None]]) -> CallProgress:
    """How a call stands after a look or, where the chain answers at once, after some."""
    progress = await site.bring(call)
    for _ in range(LOOKS if site.pause <= AT_ONCE_PAUSE else 0):
        if progress.state in SETTLED:
            break
        await pause(site.pause)
        progress = await site.bring(call)
    return progress


def named(namespace: str) -> RecordName:
    """The namespace of a task; raises HopelessError for what names none."""
    try:
        return RecordName.parse(namespace).record
    except RecordNameError as error:
        raise HopelessError(str(error), code="work.payload", remedy=error.remedy) from error


async def record_of(view: View, namespace: str) -> ChainRecord:
    """The organisation's record of a namespace; raises HopelessError where it has none."""
    for record in await view.identities.namespaces():
        if record.id == namespace:
            return record
    raise HopelessError(
        f"{namespace[:160]} is no namespace of this organisation",
        code="work.namespace",
        remedy="Add it to the organisation's namespaces, then try again.",
    )


def _made(
    leaves: Sequence[Leaf], secret: bytes, site: Site, head: AuditLeaf | None
) -> tuple[bytes, list[Leaf], bytes | None]:
    """Step 2: what is anchored, each leaf with its receipt, and the receipt of the end of the log."""
    commitments, salts = [leaf.commitment for leaf in leaves], [leaf.salt for leaf in leaves]
    if head is not None:
        commitments.append(head.commitment)
        salts.append(head.salt(secret))
    made = batch_of(commitments, salts, secret)
    receipts = [
        replace(
            leaf,
            receipt=Receipt(
                made.place(leaf.salt, leaf.commitment), site, subject_of(leaf.credential, leaf.form)
            ).encode(),
        )
        for leaf in leaves
    ]
    if head is None:
        return made.anchored, receipts, None
    of_head = Receipt(made.place(salts[-1], head.commitment), site, head.subject)
    return made.anchored, receipts, of_head.encode()


async def _given_up(unit: UnitOfWork, batch: str, at: datetime) -> None:
    """Refuse an empty batch, unless somebody else has put the end of the log into it and submitted it meanwhile."""
    if (await unit.anchors.batch(batch)).state is BatchState.OPEN:
        await unit.anchors.refuse(batch, at)


async def _proven(site: ChainSite, namespace: bytes, anchored: bytes) -> Finality | None:
    """The anchor at the latest final block, with the proof of it; None where it is not there yet."""
    question = AnchorOf(namespace, anchored)
    block = await site.reader.final_block()
    proof = await site.reader.prove([question], block)
    try:
        shown = proven_facts(proof, block_hash=block.hash, contract=site.reader.contract, questions=[question])
    except StorageProofError as error:
        if error.code != ABSENT:
            raise
        return None
    anchor = shown.facts[question]
    return Finality(anchor, proof) if isinstance(anchor, Anchor) else None
