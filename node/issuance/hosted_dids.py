"""Identifiers of organisations that the node publishes: made, changed and given up, and theirs for good.

A did:webvh comes with the did:web of the same place, for readers that know no history; both are kept, and a place that
was given away is never given to anybody else. A change is made in this order:

1. What is there is read, it can be changed, and it is what the caller has seen, if he says so.
2. Where it takes a second person and there is no consent yet, that is asked for, and nothing else is done.
3. New keys are made: those that the new document lists, and the one that will write the entry after this.
4. In one transaction: the consent is used up, the keys are kept, the document is published over what was read, with
   the entry of its log and the did:web beside it; profiles sign with the new key, keys that were replaced sign no
   more, and the event is written down. A power cut leaves all of it, or nothing.

Spec: https://w3c-ccg.github.io/did-method-web/, https://identity.foundation/didwebvh/v1.0/
"""

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import orjson

from did_methods import web, webvh_create
from did_methods.did import Did, parse_did
from did_methods.errors import shown
from did_methods.multikey import KeyType, PrivateKey, PublicKey
from did_methods.webvh_log import MAX_ENTRIES, MAX_LOG_BYTES, Version, method_of, read_log
from did_methods.webvh_log import METHOD as WEBVH
from did_methods.webvh_services import parallel_web
from node.documents import JsonObject, parse_object
from node.issuance.did_documents import (
    LINKED_DOMAINS,
    SIGNING_TYPES,
    given_up,
    is_given_up,
    keys_of,
    new_document,
    with_key,
    with_service,
    without_key,
    without_service,
)
from node.issuance.did_log import log_key
from node.issuance.errors import HostingError
from node.issuance.host import Host
from node.issuance.organisation.events import record
from node.issuance.organisation.second_person import Action, require_second_person
from node.ports.access import Scope
from node.ports.api_keys import Caller
from node.ports.errors import ConflictError, RuleError
from node.ports.organisations import HostedDid, OrganisationId
from node.ports.oversight import Approval
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, KeyState, SealedKey, Vault
from node.verification.did_logs import LOG_TOOLS

METHODS: Final = (WEBVH, web.METHOD)
MAX_NEW_KEYS: Final = 8
"""Keys that an identifier begins with: one of each kind, and some."""
MAX_DOCUMENT_BYTES: Final = 64 * 1024
"""Half of what readers take."""
MAX_DIDS: Final = 100
"""Identifiers of one organisation: one for each of its schools, and those that it has given up."""
_TO_END: Final = 2
"""Entries that it takes to give an identifier up whose keys are promised."""
_ENTRY_BYTES: Final = 2048
"""Of an entry beside its document."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants a change, and when; `granted` is the second person's consent, `seen` the digest of what the caller saw.

    Who manages the node may also speak for the whole host: have its root, and link it to an identifier.
    """

    caller: Caller
    at: datetime
    granted: str | None = None
    seen: str | None = None

    @property
    def organisation(self) -> OrganisationId:
        """Whose identifiers are changed."""
        return self.caller.organisation

    @property
    def for_host(self) -> bool:
        """Whether the caller may speak for the whole host."""
        return Scope.NODE_MANAGE in self.caller.scopes


@dataclass(frozen=True, slots=True)
class NewDid:
    """What an identifier is to be: no path is the host itself."""

    method: str = WEBVH
    path: tuple[str, ...] = ()
    key_types: tuple[KeyType, ...] = (KeyType.ED25519,)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that is to sign, in the place of another one or beside those that are there.

    The one that is replaced stays listed, so that what it signed can be checked. `exposed` says that somebody else may
    have it: it is taken out, and everything that it signed is in doubt.
    """

    kind: KeyType
    replaced: str | None = None
    exposed: bool = False


@dataclass(frozen=True, slots=True)
class NewService:
    """A service for a document: its name there, its type, and where it is."""

    name: str
    kind: str
    endpoints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """What changes a document; `details` are what the second person agrees to, and what the log of events says."""

    action: str
    details: JsonObject
    document: Callable[[JsonObject], JsonObject]
    key: PrivateKey | None = None
    replaced: str | None = None
    last: bool = False


@dataclass(frozen=True, slots=True)
class _Draft:
    """What is to be published, with the did:web beside it, and what happens to the keys."""

    published: HostedDid
    beside: HostedDid | None
    keys: tuple[SealedKey, ...] = ()
    retired: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HostedDids:
    """The desk of identifiers that are published here. What takes a second person answers with an Approval."""

    store: Store
    vault: Vault
    host: Host

    async def listed(self, organisation: OrganisationId) -> tuple[HostedDid, ...]:
        """The identifiers of an organisation; the did:web beside a did:webvh is a part of that."""
        async with self.store.view(organisation) as view:
            dids = await view.identities.dids()
        beside = _beside(dids)
        return tuple(did for did in dids if did.did not in beside)

    async def find(self, organisation: OrganisationId, did: str) -> HostedDid:
        """One of them; raises AbsentError."""
        async with self.store.view(organisation) as view:
            return await view.identities.did(did)

    async def create(self, new: NewDid, wish: Wish) -> HostedDid | Approval:
        """A new identifier, published; raises HostingError, and ConflictError where the place is somebody's."""
        self._check_new(new, wish)
        place, at = self.host.place(new.path), wish.at
        payload: JsonObject = {
            "change": "did.create",
            "method": new.method,
            "path": [*new.path],
            "keys": [*new.key_types],
        }
        if (asked := await self._asked(payload, wish)) is not None:
            return asked
        privates = [PrivateKey.generate(kind) for kind in new.key_types]
        publics = [private.public for private in privates]
        if new.method == web.METHOD:
            did = self.host.web_did(new.path)
            draft = _Draft(HostedDid(str(did), at, at, _written(new_document(did, publics))), None)
        else:
            updates = [PrivateKey.generate(KeyType.ED25519) for _ in range(2)]
            changes: JsonObject = {"nextKeyHashes": [webvh_create.promise(updates[1].public)]}
            first = new_document(webvh_create.unfinished_did(place), publics)
            log = webvh_create.create(first, changes, log_key(updates[0]), LOG_TOOLS, at=at)
            version = _last(log, at)
            did = parse_did(version.did)
            hosted = HostedDid(str(did), at, at, _written(version.document), log)
            # The first key has written its entry, and writes no other: it is not kept.
            draft = _Draft(hosted, _web_beside(did, version.document, at), (await self._update_key(updates[1], wish),))
        signing = [await self._signing_key(did, private, wish) for private in privates]

        async def work(unit: UnitOfWork) -> None:
            await _consent(unit, payload, wish)
            known = await unit.identities.dids()
            if len({each.did for each in known} - _beside(known)) >= MAX_DIDS:
                raise RuleError(
                    f"the organisation has {MAX_DIDS} identifiers",
                    code="did.full",
                    remedy="Add keys and profiles to those that there are.",
                )
            for key in (*signing, *draft.keys):
                await unit.keys.add(key)
            for each in (draft.published, draft.beside):
                if each is not None:
                    await unit.identities.add_did(each)
            record(unit, wish.caller, "did.create", str(did), at, payload)

        await self.store.change(wish.organisation, work)
        return draft.published

    async def put_key(self, did: str, new: NewKey, wish: Wish) -> HostedDid | Approval:
        """A new key that signs; profiles of the one that it replaces sign with it from now on."""
        if new.kind not in SIGNING_TYPES:
            raise _key_error(
                f"a {new.kind} key does not sign credentials", f"Choose one of {', '.join(SIGNING_TYPES)}."
            )
        private = PrivateKey.generate(new.kind)

        def changed(document: JsonObject) -> JsonObject:
            known = keys_of(document)
            if new.replaced is not None and new.replaced not in known:
                raise _key_error(f"{shown(new.replaced)} is no key that signs in this document", "List its keys.")
            if new.replaced is not None and known[new.replaced].type is not new.kind:
                raise _key_error(
                    f"{shown(new.replaced)} is a {known[new.replaced].type} key", "Replace a key by one of its kind."
                )
            left = without_key(document, new.replaced) if new.replaced and new.exposed else document
            return with_key(left, private.public)

        details: JsonObject = {"kind": new.kind.value, "replaced": new.replaced, "exposed": new.exposed}
        change = Change("did.put_key", details, changed, private, new.replaced)
        return await self._change(did, change, wish)

    async def put_service(self, did: str, new: NewService, wish: Wish) -> HostedDid | Approval:
        """Have the document name a service, or another one under the same name."""
        if new.kind == LINKED_DOMAINS and self.host.origin in new.endpoints:
            _expect_host(wish, "that an identifier is the one of the whole host")

        def changed(document: JsonObject) -> JsonObject:
            return with_service(document, new.name, new.kind, new.endpoints, own=self.host.origin)

        details: JsonObject = {"service": new.name, "type": new.kind, "endpoints": [*new.endpoints]}
        return await self._change(did, Change("did.put_service", details, changed), wish)

    async def remove_service(self, did: str, name: str, wish: Wish) -> HostedDid | Approval:
        """Have the document name a service no more."""
        change = Change("did.remove_service", {"service": name}, lambda document: without_service(document, name))
        return await self._change(did, change, wish)

    async def give_up(self, did: str, wish: Wish) -> HostedDid | Approval:
        """End an identifier for good: it names no key any more, nobody signs as it, and nobody else ever gets it."""
        return await self._change(did, Change("did.give_up", {}, given_up, last=True), wish)

    async def _change(self, did: str, change: Change, wish: Wish) -> HostedDid | Approval:
        hosted, before = await self._present(did, wish)  # 1.
        after = change.document(before)
        if after == before:
            return hosted
        payload: JsonObject = {"change": change.action, "did": did, **change.details}
        if (asked := await self._asked(payload, wish)) is not None:  # 2.
            return asked
        draft = await self._drafted(hosted, after, change, wish)  # 3.
        new = None if change.key is None else web.method_id(parse_did(did), change.key.public)

        async def work(unit: UnitOfWork) -> None:  # 4.
            await _consent(unit, payload, wish)
            for key in draft.keys:
                await unit.keys.add(key)
            await _publish(unit, draft.published, hosted.document, wish.at)
            if draft.beside is not None:
                former = (await unit.identities.did(draft.beside.did)).document
                await _publish(unit, draft.beside, former, wish.at)
            if new is not None and change.replaced is not None:
                for profile in await unit.identities.profiles():
                    if profile.key == change.replaced:
                        await unit.identities.change_profile(replace(profile, key=new), before=change.replaced)
            for name in draft.retired:
                await unit.keys.retire(name, wish.at)
            said = change.details if new is None else {**change.details, "key_id": new}
            record(unit, wish.caller, change.action, did, wish.at, said)

        await self.store.change(wish.organisation, work)
        return draft.published

    async def _present(self, did: str, wish: Wish) -> tuple[HostedDid, JsonObject]:
        """What is published now, and can be changed."""
        async with self.store.view(wish.organisation) as view:
            hosted, dids = await view.identities.did(did), await view.identities.dids()
        if hosted.document is None or did in _beside(dids) or not self.host.has(parse_did(did)):
            raise HostingError(
                f"{shown(did)} is not written here",
                code="hosting.owner",
                remedy="Change it where it is written; a did:web beside a did:webvh follows that.",
            )
        if wish.seen is not None and wish.seen != digest_of(hosted.document):
            raise ConflictError(
                "somebody has changed this identifier meanwhile",
                code="store.changed",
                remedy="Look at what is published now, and make the change again.",
            )
        document = parse_object(hosted.document)
        if is_given_up(document):
            raise RuleError(
                "the identifier was given up", code="did.given_up", remedy="Make a new one; this one stays as it ended."
            )
        return hosted, document

    async def _drafted(self, hosted: HostedDid, after: JsonObject, change: Change, wish: Wish) -> _Draft:
        """The new document and the keys for it, and where it has a history, the entry that follows the last."""
        at, did = wish.at, parse_did(hosted.did)
        keys = [] if change.key is None else [await self._signing_key(did, change.key, wish)]
        retired = [] if change.replaced is None else [change.replaced]
        if change.last:
            records = await self.vault.records(wish.organisation)
            retired = [each.id for each in records if each.id.startswith(f"{did}#") and each.state is KeyState.ACTIVE]
        log, beside = hosted.log, None
        if log is not None:
            last = await asyncio.to_thread(_last, log, at)
            if not change.last:
                _expect_room(log, last, _written(after))
            name, writer = await self._writer(last, wish)
            retired.append(name)
            if change.last:
                log = await asyncio.to_thread(webvh_create.deactivate, log, log_key(writer), LOG_TOOLS, at=at)
            else:
                following = PrivateKey.generate(KeyType.ED25519)
                keys.append(await self._update_key(following, wish))
                log = await asyncio.to_thread(_followed, log, after, writer, following.public, at)
            beside = _web_beside(did, last.document if change.last else after, at, last=change.last)
        published = HostedDid(hosted.did, hosted.created_at, at, _written(after), log)
        return _Draft(published, beside, tuple(keys), tuple(retired))

    async def _writer(self, last: Version, wish: Wish) -> tuple[str, PrivateKey]:
        """The key that may write the next entry of a log, and its name."""
        promised = last.parameters.next_key_hashes
        for each in await self.vault.records(wish.organisation):
            if each.purpose is not KeyPurpose.DID_UPDATE or each.state is not KeyState.ACTIVE:
                continue
            name = each.public.to_multibase()
            if webvh_create.promise(each.public) in promised if promised else name in last.parameters.update_keys:
                return each.id, await self.vault.private_key(wish.organisation, each.id, KeyPurpose.DID_UPDATE)
        raise ConflictError(
            "no key is here that may write the next entry: somebody has changed the identifier meanwhile",
            code="store.changed",
            remedy="Send it again. If that goes on, the keys are of an older backup than the history: make a new one.",
        )

    async def _signing_key(self, did: Did, private: PrivateKey, wish: Wish) -> SealedKey:
        name = web.method_id(did, private.public)
        return await self.vault.seal(wish.organisation, name, KeyPurpose.ASSERTION, private, wish.at)

    async def _update_key(self, private: PrivateKey, wish: Wish) -> SealedKey:
        name = method_of(private.public.to_multibase())
        return await self.vault.seal(wish.organisation, name, KeyPurpose.DID_UPDATE, private, wish.at)

    async def _asked(self, payload: JsonObject, wish: Wish) -> Approval | None:
        """What a second person was asked for, where one is needed and has not consented."""
        if wish.granted is not None:
            return None
        return await self.store.change(
            wish.organisation,
            lambda unit: require_second_person(unit, Action.PROFILES, payload, wish.caller, wish.at),
        )

    def _check_new(self, new: NewDid, wish: Wish) -> None:
        if new.method not in METHODS:
            raise HostingError(
                f"{shown(new.method)} is no method of which identifiers are hosted here",
                code="hosting.method",
                remedy=f"Choose one of {', '.join(METHODS)}.",
            )
        if not 1 <= len(new.key_types) <= MAX_NEW_KEYS or not set(new.key_types) <= set(SIGNING_TYPES):
            raise _key_error(
                f"an identifier begins with 1 to {MAX_NEW_KEYS} keys that sign credentials",
                f"Choose from {', '.join(SIGNING_TYPES)}.",
            )
        if not new.path:
            _expect_host(wish, "an identifier that is the whole host")


def digest_of(document: bytes) -> str:
    """What tells one version of a document from another, as who looks at it is given it."""
    return hashlib.sha256(document).hexdigest()


async def _consent(unit: UnitOfWork, payload: JsonObject, wish: Wish) -> None:
    """Use the second person's consent up; where one is needed since a moment ago, it has to be asked for first."""
    asked = await require_second_person(unit, Action.PROFILES, payload, wish.caller, wish.at, granted=wish.granted)
    if asked is not None:
        raise ConflictError(
            "this takes a second person since a moment ago", code="store.changed", remedy="Send the request again."
        )


async def _publish(unit: UnitOfWork, did: HostedDid, before: bytes | None, at: datetime) -> None:
    if did.document is None:
        raise TypeError("what is published has a document")
    await unit.identities.publish_did(did.did, did.document, did.log, at, before=before)


def _expect_host(wish: Wish, what: str) -> None:
    if not wish.for_host:
        raise HostingError(
            f"{what} is for those to say who manage the node",
            code="hosting.owner",
            remedy="Name a path of your own, or ask those who manage the node: it takes a key of theirs.",
        )


def _beside(dids: tuple[HostedDid, ...]) -> set[str]:
    """The did:webs that are beside a did:webvh."""
    return {f"did:{web.METHOD}:{did.did.split(':', 3)[3]}" for did in dids if did.log is not None}


def _web_beside(did: Did, document: JsonObject, at: datetime, *, last: bool = False) -> HostedDid:
    parallel = parallel_web(did, document, loopback=True)
    if last:
        parallel = given_up(parallel) | {"alsoKnownAs": [str(did)]}
    return HostedDid(str(parallel["id"]), at, at, _written(parallel))


def _followed(log: bytes, document: JsonObject, key: PrivateKey, following: PublicKey, at: datetime) -> bytes:
    """The log with one more entry by a promised key, which promises the next."""
    changes: JsonObject = {
        "updateKeys": [key.public.to_multibase()],
        "nextKeyHashes": [webvh_create.promise(following)],
    }
    return webvh_create.update(log, changes, log_key(key), LOG_TOOLS, at=at, document=document)


def _last(log: bytes, at: datetime) -> Version:
    """The last version of a log of ours; raises RuleError where it lies in the future of this machine's clock."""
    read = read_log(log, LOG_TOOLS, now=at)
    if read.refusal is not None:
        raise RuleError(
            f"the history cannot be gone on with: {read.refusal.error}",
            code="did.history",
            remedy="Set the clock of the node: no version may be of an earlier time than the one before.",
        )
    return read.versions[-1]


def _expect_room(log: bytes, last: Version, document: bytes) -> None:
    """Raise RuleError where readers would not read the next version, and the two that end a history."""
    if last.number + 1 + _TO_END > MAX_ENTRIES or len(log) + 3 * (len(document) + _ENTRY_BYTES) > MAX_LOG_BYTES:
        raise RuleError(
            f"the history has {last.number} versions in {len(log)} bytes, and readers read no more than that",
            code="did.history",
            remedy="Make a new identifier for what comes; this one can still be given up.",
        )


def _written(document: JsonObject) -> bytes:
    data = orjson.dumps(document)
    if len(data) > MAX_DOCUMENT_BYTES:
        raise HostingError(
            f"the document would have {len(data)} bytes; at most {MAX_DOCUMENT_BYTES} are published",
            code="hosting.document",
            remedy="Take out keys and services that nobody uses.",
        )
    return data


def _key_error(message: str, remedy: str) -> HostingError:
    return HostingError(message, code="hosting.key", remedy=remedy)
