"""What stands in the way: the one gap that a sentence names.

A sentence has room for one reason, so the first in the order of the rows is taken among those that decide:

- `refused`: required checks that failed;
- `cannot_tell`: required checks that are not satisfied, and proof and issuer_key wherever they did not pass;
- `genuine_but`: rows that failed, and rows 1 to 4 that are unknown.

A check that did not run because of another one leaves the word to that other.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

from node.verification.check import Check, CheckName
from node.verification.policy import Policy
from node.verification.report import CredentialReport, Sentence, blemish
from node.verification.rows import CHECKS_OF_ROW, DISTRUSTED, ISSUER_ROW, RowState, recognised, rows_of

FAILED: Final[Mapping[CheckName, str]] = MappingProxyType(
    {
        CheckName.VALIDITY: "dates",
        CheckName.STATUS: "withdrawal_failed",
        CheckName.ANCHOR: "anchor_failed",
        CheckName.HOLDER: "holder_failed",
        CheckName.AUTHORITY: "quality_failed",
        CheckName.CLASS: "class_failed",
    }
)
"""The gap of a check that failed; a failure of the first four checks has a sentence of its own."""

UNKNOWN: Final[Mapping[CheckName, str]] = MappingProxyType(
    {
        CheckName.STRUCTURE: "signature",
        CheckName.CONTEXT: "vocabulary",
        CheckName.PROOF: "signature",
        CheckName.ISSUER_KEY: "keys",
        CheckName.VALIDITY: "dates",
        CheckName.STATUS: "withdrawal",
        CheckName.ANCHOR: "anchor",
        CheckName.HOLDER: "holder",
        CheckName.AUTHORITY: "quality",
        CheckName.CLASS: "class",
    }
)
"""The gap of a check that is required and neither passed nor failed."""

BY_CODE: Final[Mapping[str, str]] = MappingProxyType(
    {
        "issuer_key.from_file": "keys_from_file",
        "issuer_key.replaced": "key_replaced",
        "issuer_key.undated": "key_undated",
        "issuer_key.unsupported": "signature",
        "issuer_key.no_key": "keys_unnamed",
        "issuer_key.metadata.kid": "keys_unnamed",
        "issuer_key.x5c.no_roots": "keys_uncertified",
        "issuer_key.x5c.untrusted": "keys_uncertified",
        "key.rsa_size": "key_weak",
        "issuer_key.moved": "published_elsewhere",
        "issuer_key.hosted.unreachable": "published",
        "issuer_key.hosted.from_file": "published_from_file",
        "issuer_key.hosted.moved": "published_elsewhere",
        "issuer_key.hosted.scope_unknown": "published_elsewhere",
        "context.hosted.unreachable": "published",
        "proof.hosted.unreachable": "published",
        "proof.hosted.from_file": "published_from_file",
        "proof.hosted.stripped": "published_stripped",
        "proof.hosted.recipient": "recipient",
        "canonicalization.budget": "tangled",
        "canonicalization.quads": "too_large",
        "context.budget": "tangled",
        "context.too_deep": "tangled",
        "context.too_many": "too_large",
        "context.quads": "too_large",
        "proof.malformed.too_many": "too_large",
        "holder.replay": "holder_replay",
        "validity.undisclosed": "dates_undisclosed",
        "status.undisclosed": "withdrawal_undisclosed",
        "class.undisclosed": "class_undisclosed",
        "mc.claim.unsupported": "class_claim",
        DISTRUSTED: "issuer_distrusted",
    }
)
"""Codes with a more telling gap than their check's."""

LIMIT: Final = "limit"
"""A part of the codes of findings about what is larger than may be judged."""

NOT_BY_ISSUER: Final = "proof.not_by_issuer"
DEFERRED: Final = frozenset({"proof.indeterminate.key", NOT_BY_ISSUER, "proof.not_run"})
"""Codes of a proof that could not be checked because of another check, which names the gap."""


def gap_of(entry: CredentialReport, policy: Policy) -> str:
    """The key of the gap that this entry's sentence names."""
    match entry.sentence:
        case Sentence.REFUSED:
            gaps = [_failed(check) for check in _in_row_order(entry) if check.failed and check.name in policy.requires]
        case Sentence.GENUINE_BUT:
            gaps = list(_blemishes(entry))
        case _:
            gaps = list(_undecided(entry, policy))
    return gaps[0] if gaps else UNKNOWN[CheckName.PROOF]


def unknown_gap(check: Check) -> str:
    """The gap of one check that could not be decided."""
    if LIMIT in check.code.split("."):
        return "too_large"
    return BY_CODE.get(check.code) or UNKNOWN[check.name]


def _failed(check: Check) -> str:
    return BY_CODE.get(check.code) or FAILED[check.name]


def _in_row_order(entry: CredentialReport) -> Iterator[Check]:
    """Each check once, where its row comes; authority belongs to row 2 while nobody is known to name the issuer."""
    seen: set[CheckName] = set()
    for number, names in enumerate(CHECKS_OF_ROW, start=1):
        for name in names:
            check = entry.check(name)
            elsewhere = name is CheckName.AUTHORITY and number == ISSUER_ROW and not _about_issuer(check)
            if name not in seen and not elsewhere:
                seen.add(name)
                yield check


def _about_issuer(authority: Check) -> bool:
    """Whether this authority says something about the issuer, rather than about who guarantees quality."""
    return authority.code == DISTRUSTED or not (authority.failed or recognised(authority))


def _undecided(entry: CredentialReport, policy: Policy) -> Iterator[str]:
    for check in _in_row_order(entry):
        first_of_all = check.name in {CheckName.PROOF, CheckName.ISSUER_KEY} and not check.passed
        if check.failed or check.code in DEFERRED or (policy.satisfied(check) and not first_of_all):
            continue
        if check.name is CheckName.AUTHORITY and _about_issuer(check):
            yield "issuer"
        else:
            yield unknown_gap(check)


def _blemishes(entry: CredentialReport) -> Iterator[str]:
    for row in filter(blemish, rows_of({check.name: check for check in entry.checks})):
        if row.state is RowState.FAIL:
            yield next(_failed(check) for check in row.checks if check.failed)
        elif row.number == ISSUER_ROW:
            if not entry.check(CheckName.AUTHORITY).failed:  # then row 7 says more
                yield "issuer"
        else:
            yield unknown_gap(row.checks[0])
