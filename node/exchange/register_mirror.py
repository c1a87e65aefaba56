"""Copying a register: everything that its organisations have published, each byte compared with what was pinned.

1. The index is read, page after page; it may not be endless, nor lead elsewhere.
2. Of each organisation the head is read, and judged as any credential is. One that is known to be wrong is refused, and
   so is one that is older than the one in the copy: nobody takes back what was published.
3. The manifest is what the head pins, each page what the manifest pins, each file what its page pins. What the copy has
   is not read again, so a second run copies what is new, and one that was interrupted goes on.
4. An organisation is in the copy once all of it is: until then the copy says what it said before.

What goes wrong with one organisation leaves the others alone. No name in a register names a file of the copy.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import Final, Protocol

from node.verification.errors import FetchError, RegisterError, VerificationError
from node.verification.register_form import (
    JSON,
    MAX_HEAD_BYTES,
    MAX_INDEX_BYTES,
    MAX_INDEX_PAGES,
    MAX_MANIFEST_BYTES,
    MAX_REGISTERS,
    Head,
    IndexPage,
    Pin,
    origin_of,
    read_head,
    read_index,
    read_manifest,
    read_page,
)
from node.verification.report import Report, Verdict
from node.verification.sources import Fetch

MAX_COPY_BYTES: Final = 4 * 1024 * 1024 * 1024
"""What one run takes from a register: ten thousand issuers with a hundred achievements each fit."""
AT_ONCE: Final = 4
"""Files under way together: a register is copied beside a node's other work."""
TRIES: Final = 6
PAUSES: Final = (1.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds to wait for a node that asks to be asked more slowly."""
_SLOWER: Final = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
_REMEDY: Final = "Ask whoever runs the register. What was copied before stays as it was."


class Copying(Protocol):
    """A copy that is written to. Files are named by their digests alone. Raises OSError."""

    def heads(self) -> Mapping[str, str]:
        """The digests of the heads that the copy has, by organisation."""

    def has(self, pin: Pin) -> bool:
        """Whether the copy has these bytes, to the byte."""

    def read(self, digest: str) -> bytes | None:
        """The file of this digest; None where it is not there, or is another."""

    def put(self, content: bytes) -> str:
        """Take a file, whole; its digest."""

    def keep(self, url: str, heads: Mapping[str, str]) -> None:
        """Say from now on that the copy is of this register, with these heads."""


@dataclass(slots=True)
class Copied:
    """What came of one organisation."""

    organisation: str
    url: str
    report: Report | None = None
    files: int = 0
    """How many it has."""
    new: int = 0
    """How many of them were not there before."""
    problem: VerificationError | FetchError | None = None
    unlisted: bool = False
    """Whether the register does not list it any more; what the copy has of it stays."""


@dataclass(slots=True)
class _Budget:
    left: int = MAX_COPY_BYTES

    def take(self, size: int) -> None:
        self.left -= size
        if self.left < 0:
            raise _wrong("too_large", f"it has more than {MAX_COPY_BYTES} bytes that are new")


@dataclass(frozen=True, slots=True)
class Mirror:
    """Copies one register. `judge` verifies a head; `pause` waits."""

    url: str
    fetch: Fetch
    copy: Copying
    judge: Callable[[bytes], Awaitable[Report]]
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    told: Callable[[Copied], None] = lambda _: None
    """Is told of each organisation as it is done."""
    _budget: _Budget = field(default_factory=_Budget)

    async def run(self) -> list[Copied]:
        """Copy all of it; raises RegisterError and FetchError where not even the index can be had."""
        base = origin_of(self.url)
        listed = await self._index(base)  # 1.
        heads = dict(self.copy.heads())
        done = []
        for organisation, url in listed.items():
            copied = Copied(organisation, url)
            try:
                digest = await self._one(copied, base, heads.get(organisation))
            except (VerificationError, FetchError) as error:
                copied.problem = error
            else:
                if heads.get(organisation) != digest:
                    heads[organisation] = digest
                    self.copy.keep(self.url, heads)  # 4.
            self.told(copied)
            done.append(copied)
        if not listed:
            self.copy.keep(self.url, heads)
        gone = sorted(heads.keys() - listed.keys())
        return [*done, *(Copied(organisation, "", unlisted=True) for organisation in gone)]

    async def _index(self, base: str) -> dict[str, str]:
        heads: dict[str, str] = {}
        following: str | None = self.url
        seen: set[str] = set()
        while following is not None:
            if following in seen or len(seen) >= MAX_INDEX_PAGES:
                raise _wrong("form", "its index does not end")
            seen.add(following)
            page: IndexPage = read_index(await self._get(following, MAX_INDEX_BYTES), base)
            heads |= page.heads
            if len(heads) > MAX_REGISTERS:
                raise _wrong("form", f"it lists more than {MAX_REGISTERS} organisations")
            following = page.following
        return heads

    async def _one(self, copied: Copied, base: str, known: str | None) -> str:
        """Steps 2 and 3 for one organisation; the digest of its head."""
        content = await self._get(copied.url, MAX_HEAD_BYTES)
        head = read_head(content, base)
        if head.url != copied.url:
            raise _wrong("head", "a head is that of another register")
        copied.report = await self.judge(content)
        if copied.report.verdict is Verdict.REJECTED:
            raise _wrong("head", "the head is not what the organisation signed, or was withdrawn")
        self._require_later(head, known, base)
        await self._files(copied, head, base)
        return self.copy.put(content)

    def _require_later(self, head: Head, known: str | None, base: str) -> None:
        before = None if known is None else self.copy.read(known)
        if before is None:
            return
        last = read_head(before, base)
        if head.issuer == last.issuer and head.made < last.made:
            raise _wrong("rolled_back", "the head is older than the one in the copy")

    async def _files(self, copied: Copied, head: Head, base: str) -> None:
        manifest_bytes = await self._get(head.manifest_url, MAX_MANIFEST_BYTES)
        if not head.pins(manifest_bytes):
            raise _wrong("digest", "its manifest is not the one that the head pins")
        manifest = read_manifest(manifest_bytes, base)
        if manifest.organisation != copied.organisation:
            raise _wrong("head", "a head is that of another organisation")
        gate = asyncio.Semaphore(AT_ONCE)
        for page in manifest.pages:
            content = await self._pinned(page)
            listed = read_page(content, base)
            copied.files += len(listed)
            wanted = list({one.pin.sha256: one.pin for one in listed if not self.copy.has(one.pin)}.values())

            async def one(pin: Pin) -> None:
                async with gate:
                    await self._pinned(pin)

            try:
                async with asyncio.TaskGroup() as group:
                    for pin in wanted:
                        group.create_task(one(pin))
            except* (VerificationError, FetchError) as failed:
                raise failed.exceptions[0] from failed
            copied.new += len(wanted)
        if copied.files != manifest.files:
            raise _wrong("form", "its pages do not list as many files as its manifest says")
        self.copy.put(manifest_bytes)

    async def _pinned(self, pin: Pin) -> bytes:
        """Bytes that are what was pinned, in the copy from now on."""
        if self.copy.has(pin) and (there := self.copy.read(pin.sha256)) is not None:
            return there
        self._budget.take(pin.size)
        content = await self._get(pin.url, max(pin.size, 1))
        if not pin.holds(content):
            raise _wrong("digest", f"{pin.url} is not what was pinned")
        self.copy.put(content)
        return content

    async def _get(self, url: str, most: int) -> bytes:
        for turn in range(TRIES):
            try:
                return (await self.fetch(url, accept=f"application/ld+json, {JSON}", max_bytes=most)).body
            except FetchError as error:
                if error.status not in _SLOWER or turn >= len(PAUSES):
                    raise
                await self.pause(PAUSES[turn])
        raise TypeError("the last try returns or raises")


def digest_of(content: bytes) -> str:
    """The name of a file in a copy."""
    return sha256(content).hexdigest()


def _wrong(kind: str, message: str) -> RegisterError:
    return RegisterError(f"the register cannot be copied: {message}", code=f"register.{kind}", remedy=_REMEDY)
