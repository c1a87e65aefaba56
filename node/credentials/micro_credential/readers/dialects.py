"""Which reader reads a document: the first dialect that matches.

What matches none is read as Open Badges 3.0, which uses the members of the Verifiable Credentials data model wherever
there are any: the document then states what it states.
"""

from collections.abc import Callable
from typing import Final

from node.credentials.micro_credential.places import Place
from node.credentials.micro_credential.readers.dutch import read_edubadge, read_educredential
from node.credentials.micro_credential.readers.elm import read_elm
from node.credentials.micro_credential.readers.glejt import read_glejt
from node.credentials.micro_credential.readers.halves import Halves
from node.credentials.micro_credential.readers.open_badges import read_open_badge
from node.credentials.micro_credential.readers.open_badges_2 import read_assertion
from node.credentials.micro_credential.readers.sd_jwt import READERS as BY_VCT
from node.credentials.micro_credential.record import Record
from node.credentials.micro_credential.tables import Tables
from node.credentials.objects import Objects
from node.credentials.records import is_record
from node.credentials.structure import types_of

type BadgeReader = Callable[[Place, Halves, Tables], tuple[Record, ...]]

BY_ACHIEVEMENT: Final[tuple[tuple[str, BadgeReader], ...]] = (
    ("MicroCredentialAchievement", read_glejt),
    ("EdubadgesAchievement", read_edubadge),
    ("EducredentialAchievement", read_educredential),
)
"""Types of an achievement, in the order in which they are asked for."""
BADGES: Final = frozenset({"OpenBadgeCredential", "AchievementCredential"})
ELM: Final = "EuropeanDigitalCredential"
ASSERTION: Final = "Assertion"


def read(document: Place, tables: Tables, objects: Objects | None = None) -> tuple[Record, ...]:
    """The records of a document, by the reader of its dialect. A set of credentials is read as what it holds.

    1. By the type of the achievement, or of another half of it.
    2. A European Digital Credential. 3. An Open Badge. 4. An assertion of Open Badges 2. 5. The claims of an SD-JWT.
    """
    if is_record(document.object) and (held := document.walk("credentialSubject", "verifiableCredential")):
        return tuple([record for one in held for record in read(one, tables)])
    halves = Halves(document, objects)
    achievements = document.walk("credentialSubject", "achievement")
    achieved = {name for half in (*achievements, *halves.of(achievements)) for name in types_of(half.object)}
    for name, badge_reader in BY_ACHIEVEMENT:  # 1
        if name in achieved:
            return badge_reader(document, halves, tables)
    own, vct = types_of(document.object), document.object.get("vct")
    if ELM in own:  # 2
        return read_elm(document, tables)
    if BADGES.isdisjoint(own):  # 3
        if ASSERTION in own:  # 4
            return read_assertion(document, tables)
        if isinstance(vct, str) and vct in BY_VCT:  # 5
            return BY_VCT[vct](document, tables)
    return read_open_badge(document, halves, tables)
