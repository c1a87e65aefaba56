"""Two doors to chains that are written to: the embedded one in a folder, and any that a trust file lists with nodes."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, cast

from anchoring.checkpoint import TrustedBlock
from anchoring.devchain.opening import FILE, opened
from anchoring.errors import EmbeddedChainError
from anchoring.ledger import LedgerReader
from anchoring.transactions.endpoint import Connect, Inclusion, UnreachableError
from anchoring.transactions.signing import GasSigner
from node.adapters.extras import extra
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.reader import JsonRpcReader
from node.verification.chains import ChainKind, TrustedChain

if TYPE_CHECKING:
    from anchoring.devchain.chain import DevChain

EMBEDDED: Final = "embedded"
"""What an embedded chain is called where no trust file has a name for it."""
BUSY: Final = "devchain.busy"
BUSY_SECONDS: Final = 120.0
"""How long another process with the embedded chain is waited for; each has it for the length of one command."""
LOOK_AGAIN: Final = 0.1
LOCAL_PAUSE: Final = 0.2
PAUSE: Final = 4.0
"""Between rounds on a chain with nodes: blocks come every two to twelve seconds."""


@dataclass(frozen=True, slots=True)
class ChainAccess:
    """A chain that can be read, and written to where `nodes` are given."""

    chain: TrustedChain
    reader: LedgerReader
    nodes: Sequence[Connect]
    gas: GasSigner | None
    pause: float

    @property
    def embedded(self) -> bool:
        """Whether it is the chain of a folder, which proves nothing to anybody else."""
        return not self.chain.rpc

    async def look(self, transaction: bytes) -> Inclusion | None:
        """Where a transaction stands, by the first node's word; None also where it does not answer."""
        try:
            async with self.nodes[0]() as endpoint:
                return await endpoint.inclusion(transaction)
        except UnreachableError:
            return None


def has_embedded_chain(folder: Path) -> bool:
    """Whether there is a chain in a folder; opening one would make it."""
    return (folder / FILE).is_file()


@asynccontextmanager
async def embedded_chain(folder: Path, *, wait: float = BUSY_SECONDS) -> AsyncIterator[ChainAccess]:
    """The chain in a folder, made where there is none; another process that has it is waited for."""
    async with AsyncExitStack() as stack:
        chain = await _opened(stack, folder, wait)
        known = TrustedChain(EMBEDDED, chain.chain, ChainKind.LOCAL, chain.contract, registry=chain.registry)
        yield ChainAccess(known, chain, [chain.connect], chain.gas_account, LOCAL_PAUSE)


class _Numbered(Protocol):
    async def block(self, number: int) -> TrustedBlock:
        """The block with this number."""


async def numbered_block(access: ChainAccess, number: int) -> TrustedBlock:
    """A block of an embedded chain, all of which are final."""
    return await cast("_Numbered", access.reader).block(number)


async def _opened(stack: AsyncExitStack, folder: Path, wait: float) -> "DevChain":
    end = time.monotonic() + wait
    while True:
        try:
            return await stack.enter_async_context(opened(folder))
        except EmbeddedChainError as error:
            if error.code != BUSY or time.monotonic() >= end:
                raise
        await asyncio.sleep(LOOK_AGAIN)


@asynccontextmanager
async def listed_chain(chain: TrustedChain, *, gas: GasSigner | None, write: bool) -> AsyncIterator[ChainAccess]:
    """A chain by the nodes that a trust file lists; to write, it takes the extra evm."""
    nodes: list[Connect] = []
    if write:
        extra("web3", of="evm")
        from anchoring.evm import connected  # noqa: PLC0415 -- only who writes needs it

        nodes = [partial(connected, url) for url in chain.rpc]
    reader = JsonRpcReader(
        chain.chain, chain.contract, [JsonRpc(url) for url in chain.rpc], chain.quorum, light=chain.light_client
    )
    pause = PAUSE if chain.kind is ChainKind.PUBLIC else LOCAL_PAUSE
    async with reader:
        yield ChainAccess(chain, reader, nodes, gas, pause)
