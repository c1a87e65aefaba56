"""Telling a subscriber of an event: at least once, under one id, until it says that it has it.

1. The subscription is looked up; of one that is gone, or disabled, nothing is sent.
2. What is sent is the bytes that are signed, and the time is that of this try.
3. Any status from 200 to 299 is an acknowledgement. 410 says that nobody wants to be told any more, and disables the
   subscription. Anything else, a redirect too, is a failure, and is tried again later.
4. After MAX_FAILURES in a row, for at least MIN_FAILING, the subscription is disabled: the log says so, and so does the
   list of subscriptions. What was not delivered waits in the outbox for a person.

Spec: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import batched
from typing import Final

import orjson

from node.documents import JsonValue
from node.issuance.announcing import AWARDS_AT_ONCE, said_of
from node.issuance.background.schedule import active
from node.issuance.background.tasks import HopelessError, Later, member
from node.issuance.organisation.events import order_head
from node.issuance.webhooks.signature import headers
from node.ports.errors import AbsentError, RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import OrganisationId
from node.ports.outbox import Claimed
from node.ports.oversight import Event
from node.ports.posting import Post
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, Vault
from node.ports.webhooks import EventType, Webhook
from node.ports.work import deliver_event
from node.verification.errors import FetchError

MAX_FAILURES: Final = 50
MIN_FAILING: Final = timedelta(days=1)
"""A receiver that is mended within a day loses nothing, however much there was to tell."""
GONE: Final = 410
MAX_UNCLAIMED: Final = 100_000
"""Claims that run out between two looks."""
ACTOR: Final = "node"
_OK: Final = range(200, 300)


class NotTakenError(Exception):
    """A subscriber did not acknowledge an event."""

    code = "webhook.not_taken"
    remedy = "Nothing: it is tried again. If it stays so, ask whoever runs the receiver."

    def __init__(self, status: int) -> None:
        super().__init__(f"the receiver answers {status}")
        self.gone = status == GONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """The use case, with what it stands on."""

    store: Store
    vault: Vault
    post: Post
    now: Callable[[], datetime]

    async def carry(self, claimed: Claimed) -> Later | None:
        """Carry out DELIVER_EVENT."""
        organisation, webhook_id, event = claimed.organisation, member(claimed, "webhook"), member(claimed, "event")
        said = claimed.task.payload.get("said")
        try:
            async with self.store.view(organisation) as view:
                webhook = await view.webhooks.find(webhook_id)
        except AbsentError:
            return None  # 1.
        if webhook.disabled_at is not None:
            raise _disabled()
        problem = await self._sent(organisation, webhook, event, said)
        if problem is None:
            await self.store.change(organisation, lambda unit: unit.webhooks.delivered(webhook_id, self.now()))
            return None
        await self.store.change(organisation, lambda unit: self._failed(unit, webhook_id, problem))
        if isinstance(problem, NotTakenError) and problem.gone:
            raise _disabled()
        raise problem

    async def _sent(
        self, organisation: OrganisationId, webhook: Webhook, event: str, said: JsonValue
    ) -> NotTakenError | FetchError | None:
        """Steps 2 and 3; why it was not taken."""
        at, body = self.now(), orjson.dumps(said)
        secrets = [await self._secret(organisation, webhook.key)]
        if webhook.former_key is not None and webhook.former_until is not None and at < webhook.former_until:
            secrets.append(await self._secret(organisation, webhook.former_key))
        try:
            status = await self.post(webhook.url, body, headers(secrets, event, at, body))
        except FetchError as error:
            return error
        return None if status in _OK else NotTakenError(status)

    async def _secret(self, organisation: OrganisationId, key: str) -> bytes:
        return (await self.vault.private_key(organisation, key, KeyPurpose.WEBHOOK)).raw

    async def _failed(self, unit: UnitOfWork, webhook: str, problem: NotTakenError | FetchError) -> None:
        """Step 4."""
        at = self.now()
        found = await unit.webhooks.failed(webhook, f"{problem.code}: {problem}"[:200], at)
        gone = isinstance(problem, NotTakenError) and problem.gone
        failing = at - (found.failing_since or at)
        if found.disabled_at is None and (gone or (found.failures >= MAX_FAILURES and failing >= MIN_FAILING)):
            await unit.webhooks.save(replace(found, disabled_at=at))
            details: dict[str, JsonValue] = {"failures": found.failures, "gone": gone}
            unit.audit.record(Event(at, ACTOR, "webhook.disable", webhook, details))
            await order_head(unit, at)

    async def tidy(self) -> None:
        """Have former secrets of all organisations sign no more once their time is over, and tell of claims run out."""
        for organisation in [one async for one in active(self.store)]:
            with suppress(AbsentError, RuleError):  # it was closed meanwhile
                await self.store.change(organisation, self._tidy)

    async def _tidy(self, unit: UnitOfWork) -> None:
        at = self.now()
        for listed in await unit.webhooks.listed():
            webhook = await _told_of_claims(unit, listed, at)
            if webhook.former_key is not None and webhook.former_until is not None and webhook.former_until <= at:
                await unit.keys.retire(webhook.former_key, at)
                await unit.webhooks.save(replace(webhook, former_key=None, former_until=None))


async def _told_of_claims(unit: UnitOfWork, webhook: Webhook, at: datetime) -> Webhook:
    """A subscription that is told of claims which nobody made in time: of each once, wherever it was left last."""
    if webhook.disabled_at is not None or EventType.CLAIM_EXPIRED not in webhook.events:
        return webhook
    awards = await unit.links.unclaimed(webhook.claims_until or webhook.made_at, at, limit=MAX_UNCLAIMED)
    for piece in batched(awards, AWARDS_AT_ONCE, strict=False):
        said = said_of(unit, EventType.CLAIM_EXPIRED, at, piece, {})
        await unit.outbox.add([deliver_event(webhook.id, new_id(), said, at)])
    told = replace(webhook, claims_until=at)
    await unit.webhooks.save(told)
    return told


def _disabled() -> HopelessError:
    return HopelessError(
        "the webhook is disabled",
        code="webhook.disabled",
        remedy="Mend its receiver, enable it again, and have this tried again.",
    )
