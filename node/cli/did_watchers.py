"""The watchers of a did:webvh, asked for their copies: whether its controller signed what is not published."""

import asyncio
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from did_methods.did import Did, parse_did_url
from did_methods.errors import AbsentError, UnavailableError
from did_methods.json_web_key import JsonObject
from did_methods.resolution import Resolution
from did_methods.webvh import ACCEPT_LOG, ACCEPT_WITNESSES, LOG_FILE, WITNESS_FILE, LogFiles, read_files
from did_methods.webvh_log import MAX_LOG_BYTES, Log
from did_methods.webvh_watchers import (
    WatcherFinding,
    WatcherState,
    compared,
    named_watchers,
    watcher_urls,
)
from did_methods.webvh_witness import MAX_WITNESS_BYTES
from node.app import DocumentReader, document_reader
from node.cli.errors import CliError
from node.cli.invocation import Invocation
from node.cli.output import fit
from node.config import allows_loopback
from node.verification.did_logs import LOG_TOOLS

__all__ = ["ask_watchers", "finding_json", "tell_watchers"]

_WORDS: Final[Mapping[WatcherState, str]] = MappingProxyType(
    {
        WatcherState.SAME: "watchers.same",
        WatcherState.BEHIND: "watchers.behind",
        WatcherState.AHEAD: "watchers.ahead",
        WatcherState.FORK: "watchers.fork",
        WatcherState.UNSOUND: "watchers.unsound",
        WatcherState.ABSENT: "watchers.absent",
        WatcherState.UNKNOWN: "watchers.unknown",
    }
)


@dataclass(frozen=True, slots=True)
class _Asking:
    """What a watcher's copies are compared with, and by what they are had."""

    did: Did
    files: LogFiles
    published: Log
    read: DocumentReader
    now: datetime
    loopback: bool

    async def ask(self, watcher: str) -> WatcherFinding:
        """What one watcher holds."""
        scid = self.did.identifier.partition(":")[0]
        urls = watcher_urls(watcher, scid, loopback=self.loopback)
        if urls is None:
            return WatcherFinding(watcher, WatcherState.UNKNOWN, detail="it is at no address that could be asked")
        try:
            log = await self.read(urls.log, accept=ACCEPT_LOG, max_bytes=MAX_LOG_BYTES)
        except AbsentError:
            return WatcherFinding(watcher, WatcherState.ABSENT)
        except UnavailableError as error:
            return WatcherFinding(watcher, WatcherState.UNKNOWN, detail=str(error))
        witnesses = self.files.witnesses  # without its own, told as a version that too few approved
        with suppress(UnavailableError):
            witnesses = await self.read(urls.witnesses, accept=ACCEPT_WITNESSES, max_bytes=MAX_WITNESS_BYTES)
        held = read_files(self.did, LogFiles(log, witnesses), LOG_TOOLS, now=self.now)
        return compared(watcher, self.published, held)


async def ask_watchers(
    invocation: Invocation, name: str, result: Resolution, now: datetime
) -> tuple[WatcherFinding, ...]:
    """What the watchers hold that a resolved log ever named, the latest first; the log has been read and holds."""
    if LOG_FILE not in result.files:
        raise CliError("usage.watchers")
    did = parse_did_url(name).did
    files = LogFiles(result.files[LOG_FILE], result.files.get(WITNESS_FILE))
    published = read_files(did, files, LOG_TOOLS, now=now)
    loopback = allows_loopback(os.environ)
    read = document_reader(online=not invocation.settings.offline, loopback=loopback)
    asking = _Asking(did, files, published, read, now, loopback)
    return tuple(await asyncio.gather(*map(asking.ask, named_watchers(published))))


def finding_json(finding: WatcherFinding) -> JsonObject:
    """A finding as JSON; `version` is the number of the first one that differs."""
    told: JsonObject = {"watcher": finding.watcher, "state": finding.state.value}
    if finding.number is not None:
        told["version"] = finding.number
    return told | ({"details": finding.detail} if finding.detail else {})


def tell_watchers(invocation: Invocation, findings: tuple[WatcherFinding, ...]) -> None:
    """The findings, for people."""
    words, answer = invocation.words, invocation.out.answer
    answer()
    if not findings:
        answer(words("watchers.none"))
    for finding in findings:
        number = finding.number or 1
        values = {"watcher": finding.watcher, "number": number, "before": number - 1, "detail": finding.detail}
        answer(words(_WORDS[finding.state], **fit(values)), "red" if finding.state.contradicts else None)
    if any(finding.state.contradicts for finding in findings):
        answer(words("watchers.contradicted"))
