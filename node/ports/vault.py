"""Keys at rest: each for one purpose, under the key of its organisation, that one under the master key.

The master key lies outside the database, so whoever has the database alone, or a backup of it, has no key.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from did_methods.multikey import PrivateKey, PublicKey
from node.ports.key_store import KeyStore
from node.ports.organisations import Caps, OrganisationId
from node.ports.secret import Secret


class KeyPurpose(StrEnum):
    """What a key may be used for, and for nothing else."""

    ASSERTION = "assertion"
    """Signs credentials and status lists."""
    AUTHENTICATION = "authentication"
    """Answers challenges in the organisation's name."""
    KEY_AGREEMENT = "key-agreement"
    """Opens messages."""
    PAIRWISE = "pairwise"
    """Opens messages of one relation, and stands for nobody else; there are as many as relations."""
    DID_UPDATE = "did-update"
    """Signs versions of a DID's history."""
    AUTHORITY = "authority"
    """Says what is anchored in a namespace."""
    GAS = "gas"
    """Pays for transactions; what it signs has no authority."""
    WEBHOOK = "webhook"
    """Signs notices to other programs."""
    LINKS = "links"
    """Makes private links of learners; it signs nothing."""


class KeyState(StrEnum):
    """Whether a key still signs."""

    ACTIVE = "active"
    RETIRED = "retired"
    """What it signed can be verified; it signs no more."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """What may be known of a key; `id` is the DID URL of its verification method, or an account."""

    id: str
    purpose: KeyPurpose
    public: PublicKey
    created_at: datetime
    state: KeyState = KeyState.ACTIVE
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A key as it lies in the store."""

    id: str
    purpose: KeyPurpose
    public: str
    state: KeyState
    generation: int
    sealed: bytes = field(repr=False)
    created_at: datetime
    retired_at: datetime | None = None


class KeyReader(Protocol):
    """The keys of one organisation, but not what signs."""

    async def records(self) -> tuple[KeyRecord, ...]:
        """What may be known of the keys, but for pairwise ones."""


class Keys(KeyReader, Protocol):
    """… and changing them, in one transaction with what is said about them."""

    async def add(self, key: SealedKey) -> None:
        """Take a key that the vault has sealed; raises ConflictError for an id that is in use."""

    async def retire(self, key: str, at: datetime) -> None:
        """Sign with it no more; raises AbsentError."""

    async def spend(self, key: str, at: datetime, caps: Caps, *, count: int = 1, by_minute: bool = True) -> None:
        """Count so many signatures to come of a key; raises CapError, and counts nothing, where they are too many.

        They count from the start of the minute and the day, in UTC. Of those that somebody waits for one by one some
        are left in each minute, however many are made in the background: these count for the day alone.
        """


class MasterKey(Protocol):
    """The key outside the database: of a passphrase, or in a key management service. Raises VaultError."""

    @property
    def id(self) -> str:
        """Its name, which stands beside what it wraps."""

    async def wrap(self, key: Secret, context: bytes) -> bytes:
        """The key, encrypted; it opens only beside the same context."""

    async def unwrap(self, wrapped: bytes, context: bytes) -> Secret:
        """The key that was wrapped."""


class Vault(Protocol):
    """The keys of all organisations of the node. Raises VaultError."""

    async def seal(
        self, organisation: OrganisationId, key: str, purpose: KeyPurpose, private: PrivateKey, at: datetime
    ) -> SealedKey:
        """A key that was made for this purpose, to be added in a transaction of the organisation's."""

    async def take(
        self, organisation: OrganisationId, key: str, purpose: KeyPurpose, private: PrivateKey, at: datetime
    ) -> KeyRecord:
        """Take a key that was made for this purpose; raises ConflictError for an id that is in use."""

    async def records(self, organisation: OrganisationId) -> tuple[KeyRecord, ...]:
        """What may be known of the keys."""

    async def retire(self, organisation: OrganisationId, key: str, at: datetime) -> None:
        """Sign with it no more; raises AbsentError."""

    async def keys(self, organisation: OrganisationId, purpose: KeyPurpose) -> KeyStore:
        """The keys for a purpose, as they are now: others are not held, and retired ones do not sign."""

    async def private_key(self, organisation: OrganisationId, key: str, purpose: KeyPurpose) -> PrivateKey:
        """A key, for an adapter that signs in another way.

        Raises AbsentError, RuleError for a key of another purpose, or one that is retired.
        """
