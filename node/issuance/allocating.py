"""Places in status lists for what a profile issues: any free one of its list, and another list where that is full."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from node.ports.errors import RuleError
from node.ports.identifiers import new_id
from node.ports.organisations import Profile
from node.ports.status_rows import TOKEN_LIST, ListRecord
from node.ports.store import UnitOfWork
from node.ports.work import publish_list
from node.status.entry import Purpose, StatusEntry


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a list, as the credential names it; `begun` says that the list was made for it."""

    list_id: str
    entry: StatusEntry
    begun: bool = False


@dataclass(frozen=True, slots=True)
class Allocating:
    """Who gets places: a profile, whose lists are published below an address, in a unit of work."""

    unit: UnitOfWork
    profile: Profile
    public_url: str
    at: datetime
    token: bool = False
    """Whether the form names its place in a Token Status List: one for all purposes."""

    async def places(self, award: str, purposes: Sequence[str]) -> tuple[Place, ...]:
        """A place for the award in a list of the profile's for each of the purposes."""
        if not purposes:
            return ()
        lists = [one for one in await self.unit.status.lists() if one.profile == self.profile.id and _takes(one)]
        if self.token:
            return (await self._place(award, TOKEN_LIST, lists, size=token_size(purposes)),)
        return tuple([await self._place(award, purpose, lists) for purpose in purposes])

    async def many(self, awards: Sequence[str], purposes: Sequence[str]) -> dict[str, tuple[Place, ...]]:
        """Places for many awards: in the list that was begun last, and where it has no room for all, in new ones."""
        found: dict[str, list[Place]] = {award: [] for award in awards}
        wanted = [(TOKEN_LIST, token_size(purposes))] if self.token else [(purpose, 1) for purpose in purposes]
        lists = [one for one in await self.unit.status.lists() if one.profile == self.profile.id and _takes(one)]
        for purpose, size in wanted if purposes else ():
            left = list(awards)
            fitting = [one for one in lists if (one.purpose, one.size) == (purpose, size)][-1:]
            while left:
                begun = not fitting
                record = fitting.pop() if fitting else await self._begun(purpose, size)
                places = await self.unit.status.spread(record.id, left)
                for award, place in places.items():
                    found[award].append(_named(record, place, begun=begun))
                left = [award for award in left if award not in places]
        return {award: tuple(places) for award, places in found.items()}

    async def _begun(self, purpose: str, size: int) -> ListRecord:
        """A new list, whose first version is ordered."""
        list_id = new_id()
        record = ListRecord(list_id, f"{self.public_url}/status/{list_id}", self.profile.id, purpose, size)
        await self.unit.status.add(record)
        await self.unit.outbox.add([publish_list(list_id, self.at)])
        return record

    async def _place(self, award: str, purpose: str, lists: Sequence[ListRecord], *, size: int = 1) -> Place:
        """A place in the list that was begun last, which is the emptiest; where all are full, in a new one."""
        status = self.unit.status
        for record in reversed([one for one in lists if (one.purpose, one.size) == (purpose, size)]):
            try:
                (place,) = await status.allocate(record.id, [award])
            except RuleError as error:
                if error.code != "status.full":
                    raise
            else:
                return _named(record, place)
        record = await self._begun(purpose, size)
        (place,) = await status.allocate(record.id, [award])
        return _named(record, place, begun=True)


async def places_of(unit: UnitOfWork, award: str) -> tuple[Place, ...]:
    """The places that an award was given."""
    found = [(await unit.status.find(entry.list), entry.place) for entry in await unit.status.entries_of(award)]
    return tuple([_named(record, place) for record, place in sorted(found, key=lambda one: one[0].purpose)])


def token_size(purposes: Sequence[str]) -> int:
    """How many bits say what is the matter with a token: suspended is another value than withdrawn."""
    return 2 if Purpose.SUSPENSION in purposes else 1


def _takes(record: ListRecord) -> bool:
    return record.open and record.reconciled and record.sealed_at is None


def _named(record: ListRecord, place: int, *, begun: bool = False) -> Place:
    return Place(record.id, StatusEntry(record.url, place, record.purpose, record.size), begun)
