"""Private links: made so that whoever has the whole database has none of them, and sent again as the same.

The token of a link is an HMAC over the link's id, under a secret of the organisation that lies in the vault. So the
database has a digest alone, a letter that is sent again after a crash has the same link, and nobody guesses one: it has
192 bits. A new link has a new id, and so another token.

Spec: https://www.rfc-editor.org/rfc/rfc2104
"""

import hmac
from base64 import urlsafe_b64encode
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from did_methods.multikey import KeyType, PrivateKey
from node.ports.errors import AbsentError, ConflictError
from node.ports.identifiers import new_id
from node.ports.links import LIFETIME, Link, LinkKind
from node.ports.organisations import OrganisationId
from node.ports.secret import Secret
from node.ports.store import Store
from node.ports.vault import KeyPurpose, Vault

TOKEN_BYTES: Final = 24
"""192 bits, and no padding in their text."""
MAX_TOKEN_CHARS: Final = 64
"""Twice what one has; what is longer is not even hashed."""
PATHS: Final = {LinkKind.CLAIM: "/claims/", LinkKind.DOCUMENT: "/awards/"}
"""Where a link leads, below the node's own address."""
_TOKEN: Final = b"glejt/private-link/v1"
_DIGEST: Final = b"glejt/private-link-digest/v1"


def digest_of(token: str) -> bytes:
    """What is kept of a token."""
    return sha256(_DIGEST + token[:MAX_TOKEN_CHARS].encode()).digest()


def token_of(secret: Secret, organisation: OrganisationId, link: str, kind: LinkKind) -> str:
    """The token of a link."""
    said = [organisation.encode(), link.encode(), kind.encode()]
    message = _TOKEN + b"".join(len(part).to_bytes(4) + part for part in said)
    return urlsafe_b64encode(hmac.digest(secret.reveal(), message, "sha256")[:TOKEN_BYTES]).decode("ascii")


@dataclass(frozen=True, slots=True)
class Linking:
    """Makes links, and says where they lead."""

    store: Store
    vault: Vault
    public_url: str

    async def secret(self, organisation: OrganisationId, at: datetime) -> Secret:
        """The secret of an organisation, made when it is first needed; whoever is later takes what is there."""
        name = f"links:{organisation}"
        try:
            return await self._secret(organisation, name)
        except AbsentError:
            pass
        private = PrivateKey.generate(KeyType.ED25519)
        sealed = await self.vault.seal(organisation, name, KeyPurpose.LINKS, private, at)
        with suppress(ConflictError):
            await self.store.change(organisation, lambda unit: unit.keys.add(sealed))
        return await self._secret(organisation, name)

    def url(self, secret: Secret, organisation: OrganisationId, link: Link) -> str:
        """Where a link leads."""
        return f"{self.public_url}{PATHS[link.kind]}{token_of(secret, organisation, link.id, link.kind)}"

    async def _secret(self, organisation: OrganisationId, name: str) -> Secret:
        return Secret((await self.vault.private_key(organisation, name, KeyPurpose.LINKS)).raw)


def made(  # noqa: PLR0913, PLR0917 -- what a link is for, whose, since when, and where it is sent
    secret: Secret,
    organisation: OrganisationId,
    award: str,
    kind: LinkKind,
    at: datetime,
    address: str | None = None,
) -> Link:
    """A new link, to be put into the store."""
    link = new_id()
    digest = digest_of(token_of(secret, organisation, link, kind))
    return Link(link, award, kind, digest, at, at + LIFETIME, address)
