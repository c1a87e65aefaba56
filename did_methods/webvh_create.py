"""Writing a did:webvh: new entries of its log, and the file of its witnesses.

Nothing is written that this program would not accept: every new log is read again, whole. Keys stay with whoever holds
them; what is asked of them is a proof.

Spec: https://identity.foundation/didwebvh/v1.0/#did-method-operations
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from did_methods.did import Did
from did_methods.errors import LogError, shown
from did_methods.json_web_key import JsonObject
from did_methods.multikey import PublicKey
from did_methods.web import WebPlace
from did_methods.webvh_entry import VERSION_1_0, Parameters, Tools, WitnessRule, log_error, multihash
from did_methods.webvh_log import METHOD, PLACEHOLDER, Log, method_of, read_log, scid_of
from did_methods.webvh_witness import check_witnesses, proofs_of_versions

_SECOND: Final = timedelta(seconds=1)
_COLON: Final = "%3A"
_TILDE: Final = "%7E"
_MENDING: Final = "Nothing was written. Mend what it says, and try again."
_ANEW: Final = "Nothing was written. Make a new identifier; this one stays as it ended."
_OTHER_KEY: Final = "Nothing was written. Use the key that writes in this log: the first one, or the one promised last."


class MakesProof(Protocol):
    """A signer of `eddsa-jcs-2022` proofs for the purpose `assertionMethod`."""

    def __call__(self, document: JsonObject, *, method: str, created: datetime) -> JsonObject:
        """The proof for a document, naming this verification method."""


@dataclass(frozen=True, slots=True)
class UpdateKey:
    """An Ed25519 key that may write entries, or that of a witness, and what it makes proofs with."""

    public: PublicKey
    prove: MakesProof

    def proof(self, document: JsonObject, at: datetime) -> JsonObject:
        """The proof of this key for a document."""
        return self.prove(document, method=method_of(self.public.to_multibase()), created=at)


def promise(key: PublicKey) -> str:
    """The hash under which a key is promised as one of the next.

    Spec: https://identity.foundation/didwebvh/v1.0/#pre-rotation-key-hash-generation-and-verification
    """
    return multihash(key.to_multibase().encode())


def unfinished_did(place: WebPlace) -> Did:
    """The DID at a place with a placeholder for its SCID, for the first document of it."""
    host = place.host if place.port is None else f"{place.host}{_COLON}{place.port}"
    folders = (folder.replace("~", _TILDE) for folder in place.path)
    return Did(METHOD, ":".join((PLACEHOLDER, host, *folders)))


def create(document: JsonObject, changes: JsonObject, key: UpdateKey, tools: Tools, *, at: datetime) -> bytes:
    """The first line of a log.

    `document` is about an `unfinished_did`; `changes` are parameters beside the update keys, of which this key is one
    unless they name others. Raises LogError for what would not hold.

    Spec: https://identity.foundation/didwebvh/v1.0/#create-register
    """
    keys: JsonObject = {"updateKeys": [key.public.to_multibase()]}
    parameters: JsonObject = {"method": VERSION_1_0, "scid": PLACEHOLDER} | keys | changes
    time = _at(at, None)
    preliminary: JsonObject = {
        "versionId": PLACEHOLDER,
        "versionTime": _written(time),
        "parameters": parameters,
        "state": document,
    }
    scid = scid_of(preliminary, tools)
    text = tools.canonicalize(preliminary).replace(PLACEHOLDER.encode(), scid.encode())
    entry = tools.parse(text)
    if not isinstance(entry, dict):
        raise log_error("the first entry is no object", "line", _MENDING)
    line = _finished(entry, scid, 1, key, tools, at=time)
    _expect_written(read_log(line, tools, now=time))
    return line


def update(  # noqa: PLR0913 -- each is a decision of the controller
    log: bytes, changes: JsonObject, key: UpdateKey, tools: Tools, *, at: datetime, document: JsonObject | None = None
) -> bytes:
    """The log with one more entry; without a new document the last one stays.

    `key` may write the entry: one of the update keys in force, or where the next keys were promised, one of those.
    Raises LogError where the log does not hold already, or would not.

    Spec: https://identity.foundation/didwebvh/v1.0/#update-rotate
    """
    read = read_log(log, tools, now=at)
    _expect_sound(read)
    last = read.versions[-1]
    _expect_writable(last.parameters, key)
    time = _at(at, last.time)
    entry: JsonObject = {
        "versionId": last.version_id,
        "versionTime": _written(time),
        "parameters": changes,
        "state": last.document if document is None else document,
    }
    whole = log.removesuffix(b"\n") + b"\n" + _finished(entry, last.version_id, last.number + 1, key, tools, at=time)
    _expect_written(read_log(whole, tools, now=time))
    return whole


def deactivate(log: bytes, key: UpdateKey, tools: Tools, *, at: datetime) -> bytes:
    """The log with the entry that gives the identifier up; where keys were promised, after one that ends the promises.

    Spec: https://identity.foundation/didwebvh/v1.0/#deactivate-revoke
    """
    read = read_log(log, tools, now=at)
    _expect_sound(read)
    if read.versions[-1].parameters.next_key_hashes:
        last: JsonObject = {"updateKeys": [key.public.to_multibase()], "nextKeyHashes": []}
        log = update(log, last, key, tools, at=at)
    return update(log, {"deactivated": True, "updateKeys": []}, key, tools, at=at)


def approve(log: bytes, file: bytes | None, keys: Sequence[UpdateKey], tools: Tools, *, at: datetime) -> bytes:
    """The file of witnesses with the approval of the last version by these witnesses.

    Of what each of them approved before, the latest stays: until the log itself is published, readers need it. Whether
    enough of them approved the last version now is for `published`.

    Spec: https://identity.foundation/didwebvh/v1.0/#witnessing-a-did-version-update
    """
    read = read_log(log, tools, now=at)
    _expect_sound(read)
    last = read.versions[-1]
    proofs = [] if file is None else list(proofs_of_versions(file, tools))
    by = {method_of(key.public.to_multibase()) for key in keys}
    number_of = {version.version_id: version.number for version in read.versions[:-1]}
    before = {
        name: max((number_of.get(version, 0) for version, proof in proofs if _method(proof) == name), default=0)
        for name in by
    }
    kept = [
        (version, proof)
        for version, proof in proofs
        if (name := _method(proof)) not in by or 0 < number_of.get(version, 0) == before[name]
    ]
    kept += [(last.version_id, key.proof({"versionId": last.version_id}, at)) for key in keys]
    listed: dict[str, list[JsonObject]] = {}
    for version, proof in kept:
        listed.setdefault(version, []).append(proof)
    file_of = [{"versionId": version, "proof": by_version} for version, by_version in listed.items()]
    return f"{json.dumps(file_of, indent=2, ensure_ascii=False)}\n".encode()


def _method(proof: JsonObject) -> str:
    method = proof.get("verificationMethod")
    return method if isinstance(method, str) else ""


def published(log: bytes, file: bytes | None, tools: Tools, *, now: datetime) -> Log:
    """The log as readers will see it once both files are published; raises LogError for the first thing they refuse."""
    read = check_witnesses(read_log(log, tools, now=now), file, tools)
    _expect_sound(read)
    return read


def witness_parameter(rule: WitnessRule | None) -> JsonObject:
    """The value of the parameter `witness` for a rule, or for none any more."""
    if rule is None:
        return {}
    return {"threshold": rule.threshold, "witnesses": [{"id": witness} for witness in rule.witnesses]}


def _finished(entry: JsonObject, chained_to: str, number: int, key: UpdateKey, tools: Tools, *, at: datetime) -> bytes:  # noqa: PLR0913 -- what an entry is made of
    """The line of an entry: its hash over itself and what it follows, and its proof."""
    hashed = multihash(tools.canonicalize(entry | {"versionId": chained_to}))
    numbered: JsonObject = entry | {"versionId": f"{number}-{hashed}"}
    proof = key.proof(numbered, at)
    text = json.dumps(numbered | {"proof": [proof]}, ensure_ascii=False, separators=(",", ":"))
    return f"{text}\n".encode()


def _at(at: datetime, before: datetime | None) -> datetime:
    """The time of an entry, to the second, and later than the one before."""
    time = at.astimezone(UTC).replace(microsecond=0)
    return time if before is None else max(time, before.replace(microsecond=0) + _SECOND)


def _written(time: datetime) -> str:
    return f"{time.replace(tzinfo=None).isoformat()}Z"


def _expect_writable(last: Parameters, key: UpdateKey) -> None:
    """Say to a writer, and not to a reader, that nothing may follow, or not by this key."""
    if last.deactivated:
        raise log_error("the identifier was given up, and nothing can follow", "deactivated", _ANEW)
    name = key.public.to_multibase()
    promised = last.next_key_hashes
    if multihash(name.encode()) not in promised if promised else name not in last.update_keys:
        which = "promised for this entry" if promised else "that may write the next entry"
        raise log_error(f"{shown(name)} is not a key {which}", "rotation" if promised else "key", _OTHER_KEY)


def _expect_written(log: Log) -> None:
    """Say to a writer what readers would refuse."""
    if log.refusal is not None:
        error = log.refusal.error
        raise LogError(str(error), code=error.code, remedy=_MENDING) from error


def _expect_sound(log: Log) -> None:
    if log.refusal is not None:
        raise log.refusal.error
