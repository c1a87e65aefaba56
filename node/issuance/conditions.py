"""What the rules of structure still have to say of a document whose shape they have passed, once its values are known.

`check_credential` judges the shape of a document, but for a few rules that look at values:

1. an identifier is a URL: the holes of a template take no other;
2. the dates of validity can be read, and are in order;
3. subjects, status entries and embedded credentials have identifiers of their own;
4. the word for how the learner is named is borne out by the document.

The members of which a rule looks at more than that do not vary at all. A rule of structure that comes to look at other
values has its place here; until then the sample that is verified of each batch would tell.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from node.credentials.credential import CREDENTIAL_TYPE, check_credential
from node.credentials.micro_credential.disclosure import LEARNER_STATED, check_learner_stated
from node.credentials.structure import types_of
from node.documents import JsonObject, JsonValue
from node.proofs.templates.holes import Hole, Kind, Place, UnfitError, value_at
from node.proofs.templates.passage import Values
from node.proofs.templates.shapes import FIXED

FIXED_AT_TOP: Final = frozenset({"relatedResource"})
"""Members of the credential whose values are judged by more than their form."""
DATES: Final = ("validFrom", "validUntil", "issuanceDate", "expirationDate")
MAX_DATES: Final = 256
"""Combinations of dates that are remembered to be in order: those of one batch are mostly the same."""


def is_fixed(place: Place) -> bool:
    """Whether the value at this place is the same in all documents of one template."""
    return place[0] in FIXED_AT_TOP or not FIXED.isdisjoint(place)


class Conditions:
    """What the values of a template's holes have to fulfil."""

    __slots__ = ("_dates", "_in_order", "_own_names", "_states_learner", "_validity")

    def __init__(self, document: JsonObject, holes: Sequence[Hole]) -> None:
        """Raises UnfitError for an identifier that is none in RDF."""
        unfit = [hole.place for hole in holes if hole.place[-1] == "id" and hole.kind is not Kind.IRI]  # 1.
        if unfit:
            raise UnfitError(unfit)
        number = {hole.place: index for index, hole in enumerate(holes)}
        self._dates = tuple([(name, number[name,]) for name in DATES if (name,) in number])
        self._validity: JsonObject = {
            "@context": _first(document.get("@context")),
            "type": [CREDENTIAL_TYPE],
            "issuer": "urn:example:issuer",
            "credentialSubject": {"id": "urn:example:subject"},
            **{name: document[name] for name in DATES if name in document},
        }
        self._in_order: dict[tuple[bytes, ...], bool] = {}
        self._own_names = tuple(
            [names for group in _groups(document) if (names := _names(group, document, number)) is not None]
        )
        self._states_learner = LEARNER_STATED in document

    def hold(self, values: Values, document: JsonObject) -> bool:
        """Whether the document, whose holes have these values, keeps the rules; no document that does not passes."""
        if self._dates and not self._dates_hold(tuple([values[hole] for _, hole in self._dates])):  # 2.
            return False
        for fixed, holes in self._own_names:  # 3.
            if len(fixed.union([values[hole] for hole in holes])) < len(fixed) + len(holes):
                return False
        return not (self._states_learner and check_learner_stated(document))  # 4.

    def _dates_hold(self, dates: tuple[bytes, ...]) -> bool:
        known = self._in_order.get(dates)
        if known is None:
            if len(self._in_order) >= MAX_DATES:
                self._in_order.clear()
            stated: dict[str, JsonValue] = {
                name: value.decode() for (name, _), value in zip(self._dates, dates, strict=True)
            }
            known = self._in_order[dates] = not check_credential(self._validity | stated)
        return known


def _groups(document: JsonObject) -> list[list[Place]]:
    """The places of identifiers that have to differ from one another."""
    embedded = [place for place in _embedded(document, ()) if place]
    groups: list[list[Place]] = [[("id",), *[(*place, "id") for place in embedded]]] if embedded else []
    for member in ("credentialSubject", "credentialStatus"):
        value = document.get(member)
        groups.append([(member, index, "id") for index in range(len(value))] if isinstance(value, list) else [])
    return groups


def _embedded(value: JsonValue, place: Place) -> list[Place]:
    """The places of the credentials in a document."""
    found: list[Place] = []
    if isinstance(value, dict):
        found += [place] if CREDENTIAL_TYPE in types_of(value) else []
        for name, inner in value.items():
            found += _embedded(inner, (*place, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += _embedded(inner, (*place, index))
    return found


def _names(
    group: Sequence[Place], document: JsonObject, number: Mapping[Place, int]
) -> tuple[frozenset[bytes], tuple[int, ...]] | None:
    """The identifiers of a group: those that are the same in all documents, and the holes of the others, if any."""
    holes = tuple([number[place] for place in group if place in number])
    fixed = [_identifier(document, place) for place in group if place not in number]
    return (frozenset(name.encode() for name in fixed if name is not None), holes) if holes else None


def _identifier(document: JsonObject, place: Place) -> str | None:
    owner = value_at(document, place[:-1])
    name = owner.get("id") if isinstance(owner, dict) else None
    return name if isinstance(name, str) else None


def _first(contexts: JsonValue) -> JsonValue:
    return contexts[:1] if isinstance(contexts, list) else contexts
