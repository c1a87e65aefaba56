"""Publishing a status list: its rows are the truth, and each version is a rendering of them, signed anew.

1. In one view: the list, the values that are set, the version published last, and the profile that signs.
2. Render the values, off the event loop.
3. Sign. The version is later than the last by the date that it states, and counts for a day.
4. Publish it as the version that follows the one that was looked at. Where another came first, begin again. Where two
   did, the second was made of rows as they were after we were asked: it says what ours would, whatever clocks say.
5. In the same transaction, order its head where the profile promises heads.

Whoever withdraws something orders this in the same transaction as the withdrawal, so nothing withdrawn is left out.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#generate-algorithm
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import orjson

from node.credentials.errors import TimestampError
from node.credentials.timestamps import format_timestamp, parse_timestamp
from node.documents import DocumentError, UnsecuredDocument, parse_object
from node.issuance.background.tasks import Checkpoint, unwatched
from node.issuance.disclosable import DISCLOSABLE
from node.issuance.errors import NotIssuableError
from node.issuance.secure import Signing, SigningProfile, check_issuable, hashed, usual_suite
from node.issuance.status_lists import LIFETIME, STEP
from node.issuance.token import secure_as_token
from node.issuance.token_status_list import STEP as TOKEN_STEP
from node.issuance.token_status_list import sign_token_status_list
from node.ports.errors import ConflictError, RuleError
from node.ports.judging import Form
from node.ports.key_store import KeyStore
from node.ports.organisations import OrganisationId, Profile
from node.ports.status_rows import TOKEN_LIST, ListRecord
from node.ports.store import Store, UnitOfWork, View
from node.ports.vault import KeyPurpose, Vault
from node.ports.work import HEADS_OPTION, set_head
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import parse_jws
from node.proofs.jose.jwt import moment_of
from node.status.bitstring import Bitstring
from node.status.status_list import SEALED_UNTIL, build_status_list
from node.status.token_status_list import TokenStatusList, pack
from node.verification.case import CLOCK_SKEW
from node.verification.received import read_text
from node.verification.trust import Trust
from node.verification.vocabulary import vocabulary

RENEW_AFTER: Final = timedelta(hours=12)
"""A version is followed by another after this time at the latest: so long may publishing fail before one runs out."""
TRIES: Final = 8
"""Against others who publish the same list at the same time; each time one of them got on."""
TOKEN_AHEAD: Final = timedelta(seconds=2)
"""By so much the date of a Token Status List may be ahead; every verifier bears more."""
_TOKENS: Final = frozenset({Form.JWT.value, Form.SD_JWT.value})


class TooSoonError(Exception):
    """A Token Status List is dated in whole seconds, and so many versions came that the next would be of the future."""

    code = "issuance.too_soon"
    remedy = "Nothing: it is published in a moment."

    def __init__(self, at: datetime) -> None:
        super().__init__(f"the next version can be made at {format_timestamp(at)}")
        self.at = at


@dataclass(frozen=True, slots=True)
class Publication:
    """A version of a list as it was published."""

    version: int
    as_of: datetime
    """The moment as of which its rows were read."""
    document: bytes


@dataclass(frozen=True, slots=True)
class _Looked:
    """What one view showed."""

    record: ListRecord
    places: dict[int, list[int]]
    """What is set, by its value."""
    last: bytes | None
    profile: Profile


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes the lists of all organisations of the node, each by its profile's key."""

    store: Store
    vault: Vault
    trust: Trust
    now: Callable[[], datetime]
    lifetime: timedelta = LIFETIME
    checkpoint: Checkpoint = unwatched

    async def publish(self, organisation: OrganisationId, list_id: str, *, seal: bool = False) -> Publication | None:
        """Publish a list as its rows are now; None where one was published meanwhile that says the same.

        Sealed, it counts for good, and nothing in it can be changed any more; a list that is sealed already stays as it
        is. Raises StoreError, IssuanceError, TooSoonError, and what the keys raise.
        """
        first: int | None = None
        for _ in range(TRIES):
            as_of = self.now()
            async with self.store.view(organisation) as view:  # 1.
                looked = await _look(view, list_id)
            record = looked.record
            if record.sealed_at is not None:
                return None
            first = record.version if first is None else first
            if record.version >= first + 2 and not seal:
                return None  # 4. who made the latest looked at one that was published after we had been asked
            document = await self._signed(organisation, looked, seal=seal)
            published = Publication(record.version + 1, as_of, document)
            self.checkpoint("list.signed")
            try:
                await self._publish(organisation, looked, published, seal=seal)
            except ConflictError:
                continue
            self.checkpoint("list.published")
            return published
        raise ConflictError(
            f"others published the list {TRIES} times meanwhile",
            code="store.changed",
            remedy="Nothing: it is tried again.",
        )

    async def _publish(
        self, organisation: OrganisationId, looked: _Looked, published: Publication, *, seal: bool
    ) -> None:
        """Steps 4 and 5."""
        record, at = looked.record, published.as_of

        async def work(unit: UnitOfWork) -> None:
            await unit.status.publish(record.id, published.document, at, version=published.version)
            if seal:
                await unit.status.seal(record.id, at)
            if HEADS_OPTION in looked.profile.options:
                await unit.outbox.add([set_head(record.id, at)])

        await self.store.change(organisation, work)

    async def _signed(self, organisation: OrganisationId, looked: _Looked, *, seal: bool) -> bytes:
        """Steps 2 and 3."""
        keys = await self.vault.keys(organisation, KeyPurpose.ASSERTION)
        signing = list_signing(looked.profile, keys, self.trust)
        last = None if looked.last is None else stated_date(looked.last) or looked.record.published_at
        if looked.record.purpose == TOKEN_LIST:
            if seal:
                raise RuleError(
                    "a Token Status List cannot be sealed: its form has no such promise",
                    code="status.token_seal",
                    remedy="Let it run out; what it is about should end before.",
                )
            date = self._date(last, TOKEN_STEP).replace(microsecond=0)
            if date - self.now() > TOKEN_AHEAD:
                raise TooSoonError(date)
            content = await asyncio.to_thread(self._token_list, looked, date)
            return (await sign_token_status_list(content, signing)).encode()
        date = self._date(last, STEP)
        document = await asyncio.to_thread(self._list, looked, date, seal=seal)
        if looked.profile.form in _TOKENS:
            return (await secure_as_token(document, signing, created=date)).encode()
        known = vocabulary(self.trust.contexts)
        await asyncio.to_thread(check_issuable, document, signing.profile, known)
        unsigned = await asyncio.to_thread(hashed, document, signing.profile, keys, known, created=date)
        signature = await keys.sign(signing.profile.verification_method, unsigned.hash_data)
        return orjson.dumps(await asyncio.to_thread(unsigned.complete, signature))

    def _date(self, last: datetime | None, step: timedelta) -> datetime:
        """A date after the last one; raises NotIssuableError where the clock lies behind it."""
        now = self.now()
        if last is None:
            return now
        if last - now > CLOCK_SKEW:
            raise NotIssuableError(
                f"the list is of {format_timestamp(last)}, and the clock says {format_timestamp(now)}",
                code="issuance.clock",
                remedy="Set the clock: a version with an earlier date would not count.",
            )
        return max(now, last + step)

    def _list(self, looked: _Looked, date: datetime, *, seal: bool) -> UnsecuredDocument:
        record = looked.record
        return build_status_list(
            record.url,
            looked.profile.did,
            Bitstring.holding(looked.places, record.entries, record.size),
            purpose=record.purpose,
            valid_from=date,
            valid_until=SEALED_UNTIL if seal else date + self.lifetime,
        )

    def _token_list(self, looked: _Looked, date: datetime) -> TokenStatusList:
        record = looked.record
        values = {place: value for value, places in looked.places.items() for place in places}
        return TokenStatusList(
            uri=record.url,
            issuer=looked.profile.did,
            size=record.size,
            data=pack(values, record.entries, record.size),
            issued_at=date,
            expires=date + self.lifetime,
        )


def list_signing(profile: Profile, keys: KeyStore, trust: Trust) -> Signing:
    """How the lists of a profile are signed: by its key, never in a form of which a part could be shown."""
    suite = profile.form
    if suite in DISCLOSABLE or suite in _TOKENS:
        suite = usual_suite(keys.public_key(profile.key).type)
    return Signing(SigningProfile(profile.did, profile.key, suite), keys, trust)


def stated_date(published: bytes) -> datetime | None:
    """The date that a list of ours states for itself; None for bytes that state none."""
    try:
        text = published.decode()
        document = read_text(text).value
        if isinstance(document, dict):
            return parse_timestamp(document["validFrom"])
        return moment_of(parse_object(parse_jws(text).payload).get("iat"))
    except (UnicodeDecodeError, DocumentError, ProofsError, TimestampError, KeyError):
        return None


async def _look(view: View, list_id: str) -> _Looked:
    """Step 1."""
    record = await view.status.find(list_id)
    profile = await view.identities.profile(record.profile)
    return _Looked(record, await view.status.places(list_id), await view.status.published(list_id), profile)


def is_due(record: ListRecord, now: datetime) -> bool:
    """Whether a list should be published again before its last version ends."""
    if record.sealed_at is not None or not record.reconciled:
        return False
    return record.published_at is None or now - record.published_at >= RENEW_AFTER or record.published_at > now
