"""The desk of subscriptions: made, changed, tested, their secrets replaced, ended.

A secret is made here, shown once, and kept like any key: under the organisation's own, that one under the master key.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from did_methods.multikey import KeyType, PrivateKey
from node.credentials.timestamps import format_timestamp
from node.issuance.errors import HostingError
from node.issuance.organisation.events import in_order, order_head, record, said
from node.issuance.web_addresses import web_address
from node.issuance.webhooks.signature import shown_secret
from node.ports.api_keys import Caller
from node.ports.errors import AbsentError
from node.ports.identifiers import new_id
from node.ports.organisations import OrganisationId
from node.ports.secret import Secret
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, SealedKey, Vault
from node.ports.webhooks import EventType, Webhook
from node.ports.work import Nudge, deliver_event

OVERLAP: Final = timedelta(hours=24)
"""For so long after another secret is made, what is sent is signed by the one before, too."""
CHOOSABLE: Final = frozenset(EventType) - {EventType.PING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be otherwise; None is as before."""

    url: str | None = None
    events: Collection[EventType] | None = None
    enabled: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDesk:
    """The use cases, with what they stand on."""

    store: Store
    vault: Vault
    work: Nudge
    now: Callable[[], datetime]
    public_url: str
    loopback: bool = False

    async def listed(self, organisation: OrganisationId) -> tuple[Webhook, ...]:
        """All subscriptions."""
        async with self.store.view(organisation) as view:
            return await view.webhooks.listed()

    async def add(self, caller: Caller, url: str, events: Collection[EventType]) -> tuple[Webhook, Secret]:
        """Tell whoever is at this address of these events from now on; the secret is shown this once.

        Raises HostingError for what is no public address.
        """
        self._check(url)
        webhook, at = new_id(), self.now()
        sealed, secret = await self._secret(caller.organisation, webhook, at)
        made = Webhook(webhook, url, frozenset(each.value for each in events), sealed.id, at)

        async def work(unit: UnitOfWork) -> None:
            await unit.keys.add(sealed)
            await unit.webhooks.add(made)
            record(unit, caller, "webhook.add", webhook, at, {"events": in_order(made.events)})
            await order_head(unit, at)

        await self.store.change(caller.organisation, work)
        return made, secret

    async def change(self, caller: Caller, webhook: str, wish: Wish) -> Webhook:
        """Have it otherwise; enabled again, its failures are forgotten. Raises AbsentError and HostingError."""
        url, events, enabled = wish.url, wish.events, wish.enabled
        if url is not None:
            self._check(url)
        at = self.now()

        async def work(unit: UnitOfWork) -> Webhook:
            made = await unit.webhooks.find(webhook)
            if url is not None:
                made = replace(made, url=url)
            if events is not None:
                made = replace(made, events=frozenset(each.value for each in events))
            if enabled is True:
                made = replace(made, disabled_at=None, failures=0, failing_since=None, problem=None)
            elif enabled is False and made.disabled_at is None:
                made = replace(made, disabled_at=at)
            await unit.webhooks.save(made)
            details = said(events=in_order(made.events), enabled=made.disabled_at is None)
            record(unit, caller, "webhook.change", webhook, at, details)
            await order_head(unit, at)
            return made

        return await self.store.change(caller.organisation, work)

    async def rotate(self, caller: Caller, webhook: str) -> tuple[Webhook, Secret]:
        """Another secret; the one before signs, too, for OVERLAP. Raises AbsentError."""
        at = self.now()
        sealed, secret = await self._secret(caller.organisation, webhook, at)

        async def work(unit: UnitOfWork) -> Webhook:
            before = await unit.webhooks.find(webhook)
            if before.former_key is not None:
                await unit.keys.retire(before.former_key, at)
            await unit.keys.add(sealed)
            made = replace(before, key=sealed.id, former_key=before.key, former_until=at + OVERLAP)
            await unit.webhooks.save(made)
            record(unit, caller, "webhook.rotate", webhook, at)
            await order_head(unit, at)
            return made

        return await self.store.change(caller.organisation, work), secret

    async def remove(self, caller: Caller, webhook: str) -> None:
        """Tell nobody there any more; raises AbsentError."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            found = await unit.webhooks.find(webhook)
            await unit.webhooks.remove(webhook)
            for key in (found.key, found.former_key):
                if key is not None:
                    await unit.keys.retire(key, at)
            record(unit, caller, "webhook.remove", webhook, at)
            await order_head(unit, at)

        await self.store.change(caller.organisation, work)

    async def ping(self, caller: Caller, webhook: str) -> str:
        """Send a test; its id. Raises AbsentError."""
        at, event = self.now(), new_id()
        data = said(organisation=str(caller.organisation), webhook=webhook)
        test = said(type=EventType.PING.value, timestamp=format_timestamp(at), data=data)

        async def work(unit: UnitOfWork) -> None:
            found = await unit.webhooks.find(webhook)
            if found.disabled_at is not None:
                raise AbsentError("webhook with this id that is enabled")
            await unit.outbox.add([deliver_event(webhook, event, test, at)])

        await self.store.change(caller.organisation, work)
        self.work.wake()
        return event

    def _check(self, url: str) -> None:
        web_address(url, loopback=self.loopback)
        if url == self.public_url or url.startswith(f"{self.public_url}/"):
            raise HostingError(
                "the node itself is at this address", code="hosting.address", remedy="Name another program."
            )

    async def _secret(self, organisation: OrganisationId, webhook: str, at: datetime) -> tuple[SealedKey, Secret]:
        """A secret of 32 random bytes, as a key of the vault."""
        private = PrivateKey.generate(KeyType.ED25519)
        name = f"webhook:{webhook}:{new_id()}"
        sealed = await self.vault.seal(organisation, name, KeyPurpose.WEBHOOK, private, at)
        return sealed, Secret(shown_secret(private.raw).encode())
