"""What a verifier will not be able to tell of what is shown, because the rest may hide it, and what settles that.

A holder who hides an end or a withdrawal does not get rid of it: who checks leaves the question open.

Spec: docs/adr/0022-what-is-not-shown-may-be-hidden.md
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from node.credentials.structure import one_or_many
from node.documents import JsonObject, JsonValue, pointer
from node.status.entry import Purpose, read_entry
from node.status.errors import StatusError
from node.verification.check import CheckName
from node.verification.checks.credential_class import UNDISCLOSED as CLASS_OPEN
from node.verification.checks.status import UNDISCLOSED as STATUS_OPEN
from node.verification.checks.validity import ENDS, STARTS
from node.verification.checks.validity import UNDISCLOSED as VALIDITY_OPEN
from node.verification.report import CredentialReport
from node.wallet.disclosed import Disclosed, all_of

VALIDITY: Final = "wallet.undecided.validity"
STATUS: Final = "wallet.undecided.status"
CLASS: Final = "wallet.undecided.class"
_STATUS: Final = pointer("credentialStatus")
_ACHIEVEMENT: Final = "achievement"


@dataclass(frozen=True, slots=True)
class Undecided:
    """A question that stays open at every verifier; `show` are places that settle it where they are shown, too.

    Without any, only the issuer could settle it.
    """

    code: str
    show: tuple[str, ...] = ()


def undecided(
    report: CredentialReport, credential: JsonObject | str, disclosed: Collection[Disclosed]
) -> tuple[Undecided, ...]:
    """What is open in the report on a derivation of the credential that discloses this.

    1. Validity is settled by a start and an end, where the credential states both.
    2. Its withdrawal is settled by the entry that is about it. What was not looked up, because nobody was asked, may
       hide that this entry is not shown.
    3. A class is told only where the issuer says that what lowers it cannot be hidden.

    In an SD-JWT none of this may be shown by choice; its verifiers would refuse it.
    """
    whole: JsonObject = {} if isinstance(credential, str) else credential
    shown = frozenset([one.path for one in disclosed])
    found: list[Undecided] = []
    if report.check(CheckName.VALIDITY).code == VALIDITY_OPEN:  # 1.
        found.append(Undecided(VALIDITY, _dates(whole, shown)))
    entries = list(_withdrawals(whole, shown))
    parted = any(path.startswith(f"{_STATUS}/") for path in shown)
    if report.check(CheckName.STATUS).code == STATUS_OPEN or (entries and parted):  # 2.
        found.append(Undecided(STATUS, tuple(entries)))
    about = any(_ACHIEVEMENT in path.split("/") for path in shown)
    if report.check(CheckName.CLASS).code == CLASS_OPEN and (about or isinstance(credential, str)):  # 3.
        found.append(Undecided(CLASS))
    return tuple(found)


def _dates(whole: JsonObject, shown: Collection[str]) -> tuple[str, ...]:
    """The dates that are missing from what is shown, where all that are needed are stated."""
    stated = [[pointer(name) for name in names if name in whole] for names in (STARTS, ENDS)]
    if not all(stated):
        return ()
    return tuple([place for places in stated for place in places if place not in shown])


def _withdrawals(whole: JsonObject, shown: Collection[str]) -> Iterator[str]:
    """The entries about withdrawal, if none of them is shown as a whole."""
    value = whole.get("credentialStatus", [])
    entries = [(path, entry) for entry, path in one_or_many(value, _STATUS) if _is_withdrawal(entry)]
    if not any(_is_shown(entry, path, shown) for path, entry in entries):
        yield from (path for path, _ in entries)


def _is_withdrawal(entry: JsonValue) -> bool:
    try:
        return isinstance(entry, dict) and read_entry(entry).purpose == Purpose.REVOCATION
    except StatusError:
        return False


def _is_shown(entry: JsonValue, path: str, shown: Collection[str]) -> bool:
    return isinstance(entry, dict) and all(path + one.path in shown for one in all_of(entry))
