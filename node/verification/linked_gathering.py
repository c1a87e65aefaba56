"""Gathering what a signed document pins: only after its signature was found to hold, and only where it is missing.

So nobody can make a verifier fetch an address by writing it into a document without signing for it, and whoever is
asked learns no more than that somebody checks a document that pins what lies there.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Final

from node.verification.check import CheckName
from node.verification.errors import FetchError
from node.verification.linked import unread
from node.verification.material import Origin, ResourceCopy, VerificationMaterial
from node.verification.policy import INDISPENSABLE
from node.verification.report import CredentialReport, Report
from node.verification.sources import Sources

MAX_FETCHED: Final = 16
"""Resources of one subject."""
MAX_RESOURCE_BYTES: Final = 1024 * 1024
"""A picture, a page, a schema; what is larger is left to whoever wants it."""
MAX_AT_ONCE: Final = 4
"""Fetches under way together."""
FETCH_SECONDS: Final = 10.0
"""All of them; each has the fetcher's own limit."""
MAX_ASKED: Final = 16
"""Addresses of one document that are asked, one after what another led to."""
ACCEPT: Final = "*/*"
WEB: Final = ("https://", "http://")
"""What the fetcher is asked about at all; it decides which of these are fetched."""


async def judged_with_resources(
    judge: Callable[[VerificationMaterial], Awaitable[Report]], material: VerificationMaterial, sources: Sources
) -> tuple[Report, VerificationMaterial]:
    """The report once all is there that can be had of what the document pins, and the material with it."""
    report = await judge(material)
    asked: set[str] = set()
    while not (wanted := set(wanted_resources(report))) <= asked and len(asked) < MAX_ASKED:
        asked |= wanted  # what was had may lead on: a type extends another
        material = await gather_resources(report, material, sources)
        report = await judge(material)
    return report, material


def wanted_resources(report: Report) -> list[str]:
    """The addresses that a second look would need: pinned by documents whose signatures hold, each once."""
    return list(dict.fromkeys([url for entry in report.credentials for url in _wanted(entry)]))[:MAX_FETCHED]


async def gather_resources(report: Report, material: VerificationMaterial, sources: Sources) -> VerificationMaterial:
    """The material with what these addresses answer with; what could not be had stays missing. Never raises."""
    urls = wanted_resources(report)
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    end = asyncio.get_running_loop().time() + FETCH_SECONDS
    found = await asyncio.gather(*(_fetch(url, sources, gate, end) for url in urls))
    copies = tuple([copy for copy in found if copy is not None])
    return replace(material, resources=(*material.resources, *copies))


def _wanted(entry: CredentialReport) -> list[str]:
    structure = entry.check(CheckName.STRUCTURE)
    signed = all(entry.check(name).passed for name in INDISPENSABLE - {CheckName.STRUCTURE})
    evidence = structure.evidence if signed else {}
    found = [*unread(evidence.get("schemas")), *unread(evidence.get("resources"))]
    return [url for url in found if url.startswith(WEB)]


async def _fetch(url: str, sources: Sources, gate: asyncio.Semaphore, end: float) -> ResourceCopy | None:
    try:
        async with asyncio.timeout_at(end), gate:
            fetched = await sources.fetch(url, accept=ACCEPT, max_bytes=MAX_RESOURCE_BYTES)
    except (FetchError, TimeoutError):
        return None
    return ResourceCopy(url, fetched.body, Origin.LIVE, fetched.at)
