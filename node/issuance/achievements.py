"""Achievements of an organisation: drafts that anybody may leave unfinished, and versions that stay as they are.

A draft is kept as it was given, whatever it lacks; what would keep it from being published is told with it. Who saves
names the revision that they have seen, so that nothing of anybody else's is lost.

Publishing:

1. In one view: the draft, and the number that its version would have.
2. It is read where foreign bytes are read: classified, checked, and made the version of that number.
3. Its picture is one of the organisation's own, or lies elsewhere.
4. In one transaction: a second person has agreed to exactly this, where that is set; the version is published, its
   picture with it, and its entry in the catalogue; the register of the organisation is ordered anew.

Nothing was published between 1 and 4: the revision would be another.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import orjson

from node.credentials.achievement_version import draft_of
from node.documents import JsonObject, JsonValue
from node.issuance.errors import NotPublishableError
from node.issuance.issuing import Once
from node.issuance.organisation.events import record
from node.issuance.organisation.second_person import Action, require_second_person
from node.ports.api_keys import Caller
from node.ports.awarding import Achievement, Published
from node.ports.drafting import Drafting
from node.ports.errors import AbsentError, ConflictError, RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import OrganisationId
from node.ports.oversight import Approval, Request
from node.ports.publishing import Entry
from node.ports.store import Store, UnitOfWork, View
from node.ports.work import Nudge, publish_register

MAX_ACHIEVEMENTS: Final = 20_000
"""Of one organisation; the largest catalogues of a country have some thousands."""
_PICTURE: Final = re.compile(r"/pictures/([0-9a-f]{64})\.(?:png|svg)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Draft:
    """An achievement that is being worked on. `review` is what it would be if it were published now."""

    achievement: Achievement
    content: JsonObject
    """The draft; where nothing was changed since publication, the one that the latest version was made of."""
    published: int
    """How many versions there are."""
    review: JsonObject


@dataclass(frozen=True, slots=True)
class Release:
    """A version that was published just now."""

    version: Published
    review: JsonObject


@dataclass(frozen=True, slots=True)
class _Ready:
    """A version that may be published."""

    document: bytes
    entry: Entry
    picture: str | None
    """The digest of its picture, where that is one of the organisation's own."""
    review: JsonObject

    @property
    def agreed(self) -> JsonObject:
        """What a second person agrees to."""
        return {
            "achievement": self.entry.achievement,
            "version": self.entry.version,
            "sha256": hashlib.sha256(self.document).hexdigest(),
            "document": orjson.loads(self.document),
        }


@dataclass(frozen=True, slots=True)
class Achievements:
    """What may be done with achievements. Everything raises StoreError, JudgesError and DocumentError."""

    store: Store
    drafting: Drafting
    public_url: str
    work: Nudge

    def url(self, achievement: str, version: int) -> str:
        """Where a version is published, which is its id in every award of it."""
        return f"{self.public_url}/achievements/{achievement}/versions/{version}"

    async def create(self, caller: Caller, draft: bytes, at: datetime, *, once: Once | None = None) -> Draft:
        """Begin a new achievement with this draft; the same request once more is told of the one that it began.

        That is told as it was begun, whatever became of it since: its draft is the one that was sent again.
        """
        name = new_id()
        review = await self.drafting.review(draft, self.url(name, 1), 1)
        content: JsonObject = orjson.loads(draft)  # it was read strictly, elsewhere
        made = Achievement(name, content, 1, at, at)

        async def work(unit: UnitOfWork) -> str:
            if once is not None:
                begun = await unit.requests.begin(Request(once.key, once.digest, {"achievement": name}, at))
                if begun.answer is not None:
                    return str(begun.intent["achievement"])
                await unit.requests.answer(once.key, {"achievement": name})
            await self._require_room(unit)
            await unit.achievements.add(made)
            record(unit, caller, "achievement.create", name, at)
            return name

        kept = await self.store.change(caller.organisation, work)
        if kept != name:
            review = await self.drafting.review(draft, self.url(kept, 1), 1)
        return Draft(replace(made, id=kept), content, 0, review)

    async def save(self, caller: Caller, achievement: str, draft: bytes, at: datetime, *, revision: int) -> Draft:
        """Keep this draft, where `revision` is still the latest."""
        async with self.store.view(caller.organisation) as view:
            published = await _published(view, achievement)
        review = await self.drafting.review(draft, self.url(achievement, published + 1), published + 1)
        content: JsonObject = orjson.loads(draft)

        async def work(unit: UnitOfWork) -> Achievement:
            await unit.achievements.save(achievement, content, at, revision=revision)
            return await unit.achievements.find(achievement)

        return Draft(await self.store.change(caller.organisation, work), content, published, review)

    async def find(self, organisation: OrganisationId, achievement: str) -> Draft:
        """An achievement as it is being worked on."""
        async with self.store.view(organisation) as view:
            found = await view.achievements.find(achievement)
            published = await _published(view, achievement)
            content = await self._content(view, found, published)
        number = published + 1
        review = await self.drafting.review(orjson.dumps(content), self.url(achievement, number), number)
        return Draft(found, content, published, review)

    async def publish(
        self, caller: Caller, achievement: str, at: datetime, *, revision: int, granted: str | None = None
    ) -> Release | Approval:
        """Publish the draft of this revision as the next version, or have a second person asked.

        Raises NotPublishableError for a draft that cannot be awarded as it is.
        """
        ready = await self._ready(caller.organisation, achievement, revision, at)  # 1. to 3.

        async def work(unit: UnitOfWork) -> Published | Approval:  # 4.
            if ready.picture is not None:
                await _require_picture(unit, ready.picture, ready.review)
            asked = await require_second_person(unit, Action.PUBLISH, ready.agreed, caller, at, granted=granted)
            if asked is not None:
                return asked
            version = await unit.achievements.publish(achievement, ready.document, caller.actor, at, revision=revision)
            if version.version != ready.entry.version:
                raise _changed()
            if ready.picture is not None:
                await unit.pictures.publish(ready.picture, at)
            await unit.catalogue.put(ready.entry)
            await unit.outbox.add([publish_register(at)])
            details: JsonObject = {"version": version.version, "sha256": version.digest.hex()}
            record(unit, caller, "achievement.publish", achievement, at, details)
            return version

        done = await self.store.change(caller.organisation, work)
        if isinstance(done, Approval):
            return done
        self.work.wake()
        return Release(done, ready.review)

    async def _ready(self, organisation: OrganisationId, achievement: str, revision: int, at: datetime) -> _Ready:
        """Steps 1 to 3."""
        async with self.store.view(organisation) as view:  # 1.
            found = await view.achievements.find(achievement)
            number = await _published(view, achievement) + 1
        if found.revision != revision:  # said first: whoever comes second learns what became of the draft
            raise _changed()
        if found.draft is None:
            raise _unchanged()
        url = self.url(achievement, number)
        review = await self.drafting.review(orjson.dumps(found.draft), url, number)  # 2.
        text = review.pop("text", None)
        if not isinstance(text, str):
            raise NotPublishableError(review)
        if orjson.loads(text).get("id") != url:
            raise TypeError("what was reviewed is another version")
        entry = _entry(organisation, achievement, number, review, at)
        return _Ready(text.encode(), entry, self._own_picture(entry.card), review)  # 3.

    async def withdraw(self, caller: Caller, achievement: str, at: datetime) -> None:
        """Award it no more. What was published, and what was awarded, stays as it is."""

        async def work(unit: UnitOfWork) -> None:
            if (await unit.achievements.find(achievement)).withdrawn_at is None:
                await unit.achievements.withdraw(achievement, at)
                await unit.outbox.add([publish_register(at)])
                record(unit, caller, "achievement.withdraw", achievement, at)

        await self.store.change(caller.organisation, work)
        self.work.wake()

    async def duplicate(self, caller: Caller, achievement: str, at: datetime, *, version: int | None = None) -> Draft:
        """Begin a new achievement with the draft of another, or with what one of its versions was made of."""
        async with self.store.view(caller.organisation) as view:
            found = await view.achievements.find(achievement)
            published = await _published(view, achievement)
            if version is None:
                content = await self._content(view, found, published)
            else:
                content = self._draft_of(await view.achievements.version(achievement, version))
        return await self.create(caller, orjson.dumps(content), at)

    async def offer(
        self, caller: Caller, achievement: str, offer: Mapping[str, JsonValue] | None, at: datetime
    ) -> None:
        """Say in the catalogue what taking part costs, and where; that is no part of any award."""

        async def work(unit: UnitOfWork) -> None:
            await unit.catalogue.offer(achievement, offer)
            record(unit, caller, "achievement.offer", achievement, at)

        await self.store.change(caller.organisation, work)

    async def _content(self, view: View, found: Achievement, published: int) -> JsonObject:
        if found.draft is not None:
            return dict(found.draft)
        return self._draft_of(await view.achievements.version(found.id, published)) if published else {}

    def _draft_of(self, version: Published) -> JsonObject:
        document: JsonObject = orjson.loads(version.document)
        return draft_of(document, self.url(version.achievement, version.version), version.version)

    def _own_picture(self, card: Mapping[str, JsonValue]) -> str | None:
        """The digest of the picture, where it lies at this node."""
        address = card.get("image")
        if not isinstance(address, str) or not address.startswith(f"{self.public_url}/"):
            return None
        found = _PICTURE.fullmatch(address.removeprefix(self.public_url))
        return found[1] if found else None

    async def _require_room(self, unit: UnitOfWork) -> None:
        if await unit.achievements.count() >= MAX_ACHIEVEMENTS:
            raise RuleError(
                f"there are {MAX_ACHIEVEMENTS} achievements already",
                code="achievement.many",
                remedy="Go on with one of them: a new version takes the place of the one before.",
            )


async def _published(view: View, achievement: str) -> int:
    """The number of the latest version; 0 where there is none. Raises AbsentError for no achievement."""
    await view.achievements.find(achievement)
    try:
        return (await view.achievements.version(achievement)).version
    except AbsentError:
        return 0


async def _require_picture(unit: UnitOfWork, digest: str, review: JsonObject) -> None:
    try:
        await unit.pictures.find(digest)
    except AbsentError as error:
        missing: JsonObject = {
            "code": "achievement.picture",
            "path": "/image/id",
            "message": "there is no such picture here",
            "remedy": "Upload the picture first, and name the address that it gets.",
        }
        raise NotPublishableError({**review, "problems": [missing]}) from error


def _entry(organisation: OrganisationId, achievement: str, number: int, review: JsonObject, at: datetime) -> Entry:
    card, words = review.pop("card", None), review.pop("words", None)
    if not isinstance(card, dict) or not isinstance(words, str):
        raise TypeError("a review without problems has no card")
    return Entry(organisation, achievement, number, str(card["class"]), card, words, at)


def _unchanged() -> RuleError:
    return RuleError(
        "nothing was changed since it was published",
        code="achievement.empty",
        remedy="Save a draft first; a version that is published stays as it is.",
    )


def _changed() -> ConflictError:
    return ConflictError(
        "somebody else has changed the achievement meanwhile",
        code="store.changed",
        remedy="Load it again, look at what has changed, and publish that.",
    )
