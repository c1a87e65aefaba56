"""The witnesses of a did:webvh: whether enough of them approved every version that needs them.

An approval of a version is one of every version before it. Proofs that do not hold, or are of versions that are not in
the log, count for nothing, and harm nothing either.

Spec: https://identity.foundation/didwebvh/v1.0/#did-witnesses
"""

from typing import Final

from did_methods.errors import LogError
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.webvh_entry import Tools, log_error, witness_key
from did_methods.webvh_log import Log, method_of, proof_holds, with_approvals

MAX_WITNESS_BYTES: Final = 1024 * 1024
"""Some 2,000 proofs; a publisher keeps the last of each witness."""
MAX_PROOFS_TRIED: Final = 512
"""Signatures checked for one log; a publisher keeps the last of each witness."""


def check_witnesses(log: Log, data: bytes | None, tools: Tools) -> Log:
    """The log up to the first version that too few witnesses approved; `data` is the file of proofs, if there is one.

    1. Of every witness that any version ever needed, the last version that it approved is found.
    2. A version that needs witnesses has enough of them that approved it or a later one.
    """
    if not log.needs_witnesses:
        return log
    wanted = {name for version in log.versions if version.witness for name in version.witness.witnesses}
    try:
        reached = _last_approved(log, _proofs(data, tools), wanted, tools)  # 1.
    except LogError as error:
        first = next(version.number for version in log.versions if version.witness)
        return log.refused_at(first, error)
    approvals = tuple(
        frozenset(name for name in (version.witness.witnesses if version.witness else ()) if reached.get(name, 0) >= n)
        for n, version in enumerate(log.versions, 1)
    )
    checked = with_approvals(log, approvals)
    for version in checked.versions:  # 2.
        if version.witness and len(version.approved_by) < version.witness.threshold:
            too_few = log_error(
                f"{len(version.approved_by)} witnesses approved version {version.number}; "
                f"it needs {version.witness.threshold}",
                "witness",
            )
            return checked.refused_at(version.number, too_few)
    return checked


def _proofs(data: bytes | None, tools: Tools) -> list[tuple[str, JsonObject]]:
    if data is None:
        raise log_error("versions need witnesses, and there is no file of their proofs", "witness_file")
    return proofs_of_versions(data, tools)


def proofs_of_versions(data: bytes, tools: Tools) -> list[tuple[str, JsonObject]]:
    """Every proof of a file of witnesses, unchecked, with the version that it is of; raises LogError."""
    if len(data) > MAX_WITNESS_BYTES:
        raise log_error(f"the file of witnesses has {len(data)} bytes, more than {MAX_WITNESS_BYTES}", "too_large")
    try:
        listed = tools.parse(data)
    except ValueError as error:
        raise log_error(f"the file of witnesses is no JSON: {error}", "witness_file") from error
    if not isinstance(listed, list):
        raise log_error("the file of witnesses is no list", "witness_file")
    return [pair for item in listed for pair in _of_version(item)]


def _of_version(item: JsonValue) -> list[tuple[str, JsonObject]]:
    if not isinstance(item, dict):
        return []
    version_id, proof = item.get("versionId"), item.get("proof")
    proofs = proof if isinstance(proof, list) else [proof]
    return [(version_id, each) for each in proofs if isinstance(version_id, str) and isinstance(each, dict)]


def _last_approved(log: Log, proofs: list[tuple[str, JsonObject]], wanted: set[str], tools: Tools) -> dict[str, int]:
    """The number of the last version that each witness approved."""
    number_of = {version.version_id: version.number for version in log.versions}
    witness_of = {method_of(name.removeprefix("did:key:")): name for name in wanted}
    named = [
        (number_of[version_id], witness_of[method], version_id, proof)
        for version_id, proof in proofs
        if version_id in number_of
        and isinstance(method := proof.get("verificationMethod"), str)
        and method in witness_of
    ]
    reached: dict[str, int] = {}
    tried = 0
    # The latest first: an older proof of a witness whose later one holds says nothing more.
    for number, name, version_id, proof in sorted(named, key=lambda each: -each[0]):
        if name in reached:
            continue
        if tried == MAX_PROOFS_TRIED:
            break
        tried += 1
        if proof_holds({"versionId": version_id}, proof, witness_key(name), tools):
            reached[name] = number
    return reached
