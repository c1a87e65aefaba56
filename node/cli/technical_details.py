"""The technical details of a verdict: what the checks in its way say themselves, with place and code.

The rows speak to everybody and name no member of the document; these lines are for whoever has to mend it.
"""

from typing import Final

from node.cli.output import visible
from node.cli.words import Words
from node.verification.check import Check, CheckName
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
    """One line for each check that failed, or that could not be made for a reason of its own."""
    return [_line(check, words) for check in entry.checks if check.name in EXPLAINED and _has_reason(check)]


def _has_reason(check: Check) -> bool:
    """Whether there is more to say than that another check came first, or that a file is a file."""
    return check.failed or (check.unknown and "because" not in check.evidence and check.name is not CheckName.HOLDER)


def _line(check: Check, words: Words) -> str:
    path = check.evidence.get("path")
    place = f" ({words('label.place')}: {visible(path)})" if path else ""
    return f"{visible(check.message)}{place} [{check.code}]"
