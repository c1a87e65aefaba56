"""did:webvh 1.0: a document with its whole history, published by a host as a log that proves itself.

The host can withhold the newest versions, and cannot write any. What is fetched comes through a reader that is handed
over; nothing here touches a network or a clock.

Spec: https://identity.foundation/didwebvh/v1.0/
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, NoReturn

from did_methods.cache import RETRIEVED
from did_methods.did import Did, parse_did
from did_methods.errors import AbsentError, DidMethodsError, InvalidDidError, UnavailableError, UnsupportedError, shown
from did_methods.json_web_key import JsonObject
from did_methods.resolution import Problem, Resolution
from did_methods.versions import VersionQuery
from did_methods.web import Read, WebPlace, place_in
from did_methods.webvh_entry import Tools, log_error
from did_methods.webvh_log import MAX_LOG_BYTES, METHOD, Log, Version, read_log
from did_methods.webvh_moves import MAX_MOVES, UNTOLD, check_move, has_moved, with_move
from did_methods.webvh_witness import MAX_WITNESS_BYTES, check_witnesses

LOG_FILE: Final = "did.jsonl"
WITNESS_FILE: Final = "did-witness.json"
ACCEPT_LOG: Final = "text/jsonl, application/jsonl, application/json"
ACCEPT_WITNESSES: Final = "application/json"

_WHERE_TO: Final = (
    "If it has moved, only this host could show that it was the same before; ask for a document under its present name."
)
_SCID: Final = re.compile(r"Qm[1-9A-HJ-NP-Za-km-z]{44}")
"""What the base58btc form of a SHA-256 multihash looks like."""


@dataclass(frozen=True, slots=True)
class LogFiles:
    """The files that a did:webvh is read from, as they were published."""

    log: bytes
    witnesses: bytes | None = None

    def by_name(self) -> Mapping[str, bytes]:
        """The files by the names under which they are published."""
        files = {LOG_FILE: self.log}
        return files if self.witnesses is None else files | {WITNESS_FILE: self.witnesses}


@dataclass(frozen=True, slots=True)
class WebvhPlace:
    """What a did:webvh says of itself: the hash of its first entry, and where its log is published."""

    scid: str
    web: WebPlace

    @property
    def log_url(self) -> str:
        """The address of the log.

        Spec: https://identity.foundation/didwebvh/v1.0/#the-did-to-https-transformation
        """
        return self.web.file(LOG_FILE)

    @property
    def witness_url(self) -> str:
        """The address of the proofs of its witnesses."""
        return self.web.file(WITNESS_FILE)


def webvh_place(did: Did, *, loopback: bool = False) -> WebvhPlace:
    """Where a did:webvh is published, read as did:web is; raises InvalidDidError."""
    if did.method != METHOD:
        _refuse(did, "is not a did:webvh")
    scid, _, location = did.identifier.partition(":")
    if not _SCID.fullmatch(scid):
        _refuse(did, "does not begin with the hash of a first entry")
    if not location:
        _refuse(did, "names no host")
    return WebvhPlace(scid, place_in(did, location, loopback=loopback))


def read_files(did: Did, files: LogFiles, tools: Tools, *, now: datetime) -> Log:
    """The versions of a DID that its files prove: by the chain, then by the witnesses."""
    return _approved(did, read_log(files.log, tools, now=now), files.witnesses, tools)


def _approved(did: Did, log: Log, witnesses: bytes | None, tools: Tools) -> Log:
    if log.versions and log.versions[0].parameters.scid != did.identifier.partition(":")[0]:
        return log.refused_at(1, log_error(f"the log is the one of {shown(log.versions[0].did)}", "other"))
    return check_witnesses(log, witnesses, tools)


def resolution_of(did: Did, log: Log, query: VersionQuery) -> Resolution:
    """The document of one version of a log that was read for this DID, or why there is none.

    A version that is asked for is answered with although a later entry does not hold. Without a question for one, an
    entry that does not hold is a failure: the present document is then not known.

    Spec: https://identity.foundation/didwebvh/v1.0/#read-resolve,
    https://identity.foundation/didwebvh/v1.0/#reading-did-webvh-did-urls
    """
    refusal = log.refusal
    version = None if refusal is not None and query.is_present else _version(log, query)
    if version is None:
        if refusal is not None:
            return _failed(refusal.error, refusal.number)
        return Resolution.failed(Problem.NOT_FOUND, f"the log of {shown(str(did))} has no such version.")
    if version.did != str(did):
        return Resolution.failed(
            Problem.NOT_FOUND,
            f"that version is one of {shown(version.did)}, and not of {shown(str(did))}: the identifier has moved. "
            "Look it up under that name, if its controller is still whom you mean.",
        )
    return Resolution(version.document, metadata_of(log, version))


def _version(log: Log, query: VersionQuery) -> Version | None:
    if query.is_present:
        return log.versions[-1]
    if query.version_time is None:
        asked = (
            version
            for version in log.versions
            if (query.version_id is None or version.version_id == query.version_id)
            and (query.version_number is None or version.number == query.version_number)
        )
        return next(asked, None)
    time, refusal = query.version_time, log.refusal
    version = next((version for version in reversed(log.versions) if version.time <= time), None)
    if refusal is not None and version is log.versions[-1] and time > version.time:
        # What was in force from the refused entry on is not known; an entry that cannot be read may be of any time.
        return version if refusal.time is not None and time < refusal.time else None
    return version


def metadata_of(log: Log, version: Version) -> JsonObject:
    """The metadata of a version's document; no member is a number, as DID resolution asks.

    Spec: https://identity.foundation/didwebvh/v1.0/#read-resolve
    """
    last = log.versions[-1]
    in_force = last.parameters
    metadata: JsonObject = {
        "versionId": version.version_id,
        "versionTime": version.version_time,
        "versionNumber": str(version.number),
        "created": log.versions[0].version_time,
        "updated": last.version_time,
        "scid": in_force.scid,
        "portable": in_force.portable,
        "deactivated": in_force.deactivated,
        "ttl": str(in_force.ttl),
    }
    if in_force.witness is not None:
        metadata["witness"] = in_force.witness.to_json()
    if in_force.watchers:
        metadata["watchers"] = list(in_force.watchers)
    if version is not last:
        metadata["nextVersionId"] = log.versions[version.number].version_id
    return metadata


@dataclass(frozen=True, slots=True)
class WebvhMethod:
    """did:webvh for the registry of a resolver; it can be asked for any version."""

    read: Read
    tools: Tools
    now: Callable[[], datetime]
    loopback: bool = False

    async def resolve(self, did: Did) -> Resolution:
        """The document that is in force now, or why there is none."""
        return await self.resolve_version(did, VersionQuery())

    async def resolve_version(self, did: Did, query: VersionQuery) -> Resolution:
        """The document of one version, or why there is none."""
        try:
            place = webvh_place(did, loopback=self.loopback)
        except InvalidDidError as error:
            return Resolution.refused(error)
        asked_at = self.now()
        try:
            log, files = await self._published(did, place)
        except AbsentError as error:
            return Resolution.failed(Problem.NOT_FOUND, f"{error}. {error.remedy} {_WHERE_TO}")
        except UnavailableError as error:
            return Resolution.failed(Problem.INTERNAL_ERROR, f"{error}. {error.remedy}")
        answer = replace(resolution_of(did, log, query), files=files.by_name())
        if not query.is_present or not has_moved(log, did):
            return answer
        return await self._moved(did, log, files.log, answer, asked_at)

    async def _published(self, did: Did, place: WebvhPlace) -> tuple[Log, LogFiles]:
        data = await self.read(place.log_url, accept=ACCEPT_LOG, max_bytes=MAX_LOG_BYTES)
        log = read_log(data, self.tools, now=self.now())
        witnesses = await self._witnesses(place) if log.needs_witnesses else None
        return _approved(did, log, witnesses, self.tools), LogFiles(data, witnesses)

    async def _moved(self, did: Did, former: Log, data: bytes, answer: Resolution, asked_at: datetime) -> Resolution:
        """That there is no document of this name any more; with what shows that the name counts, where something does.

        1. The log is found where it says that it is now, and there again until it says so of the place itself.
        2. What was found shows that the former name counts.
        """
        log, files = former, LogFiles(data)
        try:
            for _ in range(MAX_MOVES):  # 1.
                name = parse_did(log.versions[-1].did)
                log, files = await self._published(name, webvh_place(name, loopback=self.loopback))
                if not has_moved(log, name):
                    break
            else:
                raise log_error(f"it has moved more than {MAX_MOVES} times since", "moved")
            check_move(did, former, log)  # 2.
        except DidMethodsError as error:
            detail = f"{answer.detail} {error}. {UNTOLD}"
            return Resolution.failed(Problem.NOT_FOUND, detail)
        retrieved = asked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        metadata = answer.resolution_metadata | {RETRIEVED: retrieved}
        return with_move(replace(answer, resolution_metadata=metadata), data, files.by_name())

    async def _witnesses(self, place: WebvhPlace) -> bytes | None:
        try:
            return await self.read(place.witness_url, accept=ACCEPT_WITNESSES, max_bytes=MAX_WITNESS_BYTES)
        except AbsentError:
            return None  # told as a version that too few approved


def _failed(error: DidMethodsError, number: int) -> Resolution:
    problem = Problem.FEATURE_NOT_SUPPORTED if isinstance(error, UnsupportedError) else Problem.INVALID_DID
    return Resolution.failed(problem, f"version {number} of the log does not hold: {error}. {error.remedy}")


def _refuse(did: Did, reason: str) -> NoReturn:
    raise InvalidDidError(
        f"{shown(str(did))} {reason}",
        code="did.syntax",
        remedy="Compare the identifier with its source, letter by letter; do not rely on it as it stands.",
    )
