"""All that an organisation has, in one archive that is made while it is sent: for another node, a judge, or a shelf.

It is a tar archive. Signed things are in it to the byte, each in a file of its own; what is kept in rows, in files of
lines. No key and no secret is in it. `SHA256SUMS`, the last but one, has the digest of every file; `manifest.json`,
the last, what there is of each kind and the digest of the sums.

    capsules/…      credentials with what it takes to check them offline: glejt verify FOLDER --offline
    credentials/…   each as it was handed out          receipts/…     of their anchors
    awards/…        who got what, and its state        notices/…      what became of it, and why
    achievements/…  every version                      status-lists/… as published, and their rows
    identifiers/…   documents and histories            register/…     as published
    log/…           for glejt audit check              organisation/… people, profiles, namespaces, webhooks

It is read piece by piece, so that nobody waits for it: what is changed meanwhile may be in one piece and not in
another.

Spec: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html
"""

import hashlib
import tarfile
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import IO, Any, Final

import orjson

from node.credentials.timestamps import format_timestamp
from node.issuance.background.batches import receipt_of
from node.issuance.evidence import capsule_bytes, capsule_of
from node.issuance.organisation.events import order_head, record
from node.issuance.organisation.log import PAGE, to_json
from node.ports.api_keys import Caller
from node.ports.awarding import AwardQuery, Secured
from node.ports.errors import AbsentError
from node.ports.organisations import OrganisationId
from node.ports.store import Store, UnitOfWork, View

FORMAT: Final = "glejt/export/v1"
SUMS: Final = "SHA256SUMS"
MANIFEST: Final = "manifest.json"
PIECE: Final = 100
"""Awards that are read together, and credentials in one capsule: they share its lists."""
_SPOOLED_BYTES: Final = 1024 * 1024
_CHUNK_BYTES: Final = 64 * 1024
_BLOCK: Final = tarfile.BLOCKSIZE
_README: Final = """\
What this is: all that an organisation has at a glejt node. No key is in it.

Is it whole?             sha256sum -c SHA256SUMS
Do the awards hold?      glejt verify . --offline        (takes the files of capsules/)
Was the log changed?     cat log/*.ndjson > log.ndjson; glejt audit check log.ndjson --head log/heads.json
"""


@dataclass(slots=True)
class _Archive:
    """What was written so far."""

    at: datetime
    sums: IO[bytes]
    counts: dict[str, int] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)

    def entry(self, name: str, content: bytes, *, listed: bool = True) -> bytes:
        """A file, as it stands in the archive."""
        info = tarfile.TarInfo(name)
        info.size, info.mtime, info.mode = len(content), int(self.at.timestamp()), 0o600
        if listed:
            line = f"{hashlib.sha256(content).hexdigest()}  {name}\n".encode()
            self.sums.write(line)
            self.digest.update(line)
            kind = name.partition("/")[0]
            self.counts[kind] = self.counts.get(kind, 0) + 1
        return info.tobuf(tarfile.PAX_FORMAT) + content + bytes(-len(content) % _BLOCK)

    def lines(self, name: str, rows: Iterable[object]) -> bytes:
        """A file of lines."""
        return self.entry(name, b"".join(orjson.dumps(row, default=_plain) + b"\n" for row in rows))


@dataclass(frozen=True, slots=True)
class Exporting:
    """The use case, with what it stands on."""

    store: Store
    now: Callable[[], datetime]

    async def export(self, caller: Caller) -> AsyncIterator[bytes]:
        """The archive, piece by piece. That it was asked for stands in the log before the first one."""
        at = self.now()

        async def work(unit: UnitOfWork) -> None:
            record(unit, caller, "organisation.export", unit.organisation, at)
            await order_head(unit, at)

        await self.store.change(caller.organisation, work)
        return self._pieces(caller.organisation, at)

    async def _pieces(self, organisation: OrganisationId, at: datetime) -> AsyncIterator[bytes]:
        with tempfile.SpooledTemporaryFile(_SPOOLED_BYTES) as sums:
            archive = _Archive(at, sums)
            yield archive.entry("README.txt", _README.encode())
            for part in (_organisation, _achievements, _identifiers, _register, _lists, _log):
                async with self.store.view(organisation) as view:
                    async for piece in part(view, archive):
                        yield piece
            async for piece in self._awards(organisation, archive):
                yield piece
            size = sums.tell()
            sums.seek(0)
            info = tarfile.TarInfo(SUMS)
            info.size, info.mtime, info.mode = size, int(at.timestamp()), 0o600
            yield info.tobuf(tarfile.PAX_FORMAT)
            while chunk := sums.read(_CHUNK_BYTES):
                yield chunk
            yield bytes(-size % _BLOCK)
            said = {
                "format": FORMAT,
                "organisation": organisation,
                "madeAt": format_timestamp(at),
                "files": archive.counts,
                "sums": archive.digest.hexdigest(),
            }
            manifest = orjson.dumps(said, option=orjson.OPT_INDENT_2)
            yield archive.entry(MANIFEST, manifest, listed=False) + bytes(2 * _BLOCK)

    async def _awards(self, organisation: OrganisationId, archive: _Archive) -> AsyncIterator[bytes]:
        """Awards with all that is theirs, in a view for each piece."""
        after, number = "", 0
        while True:
            async with self.store.view(organisation) as view:
                ids = await view.awards.chosen(AwardQuery(), after=after, limit=PIECE)
                if not ids:
                    return
                after, number = ids[-1], number + 1
                async for piece in _piece(view, archive, ids, number):
                    yield piece


async def _piece(view: View, archive: _Archive, ids: Sequence[str], number: int) -> AsyncIterator[bytes]:
    awards, notices, signed = [], [], list[Secured]()
    for award in ids:
        with suppress(AbsentError):  # it was erased meanwhile
            awards.append(asdict(await view.awards.find(award)))
        notices += [asdict(each) for each in await view.notices.of_award(award)]
    signed += await view.awards.signed(ids)
    yield archive.lines(f"awards/{number:06}.ndjson", awards)
    if notices:
        yield archive.lines(f"notices/{number:06}.ndjson", notices)
    for each in signed:
        name = f"{each.award}.{each.form}"
        yield archive.entry(f"credentials/{name}", each.secured)
        with suppress(AbsentError):
            receipt = await receipt_of(view, each.award, each.form)
            if receipt is not None:
                yield archive.entry(f"receipts/{name}", receipt.encode())
    by_profile: dict[str, list[Secured]] = {}
    profiles = {award["id"]: award["profile"] for award in awards}
    for each in signed:
        by_profile.setdefault(profiles[each.award], []).append(each)
    for place, of_one in enumerate(by_profile.values()):
        capsule = await capsule_of(view, of_one, archive.at)
        if capsule is not None:
            yield archive.entry(f"capsules/{number:06}-{place}.capsule", capsule_bytes(capsule, as_json=False))


async def _organisation(view: View, archive: _Archive) -> AsyncIterator[bytes]:
    identities = view.identities
    parts: dict[str, Sequence[object]] = {
        "members": await view.members.listed(),
        "profiles": await identities.profiles(),
        "namespaces": await identities.namespaces(),
        "webhooks": await view.webhooks.listed(),
        "withdrawals": await view.withdrawals.listed(),
        "statements": await view.statements.listed(),
    }
    for name, rows in parts.items():
        yield archive.lines(f"organisation/{name}.ndjson", [asdict(row) for row in rows])  # type: ignore[call-overload]


async def _achievements(view: View, archive: _Archive) -> AsyncIterator[bytes]:
    after = ""
    while page := await view.achievements.listed(after=after):
        after = page[-1].id
        yield archive.lines(f"achievements/{page[0].id}.ndjson", [asdict(each) for each in page])
        for each in page:
            for version in await view.achievements.versions(each.id):
                yield archive.entry(f"achievements/{each.id}.{version.version}", version.document)


async def _identifiers(view: View, archive: _Archive) -> AsyncIterator[bytes]:
    for number, hosted in enumerate(await view.identities.dids()):
        yield archive.lines(f"identifiers/{number:04}.ndjson", [{"did": hosted.did, "createdAt": hosted.created_at}])
        for kind, content in (("document", hosted.document), ("log", hosted.log)):
            if content is not None:
                yield archive.entry(f"identifiers/{number:04}.{kind}", content)


async def _register(view: View, archive: _Archive) -> AsyncIterator[bytes]:
    head = await view.register.head()
    if head is not None:
        yield archive.entry(f"register/{head.number}.head", head.document)
    for statement in await view.statements.listed():
        yield archive.entry(f"register/{statement.digest}.statement", statement.document)


async def _lists(view: View, archive: _Archive) -> AsyncIterator[bytes]:
    for each in await view.status.lists():
        published = await view.status.published(each.id)
        if published is not None:
            yield archive.entry(f"status-lists/{each.id}.{each.version}", published)
        values: dict[int, int] = {}
        with suppress(AbsentError):
            values = await view.status.values(each.id) if each.reconciled else {}
        rows = [{"place": place, "value": value} for place, value in sorted(values.items())]
        yield archive.lines(f"status-lists/{each.id}.ndjson", [asdict(each), *rows])


async def _log(view: View, archive: _Archive) -> AsyncIterator[bytes]:
    after, number = 0, 0
    while entries := await view.audit.entries(after=after, limit=PAGE):
        after, number = entries[-1].number, number + 1
        yield archive.lines(f"log/{number:06}.ndjson", [to_json(entry) for entry in entries])
    heads = [
        {"number": head.number, "at": format_timestamp(head.at), "signed": head.signed.decode()}
        for head in await view.audit.signed_heads()
    ]
    yield archive.entry("log/heads.json", orjson.dumps({"heads": heads}))


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    raise TypeError(f"{type(value).__name__} is in no row")
