"""Those who write in a group depend on nobody who waits for the end of the group."""

import asyncio

import pytest
from sqlalchemy import text

from node.adapters.database.engine import opened


def test_who_stops_waiting_for_the_line_keeps_nobody_from_writing(tmp_path):
    """As a worker that erases does when a node is stopped."""

    async def story():
        going, on = asyncio.Event(), asyncio.Event()

        async def slow(connection):
            await connection.execute(text("CREATE TABLE written (one INTEGER)"))
            going.set()
            await on.wait()
            return "done"

        async with opened(f"sqlite:///{tmp_path / 'node.db'}", revision=None) as database:
            writing = asyncio.create_task(database.transact(slow))
            await going.wait()
            purging = asyncio.create_task(database.purge())
            await asyncio.sleep(0)
            purging.cancel()
            with pytest.raises(asyncio.CancelledError):
                await purging
            on.set()
            async with asyncio.timeout(60):
                return await writing

    assert asyncio.run(story()) == "done"
