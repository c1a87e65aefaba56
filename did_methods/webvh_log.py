"""The log of a did:webvh, read whole: every version that holds, and why the rest, if any, does not.

A log proves who wrote it and in what order. It does not prove when: its times are its controller's own words, and a
whole log can be written in a day. Nor does it prove that nothing follows: a log that was cut is a sound log.

Spec: https://identity.foundation/didwebvh/v1.0/#read-resolve
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from did_methods.did import Did, parse_did
from did_methods.document import DidDocument
from did_methods.errors import DidMethodsError, InvalidDidError, shown
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.multikey import KeyType, PublicKey
from did_methods.webvh_entry import (
    CRYPTOSUITE,
    Entry,
    Parameters,
    Tools,
    WitnessRule,
    log_error,
    multihash,
    parameters_after,
    read_entry,
)

METHOD: Final = "webvh"
PLACEHOLDER: Final = "{SCID}"
MAX_LOG_BYTES: Final = 1024 * 1024
"""Some 700 versions of a document with one key: one a month for 58 years."""
MAX_ENTRIES: Final = 1024
"""More than fit. Checking one costs some 0.2 ms."""
MAX_LINE_BYTES: Final = 256 * 1024
"""A document of the size that did:web may have, and room for the proofs."""
CLOCK_SKEW: Final = timedelta(minutes=5)
"""By how much the clock of a controller may be ahead of the reader's."""

_NEVER_IN_PROOFS: Final = frozenset({"expires", "previousProof"})


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a DID; `time` is its controller's own word.

    `parameters` are those in force after it. `witness` is who had to approve it, if anybody; `approved_by` those whose
    proof was seen to reach it.
    """

    number: int
    version_id: str
    version_time: str
    time: datetime
    did: str
    document: JsonObject
    parameters: Parameters
    witness: WitnessRule | None = None
    approved_by: frozenset[str] = frozenset()

    @property
    def view(self) -> DidDocument:
        """The document with its keys; raises DidMethodsError where it breaks the data model."""
        return DidDocument.parse(self.document)


@dataclass(frozen=True, slots=True)
class Refusal:
    """The first entry that does not hold, and why; `time` is when it says that it was written, if it says so."""

    number: int
    error: DidMethodsError
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Log:
    """The versions that hold, oldest first. After a refusal nothing is read."""

    versions: tuple[Version, ...]
    refusal: Refusal | None = None

    @property
    def needs_witnesses(self) -> bool:
        """Whether a version has to be approved by witnesses."""
        return any(version.witness for version in self.versions)

    @property
    def witnessed(self) -> bool:
        """Whether every version was approved by the witnesses that it needed, and needed some."""
        return bool(self.versions) and all(version.witness and version.approved_by for version in self.versions)

    def refused_at(self, number: int, error: DidMethodsError) -> "Log":
        """The log up to a version that turned out not to hold."""
        return Log(self.versions[: number - 1], Refusal(number, error, self.versions[number - 1].time))


def read_log(data: bytes, tools: Tools, *, now: datetime) -> Log:
    """The versions of a log whose form, chain, signatures and times hold, up to the first that does not.

    The witnesses are not asked: see `webvh_witness`. Nor does anything here know which DID was asked for.
    """
    versions: list[Version] = []
    number = 1
    time = None
    try:
        for number, line in enumerate(_lines(data), 1):  # noqa: B007 -- told of in the refusal
            time = None
            entry = read_entry(_parsed(line, tools))
            time = entry.time
            versions.append(_next(entry, versions[-1] if versions else None, tools, now))
    except DidMethodsError as error:
        return Log(tuple(versions), Refusal(number, error.with_traceback(None), time))
    return Log(tuple(versions))


def _lines(data: bytes) -> Iterator[bytes]:
    if len(data) > MAX_LOG_BYTES:
        raise log_error(f"the log has {len(data)} bytes; at most {MAX_LOG_BYTES} are read", "too_large")
    lines = data.removesuffix(b"\n").split(b"\n", MAX_ENTRIES)
    if len(lines) > MAX_ENTRIES:
        raise log_error(f"the log has more than {MAX_ENTRIES} entries, which is as many as are read", "too_many")
    for line in lines:
        if len(line) > MAX_LINE_BYTES:
            raise log_error(f"a line has {len(line)} bytes; at most {MAX_LINE_BYTES} are read", "too_large")
        yield line


def _parsed(line: bytes, tools: Tools) -> JsonValue:
    try:
        return tools.parse(line)
    except ValueError as error:
        raise log_error(f"a line is no JSON: {error}", "line") from error


def _next(entry: Entry, before: Version | None, tools: Tools, now: datetime) -> Version:
    """The version that an entry adds.

    1. The parameters are allowed, and nothing follows the end of an identifier.
    2. A key that may write this entry signed it: in the first, and where keys were promised before, one of its own;
       else one of the entry before.
    3. Its number is the next, and its hash covers it and the entry before.
    4. It is later than the entry before, and not of the future.
    5. The first entry hashes to the SCID.
    6. The document is one of this SCID, under the same identifier unless the log is portable.
    7. Where keys were promised, its keys are among them, and it promises anew.
    8. What is kept of it.
    9. Whether witnesses have to approve it: those in force before, or the first ones at once.
    """
    previous = before.parameters if before else None
    if previous is not None and previous.deactivated:  # 1.
        raise log_error("an entry follows the one that gave the identifier up", "deactivated")
    after = parameters_after(entry.changes, previous)
    promised = previous is not None and bool(previous.next_key_hashes)
    _check_proofs(entry, after if previous is None or promised else previous, tools)  # 2.
    number = before.number + 1 if before else 1
    chained = entry.unsigned | {"versionId": before.version_id if before else after.scid}
    if entry.version_id != f"{number}-{multihash(tools.canonicalize(chained))}":  # 3.
        given, _, _ = entry.version_id.partition("-")
        if given != str(number):
            raise log_error(f"the entry calls itself {shown(entry.version_id)}, and would be number {number}", "number")
        raise log_error("the entry is not the one that its hash was made of, or follows another entry", "hash")
    if entry.time > now + CLOCK_SKEW or (before and entry.time <= before.time):  # 4.
        raise log_error(f"the versionTime {entry.version_time} is of the future, or not after the entry before", "time")
    if before is None:  # 5.
        _check_scid(entry, after.scid, tools)
    did = _subject(entry, before, after)  # 6.
    if promised and previous is not None:  # 7.
        _check_promise(entry, after, previous)
    witness = (previous.witness if previous else None) or after.witness  # 9.
    return Version(number, entry.version_id, entry.version_time, entry.time, did, entry.state, after, witness)  # 8.


def _check_proofs(entry: Entry, writers: Parameters, tools: Tools) -> None:
    for proof in entry.proofs:
        name = proof.get("verificationMethod")
        multikey = next((key for key in writers.update_keys if name == method_of(key)), None)
        if multikey is None:
            raise log_error(f"the entry is signed with {shown(name)}, which may not write it", "key")
        try:
            key = PublicKey.from_multibase(multikey)
        except DidMethodsError as error:
            raise log_error(f"the update key {shown(multikey)} cannot be used: {error}", "key") from error
        if not proof_holds(entry.unsigned, proof, key, tools):
            raise log_error("the signature of an entry does not match it", "proof")


def method_of(multikey: str) -> str:
    """The id under which a proof names an update key or the key of a witness."""
    return f"did:key:{multikey}#{multikey}"


def proof_holds(document: JsonObject, proof: JsonObject, key: PublicKey, tools: Tools) -> bool:
    """Whether a proof is of the one suite and purpose of version 1.0, without a limit in time, and made by the key."""
    return (
        proof.get("type") == "DataIntegrityProof"
        and proof.get("cryptosuite") == CRYPTOSUITE
        and proof.get("proofPurpose") == "assertionMethod"
        and _NEVER_IN_PROOFS.isdisjoint(proof)
        and key.type is KeyType.ED25519
        and tools.holds(document, proof, key)
    )


def scid_of(unsigned: JsonObject, tools: Tools) -> str:
    """The SCID of a first entry in which placeholders stand for it and for its versionId."""
    return multihash(tools.canonicalize(unsigned))


def _check_scid(entry: Entry, scid: str, tools: Tools) -> None:
    text = tools.canonicalize(entry.unsigned | {"versionId": PLACEHOLDER})
    preliminary = tools.canonicalize(entry.unsigned | {"versionId": ""})
    if PLACEHOLDER.encode() in preliminary:
        # Two first entries could else have the same SCID, one with it and one with the placeholder somewhere.
        raise log_error("the first entry still has a placeholder for its SCID", "scid")
    # The order of members may change with their names, so the text is read and written once more.
    replaced = tools.parse(text.replace(scid.encode(), PLACEHOLDER.encode()))
    if not isinstance(replaced, dict) or scid_of(replaced, tools) != scid:
        raise log_error(f"the first entry does not hash to the SCID {shown(scid)}", "scid")


def _subject(entry: Entry, before: Version | None, after: Parameters) -> str:
    name = entry.state.get("id")
    try:
        did = parse_did(name) if isinstance(name, str) else Did("", "")
    except InvalidDidError as error:
        raise log_error(f"the document is about {shown(name)}: {error}", "subject") from error
    if did.method != METHOD or not did.identifier.startswith(f"{after.scid}:"):
        raise log_error(f"the document is about {shown(name)}, not about an identifier of this log", "subject")
    if before and before.did != name:
        known_as = entry.state.get("alsoKnownAs")
        if not before.parameters.portable or not isinstance(known_as, list) or before.did not in known_as:
            raise log_error(
                f"the identifier moves to {shown(name)}, but is not portable or does not say what it was", "portability"
            )
    return str(did)


def _check_promise(entry: Entry, after: Parameters, previous: Parameters) -> None:
    if not {"updateKeys", "nextKeyHashes"} <= entry.changes.keys():
        raise log_error(
            "keys were promised, but the entry does not name its keys and promise the next ones", "rotation"
        )
    if not all(multihash(key.encode()) in previous.next_key_hashes for key in after.update_keys):
        raise log_error("an update key is not among those that the entry before promised", "rotation")


def with_approvals(log: Log, approvals: tuple[frozenset[str], ...]) -> Log:
    """The log with who approved each version."""
    versions = zip(log.versions, approvals, strict=True)
    return replace(log, versions=tuple(replace(version, approved_by=names) for version, names in versions))
