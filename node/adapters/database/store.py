"""The store over a database: views and units of work, each with the repositories of one organisation."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from node.adapters.database.achievement_rows import AchievementRows, AchievementRowsReader
from node.adapters.database.aftercare_rows import (
    NoticeRows,
    NoticeRowsReader,
    WithdrawalRows,
    WithdrawalRowsReader,
)
from node.adapters.database.anchor_rows import AnchorRows, AnchorRowsReader
from node.adapters.database.award_rows import AwardRows, AwardRowsReader
from node.adapters.database.engine import Database
from node.adapters.database.identity_rows import IdentityRows, IdentityRowsReader
from node.adapters.database.key_rows import KeyRows, KeyRowsReader
from node.adapters.database.link_rows import LinkRows, LinkRowsReader, SenderRows, SenderRowsReader
from node.adapters.database.mail_rows import MailRows, MediationRows, MediationRowsReader
from node.adapters.database.mirror_rows import MirrorRows, MirrorRowsReader
from node.adapters.database.organisation_rows import (
    ApiKeyRows,
    ApiKeyRowsFinder,
    ApiKeyRowsReader,
    MemberRows,
    MemberRowsReader,
    OrganisationRows,
    OrganisationRowsReader,
    SettingsRows,
    SettingsRowsReader,
)
from node.adapters.database.outbox_rows import OutboxRows, OutboxRowsReader, WorkerRows
from node.adapters.database.oversight_rows import (
    ApprovalRows,
    ApprovalRowsReader,
    AuditRows,
    AuditRowsReader,
    ChallengeRows,
    RequestRows,
)
from node.adapters.database.public_rows import PublicRows
from node.adapters.database.publication_rows import (
    CatalogueRows,
    CatalogueRowsReader,
    PictureRows,
    PictureRowsReader,
    StatementRows,
    StatementRowsReader,
)
from node.adapters.database.register_rows import RegisterRows, RegisterRowsReader
from node.adapters.database.run_rows import RunRows, RunRowsReader
from node.adapters.database.status_rows import StatusListRows, StatusRowsReader
from node.adapters.database.tables import ORGANISATIONS
from node.adapters.database.thread_rows import ThreadRows, ThreadRowsReader
from node.adapters.database.webhook_rows import WebhookRows, WebhookRowsReader
from node.ports.errors import AbsentError, RuleError
from node.ports.organisations import OrganisationId, State
from node.ports.store import NodeView, NodeWork, UnitOfWork, View

_STATE: Final = (
    select(ORGANISATIONS.c.state)
    .where(ORGANISATIONS.c.id == bindparam("its_id"))
    .with_for_update(read=True, key_share=True)  # whoever closes it waits until this change has ended
)


def _view(connection: AsyncConnection, organisation: OrganisationId) -> View:
    own = (connection, organisation)
    return View(
        organisation=organisation,
        members=MemberRowsReader(*own),
        api_keys=ApiKeyRowsReader(*own),
        settings=SettingsRowsReader(*own),
        keys=KeyRowsReader(*own),
        identities=IdentityRowsReader(*own),
        audit=AuditRowsReader(*own),
        approvals=ApprovalRowsReader(*own),
        achievements=AchievementRowsReader(*own),
        pictures=PictureRowsReader(*own),
        catalogue=CatalogueRowsReader(*own),
        statements=StatementRowsReader(*own),
        register=RegisterRowsReader(*own),
        awards=AwardRowsReader(*own),
        runs=RunRowsReader(*own),
        links=LinkRowsReader(*own),
        senders=SenderRowsReader(*own),
        status=StatusRowsReader(*own),
        notices=NoticeRowsReader(*own),
        withdrawals=WithdrawalRowsReader(*own),
        webhooks=WebhookRowsReader(*own),
        mirrors=MirrorRowsReader(*own),
        anchors=AnchorRowsReader(*own),
        outbox=OutboxRowsReader(*own),
        threads=ThreadRowsReader(*own),
        mediation=MediationRowsReader(*own),
    )


def _unit(connection: AsyncConnection, organisation: OrganisationId, audit: AuditRows, *, closing: bool) -> UnitOfWork:
    own = (connection, organisation)
    return UnitOfWork(
        organisation=organisation,
        members=MemberRows(*own),
        api_keys=ApiKeyRows(*own),
        settings=SettingsRows(*own),
        keys=KeyRows(*own),
        identities=IdentityRows(*own),
        audit=audit,
        approvals=ApprovalRows(*own),
        requests=RequestRows(*own),
        challenges=ChallengeRows(*own),
        achievements=AchievementRows(*own),
        pictures=PictureRows(*own),
        catalogue=CatalogueRows(*own),
        statements=StatementRows(*own),
        register=RegisterRows(*own),
        awards=AwardRows(*own),
        runs=RunRows(*own),
        links=LinkRows(*own),
        senders=SenderRows(*own),
        status=StatusListRows(*own),
        notices=NoticeRows(*own),
        withdrawals=WithdrawalRows(*own),
        webhooks=WebhookRows(*own),
        mirrors=MirrorRows(*own),
        anchors=AnchorRows(*own),
        outbox=OutboxRows(*own),
        threads=ThreadRows(*own),
        mediation=MediationRows(*own),
        closing=closing,
    )


@dataclass(frozen=True, slots=True)
class DatabaseStore:
    """A Store."""

    database: Database

    @asynccontextmanager
    async def view(self, organisation: OrganisationId) -> AsyncIterator[View]:
        """One organisation's view of this moment."""
        async with self.database.reading() as connection:
            yield _view(connection, organisation)

    async def change[T](self, organisation: OrganisationId, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Do the work for one organisation that is not closed."""

        async def transaction(connection: AsyncConnection) -> T:
            state = await _require_not_closed(connection, organisation)
            audit = AuditRows(connection, organisation)
            done = await work(_unit(connection, organisation, audit, closing=state == State.CLOSING))
            await audit.write()
            return done

        return await self.database.transact(transaction)

    @asynccontextmanager
    async def node_view(self) -> AsyncIterator[NodeView]:
        """The node's view of this moment."""
        async with self.database.reading() as connection:
            yield NodeView(
                OrganisationRowsReader(connection),
                ApiKeyRowsFinder(connection),
                PublicRows(connection),
                WorkerRows(connection),
                MailRows(connection),
            )

    async def node_change[T](self, work: Callable[[NodeWork], Awaitable[T]]) -> T:
        """Do the work for the node."""
        return await self.database.transact(
            lambda connection: work(NodeWork(OrganisationRows(connection), WorkerRows(connection)))
        )


async def _require_not_closed(connection: AsyncConnection, organisation: OrganisationId) -> str:
    state: str | None = await connection.scalar(_STATE, {"its_id": organisation})
    if state is None:
        raise AbsentError("organisation with this id")
    if state == State.CLOSED:
        raise RuleError(
            "the organisation is closed",
            code="organisation.closed",
            remedy="What it published stays; it issues no more.",
        )
    return state
