"""What has to be brought to its end also by a caller who is told to stop meanwhile."""

import asyncio
from collections.abc import Coroutine, Iterable


async def all_done[T](tasks: Iterable[asyncio.Future[T]]) -> asyncio.CancelledError | None:
    """Wait until all of them are done, however often the caller is cancelled; gives that back, to be raised.

    For what ends by itself, and soon: nothing can hasten it.
    """
    waited_for = tuple(tasks)
    cancelled = None
    while not all(task.done() for task in waited_for):
        try:
            await asyncio.wait(waited_for)
        except asyncio.CancelledError as error:
            cancelled = error
    return cancelled


async def together[T](*work: Coroutine[None, None, T]) -> None:
    """Do all of it side by side; where a part fails, none of the others goes on."""
    tasks = [asyncio.ensure_future(part) for part in work]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        cancelled = await all_done(tasks)
        if cancelled is not None:
            raise cancelled from None
        raise
