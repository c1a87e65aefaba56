"""Credentials of which the holder chooses what to show: what the issuer keeps from being hidden, and with which key.

Spec: https://www.w3.org/TR/vc-data-integrity/#selective-disclosure
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from did_methods.errors import shown
from node.credentials.credential import CREDENTIAL_TYPE, Credential
from node.credentials.micro_credential.disclosure import ALWAYS_DISCLOSED, always_disclosed
from node.credentials.structure import types_of
from node.documents import JsonObject, JsonValue
from node.issuance.errors import ProfileError
from node.proofs.disclosure import BBS, ECDSA_SD
from node.verification.checks.anchor import anchor_entries

DISCLOSABLE: Final = frozenset({ECDSA_SD, BBS})
"""Cryptosuites whose holders derive what they show."""
SUITE_OF_FORM: Final[Mapping[str, str]] = MappingProxyType(
    {"eddsa": "eddsa-rdfc-2022", "ecdsa-sd": ECDSA_SD, "bbs": BBS}
)
"""What people call a form in which the proof stands inside the credential."""

_EPOCH: Final = re.compile(r"[0-9]{4}(?:-(?:0[1-9]|1[0-2]))?", re.ASCII)
_ACHIEVEMENT: Final = ("credentialSubject", "achievement")


@dataclass(frozen=True, slots=True)
class KeyScope:
    """What one BBS key signs: credentials of one kind, from one year or month.

    Whoever sees a presentation sees the key. A key that signs for few tells them apart, and one that signs several
    kinds, or for ever, cannot be given up without the others. `signs` is the identifier of an achievement, or a type
    where a credential names no achievement; `epoch` is a year or month in UTC, such as 2026 or 2026-11.
    """

    signs: str
    epoch: str

    def __post_init__(self) -> None:
        if not self.signs or not _EPOCH.fullmatch(self.epoch):
            raise ProfileError(
                f"a key cannot be for {shown(self.signs)} in {shown(self.epoch)}",
                code="issuance.key_scope",
                remedy="Name the achievement's identifier, and a year or month such as 2026 or 2026-11.",
            )

    def to_json(self) -> JsonObject:
        """The scope as a key file states it."""
        return {"signs": self.signs, "epoch": self.epoch}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What an issuer decides about disclosure: places that no holder can hide, beyond those that nobody can ever hide.

    Of the latter only the date of award can be left to the holder's choice, by `awarded_date`. `scope` is that of a BBS
    key.
    """

    mandatory: tuple[str, ...] = ()
    awarded_date: bool = True
    scope: KeyScope | None = None


NOTHING_MORE: Final = Disclosure()
"""What is always disclosed, and the date of award."""


def mandatory_pointers(document: JsonObject, disclosure: Disclosure) -> tuple[str, ...]:
    """Pointers to what every derivation of the document shows.

    What the rules for micro-credentials keep from being hidden, the entry of an anchor among the evidence, and what the
    issuer adds. A pointer to the only element of an array names the array instead: to JSON-LD the two are the same, and
    software that writes such arrays as their element finds nothing at the other.
    """
    always = always_disclosed(document, awarded_date=disclosure.awarded_date)
    return tuple(
        dict.fromkeys(_whole(document, one) for one in (*always, *anchor_entries(document), *disclosure.mandatory))
    )


def check_scope(document: JsonObject, scope: KeyScope | None) -> None:
    """Return if a BBS key of this scope may sign the document; raises ProfileError."""
    if scope is None:
        raise ProfileError(
            "nothing says which credentials this BBS key signs",
            code="issuance.key_scope",
            remedy="Make one for an achievement and a year: glejt did create --type bls12-381-g2 --for ID --epoch 2026",
        )
    kinds = _kinds(document)
    start = Credential(document).validity.start
    begins = "no day" if start is None else start.astimezone(UTC).strftime("%Y-%m-%d")
    if kinds != {scope.signs} or not begins.startswith(scope.epoch):
        raise ProfileError(
            f"this BBS key signs {shown(scope.signs)} of {scope.epoch}, and the document is of "
            f"{shown(' and '.join(sorted(kinds)))}, from {begins}",
            code="issuance.key_scope",
            remedy="Sign with the key for this achievement and time; one key for several would tell holders apart.",
        )


def stated_time(suite: str, created: datetime) -> datetime:
    """The time of signing that a proof states: of a BBS proof the day, for each presentation shows it."""
    return created.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) if suite == BBS else created


def _kinds(document: JsonObject) -> set[str]:
    """The achievements that a credential awards, or its types where it names none."""
    places: list[JsonValue] = [document]
    for name in _ACHIEVEMENT:
        values = [place.get(name) for place in places if isinstance(place, dict)]
        places = [item for value in values for item in (value if isinstance(value, list) else [value])]
    named = {str(place["id"]) for place in places if isinstance(place, dict) and "id" in place}
    return named or (set(types_of(document)) - {CREDENTIAL_TYPE, ALWAYS_DISCLOSED}) or {CREDENTIAL_TYPE}


def _whole(document: JsonObject, path: str) -> str:
    """The pointer without steps to the only element of an array at its end."""
    while path.endswith("/0"):
        parent = path.removesuffix("/0")
        value: JsonValue = document
        for step in parent.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            if isinstance(value, dict):
                value = value.get(name)
            elif isinstance(value, list) and name.isascii() and name.isdigit() and int(name) < len(value):
                value = value[int(name)]
            else:
                value = None
        if not isinstance(value, list) or len(value) != 1:
            return path
        path = parent
    return path
