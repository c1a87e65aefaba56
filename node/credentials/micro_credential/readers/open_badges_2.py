"""Open Badges 2.0 and 2.1: an assertion with its badge class inside, and the Dutch extensions of it.

A badge class or an issuer that stands elsewhere, under an address, is not fetched here: what the document does not
carry is missing.

Spec: https://www.imsglobal.org/sites/default/files/Badges/OBv2p0Final/index.html,
https://github.com/edubadges/edubadges-server/wiki/Metadata-Extensions-for-Edubadges
"""

from collections.abc import Iterator, Mapping
from typing import Final

from node.credentials.micro_credential.places import Home, Place, Stated
from node.credentials.micro_credential.record import Learner, Level, Listed, Outcome, Record, Workload
from node.credentials.micro_credential.tables import Tables

OF_DOCUMENT: Final[Mapping[str, tuple[str, ...]]] = {
    "subject": ("recipient",),
    "E1": ("recipient", "identity"),
    "E5": ("issuedOn",),
}
OF_BADGE: Final[Mapping[str, tuple[str, ...]]] = {
    "E2": ("name",),
    "E3": ("issuer",),
    "E4": ("issuer", "name"),
    "E6": ("alignment",),
    "criteria": ("criteria",),
    **dict.fromkeys(("E7", "E8", "E9", "E10", "E11"), ()),
}
CRITERIA: Final = (("criteria",), ("criteria", "narrative"), ("criteria", "id"))
WORKLOADS: Final = (("ECTS", "ECTS"), ("StudyLoad", "hour"), ("TimeInvestment", "hour"))
"""Dutch extensions that state a workload, and the unit each is in."""


def read_assertion(document: Place, _tables: Tables) -> tuple[Record, ...]:
    """What an assertion states."""
    badges = document.walk("badge") or [Place(None, document.nearest("badge"))]
    return tuple([_read(document, badge) for badge in badges])


def _read(document: Place, badge: Place) -> Record:
    return Record(
        home=Home(document, badge, OF_DOCUMENT, OF_BADGE),
        subjects=len(document.walk("recipient")),
        learner=_learner(document),
        titles=badge.in_languages("name"),
        bodies=badge.in_languages("issuer", "name") + _extension(badge.walk("issuer"), "InstitutionName"),
        dates=document.stated("issuedOn"),
        outcomes=tuple([Outcome(None, stated, linked=False) for stated in _extension([badge], "LearningOutcome")]),
        workloads=tuple(_workloads(badge)),
        levels=tuple([Level("EQF", stated.text, None, stated.place) for stated in _extension([badge], "EQF")]),
        criteria=tuple([stated for names in CRITERIA for stated in badge.stated(*names)]),
        further=badge.stated("criteria", "id"),
    )


def _learner(document: Place) -> Learner:
    names: list[Stated] = []
    identifiers: list[Stated] = []
    for recipient in document.walk("recipient"):
        stated = recipient.object
        plain_name = stated.get("type") == "name" and stated.get("hashed") is False
        (names if plain_name else identifiers).extend(recipient.stated("identity"))
    return Learner(tuple(names), tuple(identifiers))


def _workloads(badge: Place) -> Iterator[Workload]:
    for name, unit in WORKLOADS:
        for stated in _extension([badge], name):
            yield Workload(stated.text, Listed(unit, name, stated.place), stated.place)


def _extension(places: list[Place], name: str) -> tuple[Stated, ...]:
    """The value of a Dutch extension, which has an object and a member of its own."""
    return tuple([stated for place in places for stated in place.numbers(f"extensions:{name}Extension", name)])
