"""The page on which the node's host names the identifiers that are its own, each by a credential that it signed.

An identifier asks for it by a service of its document, `LinkedDomains` with the node's own address. The credential is
signed with a key of the identifier, kept in memory, and signed anew long before it ends: who reads the page today can
keep it for weeks. An identifier whose key does not answer is left out; the others are named all the same.

Spec: https://identity.foundation/.well-known/resources/did-configuration/
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import orjson

from did_methods.errors import DidMethodsError
from node.credentials.context_profile import DID_CONFIGURATION_CONTEXT
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue, UnsecuredDocument, parse_object
from node.issuance.did_documents import keys_of, origins_of
from node.issuance.errors import IssuanceError
from node.issuance.host import Host
from node.issuance.hosted_dids import digest_of
from node.issuance.secure import Signing, SigningProfile
from node.ports.errors import VaultError
from node.ports.key_store import KeyNotHeldError
from node.ports.organisations import HostedDid, OrganisationId
from node.ports.store import Store
from node.ports.vault import KeyPurpose, Vault
from node.proofs.cryptosuites.usual import USUAL_SUITES
from node.verification.domain_linkage import MAX_LINKED, TYPE
from node.verification.trust import NO_TRUST

LIFETIME: Final = timedelta(days=90)
"""Of a credential; it is signed anew when a third of this is left."""
LEFT: Final = LIFETIME / 3
LOOKED_AFTER: Final = timedelta(minutes=1)
"""So long the page stays as it is; a change of an identifier here shows at once."""
_VC_1: Final = "https://www.w3.org/2018/credentials/v1"
_DATA_INTEGRITY: Final = "https://w3id.org/security/data-integrity/v2"
_ASKED: Final = b'"LinkedDomains"'


@dataclass(frozen=True, slots=True)
class _Linked:
    """A credential, which document asked for it, and when it was signed."""

    document: str
    credential: JsonObject
    signed_at: datetime


@dataclass(slots=True)
class DomainLinkages:
    """The page, and the credentials on it as long as they last."""

    store: Store
    vault: Vault
    host: Host
    _linked: dict[str, _Linked] = field(default_factory=dict)
    _page: tuple[datetime, bytes] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def page(self, now: datetime) -> bytes | None:
        """The page as it is now; None where no identifier asks to be on it."""
        async with self._turn:
            if self._page is None or not self._page[0] <= now < self._page[0] + LOOKED_AFTER:
                self._page = now, await self._made(now)
            return self._page[1] or None

    def forget(self) -> None:
        """Look again: an identifier was changed."""
        self._page = None

    async def _made(self, now: datetime) -> bytes:
        linked: dict[str, _Linked] = {}
        for organisation, did in await self._asking():
            found = await self._credential(organisation, did, now)
            if found is not None:
                linked[did.did] = found
        self._linked = linked
        if not linked:
            return b""
        entries: list[JsonValue] = [each.credential for each in linked.values()]
        return orjson.dumps({"@context": DID_CONFIGURATION_CONTEXT, "linked_dids": entries})

    async def _asking(self) -> list[tuple[OrganisationId, HostedDid]]:
        """The identifiers that ask for it, so many at most as readers look at."""
        asking: list[tuple[OrganisationId, HostedDid]] = []
        after = ""
        async with self.store.node_view() as view:
            while page := await view.public.hosted_dids(after=after):
                after = page[-1][1].did
                asking += [(owner, did) for owner, did in page if self._asks(did)]
        named = {did.did for _, did in asking}
        beside = {f"did:web:{name.split(':', 3)[3]}" for name in named if name.startswith("did:webvh:")}
        return [each for each in asking if each[1].did not in beside][:MAX_LINKED]

    def _asks(self, did: HostedDid) -> bool:
        document = did.document or b""
        return _ASKED in document and self.host.origin in origins_of(parse_object(document))

    async def _credential(self, organisation: OrganisationId, did: HostedDid, now: datetime) -> _Linked | None:
        document = digest_of(did.document or b"")
        known = self._linked.get(did.did)
        if (
            known is not None
            and known.document == document
            and known.signed_at <= now < known.signed_at + LIFETIME - LEFT
        ):
            return known
        unsecured = linkage_credential(did.did, self.host.origin, now)
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        for method, key in keys_of(parse_object(did.document or b"")).items():
            suite = USUAL_SUITES.get(key.type)
            if suite is None:
                continue
            try:
                signing = Signing(SigningProfile(did.did, method, suite), keys, NO_TRUST)
                secured = await signing.secure(unsecured, created=now)
            except (KeyNotHeldError, VaultError, IssuanceError, DidMethodsError):
                continue  # a key that was replaced, or one that does not open
            return _Linked(document, secured, now)
        return None


def linkage_credential(did: str, origin: str, now: datetime) -> UnsecuredDocument:
    """What an identifier says of an origin, unsigned.

    Spec: https://identity.foundation/.well-known/resources/did-configuration/#domain-linkage-credential
    """
    since = now.replace(microsecond=0)
    return UnsecuredDocument(
        {
            "@context": [_VC_1, DID_CONFIGURATION_CONTEXT, _DATA_INTEGRITY],
            "type": ["VerifiableCredential", TYPE],
            "issuer": did,
            "issuanceDate": format_timestamp(since),
            "expirationDate": format_timestamp(since + LIFETIME),
            "credentialSubject": {"id": did, "origin": origin},
        }
    )
