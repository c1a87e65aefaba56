"""The privacy linter: what would betray holders, told to the issuer before anything is signed.

A credential of which its holder chooses what to show protects nobody if what is always shown says who it is, and two
presentations of BBS are linked by anything in them that few credentials share. So are those of SD-JWTs that were issued
to one holder side by side, each with a signature of its own, to be shown once each.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from node.credentials.credential import Credential
from node.credentials.errors import TimestampError
from node.credentials.micro_credential.wallet_forms import DATE, OF_PERSON, OPEN_BADGE
from node.credentials.sd_jwt_vc import TYPE
from node.documents import JsonObject, JsonValue, pointer
from node.issuance.disclosable import DISCLOSABLE, Disclosure, mandatory_pointers
from node.proofs.canonicalize.jcs import jcs
from node.proofs.disclosure import BBS
from node.proofs.errors import ProofsError
from node.proofs.jsonld import JsonLd
from node.proofs.selective_disclosure.labels import MAX_SETTLED

IDENTIFYING: Final = frozenset(
    {
        "name", "givenName", "familyName", "familyNamePrefix", "additionalName", "patronymicName", "honorificPrefix",
        "honorificSuffix", "email", "emailAddress", "phone", "telephone", "birthDate", "dateOfBirth", "placeOfBirth",
        "gender", "nationality", "address", "image", "identifier", "identityHash", "hashed", "url", "studentId",
        "licenseNumber", "personalIdentifier", "sourcedId",
    }
)  # fmt: skip
"""Members of a subject that say who it is, in the vocabularies that are known here."""
TIMES: Final = ("validFrom", "validUntil", "issuanceDate", "expirationDate", "awardedDate")
TIMES_IN_CLAIMS: Final = ("iat", "nbf", "exp", *dict.fromkeys((*TIMES, *DATE)))
DAY: Final = "T00:00:00Z"
DAY_SECONDS: Final = 86_400
SHORT: Final = timedelta(days=92)
"""For how long a credential that nothing can withdraw may count: a term."""
FEW: Final = 5
"""A value that fewer credentials of a batch share tells their holders apart from the others."""
MAX_VALUES: Final = 4096
"""Different values of one place that are counted; one with more is rare many times over."""
OWN_ID: Final = "/id"
"""The credential's own identifier, which no badge can be without: the schema of Open Badges demands it."""
_SUBJECT: Final = "credentialSubject"
_ACHIEVEMENT: Final = "achievement"
_OWN: Final = ("sub", OPEN_BADGE)
"""Claims that are an identifier: of the learner, or of the award."""
_NOBODYS: Final = frozenset({_ACHIEVEMENT})
_SHARED: Final = _NOBODYS | {"@context", "issuer", "credentialStatus", "credentialSchema", "relatedResource"}
"""Members whose identifiers are the same for many, and the place in a list, of which something else is said."""


class PrivacyFinding(NamedTuple):
    """One thing that would betray holders, and where it stands."""

    code: str
    path: str


@dataclass(slots=True)
class PrivacyLinter:
    """The linter for the credentials of one issuer that are signed alike, one or many."""

    suite: str
    disclosure: Disclosure
    jsonld: JsonLd
    _counts: dict[str, Counter[bytes]] = field(default_factory=dict)
    _seen: int = 0

    def look(self, document: JsonObject) -> list[PrivacyFinding]:
        """What is to be said of one credential.

        1. A member that says who the learner is, and that no holder can hide.
        2. Of BBS only: an identifier that is always shown.
        3. A time that is finer than a day.
        4. A place in a status list; or nothing that could withdraw what counts for long.
        5. Parts without an identifier, so many that the order of their names tells credentials apart.
        """
        if self.suite not in DISCLOSABLE:
            return []
        shown = mandatory_pointers(document, self.disclosure)
        found = [PrivacyFinding("privacy.identifying", path) for path in _identifying(document, shown)]  # 1.
        if self.suite == BBS:
            found += [
                PrivacyFinding("privacy.credential_id" if path == OWN_ID else "privacy.id", path)
                for path in _identifiers(document, shown)
            ]  # 2.
            found += [
                PrivacyFinding("privacy.time", pointer(name))
                for name in TIMES
                if pointer(name) in shown and not _coarse(document.get(name))
            ]  # 3.
            found += _withdrawal(document)  # 4.
            found += self._names(document)  # 5.
            self._count(document, shown)
        return found

    def look_at_claims(self, claims: JsonObject, choosable: Collection[str]) -> list[PrivacyFinding]:
        """What is to be said of the claims of one SD-JWT, of which the holder may hide what `choosable` points to.

        1. A member or claim that says who the learner is, and that no holder can hide.
        2. An identifier that is always shown.
        3. The holder's key.
        4. A time that is finer than a day.
        5. A place in a status list; or nothing that could withdraw what counts for long.
        """
        shown = tuple(_always_shown(claims, "", frozenset(choosable), _ways(choosable)))
        people = [pointer(name) for name in OF_PERSON if name not in _OWN and pointer(name) in shown]
        found = [PrivacyFinding("privacy.identifying", path) for path in (*_identifying(claims, shown), *people)]  # 1.
        own = [pointer(name) for name in _OWN if pointer(name) in shown]
        inside = [path for path, name in _members(claims, "", _SHARED) if name == "id" and _covered(path, shown)]
        found += [PrivacyFinding("privacy.id", path) for path in (*own, *inside)]  # 2.
        found += [PrivacyFinding("privacy.key", "/cnf")] if "cnf" in claims else []  # 3.
        found += [
            PrivacyFinding("privacy.time", pointer(name))
            for name in TIMES_IN_CLAIMS
            if pointer(name) in shown and not _coarse(claims[name])
        ]  # 4.
        found += _withdrawal(claims)  # 5.
        said = {one.path for one in found}
        self._count(claims, tuple([path for path in shown if path not in said]))
        return found

    def rare(self) -> list[PrivacyFinding]:
        """The places whose values are rare among the credentials looked at, identifiers and times aside."""
        return [
            PrivacyFinding("privacy.rare", path)
            for path, values in self._counts.items()
            if self._seen > 1 and (len(values) >= MAX_VALUES or any(n < min(FEW, self._seen) for n in values.values()))
        ]

    def _names(self, document: JsonObject) -> Iterator[PrivacyFinding]:
        try:
            statements = self.jsonld.to_rdf(document)
        except ProofsError:
            return  # refused for that before it is signed
        nodes = {subject for subject, _, _, _ in statements if subject.startswith("_:")}
        if len(nodes) > MAX_SETTLED:
            yield PrivacyFinding("privacy.names", "")

    def _count(self, document: JsonObject, shown: tuple[str, ...]) -> None:
        present = {path: sha256(jcs(_at(document, path))).digest() for path in shown}
        for path in {*self._counts, *present}:
            # A place that earlier credentials did not have is one more value that they shared.
            values = self._counts.setdefault(path, Counter({b"": self._seen} if self._seen else {}))
            if len(values) < MAX_VALUES:
                values[present.get(path, b"")] += 1
        self._seen += 1


def _identifying(document: JsonObject, shown: tuple[str, ...]) -> Iterator[str]:
    for path, name in _members(document.get(_SUBJECT), pointer(_SUBJECT)):
        if name in IDENTIFYING and _covered(path, shown):
            yield path


def _covered(path: str, shown: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith(f"{one}/") for one in shown)


def _members(value: JsonValue, path: str, but: frozenset[str] = _NOBODYS) -> Iterator[tuple[str, str]]:
    """Each member of a value and of what is inside it, but for those such as the achievement, which is nobody's."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in but:
                yield path + pointer(name), name
                yield from _members(inner, path + pointer(name), but)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _members(inner, path + pointer(index), but)


def _ways(paths: Collection[str]) -> frozenset[str]:
    """Every place that has one of these inside."""
    return frozenset(path[:end] for path in paths for end, sign in enumerate(path) if sign == "/" and end)


def _always_shown(value: JsonValue, path: str, hidable: frozenset[str], ways: frozenset[str]) -> Iterator[str]:
    """Pointers to what nobody can hide: whole, or in parts where something inside can be hidden."""
    if isinstance(value, dict):
        parts = [(path + pointer(name), inner) for name, inner in value.items()]
    else:
        parts = [(path + pointer(index), inner) for index, inner in enumerate(value if isinstance(value, list) else ())]
    for place, inner in parts:
        if place in ways:
            yield from _always_shown(inner, place, hidable, ways)
        elif place not in hidable:
            yield place


def _coarse(time: JsonValue) -> bool:
    """Whether a time says the day alone: as text, or in seconds."""
    if isinstance(time, int):
        return time % DAY_SECONDS == 0
    return str(time).endswith(DAY) or "T" not in str(time)


def _identifiers(document: JsonObject, shown: tuple[str, ...]) -> Iterator[str]:
    """Identifiers on the way to what is shown; those of issuer and achievement are the same for many."""
    owners = {""}
    for path in shown:
        steps = path.split("/")
        owners |= {"/".join(steps[:end]) for end in range(2, len(steps))}
        owners |= {path} if f"/{_ACHIEVEMENT}" not in path and path.count("/") > 1 else set()
    for owner in sorted(owners):
        value = _at(document, owner)
        if isinstance(value, dict) and "id" in value:
            yield owner + "/id"


def _withdrawal(document: JsonObject) -> Iterator[PrivacyFinding]:
    for name in ("credentialStatus", "status"):
        if name in document:
            yield PrivacyFinding("privacy.status", pointer(name))
            return
    if TYPE in document:
        start, end, until = document.get("nbf"), document.get("exp"), "exp"
        short = isinstance(start, int) and isinstance(end, int) and end - start <= SHORT.total_seconds()
    else:
        try:
            validity = Credential(document).validity
        except TimestampError:
            return  # refused for that before it is signed
        until = "validUntil"
        short = validity.start is not None and validity.end is not None and validity.end - validity.start <= SHORT
    if not short:
        yield PrivacyFinding("privacy.lasting", pointer(until))


def _at(document: JsonObject, path: str) -> JsonValue:
    value: JsonValue = document
    for step in path.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value
