"""How often the key of a profile signs: so that whoever gets hold of an issuer's access cannot sign without end.

    await spend(unit, profile, at)  # in the unit of work that stores the intent, before anything is signed

It is counted in the database, in the same transaction, so that several processes count as one, and a crash forgets
nothing. The option `caps` of a profile, {"per_minute": …, "per_day": …}, says how often; profiles of one key count
together.
"""

from dataclasses import replace
from datetime import datetime
from typing import Final

from node.documents import JsonValue
from node.issuance.errors import ProfileError
from node.ports.organisations import Caps, Profile
from node.ports.store import UnitOfWork

OPTION: Final = "caps"
USUAL: Final = Caps(per_minute=20_000, per_day=1_000_000)
"""Above what one node signs one by one, and enough for a large university at the end of a term."""
MOST: Final = 1_000_000_000


async def spend(unit: UnitOfWork, profile: Profile, at: datetime, *, count: int = 1) -> None:
    """Count so many signatures of a profile's key; raises CapError where they are too many, and counts none then."""
    await unit.keys.spend(profile.key, at, caps_of(profile), count=count)


def caps_of(profile: Profile) -> Caps:
    """How often the key of a profile signs; raises ProfileError for what is no such option."""
    said = profile.options.get(OPTION)
    if said is None:
        return USUAL
    if not isinstance(said, dict) or not said.keys() <= {"per_minute", "per_day"}:
        raise _refused("caps is neither per_minute nor per_day")
    return Caps(_number(said.get("per_minute", USUAL.per_minute)), _number(said.get("per_day", USUAL.per_day)))


def without_caps(profile: Profile) -> Profile:
    """The profile with the options that are about what is signed, and not how often."""
    return replace(profile, options={name: value for name, value in profile.options.items() if name != OPTION})


def _number(value: JsonValue) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MOST:
        raise _refused(f"a cap is a whole number up to {MOST}")
    return value


def _refused(message: str) -> ProfileError:
    return ProfileError(
        message,
        code="issuance.profile_option",
        path=f"/options/{OPTION}",
        remedy='Write {"per_minute": 100, "per_day": 5000}.',
    )
