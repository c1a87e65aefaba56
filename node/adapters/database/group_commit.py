"""One writer for SQLite: whoever waits meanwhile is written together, and all wait for the disk once.

1. What is to be written waits in a line; one task takes it from there, so one connection of one process writes, and it
   is the one that moves the log into the file. That keeps versions of SQLite safe which lose parts of a log that two
   connections write or move.
2. Each piece of work runs on its own, within a savepoint. One that fails is taken back alone.
3. The transaction is committed, and only then is anybody told that his work is done.
4. After a failure of the disk nothing more is written until the database is opened anew: what a second attempt would
   report as written may not be there.

Spec: https://www.sqlite.org/wal.html, https://www.sqlite.org/lang_savepoint.html
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from node.adapters.database.failures import broken, spoils_others, translated
from node.ports.errors import StoreBrokenError, StoreBusyError, StoreError

MAX_GROUP: Final = 128
"""Pieces of work that wait for the disk together."""
GROUP_SECONDS: Final = 0.05
"""How long a group may grow: the first in it waits as long for the disk."""
MAX_WAITING: Final = 4096
"""Pieces of work in line: at some hundreds a second, more would wait for longer than anybody does."""
WORK_SECONDS: Final = 120.0
"""One piece of work: the largest writes some ten thousand rows. Whoever takes longer waits for something else."""

type Work[T] = Callable[[AsyncConnection], Awaitable[T]]


@dataclass(slots=True, eq=False)
class _Waiting:
    work: Work[Any]
    context: Context
    told: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = None


@dataclass(slots=True, eq=False)
class GroupCommit:
    """The line, and the task that works it off while there is one."""

    engine: AsyncEngine
    _line: deque[_Waiting] = field(default_factory=deque)
    _task: asyncio.Task[None] | None = None
    _broken: bool = False

    async def transact[T](self, work: Work[T]) -> T:
        """Do the work in a transaction; when this returns, it is on the disk."""
        if self._broken:
            raise broken()
        if len(self._line) >= MAX_WAITING:
            raise StoreBusyError(
                f"{MAX_WAITING} others wait to be stored",
                code="store.busy",
                remedy="Try again in a moment; nothing was stored.",
            )
        waiting = _Waiting(work, copy_context(), asyncio.get_running_loop().create_future())
        self._line.append(waiting)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._work_off())
        result: T = await waiting.told
        return result

    def note(self, failure: BaseException) -> None:
        """Write nothing more, if this failure says that the disk did."""
        self._broken = self._broken or isinstance(failure, StoreBrokenError)

    async def finish(self) -> None:
        """Wait until the line is empty; who waits no longer keeps nobody from writing."""
        if self._task is not None:
            await asyncio.wait((self._task,))

    async def _work_off(self) -> None:
        while self._line:
            group: list[_Waiting] = []
            try:
                if self._broken:  # 4
                    raise broken()  # noqa: TRY301 -- told below, to one after the other
                await self._write(group)
            except Exception as error:  # noqa: BLE001 -- it is told to everybody whom it concerns
                failure = translated(error)
                self.note(failure)
                for waiting in group or [self._line.popleft()]:
                    waiting.error = failure
                    _tell(waiting)
            else:
                for waiting in group:
                    _tell(waiting)

    async def _write(self, group: list[_Waiting]) -> None:
        """Steps 2 and 3, for as many as there are."""
        end = asyncio.get_running_loop().time() + GROUP_SECONDS
        async with self.engine.begin() as connection:
            while self._line and len(group) < MAX_GROUP:
                if group and asyncio.get_running_loop().time() > end:
                    break
                waiting = self._line.popleft()
                if waiting.told.cancelled():
                    continue
                group.append(waiting)
                await self._do(waiting, connection)

    async def _do(self, waiting: _Waiting, connection: AsyncConnection) -> None:
        """One piece of work, by itself; one whose caller gives up while it runs is given up, too."""
        task = asyncio.create_task(_run(waiting.work, connection), context=waiting.context)
        waiting.told.add_done_callback(lambda told: task.cancel() if told.cancelled() else None)
        await asyncio.wait({task})
        if task.cancelled():
            waiting.told.cancel()
        elif (error := task.exception()) is None:
            waiting.result = task.result()
        elif not isinstance(error, Exception) or spoils_others(error):
            raise error
        else:
            waiting.error = translated(error)


async def _run[T](work: Work[T], connection: AsyncConnection) -> T:
    savepoint = await connection.begin_nested()
    try:
        async with asyncio.timeout(WORK_SECONDS) as limit:
            result = await work(connection)
    except BaseException as error:
        if not spoils_others(error):  # after that, there is no savepoint to go back to
            await savepoint.rollback()
        if isinstance(error, TimeoutError) and limit.expired():
            raise StoreError(
                f"the work took more than {WORK_SECONDS:.0f} s, and others were waiting",
                code="store.slow",
                remedy="Write less at once; nothing of it was stored.",
            ) from None
        raise
    await savepoint.commit()
    return result


def _tell(waiting: _Waiting) -> None:
    if waiting.told.cancelled():
        return
    if waiting.error is not None:
        waiting.told.set_exception(waiting.error)
    else:
        waiting.told.set_result(waiting.result)
