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
from node.credentials.micro_credential.readers.open_badges import read_open_badge
from node.credentials.micro_credential.readers.open_badges_2 import read_assertion
from node.credentials.micro_credential.readers.sd_jwt import READERS as BY_VCT
from node.credentials.micro_credential.record import Record
from node.credentials.micro_credential.tables import Tables
from node.credentials.structure import types_of

type Reader = Callable[[Place, Tables], tuple[Record, ...]]

BY_ACHIEVEMENT: Final[tuple[tuple[frozenset[str], Reader], ...]] = (
    (frozenset({"MicroCredentialAchievement", "https://w3id.org/glejt#MicroCredentialAchievement"}), read_glejt),
    (frozenset({"EdubadgesAchievement"}), read_edubadge),
    (frozenset({"EducredentialAchievement"}), read_educredential),
)
"""Types of an achievement, in the order in which they are asked for."""
BY_DOCUMENT: Final[tuple[tuple[frozenset[str], Reader], ...]] = (
    (frozenset({"EuropeanDigitalCredential"}), read_elm),
    (frozenset({"OpenBadgeCredential", "AchievementCredential"}), read_open_badge),
    (frozenset({"Assertion"}), read_assertion),
)
"""Types of the document itself."""


def read(document: Place, tables: Tables) -> tuple[Record, ...]:
    """The records of a document, by the reader of its dialect."""
    return reader_of(document)(document, tables)


def reader_of(document: Place) -> Reader:
    """The reader of the first dialect that matches."""
    achieved = {name for one in document.walk("credentialSubject", "achievement") for name in types_of(one.object)}
    for types, reader in BY_ACHIEVEMENT:
        if not types.isdisjoint(achieved):
            return reader
    own = types_of(document.object)
    for types, reader in BY_DOCUMENT:
        if not types.isdisjoint(own):
            return reader
    vct = document.object.get("vct")
    return BY_VCT.get(vct, read_open_badge) if isinstance(vct, str) else read_open_badge
