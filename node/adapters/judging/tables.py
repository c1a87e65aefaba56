"""Tables, for a server: what a process says of them, looked at before it is believed."""

import asyncio
import binascii
from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

import orjson

from node.adapters.judging.judge import Wanting
from node.adapters.judging.pool import Judges
from node.adapters.judging.protocol import Task
from node.adapters.judging.signing import SIGN_SECONDS
from node.adapters.judging.table_protocol import AwardRows, NextPages, OpenWorkbook, ReadPart, TableJob
from node.documents import JsonObject, JsonValue
from node.ports.judging import JudgeFailedError
from node.ports.key_store import KeyNotHeldError, KeyStore
from node.ports.tables import Intend, RefusedRow, Rows, RowsOrder, SignedRow, TablePart, Wish

if TYPE_CHECKING:
    from node.adapters.judging.pool import Left

WORKBOOK_SECONDS: Final = 20.0
"""To unfold a workbook, and for each of its parts."""
WORKBOOK_BYTES: Final = 1024 * 1024 * 1024
WORKBOOKS_AT_ONCE: Final = 2
"""Each has a process of its own, which is started for it and ended after it."""
_EMPTY: Final = b""


@dataclass(frozen=True, slots=True)
class TableJudging:
    """A Tables over the processes in which a node signs."""

    signers: Judges
    now: Callable[[], datetime]
    _workbooks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(WORKBOOKS_AT_ONCE))

    async def part(self, data: bytes, place: Mapping[str, JsonValue] | None, *, encoding: str, last: bool) -> TablePart:
        """What a part of a CSV table holds."""
        told = await self._done(self.signers, ReadPart(data, place, encoding, last))
        match told:
            case {
                "pages": list(pages),
                "consumed": int(consumed),
                "place": dict(further),
                "headings": list(headings),
            } if 0 <= consumed <= len(data):
                return TablePart(_pages(pages), consumed, further, _texts(headings))
            case _:
                raise _odd()

    @asynccontextmanager
    async def workbook(self, data: bytes) -> AsyncIterator[AsyncIterator[TablePart]]:
        """The parts of a workbook."""
        async with (
            self._workbooks,
            Judges(size=1, seconds=WORKBOOK_SECONDS, memory=WORKBOOK_BYTES, serves=False) as pool,
        ):
            opened = await self._done(pool, OpenWorkbook(data))
            headings = opened.get("headings")
            if not isinstance(headings, list):
                raise _odd()
            yield self._parts(pool, _texts(headings))

    async def _parts(self, pool: Judges, headings: tuple[str, ...]) -> AsyncIterator[TablePart]:
        while True:
            match await self._done(pool, NextPages()):
                case {"pages": list(pages), "end": bool(end)}:
                    yield TablePart(_pages(pages), 0, {}, headings)
                    if end:
                        return
                case _:
                    raise _odd()

    async def award(
        self, order: RowsOrder, content: bytes, skip: frozenset[int], keys: KeyStore, intend: Intend
    ) -> Rows:
        """What comes of the rows of a page."""
        method = order.signing.verification_method
        asked = _Asked(keys, method, intend)
        job = AwardRows(order, content, skip, keys.public_key(method).to_multibase())
        try:
            told = await self._done(self.signers, job, asked)
        finally:
            asked.raise_refusal()
        return _rows(told, asked.intended)

    async def _done(self, pool: Judges, job: TableJob, asked: "_Asked | None" = None) -> JsonObject:
        left: Left = pool.left()
        told = await pool.run(Task(job, self.now()), sign=None if asked is None else asked.answer, left=left)
        if isinstance(told, Wanting):
            raise JudgeFailedError("the process needs something that no table needs")
        return told


class _Asked:
    """What a process may ask while it signs a page: the intents once, and as many signatures as were intended."""

    def __init__(self, keys: KeyStore, method: str, intend: Intend) -> None:
        self._keys, self._method, self._intend = keys, method, intend
        self.intended: dict[int, bool] | None = None
        """The rows that were asked for, and whether each is to be signed."""
        self._left = 0
        self._problem: Exception | None = None

    async def answer(self, asked: JsonObject) -> bytes:
        """The answer; empty where it is refused, so that the process ends the task and stays."""
        match asked:
            case {"wishes": list(wishes)} if self.intended is None:
                return await self._wished([_wish(one) for one in wishes])
            case {"method": self._method, "many": list(many)} if len(many) <= self._left:
                self._left -= len(many)
                return await self._signed(many)
            case _:
                raise JudgeFailedError("the process asked for a signature that it is not given")

    def raise_refusal(self) -> None:
        """Raise what kept the intents or the key from answering."""
        if self._problem is not None:
            raise self._problem

    async def _wished(self, wishes: Sequence[Wish]) -> bytes:
        try:
            found = await self._intend(wishes)
        except Exception as error:  # noqa: BLE001 -- whatever it is, it is for who asked, and the process is not to blame
            self._problem = error
            return _EMPTY
        self.intended = {wish.row: one is not None for wish, one in zip(wishes, found, strict=True)}
        self._left = sum(self.intended.values())
        return orjson.dumps(
            [None if one is None else [one.award, one.credential, list(one.status), one.token_status] for one in found]
        )

    async def _signed(self, many: Sequence[JsonValue]) -> bytes:
        async def sign() -> list[bytes]:
            return [await self._one(part) for part in many]

        try:
            async with asyncio.timeout(SIGN_SECONDS * max(1, len(many) / 8)):
                made = await asyncio.to_thread(asyncio.run, sign())
        except KeyNotHeldError as error:
            self._problem = error
            return _EMPTY
        except TimeoutError as error:
            raise JudgeFailedError("the key took too long") from error
        return orjson.dumps([binascii.b2a_base64(one, newline=False).decode("ascii") for one in made])

    async def _one(self, part: JsonValue) -> bytes:
        match part:
            case str():
                return await self._keys.sign(self._method, _bytes(part))
            case [str(header), *messages] if all(isinstance(one, str) for one in messages):
                parts = [_bytes(one) for one in messages if isinstance(one, str)]
                return await self._keys.sign_messages(self._method, _bytes(header), parts)
            case _:
                raise JudgeFailedError("the process asked for a signature over nothing that is signed")


def _rows(told: JsonObject, intended: Mapping[int, bool] | None) -> Rows:
    """What a process says to have done; nothing is signed for a row that was not to be."""
    match told:
        case {
            "signed": list(signed),
            "wishes": list(wishes),
            "refused": list(refused),
            "remarks": list(remarks),
            "left": bool(left),
        }:
            rows = tuple([_signed_row(one) for one in signed])
            if intended is not None and not all(intended.get(one.row, False) for one in rows):
                raise _odd()
            marks = tuple([(str(one[0]), str(one[1])) for one in remarks if isinstance(one, list) and len(one) > 1])
            return Rows(rows, tuple(map(_wish, wishes)), tuple(map(_refused, refused)), marks, left)
        case _:
            raise _odd()


def _signed_row(told: JsonValue) -> SignedRow:
    match told:
        case [int(row), str(body), None | str() as commitment]:
            return SignedRow(row, body.encode(), None if commitment is None else bytes.fromhex(commitment))
        case _:
            raise _odd()


def _wish(told: JsonValue) -> Wish:
    match told:
        case [int(row), str(key), str(name), str(email), None | str() as ends]:
            return Wish(row, key, name, email, ends)
        case [int(row), str(key), str(name), str(email), None | str() as ends, None | dict() as award]:
            return Wish(row, key, name, email, ends, award)
        case _:
            raise _odd()


def _refused(told: JsonValue) -> RefusedRow:
    match told:
        case [int(row), list(cells), list(problems)]:
            return RefusedRow(row, _texts(cells), tuple([_problem(one) for one in problems]))
        case _:
            raise _odd()


def _problem(told: JsonValue) -> tuple[str, str, str, str]:
    match told:
        case [str(heading), str(code), str(message), str(remedy)]:
            return heading, code, message, remedy
        case _:
            raise _odd()


def _pages(told: Sequence[JsonValue]) -> tuple[tuple[int, bytes], ...]:
    found = [(one[0], one[1]) for one in told if isinstance(one, list) and len(one) == 2]  # noqa: PLR2004 -- a pair
    return tuple([(rows, text.encode()) for rows, text in found if isinstance(rows, int) and isinstance(text, str)])


def _texts(told: Sequence[JsonValue]) -> tuple[str, ...]:
    return tuple([one for one in told if isinstance(one, str)])


def _bytes(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise JudgeFailedError("the process asked for a signature over something that is no base64") from error


def _odd() -> JudgeFailedError:
    return JudgeFailedError("the process answered with something that is no answer about a table")
