"""An award: that somebody is given an achievement, by whom, when, and on what grounds.

Its file is ours, short, and uses the names of Open Badges 3.0 for what Open Badges has a name for:

    {"issuer": {"name": "School of Welding", "address": {"addressCountryCode": "PL"}},
     "learner": {"name": "Sample Learner", "emailAddress": "learner@example.org", "id": "did:key:…"},
     "result": [{"resultDescription": "…#o1", "status": "Completed"}]}

Spec: https://www.imsglobal.org/spec/ob/v3p0/#achievementcredential
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from node.credentials.identity import Identity
from node.documents import JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class Learner:
    """Whose award it is: a DID that the learner controls, identifiers, or both."""

    id: str | None = None
    identities: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """One award of an achievement. For the many of a list, `dataclasses.replace` changes what differs.

    Objects are as Open Badges has them; where a type follows from the place it may be left out.
    """

    id: str
    """The credential's own identifier, a URL that no other credential has."""
    issuer: JsonObject
    """The Profile of who signs; its `id` is the DID."""
    learner: Learner
    valid_from: datetime
    valid_until: datetime | None = None
    awarded: datetime | None = None
    results: tuple[JsonObject, ...] = ()
    """What was reached, each about a `resultDescription` of the achievement. None at all means everything."""
    evidence: tuple[JsonObject, ...] = ()
    endorsements: tuple[JsonObject, ...] = ()
    """Endorsement credentials about this award, signed."""
    status: tuple[JsonObject, ...] = ()
    """Entries of `credentialStatus`."""
    credits_earned: float | None = None
    narrative: str | None = None
    learner_stated: str | None = None
    """By what the document names its learner, where a holder may later hide that: `name`, `identifier` or `key`."""
    subject: Mapping[str, JsonValue] = field(default_factory=dict)
    """Further members of the AchievementSubject, such as `activityStartDate`, `role` or `licenseNumber`."""
