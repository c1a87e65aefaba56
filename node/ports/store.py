"""The store: for each organisation its own view, in which there is nobody else, and a view for the node itself."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from node.ports.aftercare import NoticeReader, Notices, WithdrawalReader, Withdrawals
from node.ports.anchor_rows import AnchorReader, Anchors
from node.ports.awarding import AchievementReader, Achievements, AwardReader, Awards, Published
from node.ports.links import Link, LinkKind, LinkReader, Links
from node.ports.mail import SenderKeeper, SenderReader
from node.ports.mirroring import MirrorReader, Mirrors
from node.ports.organisations import (
    ApiKeyFinder,
    ApiKeyReader,
    ApiKeys,
    HostedDid,
    Identities,
    IdentityReader,
    MemberReader,
    Members,
    Organisation,
    OrganisationId,
    OrganisationReader,
    Organisations,
    SettingsKeeper,
    SettingsReader,
)
from node.ports.outbox import Outbox, OutboxReader, Worker, WorkReader
from node.ports.oversight import ApprovalReader, Approvals, Audit, AuditReader, Challenges, Requests
from node.ports.publishing import (
    Catalogue,
    CatalogueReader,
    Entry,
    EntryQuery,
    Picture,
    PictureReader,
    Pictures,
    Register,
    RegisterFile,
    RegisterHead,
    RegisterReader,
    Statement,
    StatementReader,
    Statements,
)
from node.ports.runs import RunReader, Runs
from node.ports.status_rows import StatusReader, StatusRows
from node.ports.threads import MailReader, Mediation, MediationReader, ThreadReader, Threads
from node.ports.vault import KeyReader, Keys
from node.ports.webhooks import WebhookReader, Webhooks


@dataclass(frozen=True, slots=True)
class View:
    """What one organisation sees, as it was at one moment; nothing can be changed through it."""

    organisation: OrganisationId
    members: MemberReader
    api_keys: ApiKeyReader
    settings: SettingsReader
    keys: KeyReader
    identities: IdentityReader
    audit: AuditReader
    approvals: ApprovalReader
    achievements: AchievementReader
    pictures: PictureReader
    catalogue: CatalogueReader
    statements: StatementReader
    register: RegisterReader
    awards: AwardReader
    runs: RunReader
    links: LinkReader
    senders: SenderReader
    status: StatusReader
    notices: NoticeReader
    withdrawals: WithdrawalReader
    webhooks: WebhookReader
    mirrors: MirrorReader
    anchors: AnchorReader
    outbox: OutboxReader
    threads: ThreadReader
    mediation: MediationReader


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """What one organisation changes, all of it or nothing."""

    organisation: OrganisationId
    members: Members
    api_keys: ApiKeys
    settings: SettingsKeeper
    keys: Keys
    identities: Identities
    audit: Audit
    approvals: Approvals
    requests: Requests
    challenges: Challenges
    achievements: Achievements
    pictures: Pictures
    catalogue: Catalogue
    statements: Statements
    register: Register
    awards: Awards
    runs: Runs
    links: Links
    senders: SenderKeeper
    status: StatusRows
    notices: Notices
    withdrawals: Withdrawals
    webhooks: Webhooks
    mirrors: Mirrors
    anchors: Anchors
    outbox: Outbox
    threads: Threads
    mediation: Mediation
    closing: bool = False
    """Whether it is about to be closed."""


class PublicReader(Protocol):
    """What anybody may see, of every organisation; raises AbsentError."""

    async def achievement(self, achievement: str, version: int | None = None) -> Published:
        """A published version, or the latest."""

    async def catalogue(self, *, after: str = "", limit: int = 100) -> tuple[Published, ...]:
        """The latest versions of what is awarded, by the ids that come after this one."""

    async def entry(self, achievement: str) -> Entry:
        """The entry of a published achievement, also of one that is awarded no more."""

    async def entries(self, query: EntryQuery) -> tuple[Entry, ...]:
        """A page of the catalogue: the latest versions of what is awarded."""

    async def picture(self, digest: str) -> tuple[Picture, bytes]:
        """A picture that a published achievement has."""

    async def statement(self, digest: str) -> Statement:
        """A statement that an organisation publishes about itself."""

    async def registers(self, *, after: str = "", limit: int = 100) -> tuple[tuple[Organisation, RegisterHead], ...]:
        """The organisations whose id comes after this one and that have a register, with its head."""

    async def register(self, organisation: OrganisationId) -> RegisterHead:
        """The head of an organisation's register."""

    async def register_file(self, digest: str) -> RegisterFile:
        """A file of a register."""

    async def status_list(self, url: str) -> bytes:
        """The version of a list that was published last; of one from a backup none, until it was reconciled."""

    async def list_copy(self, digest: str) -> tuple[str, bytes]:
        """Address and bytes of a version of a list, by the SHA-256 of it in hexadecimal: published or mirrored here."""

    async def did(self, did: str) -> HostedDid:
        """A DID that is hosted here."""

    async def hosted_dids(self, *, after: str = "", limit: int = 100) -> tuple[tuple[OrganisationId, HostedDid], ...]:
        """The DIDs that are hosted here, with whose they are, by the names that come after this one."""

    async def link(
        self, digest: bytes, kind: LinkKind, at: datetime, *, again: bytes | None = None
    ) -> tuple[OrganisationId, Link]:
        """The private link with this digest that leads somewhere still, and whose it is.

        With `again`, also a claim link that was used with the key of this digest less than GRACE ago.
        """

    async def profile_owner(self, profile: str) -> OrganisationId:
        """Whose a signing profile is."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """What the node itself sees."""

    organisations: OrganisationReader
    key_finder: ApiKeyFinder
    public: PublicReader
    work: WorkReader
    mail: MailReader


@dataclass(frozen=True, slots=True)
class NodeWork:
    """What the node itself changes, all of it or nothing."""

    organisations: Organisations
    worker: Worker


class Store(Protocol):
    """Where everything lies that has to outlive the process. Raises StoreError."""

    def view(self, organisation: OrganisationId) -> AbstractAsyncContextManager[View]:
        """One organisation's view of this moment."""

    async def change[T](self, organisation: OrganisationId, work: Callable[[UnitOfWork], Awaitable[T]]) -> T:
        """Do the work for one organisation; when this returns, all of it is on the disk.

        The work does nothing but look and change here: it may be done again from its start, and others wait for it.
        """

    def node_view(self) -> AbstractAsyncContextManager[NodeView]:
        """The node's view of this moment."""

    async def node_change[T](self, work: Callable[[NodeWork], Awaitable[T]]) -> T:
        """Do the work for the node, as `change` does."""
