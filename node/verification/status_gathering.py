"""Gathering status lists: which a subject's credentials name, and copies of them.

1. Name the lists: each whole list once, however many credentials point into it.
2. Take the copies that are held already, from a file or from an earlier fetch.
3. Fetch the lists side by side, but for those of which a fetched copy is still fresh.

Nothing is read but what says how long a copy is fresh; a copy that nobody could read is handed on all the same.

Spec: https://www.w3.org/TR/vc-bitstring-status-list/#verifier-caching
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from node.credentials.credential import MAX_STATUS_ENTRIES, Credential
from node.credentials.errors import TimestampError
from node.documents import DocumentError, parse_object
from node.proofs.errors import ProofsError
from node.proofs.jose.jws import parse_jws
from node.status.entry import generation_of
from node.status.errors import StatusError
from node.status.status_list import read_status_list
from node.status.token_status_list import read_token_status_list
from node.verification.material import Origin, ResolutionFailure, StatusListCopy
from node.verification.published import MAX_AT_ONCE, fetch_copy
from node.verification.received import Received, read_text
from node.verification.sources import Sources
from node.verification.subject import Handed, read_subject

MAX_LISTS: Final = 32
"""Lists of one subject: issuers share a list among many credentials, so this is as many issuers with two each."""
MAX_COPIES: Final = 5
"""Copies of one list that are looked at: what was fetched, what a mirror had, what was saved, what came in files."""
MAX_HELD: Final = MAX_COPIES - 2
"""Of those, the ones that are at hand before anybody is asked."""
FETCH_SECONDS: Final = 10.0
"""All of them; each has the fetcher's own limit."""
USUAL_FRESHNESS: Final = timedelta(minutes=5)
"""How long a fetched list is not fetched again where it states no `ttl`: for many files checked in one go."""
ACCEPT: Final = (
    "application/vc, application/vc+jwt, application/statuslist+jwt, application/ld+json;q=0.9, application/json;q=0.8"
)

type Gathered = tuple[tuple[StatusListCopy, ...], dict[str, ResolutionFailure]]


def named_lists(subject: Handed) -> list[str]:
    """The addresses of the lists that the subject's credentials name, each once.  1."""
    return list(dict.fromkeys(url for part in read_subject(subject).parts for url in lists_of(part)))


async def gather_status_lists(named: Sequence[str], sources: Sources, held: Sequence[StatusListCopy]) -> Gathered:
    """Copies of these lists, and why there is none from the network. Never raises."""
    now = sources.now()
    failures = {
        url: ResolutionFailure("TOO_MANY", f"more than {MAX_LISTS} lists are named; this one was left out", now)
        for url in named[MAX_LISTS:]
    }
    urls = named[:MAX_LISTS]
    copies = [copy for url in urls for copy in _newest_first(held, url)[:MAX_HELD]]  # 2.
    stale = [url for url in urls if not any(copy.url == url and _is_fresh(copy, now) for copy in copies)]
    gate = asyncio.Semaphore(MAX_AT_ONCE)
    end = asyncio.get_running_loop().time() + FETCH_SECONDS
    fetches = (fetch_copy(StatusListCopy, url, sources, accept=ACCEPT, gate=gate, end=end) for url in stale)
    found = [await next(fetches)] if len(stale) == 1 else await asyncio.gather(*fetches)  # 3.
    for url, item in zip(stale, found, strict=True):
        if isinstance(item, StatusListCopy):
            copies.append(item)
        else:
            failures[url] = item
    return tuple(copies), failures


def lists_of(part: Received) -> Iterator[str]:
    """The addresses of the lists that one credential names."""
    if part.typed or (part.envelope is not None and isinstance(part.value, dict) and "status" in part.value):
        from node.verification.sd_jwt_vc.gathering import list_of  # noqa: PLC0415 -- few subjects need it

        url = list_of(part)
        yield from () if url is None else (url,)
    if not part.typed and isinstance(part.value, dict) and "credentialStatus" in part.value:
        yield from _named(Credential(part.value))


def _named(credential: Credential) -> Iterator[str]:
    for entry in credential.status[:MAX_STATUS_ENTRIES]:
        url = entry.get("statusListCredential")
        if isinstance(url, str) and generation_of(entry) is not None:
            yield url


def _newest_first(held: Sequence[StatusListCopy], url: str) -> list[StatusListCopy]:
    return sorted((copy for copy in held if copy.url == url), key=lambda copy: copy.obtained_at, reverse=True)


def _is_fresh(copy: StatusListCopy, now: datetime) -> bool:
    """Whether a copy that was fetched need not be fetched again; what came in a file always is."""
    if copy.origin not in {Origin.LIVE, Origin.SAVED}:
        return False
    with suppress(DocumentError, StatusError, TimestampError, ProofsError):
        received = read_text(copy.content)
        if received.envelope is None and isinstance(received.value, str):
            listed = read_token_status_list(parse_object(parse_jws(received.value).payload))
            return now < listed.stale_from(copy.obtained_at, USUAL_FRESHNESS)
        document = received.value
        if not isinstance(document, dict):
            return False
        end = Credential(document).validity.end
        return now < read_status_list(document).stale_from(copy.obtained_at, end, USUAL_FRESHNESS)
    return False
