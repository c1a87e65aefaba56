"""The register of an organisation: what it has published, as files that anybody may copy, under its own signature.

1. In one view: its identifiers, how it signs, what it published, what others signed of it.
2. What is said of it is written down; what has an address of its own is named by that, the rest by its digest.
3. Where all of that is as it was, the head stays.
4. The head is signed, by the first profile in use that has been there longest, in a form that shows all of it.
5. Head and files are published together, as what follows the head that was looked at.

Whoever publishes or withdraws something orders this in the same transaction.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

import orjson

from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, UnsecuredDocument
from node.issuance.publication import list_signing
from node.issuance.secure import check_issuable, hashed
from node.ports.organisations import HostedDid, Organisation, OrganisationId, Profile, State
from node.ports.publishing import Picture, RegisterFile, RegisterHead, Statement, VersionLine
from node.ports.store import Store
from node.ports.vault import KeyPurpose, Vault
from node.verification.register_form import (
    ISSUER,
    JSON,
    Kind,
    Listed,
    Pin,
    head_of,
    manifest_of,
    pages_of,
)
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

ACHIEVEMENT_TYPE: Final = "application/ld+json"
CREDENTIAL_TYPE: Final = "application/vc"
LOG_TYPE: Final = "text/jsonl"
PICTURE_SUFFIX: Final = {"image/png": "png", "image/svg+xml": "svg"}


def register_url(public_url: str, organisation: str) -> str:
    """Where the head of an organisation's register is."""
    return f"{public_url}/register/{organisation}"


def file_url(public_url: str, digest: str) -> str:
    """Where a file of a register is that has no other address."""
    return f"{public_url}/register/files/{digest}"


def picture_url(public_url: str, picture: Picture) -> str:
    """Where a published picture is."""
    return f"{public_url}/pictures/{picture.digest}.{PICTURE_SUFFIX[picture.media_type]}"


def statement_url(public_url: str, digest: str) -> str:
    """Where a statement about an organisation is."""
    return f"{public_url}/statements/{digest}"


@dataclass(frozen=True, slots=True)
class _Looked:
    """What one view showed."""

    whose: Organisation
    dids: tuple[HostedDid, ...]
    profiles: tuple[Profile, ...]
    versions: tuple[VersionLine, ...]
    pictures: tuple[Picture, ...]
    statements: tuple[Statement, ...]
    head: RegisterHead | None


@dataclass(frozen=True, slots=True)
class Registrar:
    """Makes the registers of all organisations of the node, each by its own key."""

    store: Store
    vault: Vault
    trust: Trust
    public_url: str
    now: Callable[[], datetime]

    async def publish(self, organisation: OrganisationId) -> RegisterHead | None:
        """Make the register say what is published now; None where it says that, or nobody signs for the organisation.

        Raises StoreError, IssuanceError, and what the keys raise.
        """
        looked = await self._look(organisation)  # 1.
        profile = signer_of(looked.profiles)
        if profile is None:
            return None
        files: list[RegisterFile] = []
        entries = list(self._entries(looked, files))  # 2.
        manifest = self._manifest(organisation, entries, files)
        state = sha256(profile.key.encode() + b"\0" + manifest).digest()
        if looked.head is not None and looked.head.state == state:  # 3.
            return None
        at = self.now()
        url = register_url(self.public_url, organisation)
        where = file_url(self.public_url, sha256(manifest).hexdigest())
        unsigned = head_of(url, profile.did, looked.whose.name, where, manifest, at)
        document = await self._signed(organisation, profile, unsigned, at)  # 4.
        head = RegisterHead(1 if looked.head is None else looked.head.number + 1, state, document, at)
        await self.store.change(organisation, lambda unit: unit.register.put(head, files))  # 5.
        return head

    async def _look(self, organisation: OrganisationId) -> _Looked:
        async with self.store.node_view() as node:
            whose = await node.organisations.find(organisation)
        async with self.store.view(organisation) as view:
            return _Looked(
                whose,
                await view.identities.dids(),
                await view.identities.profiles(),
                await view.register.versions(),
                await view.register.pictures(),
                await view.statements.listed(),
                await view.register.head(),
            )

    def _entries(self, looked: _Looked, files: list[RegisterFile]) -> Iterator[Listed]:
        """What the register lists; files without an address of their own are added to `files`."""

        def own(kind: Kind, content: bytes, media_type: str, about: str | None = None) -> Listed:
            pin = Pin.of(file_url(self.public_url, sha256(content).hexdigest()), content)
            files.append(RegisterFile(pin.sha256, media_type, content))
            return Listed(kind, pin, media_type, about)

        yield own(Kind.ISSUER, orjson.dumps(_issuer(looked)), JSON)
        for did in sorted(looked.dids, key=lambda one: one.did):
            if did.document is not None:
                yield own(Kind.DID_DOCUMENT, did.document, JSON, did.did)
            if did.log is not None:
                yield own(Kind.DID_LOG, did.log, LOG_TYPE, did.did)
        for statement in looked.statements:
            where = statement_url(self.public_url, statement.digest)
            pin = Pin(where, statement.digest, len(statement.document))
            yield Listed(Kind.ACCREDITATION, pin, CREDENTIAL_TYPE, statement.about)
        for version in looked.versions:
            where = f"{self.public_url}/achievements/{version.achievement}/versions/{version.version}"
            pin = Pin(where, version.digest.hex(), version.size)
            yield Listed(Kind.ACHIEVEMENT, pin, ACHIEVEMENT_TYPE, withdrawn=version.withdrawn_at)
        for picture in looked.pictures:
            pin = Pin(picture_url(self.public_url, picture), picture.digest, picture.size)
            yield Listed(Kind.PICTURE, pin, picture.media_type)

    def _manifest(self, organisation: OrganisationId, entries: Sequence[Listed], files: list[RegisterFile]) -> bytes:
        pages = []
        for page in pages_of(entries):
            pin = Pin.of(file_url(self.public_url, sha256(page).hexdigest()), page)
            files.append(RegisterFile(pin.sha256, JSON, page))
            pages.append(pin)
        manifest = manifest_of(organisation, len(entries), pages)
        files.append(RegisterFile(sha256(manifest).hexdigest(), JSON, manifest))
        return manifest

    async def _signed(
        self, organisation: OrganisationId, profile: Profile, document: UnsecuredDocument, at: datetime
    ) -> bytes:
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        signing = list_signing(profile, keys, self.trust)
        known = vocabulary(self.trust.contexts)
        await asyncio.to_thread(check_issuable, document, signing.profile, known)
        unsigned = await asyncio.to_thread(hashed, document, signing.profile, keys, known, created=at)
        signature = await keys.sign(signing.profile.verification_method, unsigned.hash_data)
        return orjson.dumps(await asyncio.to_thread(unsigned.complete, signature))


def signer_of(profiles: Sequence[Profile]) -> Profile | None:
    """Whose key signs the register: of the profiles in use, the one that was made first."""
    used = [profile for profile in profiles if profile.state is State.ACTIVE]
    return min(used, key=lambda profile: (profile.created_at, profile.id), default=None)


def _issuer(looked: _Looked) -> JsonObject:
    """What is said of the organisation itself."""
    return {
        "format": ISSUER,
        "organisation": looked.whose.id,
        "name": looked.whose.name,
        "since": format_timestamp(looked.whose.created_at),
        "dids": [did.did for did in sorted(looked.dids, key=lambda one: one.did)],
        "profiles": [
            {"id": one.id, "did": one.did, "key": one.key, "form": one.form, "state": one.state.value}
            for one in sorted(looked.profiles, key=lambda one: one.id)
        ],
    }
