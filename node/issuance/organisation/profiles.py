"""Signing profiles: a name that stands in addresses, for one DID, one key of it, and one form.

A key comes from one of three places:

1. It is made here, and the DID is the key (did:key). Such a DID has no other key: a profile of it is not changed to
   another one, but closed, and a new one made.
2. It is one that is there already, of a DID that is hosted here. To replace it there takes the profiles along.
3. It is brought along, and the DID is the key, or is published elsewhere and lists it. Nobody but its owner can know
   whether it does; verifiers will see.

A profile, its key, its DID and the event are one transaction. A private key is in no event, payload or error.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from did_methods import key as did_key
from did_methods.did import parse_did_url
from did_methods.errors import DidMethodsError, shown
from did_methods.multikey import KeyType, PrivateKey
from node.documents import JsonObject
from node.issuance.errors import ProfileError
from node.issuance.host import Host
from node.issuance.organisation.events import record
from node.issuance.organisation.second_person import Action, agreed
from node.issuance.profile_options import FORMS, options_of
from node.ports.api_keys import Caller
from node.ports.errors import AbsentError, RuleError
from node.ports.judging import Form
from node.ports.organisations import HostedDid, Profile, State
from node.ports.oversight import Approval
from node.ports.store import Store, UnitOfWork
from node.ports.vault import KeyPurpose, KeyRecord, KeyState, SealedKey, Vault
from node.proofs.cryptosuites import SUITES
from node.proofs.jose.algorithms import SIGNING

MAX_PROFILES: Final = 200
SIGNING_TYPES: Final = (KeyType.ED25519, KeyType.P256, KeyType.P384, KeyType.BLS12_381_G2)
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?", re.ASCII)


@dataclass(frozen=True, slots=True)
class NewProfile:
    """How is to be signed; one of `key_type` (made here), `key` (of a hosted DID) and `private` (brought along).

    `key` beside `private` is the DID URL under which a document that is published elsewhere lists it.
    """

    id: str
    form: str
    options: JsonObject
    key_type: KeyType | None = None
    key: str | None = None
    private: PrivateKey | None = None


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the key of a new profile comes from; `sealed` and `new_did` where they are not there yet."""

    did: str
    key: str
    kind: KeyType
    sealed: SealedKey | None = None


@dataclass(frozen=True, slots=True)
class ProfilesDesk:
    """The use cases."""

    store: Store
    vault: Vault
    host: Host | None
    """Where identifiers are hosted, if anywhere: they come from there alone."""
    now: Callable[[], datetime]

    async def listed(self, caller: Caller) -> tuple[Profile, ...]:
        """All of the organisation, also those that are closed."""
        async with self.store.view(caller.organisation) as view:
            return await view.identities.profiles()

    async def find(self, caller: Caller, profile: str) -> Profile:
        """One of them; raises AbsentError."""
        async with self.store.view(caller.organisation) as view:
            return await view.identities.profile(profile)

    async def keys(self, caller: Caller) -> tuple[KeyRecord, ...]:
        """What may be known of the organisation's keys, of every purpose, also those that sign no more."""
        async with self.store.view(caller.organisation) as view:
            return await view.keys.records()

    async def make(self, caller: Caller, new: NewProfile, granted: str | None = None) -> Profile | Approval:
        """A new profile; raises ProfileError, RuleError, AbsentError, and ConflictError for a name that is in use.

        What a second person agrees to names no key that is made here: it is made when the profile is.
        """
        at = self.now()
        _check_name(new.id)
        source = await self._source(caller, new, at)
        profile = Profile(new.id, source.did, source.key, new.form, at, new.options)
        _check(profile, source.kind)
        made_here = new.key_type is not None
        payload: JsonObject = {
            "make": {
                "id": new.id,
                "form": new.form,
                "options": new.options,
                "key": None if made_here else source.key,
                "key_type": source.kind.value,
                # The digest of nothing: of a key that is brought along, its public half says which it is.
                "public": None if new.private is None else new.private.public.to_multibase(),
            }
        }

        async def work(unit: UnitOfWork) -> Profile | Approval:
            async def make() -> Profile:
                if len(await unit.identities.profiles()) >= MAX_PROFILES:
                    raise RuleError(
                        f"an organisation has {MAX_PROFILES} profiles at most",
                        code="profile.many",
                        remedy="Use one of those that are there.",
                    )
                if source.sealed is not None:
                    await unit.keys.add(source.sealed)
                if source.did not in {each.did for each in await unit.identities.dids()}:
                    await unit.identities.add_did(HostedDid(source.did, at, at))
                await unit.identities.add_profile(profile)
                details: JsonObject = {"did": source.did, "key_id": source.key, "form": new.form}
                record(unit, caller, "profile.make", new.id, at, details | {"brought": new.private is not None})
                return profile

            return await agreed(unit, Action.PROFILES, payload, caller, at, granted, make)

        return await self.store.change(caller.organisation, work)

    async def change(
        self, caller: Caller, profile: str, *, key: str | None, options: JsonObject | None, granted: str | None = None
    ) -> Profile | Approval:
        """Sign with another key of the same DID, or with other options, from now on.

        The key that was replaced signs no more, unless another profile uses it; what it signed is verified as before.
        """
        at = self.now()
        before = await self.find(caller, profile)
        _require_active(before)
        after = replace(before, key=key or before.key, options=before.options if options is None else options)
        kind = (await self._record(caller, after.key)).public.type
        if _did_of(after.key) != before.did:
            raise ProfileError(
                f"{shown(after.key)} is no key of {shown(before.did)}",
                code="issuance.controller",
                remedy="Name a key of the profile's own DID; for another DID, make another profile.",
            )
        _check(after, kind)
        payload: JsonObject = {"change": {"id": profile, "key": after.key, "options": dict(after.options)}}

        async def work(unit: UnitOfWork) -> Profile | Approval:
            async def change() -> Profile:
                await unit.identities.change_profile(after, before=before.key)
                others = {each.key for each in await unit.identities.profiles() if each.state is State.ACTIVE}
                retired = before.key if before.key not in others else None
                if retired is not None:
                    await unit.keys.retire(retired, at)
                record(unit, caller, "profile.change", profile, at, {"key_id": after.key, "retired": retired})
                return after

            return await agreed(unit, Action.PROFILES, payload, caller, at, granted, change)

        return await self.store.change(caller.organisation, work)

    async def close(self, caller: Caller, profile: str) -> None:
        """Sign with it no more; nobody has to agree to that. What it signed is verified as before."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            await unit.identities.close_profile(profile)
            record(unit, caller, "profile.close", profile, at)

        await self.store.change(caller.organisation, work)

    async def _source(self, caller: Caller, new: NewProfile, at: datetime) -> _Source:
        if new.key_type is not None and new.private is None and new.key is None:  # 1.
            private = PrivateKey.generate(new.key_type)
            return await self._sealed(caller, did_key.method_id(private.public), private, at)
        if new.key is not None and new.private is None and new.key_type is None:  # 2.
            found = await self._record(caller, new.key)
            return _Source(_did_of(new.key), new.key, found.public.type)
        if new.private is not None and new.key_type is None:  # 3.
            name = new.key or did_key.method_id(new.private.public)
            did = _did_of(name)
            if self.host is not None and self.host.has(parse_did_url(name).did):
                raise ProfileError(
                    f"{shown(did)} is hosted here, and its keys are made here",
                    code="issuance.controller",
                    remedy="Add a key to it, and name that.",
                )
            if did.startswith("did:key:") and name != did_key.method_id(new.private.public):
                raise ProfileError(
                    f"{shown(name)} is another key",
                    code="issuance.controller",
                    remedy="Leave the name out: it follows from the key.",
                )
            return await self._sealed(caller, name, new.private, at)
        raise ProfileError(
            "a profile has one key, from one place",
            code="issuance.profile_key",
            remedy="Give keyType for a new one, key for one of a hosted identifier, or privateKey for one of yours.",
        )

    async def _sealed(self, caller: Caller, name: str, private: PrivateKey, at: datetime) -> _Source:
        sealed = await self.vault.seal(caller.organisation, name, KeyPurpose.ASSERTION, private, at)
        return _Source(_did_of(name), name, private.public.type, sealed)

    async def _record(self, caller: Caller, key: str) -> KeyRecord:
        """A key of the organisation's that is there and in use; which purpose it has is the store's to refuse."""
        for found in await self.keys(caller):
            if found.id == key:
                if found.state is not KeyState.ACTIVE:
                    raise RuleError("the key is retired", code="key.retired", remedy="Use the key that replaced it.")
                return found
        raise AbsentError("key of this name")


def _check(profile: Profile, kind: KeyType) -> None:
    """Refuse a form and options that do not go together, or not with the key."""
    options_of(profile)
    form, suite = FORMS[profile.form]
    fitting = SUITES[suite].hashes if form is Form.PROOF else SIGNING
    if kind not in fitting:
        raise ProfileError(
            f"a {kind} key does not sign in the form {profile.form}",
            code="issuance.key_type",
            remedy=f"Use a key of one of these types: {', '.join(each for each in SIGNING_TYPES if each in fitting)}.",
        )


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ProfileError(
            f"{shown(name)} is no name of a profile",
            code="issuance.profile_name",
            remedy="Use up to 64 lower-case letters, digits and hyphens: it stands in addresses.",
        )


def _require_active(profile: Profile) -> None:
    if profile.state is not State.ACTIVE:
        raise RuleError("the profile is closed", code="profile.closed", remedy="Make a new one.")


def _did_of(key: str) -> str:
    try:
        return str(parse_did_url(key).did)
    except DidMethodsError as error:
        raise ProfileError(
            f"{shown(key)} is no key of a DID", code="issuance.controller", remedy="Write did:…#…."
        ) from error
