"""One entry of a did:webvh log: its members, and the parameters that are in force once it is published.

Only its form is judged here; hashes, signatures and the chain are for `webvh_log`.

Spec: https://identity.foundation/didwebvh/v1.0/#didwebvh-did-method-parameters
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Protocol

from did_methods.errors import DidMethodsError, LogError, UnsupportedLogError, shown
from did_methods.json_web_key import JsonObject, JsonValue
from did_methods.multibase import to_base58
from did_methods.multikey import PublicKey

VERSION_1_0: Final = "did:webvh:1.0"
CRYPTOSUITE: Final = "eddsa-jcs-2022"
MAX_LISTED: Final = 64
"""Update keys, hashes of next keys, witnesses, watchers or proofs of one entry: far more than anybody runs."""
DEFAULT_TTL: Final = 3600
MAX_TTL: Final = 2**31

_METHOD: Final = re.compile(r"did:webvh:([0-9]{1,4})\.([0-9]{1,4})")
_WITNESS: Final = re.compile(r"did:key:(z6Mk[1-9A-HJ-NP-Za-km-z]{44})")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|\+00:00)", re.ASCII)
_NAMES: Final = frozenset(
    {
        "method",
        "scid",
        "updateKeys",
        "nextKeyHashes",
        "witness",
        "watchers",
        "portable",
        "deactivated",
        "ttl",
    }
)
_MEMBERS: Final = frozenset({"versionId", "versionTime", "parameters", "state", "proof"})
_SHA2_256: Final = b"\x12\x20"
_REMEDY: Final = "Do not rely on it; ask the controller of the identifier for a sound log."


class HoldsProof(Protocol):
    """The check of an `eddsa-jcs-2022` proof, which did:webvh is handed."""

    def __call__(self, document: JsonObject, proof: JsonObject, key: PublicKey) -> bool:
        """Whether this key made this proof for the document, which carries none itself. Never raises."""


@dataclass(frozen=True, slots=True)
class Tools:
    """What reading a log asks of whoever knows JSON and proofs.

    `parse` reads the bytes of JSON and raises ValueError for any that readers could understand differently.
    `canonicalize` writes the form of RFC 8785 of what it read.
    """

    parse: Callable[[bytes], JsonValue]
    canonicalize: Callable[[JsonValue], bytes]
    holds: HoldsProof


@dataclass(frozen=True, slots=True)
class WitnessRule:
    """Who has to approve a version, and how many of them."""

    threshold: int
    witnesses: tuple[str, ...]

    def to_json(self) -> JsonObject:
        """The rule as the metadata of DID resolution show it, without numbers."""
        return {"threshold": str(self.threshold), "witnesses": [{"id": witness} for witness in self.witnesses]}


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters in force after an entry."""

    scid: str
    update_keys: tuple[str, ...]
    next_key_hashes: tuple[str, ...] = ()
    witness: WitnessRule | None = None
    watchers: tuple[str, ...] = ()
    portable: bool = False
    deactivated: bool = False
    ttl: int = DEFAULT_TTL


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a log; `unsigned` is all of it but the proofs."""

    version_id: str
    version_time: str
    time: datetime
    changes: JsonObject
    state: JsonObject
    proofs: tuple[JsonObject, ...]
    unsigned: JsonObject


def multihash(data: bytes) -> str:
    """The SHA-256 of bytes as a base58btc multihash, the one form of hashes in version 1.0."""
    return to_base58(_SHA2_256 + sha256(data).digest())


def read_entry(value: JsonValue) -> Entry:
    """The entry that a line holds; raises LogError unless it has the five members, and each its form."""
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        raise log_error(
            "an entry has exactly the members versionId, versionTime, parameters, state and proof", "member"
        )
    version_id, changes, state, proof = (value[name] for name in ("versionId", "parameters", "state", "proof"))
    if not isinstance(version_id, str):
        raise log_error(f"the versionId {shown(version_id)} is no text", "member")
    if not isinstance(changes, dict) or not isinstance(state, dict):
        raise log_error("parameters and state of an entry are objects", "member")
    proofs = proof if isinstance(proof, list) else [proof]
    if not 0 < len(proofs) <= MAX_LISTED:
        raise log_error(f"an entry has {len(proofs)} proofs", "proof")
    sound = tuple(each for each in proofs if isinstance(each, dict))
    if len(sound) < len(proofs):
        raise log_error("a proof of an entry is no object", "proof")
    version_time, time = read_time(value["versionTime"])
    unsigned = {name: member for name, member in value.items() if name != "proof"}
    return Entry(version_id, version_time, time, changes, state, sound, unsigned)


def read_time(value: JsonValue) -> tuple[str, datetime]:
    """A versionTime as written, and the instant; raises LogError unless it is one in UTC."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return value, datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            pass  # no such day or hour: told below
    raise log_error(f"the versionTime {shown(value)} is no date and time in UTC", "time")


def parameters_after(changes: JsonObject, before: Parameters | None) -> Parameters:
    """The parameters in force after an entry that changes some of them.

    `null` stands for the default, as early programs wrote it. Raises LogError for what version 1.0 does not allow, and
    UnsupportedLogError where the log goes on under a later version.

    Spec: https://identity.foundation/didwebvh/v1.0/#didwebvh-did-method-parameters
    """
    first = before is None
    _check_method(changes, first=first)
    unknown = sorted(changes.keys() - _NAMES)
    if unknown:
        raise log_error(f"version 1.0 has no parameter {shown(unknown[0])}", "parameter")
    if before is None:
        scid = changes.get("scid")
        if not isinstance(scid, str) or "updateKeys" not in changes:
            raise log_error("the first entry does not name its SCID and its update keys", "parameter")
        before = Parameters(scid, ())
    elif "scid" in changes:
        raise log_error("an entry after the first names a SCID", "parameter")
    after = Parameters(
        before.scid,
        _changed(changes, "updateKeys", _texts, before.update_keys),
        _changed(changes, "nextKeyHashes", _texts, before.next_key_hashes),
        _changed(changes, "witness", _witness, before.witness),
        _changed(changes, "watchers", _texts, before.watchers),
        _changed(changes, "portable", _flag, before.portable),
        _changed(changes, "deactivated", _flag, before.deactivated),
        _changed(changes, "ttl", _ttl, before.ttl),
    )
    if after.portable and not (first or before.portable):
        raise log_error("an entry after the first makes the identifier portable", "portability")
    return after


def _changed[T](changes: JsonObject, name: str, read: Callable[[str, JsonValue], T], before: T) -> T:
    return read(name, changes[name]) if name in changes else before


def _check_method(changes: JsonObject, *, first: bool) -> None:
    if not first and "method" not in changes:
        return
    method = changes.get("method")
    version = _METHOD.fullmatch(method) if isinstance(method, str) else None
    if version is None:
        raise log_error(f"the method {shown(method)} is no version of did:webvh", "method")
    if method == VERSION_1_0:
        return
    if first or (int(version[1]), int(version[2])) > (1, 0):
        raise UnsupportedLogError(
            f"the log follows {shown(method)}, whose rules are not known here; known is {VERSION_1_0}",
            code="webvh.unsupported",
            remedy="Look it up with a program that knows that version.",
        )
    raise log_error(f"the log falls back to {shown(method)}", "method")


def _texts(name: str, value: JsonValue) -> tuple[str, ...]:
    if value is None:
        return ()
    if isinstance(value, list) and len(value) <= MAX_LISTED:
        texts = tuple(each for each in value if isinstance(each, str) and each)
        if len(texts) == len(value) == len(set(texts)):
            return texts
    raise log_error(f"{name} is no list of at most {MAX_LISTED} different texts", "parameter")


def _flag(name: str, value: JsonValue) -> bool:
    if not isinstance(value, bool):
        raise log_error(f"{name} is {shown(value)}, neither true nor false", "parameter")
    return value


def _ttl(name: str, value: JsonValue) -> int:
    if value is None:
        return DEFAULT_TTL
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_TTL:
        raise log_error(f"the {name} {shown(value)} is no number of seconds up to 2^31", "parameter")
    return value


def _witness(name: str, value: JsonValue) -> WitnessRule | None:
    if value is None or value == {}:
        return None
    listed = value.get("witnesses") if isinstance(value, dict) else None
    threshold = value.get("threshold") if isinstance(value, dict) else None
    if not isinstance(listed, list) or not isinstance(threshold, int) or isinstance(threshold, bool):
        raise log_error(f"{name} is neither {{}} nor a threshold with a list of witnesses", "witness")
    witnesses = _texts("witnesses", [each.get("id") if isinstance(each, dict) else None for each in listed])
    if not 1 <= threshold <= len(witnesses):
        raise log_error(f"{threshold} of {len(witnesses)} witnesses cannot be asked for", "witness")
    for witness in witnesses:
        witness_key(witness)
    return WitnessRule(threshold, witnesses)


def witness_key(witness: str) -> PublicKey:
    """The key of a witness; raises LogError unless it is the did:key of an Ed25519 key."""
    match = _WITNESS.fullmatch(witness)
    if match is None:
        raise log_error(f"the witness {shown(witness)} is not the did:key of an Ed25519 key", "witness")
    try:
        return PublicKey.from_multibase(match[1])
    except DidMethodsError as error:
        raise log_error(f"the witness {shown(witness)} cannot be used: {error}", "witness") from error


def log_error(message: str, kind: str, remedy: str = _REMEDY) -> LogError:
    """What is wrong with a log, for people."""
    return LogError(message, code=f"webvh.{kind}", remedy=remedy)
