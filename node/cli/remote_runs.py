"""`glejt issue --csv --node` for an achievement that the node has published: a run of the node, followed to its end.

The node awards, wherever this program is meanwhile: cut off and run again with the same table and order, it follows the
run that goes on. Nobody is awarded anything twice, by whatever table.
"""

import asyncio
import hashlib
import json
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from typing import Final

from node.adapters.node_client import Asked, NodeClient, bad_answer
from node.cli.composing import read_draft
from node.cli.errors import CliError, Refused
from node.cli.files import staged_file
from node.cli.invocation import Invocation
from node.cli.issue import Input, Order, TableOrder
from node.cli.issue_table import EVERY_SECONDS, REJECTED, Folder, Lines, renamed, sink_for
from node.cli.remote import Remote, member, require_decided, with_node
from node.cli.table import ENCODINGS, encoding_named
from node.documents import JsonObject, JsonValue, parse_object

PATH: Final = "/organisation/runs"
_VERSION: Final = re.compile(
    r"https?://[^/?#]{1,256}/achievements/([0-9a-z-]{1,64})/versions/([1-9][0-9]{0,8})", re.ASCII
)
_ENDED: Final = frozenset({"done", "cancelled", "paused", "checked"})
_CSV: Final = "text/csv"
_WORKBOOK: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_LINES: Final = "application/x-ndjson"
_BEGINS: Final = b"PK\x03\x04"
MAX_LINE_BYTES: Final = 4 * 1024 * 1024
"""Of a credential of the largest size, as text in a line."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be awarded by which table."""

    name: str
    data: bytes
    encoding: str
    order: JsonObject

    @property
    def digest(self) -> str:
        """By which the node knows the table."""
        return hashlib.sha256(self.data).hexdigest()


def is_published(achievement: str | None) -> bool:
    """Whether what is named is the address of a published version, and no file."""
    return achievement is not None and _VERSION.fullmatch(achievement) is not None


def issue_by_run(invocation: Invocation, source: Input, order: Order, asked: TableOrder, remote: Remote) -> int:
    """Award a published achievement to everybody in a table.

    1. Read the table, and what all awards share; refuse before anything is sent.
    2. Have the node take it, or find the run of it that goes on; start it, and follow it to its end.
    3. Fetch what was issued, page by page, and the rows that were rejected.
    """
    wish, result, rejects = _wish(invocation, source, order, asked, remote), _result(asked), _rejects(asked)  # 1.
    ended: JsonObject = {}

    async def work(client: NodeClient) -> None:
        run = await _run(client, wish, dry=asked.dry_run, headers=remote.headers)  # 2.
        ended.update(await _followed(invocation, client, run))
        with ExitStack() as stack:  # 3.
            if result is not None and (ended["awarded"] or ended["already"]):
                sink = sink_for(stack, result, tokens=False)
                async for row, body, token in _credentials(client, ended):
                    as_it_is = replace(sink, tokens=token) if isinstance(sink, Lines | Folder) else sink
                    as_it_is.write(row, body)
                sink.release(force=asked.force)
            if rejects is not None and ended["rejected"]:
                staged = stack.enter_context(staged_file(rejects))
                async for part in _parts(client, ended, "rejected", _CSV):
                    staged.file.write(part)
                staged.release(force=asked.force)

    with_node(invocation, remote, work)
    return _report(invocation, ended, result, rejects)


def _wish(invocation: Invocation, source: Input, order: Order, asked: TableOrder, remote: Remote) -> Wish:
    found = _VERSION.fullmatch(source.achievement or "")
    if found is None or source.file is not None:
        raise CliError("usage.csv")
    encoding = encoding_named(asked.encoding or "") or ENCODINGS[0]
    path = Path(asked.csv or "").expanduser()
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CliError("input.missing", name=asked.csv) from error
    award: JsonObject = {} if source.award is None else read_draft(invocation, source.award)
    said: JsonObject = {
        "achievement": found[1],
        "version": int(found[2]),
        "profile": remote.needed_profile,
        "kind": "at_once",
        "columns": dict(renamed(asked.columns)),
        "award": award,
        "series": "",
        "mandatoryPointers": list[JsonValue](order.mandatory),
    }
    return Wish(path.name, data, encoding, said)


def _result(asked: TableOrder) -> Path | None:
    if asked.dry_run:
        return None
    if asked.out is None:
        raise CliError("usage.missing", name="--out")
    path = Path(asked.out).expanduser()
    if path.exists() and not asked.force:
        raise CliError("output.exists", name=path)
    return path


def _rejects(asked: TableOrder) -> Path | None:
    if asked.rejects is not None:
        return Path(asked.rejects).expanduser()
    return None if asked.out is None or asked.dry_run else Path(f"{asked.out}{REJECTED}").expanduser()


async def _run(client: NodeClient, wish: Wish, *, dry: bool, headers: Mapping[str, str]) -> str:
    """The run that does this, started."""
    found = await _known(client, wish, {"checking"} if dry else {"running", "read", "checked", "paused"})
    if found is None:
        kind = _WORKBOOK if wish.data.startswith(_BEGINS) else _CSV
        query = (("name", wish.name), ("encoding", wish.encoding))
        taken = {HTTPStatus.CREATED}
        upload = Asked(HTTPMethod.POST, PATH, query, body=wish.data, media_type=kind, takes=taken)
        run = member((await client.ask(upload)).json(), "id", str, client.address.origin)
        said = json.dumps({**wish.order, "check": dry}).encode()
        found = (await client.ask(Asked(HTTPMethod.PUT, f"{PATH}/{run}/order", body=said))).json()
    run = member(found, "id", str, client.address.origin)
    if not dry and found.get("state") != "running":
        taken = {HTTPStatus.OK, HTTPStatus.ACCEPTED}
        require_decided(await client.ask(Asked(HTTPMethod.POST, f"{PATH}/{run}/start", headers=headers, takes=taken)))
    return run


async def _known(client: NodeClient, wish: Wish, states: set[str]) -> JsonObject | None:
    """The run of the same table and order that is in one of these states, among the latest."""
    runs = (await client.ask(Asked(HTTPMethod.GET, PATH, (("limit", "100"),), again=True))).json().get("runs")
    for one in runs if isinstance(runs, list) else []:
        if not isinstance(one, dict) or one.get("state") not in states:
            continue
        if (one.get("sha256"), one.get("order")) == (wish.digest, wish.order):
            return one
    return None


async def _followed(invocation: Invocation, client: NodeClient, run: str) -> JsonObject:
    """The run as it ended, or stands still; shown meanwhile where somebody looks on."""
    shows = sys.stderr.isatty() and not invocation.out.quiet
    while True:
        found = (await client.ask(Asked(HTTPMethod.GET, f"{PATH}/{run}", again=True))).json()
        if shows:
            rate, left = found.get("perSecond") or 0, found.get("secondsLeft") or 0
            said = invocation.words("table.progress", done=found["done"], rate=round(float(str(rate))), left=left)
            sys.stderr.write(f"\r\x1b[K{said}")
            sys.stderr.flush()
        if found.get("state") in _ENDED or found.get("problem") is not None:
            if shows:
                sys.stderr.write("\r\x1b[K")
            return found
        await asyncio.sleep(EVERY_SECONDS)


async def _parts(client: NodeClient, run: JsonObject, what: str, kind: str) -> AsyncIterator[bytes]:
    """What comes of each page of a run."""
    for page in range(member(run, "pages", int, client.address.origin)):
        query = (("page", str(page)),)
        path = f"{PATH}/{run['id']}/{what}"
        yield (await client.ask(Asked(HTTPMethod.GET, path, query, accept=kind, again=True))).body


async def _credentials(client: NodeClient, run: JsonObject) -> AsyncIterator[tuple[int, bytes, bool]]:
    """The rows, what was issued for each, and whether that is a token."""
    async for part in _parts(client, run, "credentials", _LINES):
        for line in part.splitlines():
            said = parse_object(line, max_bytes=MAX_LINE_BYTES)
            row, body = said.get("row"), said.get("credential")
            if not isinstance(row, int) or not isinstance(body, str):
                raise bad_answer(client.address.origin, "answers with a line that is no credential of a row")
            yield row, body.encode(), not body.startswith("{")


def _report(invocation: Invocation, run: JsonObject, result: Path | None, rejects: Path | None) -> int:
    out = invocation.out
    counts = {name: run.get(name, 0) for name in ("awarded", "already", "rejected")}
    if run.get("state") == "checked":
        out.remark("remark.remote_run_checked", **counts)
    else:
        out.remark("remark.remote_run", **counts, name=result, run=run.get("id"))
    if run.get("problem") is not None or run.get("state") in {"paused", "cancelled"}:
        out.remark("remark.remote_run_stands", state=run.get("state"), problem=run.get("problem"), run=run.get("id"))
    if counts["rejected"]:
        out.remark("table.rejected" if rejects else "table.would_reject", rejected=counts["rejected"], name=rejects)
    whole = run.get("state") in {"done", "checked"} and not counts["rejected"]
    return 0 if whole and run.get("rows") else Refused.status
