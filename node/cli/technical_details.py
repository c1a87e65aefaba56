"""The technical details of a verdict: what the checks in its way say themselves, with place and code.

The rows speak to everybody and name no member of the document; these lines are for whoever has to mend it.
"""

from collections.abc import Iterator
from typing import Final

from node.cli.output import visible
from node.cli.words import Words
from node.verification.check import Check, CheckName, Outcome
from node.verification.report import CredentialReport

EXPLAINED: Final = (
    CheckName.STRUCTURE,
    CheckName.CONTEXT,
    CheckName.ISSUER_KEY,
    CheckName.PROOF,
    CheckName.STATUS,
    CheckName.HOLDER,
)
"""The checks whose reason can lie in a member of the document or in a network; of the others the rows say it all."""


def technical_details(entry: CredentialReport, words: Words) -> list[str]:
    """One line for each check that failed, or that could not be made for a reason of its own.

    Then one for each schema that a genuine document does not keep to, and each resource that is not what it pinned.
    """
    lines = [_line(check, words) for check in entry.checks if check.name in EXPLAINED and _has_reason(check)]
    return [*lines, *_beside(entry.check(CheckName.STRUCTURE), words)]


def _beside(structure: Check, words: Words) -> Iterator[str]:
    for kind in ("schemas", "resources"):
        listed = structure.evidence.get(kind)
        for found in listed if isinstance(listed, list) else ():
            if isinstance(found, dict) and found.get("outcome") == Outcome.FAILED:
                errors = found.get("errors")
                error = errors[0] if isinstance(errors, list) and errors else None
                first = error if isinstance(error, dict) else {}
                message = " ".join(str(part) for part in (found.get("message"), first.get("message")) if part)
                yield _told(message, first.get("path", found.get("path")), str(found.get("code")), words)


def _has_reason(check: Check) -> bool:
    """Whether there is more to say than that another check came first, or that a file is a file."""
    return check.failed or (check.unknown and "because" not in check.evidence and check.name is not CheckName.HOLDER)


def _line(check: Check, words: Words) -> str:
    return _told(check.message, check.evidence.get("path"), check.code, words)


def _told(message: str, path: object, code: str, words: Words) -> str:
    place = f" ({words('label.place')}: {visible(path)})" if path else ""
    return f"{visible(message)}{place} [{visible(code)}]"
