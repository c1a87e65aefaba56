"""Organisations, who acts for them, and by which identifiers they are known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from node.documents import JsonValue

OrganisationId = NewType("OrganisationId", str)
"""Whoever holds one may see all that is the organisation's: it comes from a checked key or login, never from a URL."""


class Role(StrEnum):
    """What a member may do; the owner names the others."""

    OWNER = "owner"
    DESIGNER = "designer"
    ISSUER = "issuer"
    AUDITOR = "auditor"


class State(StrEnum):
    """Whether something is in use."""

    ACTIVE = "active"
    CLOSING = "closing"
    """Of an organisation: it issues no more, and what it issued is being made to last."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who issues. What is its, nobody else of the node sees."""

    id: OrganisationId
    name: str
    created_at: datetime
    state: State = State.ACTIVE


@dataclass(frozen=True, slots=True)
class Member:
    """A person who acts for an organisation."""

    id: str
    login: str
    name: str
    roles: frozenset[Role]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key for programs; the key itself is not among it."""

    id: str
    prefix: str
    digest: bytes = field(repr=False)
    label: str
    scopes: frozenset[str]
    made_by: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    member: str | None = None
    """The person who acts with it; None for a program. `made_by` is the person who answers for it, or the machine."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How an organisation wants to be held to its rules."""

    second_person: frozenset[str] = frozenset()
    """What nobody does alone, by the names in `node.issuance.organisation.second_person.Action`."""


@dataclass(frozen=True, slots=True)
class Caps:
    """How often a key may sign."""

    per_minute: int
    per_day: int


@dataclass(frozen=True, slots=True)
class HostedDid:
    """A DID of the organisation, with what is published for it here."""

    did: str
    created_at: datetime
    changed_at: datetime
    document: bytes | None = None
    """The DID document as it is served, where it is hosted here."""
    log: bytes | None = None
    """The whole history, where the method has one."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One way of signing: a DID, a key of it, a form. Its name stands in URLs and is nobody else's on this node."""

    id: str
    did: str
    key: str
    form: str
    created_at: datetime
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    state: State = State.ACTIVE


@dataclass(frozen=True, slots=True)
class ChainRecord:
    """A namespace of the organisation, or an account that pays for gas, on a chain; `key` is None for one held outside.

    `id` is `eip155:CHAIN:0xCONTRACT#0xNAMESPACE`, or `eip155:CHAIN:0xACCOUNT`.
    """

    id: str
    created_at: datetime
    key: str | None = None


class OrganisationReader(Protocol):
    """The organisations of the node, for whoever runs it."""

    async def find(self, organisation: OrganisationId) -> Organisation:
        """The organisation; raises AbsentError."""

    async def listed(self, *, after: str = "", limit: int = 100) -> tuple[Organisation, ...]:
        """Those whose id comes after this one, in order."""


class Organisations(OrganisationReader, Protocol):
    """… and changing them."""

    async def add(self, organisation: Organisation) -> None:
        """Take a new one; raises ConflictError."""

    async def begin_closing(self, organisation: OrganisationId) -> None:
        """Have it be closing, unless it is closed, once every change of it that is under way has ended."""

    async def close(self, organisation: OrganisationId, *, beside: Sequence[str] | None = None) -> bool:
        """Let nobody act for it any more; what it published stays. Raises AbsentError.

        With `beside`, only where no task waits for it, or was given up, but of these kinds; whether it is closed now.
        """


class ApiKeyFinder(Protocol):
    """Whose key a request brings: asked before the organisation is known."""

    async def by_prefix(self, prefix: str) -> tuple[OrganisationId, ApiKey, frozenset[Role]] | None:
        """The key with this prefix, of an organisation that is active, and the roles of the person it is of.

        None also for the key of somebody who is no member any more.
        """


class MemberReader(Protocol):
    """The members of one organisation."""

    async def find(self, member: str) -> Member:
        """The member; raises AbsentError."""

    async def by_login(self, login: str) -> Member | None:
        """Whoever logs in by this."""

    async def listed(self) -> tuple[Member, ...]:
        """All of them."""


class Members(MemberReader, Protocol):
    """… and changing them. There is always an owner, once there was one."""

    async def add(self, member: Member) -> None:
        """Take a new one; raises ConflictError, RuleError for one without a role."""

    async def change(self, member: str, roles: frozenset[Role]) -> None:
        """Give the member these roles instead; raises AbsentError, RuleError for the last owner."""

    async def remove(self, member: str) -> None:
        """Let the member act no more; raises AbsentError, RuleError for the last owner."""


class ApiKeyReader(Protocol):
    """The keys for programs of one organisation."""

    async def listed(self) -> tuple[ApiKey, ...]:
        """All, also those that are over."""


class ApiKeys(ApiKeyReader, Protocol):
    """… and changing them."""

    async def add(self, key: ApiKey) -> None:
        """Take a new one."""

    async def revoke(self, key: str, at: datetime) -> None:
        """End one for good; raises AbsentError. One that is over stays over from when it was."""


class SettingsReader(Protocol):
    """How one organisation wants to be held to its rules."""

    async def find(self) -> Settings:
        """As it was set; without anything special where nobody did."""


class SettingsKeeper(SettingsReader, Protocol):
    """… and changing it."""

    async def keep(self, settings: Settings, at: datetime) -> None:
        """Set it so from now on."""


class IdentityReader(Protocol):
    """The identifiers of one organisation, and how it signs."""

    async def did(self, did: str) -> HostedDid:
        """The DID; raises AbsentError."""

    async def dids(self) -> tuple[HostedDid, ...]:
        """All of them."""

    async def profile(self, profile: str) -> Profile:
        """The profile; raises AbsentError."""

    async def profiles(self) -> tuple[Profile, ...]:
        """All of them."""

    async def namespaces(self) -> tuple[ChainRecord, ...]:
        """The namespaces."""

    async def gas_accounts(self) -> tuple[ChainRecord, ...]:
        """The accounts that pay."""


class Identities(IdentityReader, Protocol):
    """… and changing them. Raises ConflictError for a name that is in use, also by somebody else."""

    async def add_did(self, did: HostedDid) -> None:
        """Take a new DID."""

    async def publish_did(
        self, did: str, document: bytes, log: bytes | None, at: datetime, *, before: bytes | None
    ) -> None:
        """Serve this from now on; raises AbsentError, ConflictError where it was not `before` that was served."""

    async def add_profile(self, profile: Profile) -> None:
        """Take a new profile; raises RuleError for a key that is not for assertions."""

    async def change_profile(self, profile: Profile, *, before: str) -> None:
        """Sign with this key and these options from now on; raises AbsentError, RuleError as above.

        Raises ConflictError where its key was not `before`.
        """

    async def close_profile(self, profile: str) -> None:
        """Sign with it no more; raises AbsentError."""

    async def add_namespace(self, record: ChainRecord) -> None:
        """Take a new namespace; raises RuleError for a key that is not an authority's."""

    async def add_gas_account(self, record: ChainRecord) -> None:
        """Take a new account; raises RuleError for a key that is not for gas."""
