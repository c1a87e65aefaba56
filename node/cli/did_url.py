"""`glejt did resolve` for DID URLs: a part of a document, or what lies at the address that a service gives."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from did_methods.dereferencing import Part, dereference
from did_methods.did import DidUrl
from did_methods.errors import AbsentError, AbsentPartError, DidMethodsError, UnavailableError
from did_methods.json_web_key import JsonObject
from did_methods.resolution import Problem, Resolution
from did_methods.webvh_services import ACCEPT_WHOIS, WHOIS, parallel_names
from node.app import document_reader, sources
from node.cli.did import NO_VERSIONS, refusal_of, resolved
from node.cli.errors import CliError, Refused, Unknowable
from node.cli.files import require_free, write_whole
from node.cli.inputs import policy_for, trust_for
from node.cli.invocation import Invocation
from node.cli.output import escaped
from node.cli.verdict_text import show
from node.cli.verify import STATUS, WORST_FIRST, Judge
from node.config import allows_loopback
from node.documents import MAX_PRESENTATION_BYTES
from node.verification.check import Outcome
from node.verification.gather import gather
from node.verification.received import subject_of
from node.verification.whois import WhoisFinding, check_whois

__all__ = ["Fetching", "dereference_url"]

ANYTHING: Final = "*/*"
MAX_FILE_BYTES: Final = 1024 * 1024
"""As much as is fetched of anything that a stranger publishes."""
_STATUS: Final[Mapping[Outcome, int]] = {Outcome.PASSED: 0, Outcome.FAILED: 1}
_TOLD: Final[Mapping[Outcome, str]] = {
    Outcome.PASSED: "whois.passed",
    Outcome.FAILED: "whois.failed",
    Outcome.INDETERMINATE: "whois.unknown",
}


@dataclass(frozen=True, slots=True)
class Fetching:
    """Whether what lies at an address is to be had too, and where to put it."""

    wanted: bool = False
    out: str | None = None
    force: bool = False


def dereference_url(
    invocation: Invocation,
    url: DidUrl,
    fetching: Fetching,
    *,
    as_json: bool,
    versions: Mapping[str, str | None] = NO_VERSIONS,
) -> int:
    """Answer with the part of a document, or the address, that a DID URL stands for.

    Where it is to be fetched, the file is the answer; of what an identifier says of itself, the verdict.
    """
    if fetching.out is not None:
        if not fetching.wanted:
            raise CliError("usage.fetch")
        require_free(Path(fetching.out).expanduser(), force=fetching.force)
    whole = str(DidUrl(url.did, query=url.query))
    result = asyncio.run(resolved(invocation, whole, versions, trust_for(invocation, None)))
    if result.problem is not None:
        return _refuse(invocation, result, whole, as_json=as_json)
    try:
        part = dereference(url, result.document or {}, loopback=allows_loopback(os.environ))
    except DidMethodsError as error:
        problem = Problem.NOT_FOUND if isinstance(error, AbsentPartError) else Problem.INVALID_DID_URL
        if error.code == "did_url.service":  # what the method says of an address that cannot be asked
            problem = Problem.INVALID_DID
        return _refuse(invocation, Resolution.failed(problem, f"{error}. {error.remedy}"), whole, as_json=as_json)
    if result.deactivated:
        invocation.out.remark("remark.given_up")
    if fetching.wanted and part.address is not None:
        if url.path == WHOIS:
            return _whois(invocation, url, part.address, result.document or {}, fetching, as_json=as_json)
        return _file(invocation, part.address, fetching)
    if fetching.wanted:
        raise CliError("usage.fetch")
    _answer(invocation, part, as_json=as_json)
    return 0


def _answer(invocation: Invocation, part: Part, *, as_json: bool) -> None:
    if as_json:
        invocation.out.answer_json(part.to_json())
    elif part.address is not None:
        invocation.out.answer(part.address)
    else:
        invocation.out.answer_json(part.content, indent=2)


def _refuse(invocation: Invocation, result: Resolution, name: str, *, as_json: bool) -> int:
    refusal = refusal_of(result.problem or Problem.INTERNAL_ERROR, result, name)
    if not as_json:
        raise refusal
    metadata = result.resolution_metadata
    invocation.out.answer_json({"dereferencingMetadata": metadata, "content": None, "contentMetadata": {}})
    return refusal.status


def _fetched(invocation: Invocation, address: str, accept: str, max_bytes: int) -> bytes:
    read = document_reader(online=not invocation.settings.offline, loopback=allows_loopback(os.environ))
    try:
        return asyncio.run(read(address, accept=accept, max_bytes=max_bytes))
    except AbsentError as error:
        raise Refused("did.no_file", details=f"{error}. {error.remedy}") from error
    except UnavailableError as error:
        raise Unknowable("did.no_answer", details=f"{error}. {error.remedy}") from error


def _put(fetching: Fetching, data: bytes) -> None:
    if fetching.out is not None:
        write_whole(Path(fetching.out).expanduser(), data, force=fetching.force)


def _file(invocation: Invocation, address: str, fetching: Fetching) -> int:
    """What lies at an address, in a file, or as text; nobody checked it, and that is said."""
    data = _fetched(invocation, address, ANYTHING, MAX_FILE_BYTES)
    invocation.out.remark("remark.fetched", url=address, count=len(data))
    _put(fetching, data)
    if fetching.out is None:
        try:
            invocation.out.answer(escaped(data.decode()).removesuffix("\n"))
        except UnicodeDecodeError as error:
            raise CliError("did.no_text") from error
    return 0


def _whois(  # noqa: PLR0913 -- what was asked for, and by what it is judged
    invocation: Invocation, url: DidUrl, address: str, document: JsonObject, fetching: Fetching, *, as_json: bool
) -> int:
    """The verdict on what an identifier says of itself: on the presentation, and on each credential in it."""
    data = _fetched(invocation, address, ACCEPT_WHOIS, MAX_PRESENTATION_BYTES)
    _put(fetching, data)
    trust = trust_for(invocation, None)
    judge = Judge(
        policy=policy_for(invocation, None),
        trust=trust,
        request=None,
        at=datetime.now(UTC).replace(microsecond=0),
        sources=sources(
            online=not invocation.settings.offline,
            loopback=allows_loopback(os.environ),
            remember=True,
            trust=trust,
        ),
    )
    names = frozenset({str(url.did), *parallel_names(url.did, document)})

    async def judged() -> int:
        subject = subject_of(data)
        material = await gather(subject, judge.sources, judge.trust)
        finding = check_whois(subject, names, material, policy=judge.policy, trust=judge.trust, at=judge.at)
        report = await judge.report(data, None)
        statuses = {STATUS[report.verdict], _STATUS.get(finding.outcome, 20)}
        if as_json:
            told: JsonObject = {"address": address, "whois": finding.to_json(), "report": report.to_json()}
            invocation.out.answer_json(told)
        else:
            _tell(invocation, finding, address)
            show(invocation, report)
        return next(status for status in WORST_FIRST if status in statuses)

    return asyncio.run(judged())


def _tell(invocation: Invocation, finding: WhoisFinding, address: str) -> None:
    invocation.out.answer(address)
    invocation.out.answer(invocation.words(_TOLD[finding.outcome]))
    if finding.outcome is not Outcome.PASSED:
        invocation.out.say(f"  {invocation.words('label.details')}: {finding.message} ({finding.code})")
    invocation.out.answer()
