"""One credential before the judge: everything that its checks may look at."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from node.credentials.credential import Credential
from node.credentials.objects import Objects
from node.documents import JsonObject
from node.verification.policy import Policy
from node.verification.trust import Trust
from node.verification.vocabulary import Vocabulary

CLOCK_SKEW: Final = timedelta(seconds=120)
"""How far an honest clock may be off; more would let what has ended live on."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the verifier asked the holder for: a fresh challenge, and its own domain."""

    challenge: str
    domain: str


@dataclass(frozen=True, slots=True)
class Undisclosed:
    """What may be there of a document without being shown."""

    members: bool
    """Members of the credential itself: since when and until when it counts, and how it can be withdrawn."""
    entries: bool
    """Entries for its withdrawal beside those that are shown."""
    results: bool
    """What could lower its class, such as a result that was not reached."""


NOTHING: Final = Undisclosed(members=False, entries=False, results=False)


@dataclass(frozen=True, slots=True)
class Case:
    """One credential that passed the check of its structure, and what it is judged by."""

    credential: Credential
    at: datetime
    policy: Policy
    trust: Trust
    vocabulary: Vocabulary
    request: Request | None
    objects: Objects | None = None
    """Those of the credential, where they are at hand."""
    undisclosed: Undisclosed = NOTHING
    """What its holder may have hidden, whatever the policy makes of it."""
    anchored: datetime | None = None
    """The time by which it existed, where an anchor shows it; never one after `at`."""

    @property
    def document(self) -> JsonObject:
        """The credential as it was received."""
        return self.credential.document
