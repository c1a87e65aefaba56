"""`glejt did history`: which keys an identifier had when, and how that is known."""

import asyncio
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from did_methods.did import parse_did_url
from did_methods.document import DidDocument, Relationship, VerificationMethod
from did_methods.errors import DidMethodsError
from did_methods.history import DocumentVersion, KeyEvidence, KeyHistory, KeyState, key_at
from did_methods.multikey import PublicKey
from did_methods.resolution import Resolution
from node.cli.did import refusal_of, resolved
from node.cli.did_watchers import ask_watchers, finding_json, tell_watchers
from node.cli.errors import Refused, Unknowable
from node.cli.inputs import moment, trust_for
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.credentials.timestamps import format_timestamp
from node.documents import JsonObject, JsonValue
from node.verification.histories import history_in
from node.verification.keys import ON_CHAIN, is_computed
from node.verification.material import EMPTY, Origin, ResolvedDocument
from node.verification.trust import Trust

UNTOLD: Final = Unknowable.status
_EVIDENCE: Final = MappingProxyType(
    {
        KeyEvidence.IMMUTABLE: "history.immutable",
        KeyEvidence.ANCHORED: "history.anchored",
        KeyEvidence.WITNESSED: "history.witnessed",
        KeyEvidence.SELF_DECLARED: "history.self_declared",
        KeyEvidence.NOW_ONLY: "history.now_only",
    }
)
_STATES: Final = MappingProxyType(
    {
        KeyState.ACTIVE: "history.active",
        KeyState.NOT_YET: "history.not_yet",
        KeyState.ROTATED_AWAY: "history.rotated_away",
        KeyState.REVOKED: "history.revoked",
        KeyState.UNKNOWN: "history.unknown",
    }
)


def tell_history(  # noqa: PLR0913 -- what was asked for, and in which form
    invocation: Invocation,
    name: str,
    *,
    at: str | None,
    as_json: bool,
    watchers: bool = False,
    trust: str | None = None,
) -> int:
    """Answer with the versions that are known, and what each key was at a time: now, unless another is given.

    `watchers` asks those that a log names for their copies. What they hold changes nothing in the history; where it
    shows that the controller signed otherwise, whether this is the whole cannot be told, and the status says so.
    """
    now = datetime.now(UTC)
    time = now if at is None else moment("--at", at)
    known = trust_for(invocation, trust)
    result = asyncio.run(resolved(invocation, name, trust=known))
    if result.problem is not None:
        raise refusal_of(result.problem, result, name)
    try:
        history = _history(name, result, now, known)
    except DidMethodsError as error:
        raise Refused("did.refused", details=f"{error}. {error.remedy}") from error
    asked = asyncio.run(ask_watchers(invocation, name, result, now)) if watchers else ()
    status = UNTOLD if any(finding.state.contradicts for finding in asked) else 0
    keys = {method.id: method for version in history.versions for method in _keys(version)}
    if as_json:
        beside: JsonObject = {"watchers": [finding_json(finding) for finding in asked]} if watchers else {}
        invocation.out.answer_json(_as_json(history, keys, time) | beside)
        return status
    words, answer = invocation.words, invocation.out.answer
    for version in history.versions:
        since = words("history.begin") if version.since is None else format_timestamp(version.since)
        until = words("history.end") if version.until is None else format_timestamp(version.until)
        listed = ", ".join(method.id.rpartition("#")[2] for method in _keys(version))
        answer(f"{since} - {until}: {visible(listed) or words('history.none')}")
    answer()
    answer(words("history.at", time=format_timestamp(time)))
    for method in keys.values():
        if method.key is not None:
            state = key_at(history, method.key, time).state
            answer(f"  {visible(method.id.rpartition('#')[2])}: {words(_STATES[state])}")
    for evidence in dict.fromkeys(version.evidence for version in history.versions):
        invocation.out.remark(_EVIDENCE[evidence])
    if watchers:
        tell_watchers(invocation, asked)
    return status


def _history(name: str, result: Resolution, now: datetime, trust: Trust) -> KeyHistory:
    """The history that came with a document; where none did, the document is all there is, for ever or just now."""
    did = parse_did_url(name).did
    if result.files and str(did).startswith(ON_CHAIN):
        from node.verification.ethr_documents import shown_documents  # noqa: PLC0415 -- few identifiers are on a chain

        item = ResolvedDocument(result.document or {}, KeyEvidence.NOW_ONLY, Origin.LIVE, now, result.files)
        return shown_documents(did, item, EMPTY, trust, now).history
    if result.files:
        return history_in(str(did), result.files, now)
    document = DidDocument.parse(result.document or {})
    return KeyHistory.immutable(document) if is_computed(did) else KeyHistory.now_only(document)


def _keys(version: DocumentVersion) -> list[VerificationMethod]:
    """The methods by which the subject makes statements."""
    listed = version.document.relationships[Relationship.ASSERTION_METHOD]
    return [method for method in version.document.methods.values() if method.id in listed]


def _as_json(history: KeyHistory, keys: dict[str, VerificationMethod], time: datetime) -> JsonObject:
    versions: list[JsonValue] = [
        {
            "since": _stamp(version.since),
            "until": _stamp(version.until),
            "evidence": version.evidence.value,
            "keys": [method.id for method in _keys(version)],
        }
        for version in history.versions
    ]
    return {
        "did": history.present.document.id,
        "at": format_timestamp(time),
        "versions": versions,
        "keys": [_key_json(history, method, time) for method in keys.values()],
    }


def _key_json(history: KeyHistory, method: VerificationMethod, time: datetime) -> JsonObject:
    told: JsonObject = {"id": method.id, "type": method.type}
    if isinstance(method.key, PublicKey):
        told["publicKeyMultibase"] = method.key.to_multibase()
    if method.key is None:
        return told | {"state": KeyState.UNKNOWN.value}
    known = key_at(history, method.key, time)
    return told | {
        "state": known.state.value,
        "evidence": known.evidence.value,
        "since": _stamp(known.since),
        "until": _stamp(known.until),
    }


def _stamp(time: datetime | None) -> str | None:
    return None if time is None else format_timestamp(time)
