"""The door to the embedded chain: behind it stands an EVM that takes half a second to load, and need not be there."""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from anchoring.errors import EmbeddedChainError

if TYPE_CHECKING:
    from anchoring.devchain.chain import DevChain

FILE: Final = "chain.sqlite3"
"""The file in the folder of a chain that holds it whole."""


@asynccontextmanager
async def opened(
    folder: Path, *, clock: Callable[[], float] = time.time, at_once: bool = True
) -> AsyncIterator["DevChain"]:
    """The chain in this folder, which is made, with the contracts on it, where there is none.

    No other process can have it meanwhile. With `at_once` each transaction gets a block of its own as soon as it is
    sent, and the latest block is never old; without, blocks are made by `mine` alone. Raises EmbeddedChainError.
    """
    depth = sys.getrecursionlimit()
    try:
        module = await asyncio.to_thread(import_module, "anchoring.devchain.chain")
    except ImportError as error:
        raise EmbeddedChainError(
            f"the embedded chain cannot be loaded: {error}",
            code="devchain.extra",
            remedy="Install it with `pip install 'glejt[devchain]'`.",
        ) from error
    finally:
        # py-evm raises it for the whole process, in which deep foreign input has to be refused.
        sys.setrecursionlimit(depth)
    kind: type[DevChain] = module.DevChain
    async with kind.opened(folder, clock, at_once=at_once) as chain:
        yield chain
