"""The store: for each organisation its own view, in which there is nobody else, and a view for the node itself."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from node.ports.anchor_rows import AnchorReader, Anchors
from node.ports.awarding import AchievementReader, Achievements, AwardReader, Awards, Published
from node.ports.organisations import (
    ApiKeyFinder,
    ApiKeyReader,
    ApiKeys,
    HostedDid,
    Identities,
    IdentityReader,
    MemberReader,
    Members,
    OrganisationId,
    OrganisationReader,
    Organisations,
)
from node.ports.outbox import Outbox, OutboxReader, Worker
from node.ports.oversight import ApprovalReader, Approvals, Audit, AuditReader, Challenges, Requests
from node.ports.status_rows import StatusReader, StatusRows


@dataclass(frozen=True, slots=True)
class View:
    """What one organisation sees, as it was at one moment; nothing can be changed through it."""

    organisation: OrganisationId
    members: MemberReader
    api_keys: ApiKeyReader
    identities: IdentityReader
    audit: AuditReader
    approvals: ApprovalReader
    achievements: AchievementReader
    awards: AwardReader
    status: StatusReader
    anchors: AnchorReader
    outbox: OutboxReader


@dataclass(frozen=True, slots=True)
class UnitOfWork:
    """What one organisation changes, all of it or nothing."""

    organisation: OrganisationId
    members: Members
    api_keys: ApiKeys
    identities: Identities
    audit: Audit
    approvals: Approvals
    requests: Requests
    challenges: Challenges
    achievements: Achievements
    awards: Awards
    status: StatusRows
    anchors: Anchors
    outbox: Outbox


class PublicReader(Protocol):
    """What anybody may see, of every organisation; raises AbsentError."""

    async def achievement(self, achievement: str, version: int | None = None) -> Published:
        """A published version, or the latest."""

    async def catalogue(self, *, after: str = "", limit: int = 100) -> tuple[Published, ...]:
        """The latest versions of what is awarded, by the ids that come after this one."""

    async def status_list(self, url: str) -> bytes:
        """The version of a list that was published last."""

    async def did(self, did: str) -> HostedDid:
        """A DID that is hosted here."""

    async def profile_owner(self, profile: str) -> OrganisationId:
        """Whose a signing profile is."""


@dataclass(frozen=True, slots=True)
class NodeView:
    """What the node itself sees."""

    organisations: OrganisationReader
    key_finder: ApiKeyFinder
    public: PublicReader


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
