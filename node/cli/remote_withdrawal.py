"""Many awards of a node withdrawn for good, by a file of their ids: counted first, agreed to, then ordered."""

import json
from dataclasses import dataclass
from http import HTTPMethod, HTTPStatus
from typing import Final

from node.adapters.node_client import Asked, NodeClient
from node.cli.errors import CliError
from node.cli.inputs import read_document
from node.cli.invocation import Invocation
from node.cli.output import visible
from node.cli.remote import Remote, member, require_decided, with_node
from node.cli.status import confirm
from node.documents import JsonObject
from node.ports.aftercare import REASONS, Change

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
"""A list of ten thousand awards, as `award list` tells them."""
MAX_IDS: Final = 10_000
"""What a node takes at once."""
PATH: Final = "/organisation/withdrawals"
_COMMENT: Final = "#"


@dataclass(frozen=True, slots=True)
class ManyAwards:
    """What was asked of `award withdraw`, as typed."""

    file: str
    reason: str
    words: str = ""
    dry_run: bool = False
    yes: bool = False


def withdraw(invocation: Invocation, asked: ManyAwards, remote: Remote, *, as_json: bool) -> int:
    """Withdraw the awards whose ids a file has; a dry run says how many of them there are."""
    known = REASONS[Change.REVOKED]
    if asked.reason not in known:
        raise CliError("usage.choice", option="--reason", value=asked.reason, known=", ".join(known))
    ids = ids_of(read_document(invocation, asked.file, limit=MAX_FILE_BYTES))
    if not 0 < len(ids) <= MAX_IDS:
        raise CliError("input.award_ids", name=asked.file, count=len(ids), most=MAX_IDS)
    message: JsonObject = {"awards": [*ids], "reason": asked.reason, "words": asked.words}

    async def count(client: NodeClient) -> int:
        answer = await client.ask(Asked(HTTPMethod.POST, PATH, body=_written({**message, "dryRun": True}), again=True))
        return member(answer.json(), "count", int, answer.origin)

    counted = with_node(invocation, remote, count)
    if asked.dry_run:
        if as_json:
            invocation.out.answer_json({"named": len(ids), "count": counted})
        else:
            invocation.out.answer(invocation.words("remote.would_withdraw", count=counted, named=len(ids)))
        return 0
    confirm(invocation, "remote.confirm_withdraw", yes=asked.yes, count=counted, named=len(ids))
    sent = Asked(
        HTTPMethod.POST,
        PATH,
        body=_written(message),
        headers=remote.headers,
        takes=(HTTPStatus.OK, HTTPStatus.ACCEPTED),
    )

    async def order(client: NodeClient) -> JsonObject:
        return require_decided(await client.ask(sent))

    told = with_node(invocation, remote, order)
    if as_json:
        invocation.out.answer_json(told)
    else:
        invocation.out.answer(
            invocation.words("remote.withdrawing", count=visible(told.get("total")), id=visible(told.get("id")))
        )
    return 0


def ids_of(data: bytes) -> tuple[str, ...]:
    """The ids in a file, each once: the first word of each line, or `id` of a JSON object, as `award list` has them."""
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CliError("input.award_line", line=data[: error.start].count(b"\n") + 1) from error
    found: dict[str, None] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if line and not line.startswith(_COMMENT):
            found[_id_in(line, number)] = None
    return tuple(found)


def _id_in(line: str, number: int) -> str:
    if not line.startswith("{"):
        return line.split(maxsplit=1)[0]
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CliError("input.award_line", line=number) from error
    if not isinstance(told.get("id"), str):
        raise CliError("input.award_line", line=number)
    return str(told["id"])


def _written(message: JsonObject) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()
