"""Keys for programs: 256 random bits, shown once, found by a prefix, compared in constant time.

The database has a digest that nobody can turn back, so it needs no slow hash: there is nothing to guess.
"""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from node.ports.access import NODES_OWN, scopes_of
from node.ports.errors import RuleError
from node.ports.organisations import ApiKey, OrganisationId
from node.ports.secret import Secret
from node.ports.store import Store

MACHINE: Final = "machine"
"""Who made a key by a command on the node's machine."""
MAX_LIFETIME: Final = timedelta(days=366)
"""A key that nobody renews within a year is one that nobody knows of."""
_PREFIX_BYTES: Final = 8
_SECRET_BYTES: Final = 32
_FORM: Final = re.compile(r"glejt_([0-9a-f]{16})_([0-9a-f]{64})", re.ASCII)
_TAG: Final = b"glejt/api-key/v1"
_NOBODYS: Final = hashlib.sha256(_TAG).digest()


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request."""

    organisation: OrganisationId
    key: str
    scopes: frozenset[str]
    member: str | None = None
    """The person who acts; None for a program."""
    made_by: str = ""
    """Who made the key."""

    @property
    def actor(self) -> str:
        """Who acts, for the log of events: a person, or a program by its key."""
        return f"program:{self.key}" if self.member is None else f"member:{self.member}"

    @property
    def person(self) -> str:
        """The person behind it: who made a program's key answers for what it asks for."""
        return self.made_by if self.member is None else self.member

    @property
    def is_own(self) -> bool:
        """Whether it is a person's key that nobody else has made, and so has seen."""
        return self.member is not None and self.made_by == self.member


def make_api_key(  # noqa: PLR0913 -- what is to be known of a key
    key_id: str,
    *,
    label: str,
    scopes: frozenset[str],
    made_by: str,
    at: datetime,
    lifetime: timedelta,
    member: str | None = None,
) -> tuple[ApiKey, Secret]:
    """A new key: what is kept of it, and the text to be shown once; raises RuleError for one that lasts too long."""
    if not timedelta() < lifetime <= MAX_LIFETIME or not scopes:
        raise RuleError(
            f"a key lasts up to {MAX_LIFETIME.days} days, and is for something",
            code="api_key.lifetime",
            remedy="Name its scopes, and renew it in time.",
        )
    prefix, secret = secrets.token_hex(_PREFIX_BYTES), secrets.token_hex(_SECRET_BYTES)
    kept = ApiKey(key_id, prefix, _digest(secret), label, scopes, made_by, at, at + lifetime, member=member)
    return kept, Secret(f"glejt_{prefix}_{secret}".encode())


async def authenticate(store: Store, presented: str, at: datetime) -> Caller | None:
    """Whose key this is; None for one that is unknown, revoked, over, or of an organisation that is closed."""
    form = _FORM.fullmatch(presented)
    if form is None:
        return None
    prefix, secret = form.groups()
    async with store.node_view() as view:
        found = await view.key_finder.by_prefix(prefix)
    # Compared also where there is none, so that the time says nothing.
    matches = hmac.compare_digest(_digest(secret), _NOBODYS if found is None else found[1].digest)
    if found is None or not matches:
        return None
    organisation, key, roles = found
    if key.revoked_at is not None or not key.created_at <= at < key.expires_at:
        return None
    # A person's keys can no more than the person, from the moment at which a role is taken away.
    scopes = key.scopes if key.member is None else key.scopes & (scopes_of(roles) | NODES_OWN)
    return Caller(organisation, key.id, scopes, key.member, key.made_by)


def _digest(secret: str) -> bytes:
    return hashlib.sha256(_TAG + secret.encode()).digest()
