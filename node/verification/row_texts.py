"""What each of the seven rows says: one function per row, from its checks to the key and the values of its text."""

from collections.abc import Callable, Mapping
from typing import Final

from node.credentials.micro_credential.findings import SATISFIED
from node.documents import JsonObject, JsonValue
from node.verification.check import Check, CheckName, Outcome
from node.verification.gaps import DEFERRED, NOT_BY_ISSUER, unknown_gap
from node.verification.phrases import Phrases
from node.verification.report import CredentialReport
from node.verification.rows import DISTRUSTED, Row, RowState, accredited

type Text = tuple[str, dict[str, str]]
"""The key of a text behind `row.`, and the values for its places."""


def row_text(row: Row, entry: CredentialReport, phrases: Phrases) -> str:
    """The text of a row of this entry."""
    key, values = _text(row, entry, phrases)
    return phrases(f"row.{key}", **values)


def reason(check: Check, phrases: Phrases) -> str:
    """Why a check failed, for the place {reason}: the words for the longest leading part of its code, and the place."""
    code = check.code.replace("presentation.", "credential.", 1)
    while code and f"reason.{code}" not in phrases:
        code = code.rpartition(".")[0]
    if not code:
        return phrases("reason.other", code=phrases.given(check.code))
    text = phrases(f"reason.{code}", value=phrases.given(check.evidence.get("value")))
    path = check.evidence.get("path")
    return f"{text} ({phrases.given(path)})" if path else text


def is_hosted(entry: CredentialReport) -> bool:
    """Whether what speaks for this entry is no signature, but what its host publishes."""
    return entry.check(CheckName.PROOF).code.startswith(HOSTED_PROOF)


def issuer_name(entry: CredentialReport, phrases: Phrases) -> str:
    """The issuer as the verifier's lists or a body name it; else its identifier, never the name it gives itself."""
    evidence = entry.check(CheckName.AUTHORITY).evidence
    return phrases.given(_first(evidence.get("lists")).get("issuer") or evidence.get("issuer") or _did(entry))


def withdrawal_date(status: Check, phrases: Phrases) -> str:
    """When it was withdrawn or suspended; a list tells only by when at the latest."""
    date, seen = status.evidence.get("date"), status.evidence.get("time")
    if date is None and seen is not None:
        return phrases("date.or_earlier", date=phrases.date(seen))
    return phrases.date(date)


def _text(row: Row, entry: CredentialReport, phrases: Phrases) -> Text:
    asked = row.number == 1 or row.state is not RowState.UNKNOWN
    if not asked and (skipped := [check for check in row.checks if check.code == f"{check.name}.not_run"]):
        return ("not_run_proof" if skipped[0].evidence.get("because") == CheckName.PROOF else "not_run"), {}
    return ROWS[row.number](row, entry, phrases)


def _unchanged(row: Row, entry: CredentialReport, phrases: Phrases) -> Text:  # noqa: PLR0911 -- one per text
    match row.state:
        case RowState.PASS if is_hosted(entry):
            return _as_published(entry.check(CheckName.PROOF).evidence, phrases)
        case RowState.PASS:
            return ("1.pass_derived" if _is_derived(entry.check(CheckName.PROOF)) else "1.pass"), {}
        case RowState.FAIL:
            failed = next(check for check in row.checks if check.failed)
            if failed.name is CheckName.STRUCTURE:
                return "1.fail_structure", {"reason": reason(failed, phrases)}
            if failed.name is CheckName.CONTEXT:
                return "1.fail_context", {}
            return ("1.fail_hosted" if is_hosted(entry) else "1.fail"), {}
        case RowState.UNKNOWN:
            unknown = next(check for check in row.checks if not check.passed)
            if unknown.code == NOT_BY_ISSUER:
                return "1.unknown", {"reason": reason(unknown, phrases)}
            because = entry.check(CheckName.ISSUER_KEY) if unknown.code in DEFERRED else unknown
            key = "1.unknown_hosted" if is_hosted(entry) else "1.unknown"
            return key, {"reason": phrases(f"gap.{unknown_gap(because)}")}
        case RowState.DOES_NOT_APPLY:
            return "does_not_apply", {}


def _as_published(evidence: Mapping[str, JsonValue], phrases: Phrases) -> Text:
    """That the host publishes it; and where the file says otherwise, for its bringer may have changed it."""
    host, differs = phrases.given(evidence.get("address")), evidence.get("differs")
    if isinstance(differs, list) and differs:
        return "1.pass_hosted_differs", {"host": host, "places": phrases.given(", ".join(map(str, differs)))}
    return "1.pass_hosted", {"host": host}


def _is_derived(proof: Check) -> bool:
    """Whether the holder chose what is shown."""
    listed = proof.evidence.get("proofs")
    return any(isinstance(one, dict) and "covers" in one for one in (listed if isinstance(listed, list) else ()))


TAKEN: Final = "taken_for_absent"
"""Evidence of a check for which the policy takes what may be hidden for not being there."""
HOSTED_PROOF: Final = "proof.hosted"
"""How the codes of a proof begin that is no signature, but what a host publishes."""
FAILED_KEYS: Final[Mapping[str, str]] = {
    "issuer_key.hosted.scope": "2.fail_hosted",
    "issuer_key.badge_class": "2.fail_badge",
}
UNKNOWN_ISSUER: Final = frozenset(
    {
        "issuer_key.no_key",
        "issuer_key.metadata.kid",
        "issuer_key.x5c.no_roots",
        "issuer_key.x5c.untrusted",
        "key.rsa_size",
        "issuer_key.moved",
        "issuer_key.hosted.unreachable",
        "issuer_key.hosted.from_file",
        "issuer_key.hosted.moved",
        "issuer_key.hosted.scope_unknown",
    }
)
"""Codes by which the issuer is not known for a reason that the sentence names."""
UNKNOWN_KEYS: Final[Mapping[str, str]] = {
    "issuer_key.from_file": "2.unknown_from_file",
    "issuer_key.replaced": "2.unknown_replaced",
    "issuer_key.not_yet": "2.unknown_undated",
    "issuer_key.undated": "2.unknown_undated",
}


def _issuer(row: Row, entry: CredentialReport, phrases: Phrases) -> Text:  # noqa: PLR0911 -- one per text
    key, authority = row.checks
    issuer = issuer_name(entry, phrases)
    match row.state:
        case RowState.FAIL if key.code == "issuer_key.revoked" and key.failed:
            return "2.fail_revoked", {"issuer": issuer, "date": phrases.date(key.evidence.get("revoked"))}
        case RowState.FAIL if key.failed:
            return FAILED_KEYS.get(key.code, "2.fail"), {"issuer": issuer}
        case RowState.FAIL:
            return "2.fail_distrusted", _distrust(authority, phrases)
        case RowState.PASS if accredited(authority):
            return "2.pass_accredited", {"issuer": issuer, "body": phrases.given(authority.evidence.get("body"))}
        case RowState.PASS:
            listed = _first(authority.evidence.get("lists"))
            return _controlled(listed), {"issuer": issuer, **_named(listed, phrases)}
        case _ if not key.passed and key.code in UNKNOWN_ISSUER:
            return "2.unknown_issuer", {"reason": phrases(f"gap.{unknown_gap(key)}")}
        case _ if not key.passed:
            return UNKNOWN_KEYS.get(key.code, "2.unknown_no_resolution"), {"issuer": issuer}
        case _ if authority.code == "authority.list_stale":
            return "2.unknown_list", _distrust(authority, phrases)
        case _ if denied := _first(authority.evidence.get("denied")):
            return "2.unknown_domain", {"did": phrases.given(_did(entry)), **_named(denied, phrases)}
        case _:
            known = authority.evidence.get("known")
            names = [phrases.given(name) for name in known] if isinstance(known, list) else []
            return "2.unknown_published" if is_hosted(entry) else "2.unknown", {
                "did": phrases.given(_did(entry)),
                "lists": ", ".join(names) or phrases("assessment.none"),
            }


def _not_withdrawn(row: Row, _entry: CredentialReport, phrases: Phrases) -> Text:  # noqa: PLR0911 -- one per text
    (status,) = row.checks
    seen = status.evidence
    match row.state:
        case RowState.PASS:
            source = f"source.{seen.get('source')}"
            return "3.pass", {
                "time": phrases.date(seen.get("time")),
                "source": phrases(source) if source in phrases else phrases("not_given"),
            }
        case RowState.FAIL if status.code == "status.suspended":
            return "3.fail_suspended", {"date": withdrawal_date(status, phrases)}
        case RowState.FAIL if status.code == "status.no_anchored_list":
            return "3.fail_no_anchored_list", {"network": phrases.given(seen.get("network"))}
        case RowState.FAIL:
            date = withdrawal_date(status, phrases)
            return "3.fail_revoked", {"date": date, "reason": phrases.given(seen.get("reason"))}
        case RowState.DOES_NOT_APPLY:
            return ("3.does_not_apply_derived" if TAKEN in seen else "3.does_not_apply"), {}
        case _ if status.code == "status.undisclosed":
            return "3.unknown_undisclosed", {}
        case _ if status.code == "status.rolled_back":
            return "3.unknown_rolled_back", {"seen": phrases.date(seen.get("seen"))}
        case _ if status.code in OPEN_LISTS:
            return f"3.{OPEN_LISTS[status.code]}", {"network": phrases.given(seen.get("network"))}
        case _ if seen.get("last_known"):
            return "3.unknown", {"time": phrases.date(seen.get("last_known"))}
        case _:
            return "3.unknown_nothing", {}


def _in_force(row: Row, _entry: CredentialReport, phrases: Phrases) -> Text:  # noqa: PLR0911 -- one per text
    (validity,) = row.checks
    match row.state:
        case RowState.PASS if until := validity.evidence.get("until"):
            return "4.pass_until", {"date": phrases.date(until)}
        case RowState.PASS:
            return ("4.pass_open_derived" if TAKEN in validity.evidence else "4.pass_open"), {}
        case RowState.FAIL if validity.code == "validity.not_yet":
            return "4.fail_not_yet", {"date": phrases.date(validity.evidence.get("from"))}
        case RowState.FAIL:
            return "4.fail_ended", {"date": phrases.date(validity.evidence.get("until"))}
        case RowState.UNKNOWN if validity.code == "validity.undisclosed":
            return "4.unknown_undisclosed", {}
        case RowState.UNKNOWN:
            return "4.unknown", {"reason": reason(validity, phrases)}
        case RowState.DOES_NOT_APPLY:
            return "does_not_apply", {}


def _anchored(row: Row, _entry: CredentialReport, phrases: Phrases) -> Text:
    (anchor,) = row.checks
    network = phrases.given(anchor.evidence.get("network"))
    match row.state:
        case RowState.PASS:
            key = "5.pass_mandatory" if anchor.evidence.get("covers") == "mandatory" else "5.pass"
            return key, {
                "time": phrases.date(anchor.evidence.get("time")),
                "network": network,
                "n": phrases.given(anchor.evidence.get("block")),
            }
        case RowState.FAIL:
            return "5.fail", {"network": network}
        case RowState.DOES_NOT_APPLY:
            return "5.does_not_apply_unlinkable" if anchor.code == "anchor.unlinkable" else "5.does_not_apply", {}
        case _ if anchor.code == "anchor.waiting":
            return "5.unknown_waiting", {"time": phrases.given(anchor.evidence.get("within"))}
        case _ if anchor.code == "anchor.later":
            return "5.unknown_later", {"time": phrases.date(anchor.evidence.get("time"))}
        case _:
            return f"5.{OPEN_ANCHORS.get(anchor.code, 'unknown_unreachable')}", {"network": network}


def _holder(row: Row, _entry: CredentialReport, _phrases: Phrases) -> Text:
    (holder,) = row.checks
    match row.state:
        case RowState.PASS:
            return "6.pass", {}
        case RowState.FAIL:
            return ("6.fail_replay" if holder.code == "holder.replay" else "6.fail"), {}
        case RowState.UNKNOWN:
            return ("6.unknown_bearer" if holder.evidence.get("bound") else "6.unknown"), {}
        case RowState.DOES_NOT_APPLY:
            return "does_not_apply", {}


def _quality(row: Row, _entry: CredentialReport, phrases: Phrases) -> Text:  # noqa: PLR0911 -- one per text
    authority, classified = row.checks
    body = phrases.given(authority.evidence.get("body"))
    match row.state:
        case RowState.PASS:
            shown = authority.evidence
            level, signed = phrases.given(shown.get("level")), shown.get("level_signed")
            return "7.pass", {
                "assessment": phrases.listed("assessment", shown.get("assessment")),
                "supervision": phrases.listed("supervision", shown.get("supervision")),
                "body": body,
                "level": level if signed or shown.get("level") is None else phrases("level.claimed", level=level),
            }
        case RowState.FAIL if authority.failed and authority.code == DISTRUSTED:
            return "2.fail_distrusted", _distrust(authority, phrases)
        case RowState.FAIL if authority.failed:
            return "7.fail", {"body": body}
        case RowState.FAIL:
            return ("7.fail_label" if classified.code == "mc.label.mismatch" else "7.fail_class"), {}
        case RowState.DOES_NOT_APPLY:
            return "7.does_not_apply", {}
        case _ if classified.code == "class.undisclosed":
            return "7.unknown_undisclosed", {}
        case _ if classified.code == "mc.claim.unsupported" and (lacking := _lacking(classified, phrases)):
            return "7.unknown_claim", {"elements": ", ".join(lacking)}
        case _ if authority.code in UNSHOWN and "body" in authority.evidence:
            return "7.unknown_body", {"body": body}
        case _:
            return "7.unknown", {}


UNSHOWN: Final = frozenset({"authority.claimed", "authority.open"})
"""A body that the verifier believes accredited the issuer, and it is not shown that this was in force."""


OPEN_LISTS: Final[Mapping[str, str]] = {
    "status.head.other": "unknown_other_list",
    "status.equivocated": "unknown_equivocated",
}
"""What row 3 says where a head does not lead to a list, by the code of `status`."""
OPEN_ANCHORS: Final[Mapping[str, str]] = {
    "anchor.test_network": "unknown_test_network",
    "anchor.namespace": "unknown_namespace",
    "anchor.no_receipt": "unknown_no_receipt",
    "anchor.unknown_network": "unknown_network",
    "anchor.other_contract": "unknown_network",
    "anchor.malformed": "unknown_malformed",
    "anchor.not_checked": "unknown_foreign",
}
"""What row 5 says where nothing is known, by the code of `anchor`; of any other, that the record cannot be reached."""

ROWS: Final[Mapping[int, Callable[[Row, CredentialReport, Phrases], Text]]] = {
    1: _unchanged,
    2: _issuer,
    3: _not_withdrawn,
    4: _in_force,
    5: _anchored,
    6: _holder,
    7: _quality,
}


def _lacking(classified: Check, phrases: Phrases) -> list[str]:
    """The elements that the document does not state, in words."""
    states = classified.evidence.get("elements")
    elements = states.items() if isinstance(states, dict) else ()
    return [
        phrases(f"lacking.{name}")
        for name, state in elements
        if state not in SATISFIED and f"lacking.{name}" in phrases
    ]


def _named(listed: JsonObject, phrases: Phrases) -> dict[str, str]:
    """A list, and the domain that it gives the issuer."""
    return {"list": phrases.given(listed.get("list")), "domain": phrases.given(listed.get("domain"))}


def _controlled(listed: JsonObject) -> str:
    """The text that says no more of the domain than is known: the list's word, or what became of asking the domain."""
    linkage = listed.get("linkage")
    asked = isinstance(linkage, dict) and linkage.get("outcome") != Outcome.PASSED
    return "2.pass_domain_open" if asked else "2.pass"


def _distrust(authority: Check, phrases: Phrases) -> dict[str, str]:
    return {
        "list": phrases.given(authority.evidence.get("list")),
        "date": phrases.date(authority.evidence.get("date")),
    }


def _did(entry: CredentialReport) -> JsonValue:
    issuer = entry.summary.get("issuer")
    return issuer.get("id") if isinstance(issuer, dict) else None


def _first(value: JsonValue) -> JsonObject:
    return value[0] if isinstance(value, list) and value and isinstance(value[0], dict) else {}
