"""Subscriptions to what happens."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import RowMapping, func, literal

from node.adapters.database.aftercare_tables import WEBHOOKS
from node.adapters.database.bound import Bound, own_rows, without_organisation
from node.adapters.database.columns import Moment
from node.ports.errors import AbsentError, RuleError
from node.ports.webhooks import MAX_WEBHOOKS, Webhook

_WHAT: Final = "webhook with this id"
_LISTENING: Final = (
    own_rows(WEBHOOKS, WEBHOOKS.c.disabled_at.is_(None))
    .with_only_columns(WEBHOOKS.c.id, WEBHOOKS.c.events)
    .order_by(WEBHOOKS.c.id)
)


class WebhookRowsReader(Bound):
    """The subscriptions of one organisation."""

    __slots__ = ()

    async def find(self, webhook: str) -> Webhook:
        """The subscription."""
        return _webhook(await self.found(_WHAT, WEBHOOKS, id=webhook))

    async def listed(self) -> tuple[Webhook, ...]:
        """All of them."""
        return tuple(map(_webhook, await self.rows(self.select(WEBHOOKS).order_by(WEBHOOKS.c.id))))

    async def wanting(self, event: str) -> Collection[str]:
        """The ids of those that are to be told of this."""
        return tuple(row["id"] for row in await self.rows_of(_LISTENING) if event in row["events"])


class WebhookRows(WebhookRowsReader):
    """… and changing them."""

    __slots__ = ()

    async def add(self, webhook: Webhook) -> None:
        """Take a new one."""
        (row,) = await self.rows(self.select(WEBHOOKS).with_only_columns(func.count().label("many")))
        if row["many"] >= MAX_WEBHOOKS:
            raise RuleError(
                f"the organisation has {MAX_WEBHOOKS} webhooks already",
                code="webhook.many",
                remedy="Remove one that nobody needs any more.",
            )
        await self.insert(WEBHOOKS, _row(webhook))

    async def save(self, webhook: Webhook) -> None:
        """Keep what is changed of one."""
        await self._change(webhook.id, **_row(webhook))

    async def remove(self, webhook: str) -> None:
        """Drop one."""
        if not await self.changed(self.delete(WEBHOOKS, WEBHOOKS.c.id == webhook)):
            raise AbsentError(_WHAT)

    async def delivered(self, webhook: str, at: datetime) -> None:
        """Something arrived."""
        statement = self.update(WEBHOOKS, WEBHOOKS.c.id == webhook)
        await self.changed(statement.values(delivered_at=at, failures=0, failing_since=None, problem=None))

    async def failed(self, webhook: str, problem: str, at: datetime) -> Webhook:
        """Something did not arrive."""
        await self._change(
            webhook,
            failures=WEBHOOKS.c.failures + 1,
            failing_since=func.coalesce(WEBHOOKS.c.failing_since, literal(at, Moment())),
            problem=problem,
        )
        return await self.find(webhook)

    async def _change(self, webhook: str, **values: object) -> None:
        if not await self.changed(self.update(WEBHOOKS, WEBHOOKS.c.id == webhook).values(**values)):
            raise AbsentError(_WHAT)


def _row(webhook: Webhook) -> dict[str, Any]:
    return {**asdict(webhook), "events": sorted(webhook.events)}


def _webhook(row: RowMapping) -> Webhook:
    values = without_organisation(row)
    return Webhook(**values | {"events": frozenset(values["events"])})
