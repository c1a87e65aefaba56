"""The chain of a node: in its folder, one of its trust file, or none. It is opened when it is first needed.

The embedded one takes half a second to load, and its work is done by a thread of its own.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, cast

from node.adapters.chain_access import ChainAccess, embedded_chain, has_embedded_chain, listed_chain
from node.adapters.gas_signers import MAX_KEYSTORE_BYTES, Web3Signer, open_keystore
from node.adapters.json_rpc.client import JsonRpc
from node.adapters.json_rpc.errors import RpcConfigError
from node.adapters.node_folder import NodeFolder
from node.app.errors import StartError
from node.app.secret_settings import secret
from node.config.node_settings import NodeSettings
from node.verification.chains import TrustedChain
from node.verification.trust import Trust

if TYPE_CHECKING:
    from anchoring.devchain.chain import DevChain
    from anchoring.transactions.signing import GasSigner

EMBEDDED: Final = "embedded"
NONE: Final = "none"
WAIT_SECONDS: Final = 5.0
"""For a command that has the embedded chain for a moment."""

type Opening = Callable[[], AbstractAsyncContextManager[ChainAccess]]


class NodeChain:
    """A chain that is opened once, by whoever asks first, and closed with the node."""

    def __init__(self, opening: Opening | None, embedded: Path | None = None) -> None:
        self._opening = opening
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._access: ChainAccess | None = None
        self.embedded = embedded
        """The folder of an embedded one."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        async with self._lock:
            self._opening, self._access = None, None
            await self._stack.aclose()

    @property
    def is_open(self) -> bool:
        """Whether somebody has needed it."""
        return self._access is not None

    @property
    def is_there(self) -> bool:
        """Whether the node has one at all."""
        return self._opening is not None

    async def access(self) -> ChainAccess:
        """The chain, opened; raises StartError where the node has none, AnchoringError where it cannot be had."""
        async with self._lock:
            if self._access is None:
                if self._opening is None:
                    raise StartError(
                        "the node anchors on no chain", code="start.chain", remedy="Name one with the setting chain."
                    )
                self._access = await self._stack.enter_async_context(self._opening())
            return self._access

    async def give_up(self) -> None:
        """Have no chain any more: what it takes is not installed."""
        async with self._lock:
            self._opening = None

    async def copy(self, path: Path) -> None:
        """Write an embedded chain to a new file."""
        await cast("DevChain", (await self.access()).reader).copy(path)

    @property
    def kept_here(self) -> bool:
        """Whether there is a chain in the node's folder, which then belongs to a backup."""
        return self.embedded is not None and has_embedded_chain(self.embedded)


def chain_of(settings: NodeSettings, folder: NodeFolder, trust: Trust) -> NodeChain:
    """The chain that is set; raises StartError for one that the trust file does not list with nodes."""
    if settings.chain == NONE:
        return NodeChain(None)
    if settings.chain == EMBEDDED:
        return NodeChain(lambda: embedded_chain(folder.chain, wait=WAIT_SECONDS), folder.chain)
    chain = next((each for each in trust.chains if each.name == settings.chain), None)
    if chain is None or not chain.rpc:
        known = ", ".join(each.name for each in trust.chains if each.rpc)
        raise StartError(
            f"the trust file has no chain “{settings.chain}” with nodes to ask{known and f', but {known}'}",
            code="start.chain",
            remedy="Correct the name, or give the chain its nodes (rpc) in the trust file.",
        )
    return NodeChain(lambda: _listed(chain, settings))


def trusting(trust: Trust, own: TrustedChain) -> Trust:
    """The same trust, and the node's own chain; raises StartError where the trust file means another by its number."""
    listed = trust.chain(own.chain.id)
    if listed is None:
        return replace(trust, chains=(*trust.chains, own))
    if listed.chain != own.chain:
        raise StartError(
            f"the trust file has another first block for the chain “{listed.name}”",
            code="start.chain",
            remedy="Take that chain out of the trust file: the node knows its own.",
        )
    return trust


def _listed(chain: TrustedChain, settings: NodeSettings) -> AbstractAsyncContextManager[ChainAccess]:
    gas = _gas(settings)
    return listed_chain(chain, gas=gas, write=gas is not None)


def _gas(settings: NodeSettings) -> "GasSigner | None":
    """Whoever pays; None where nobody does, and the chain is read alone."""
    if settings.web3signer is not None:
        address = bytes.fromhex((settings.gas_address or "").removeprefix("0x"))
        try:
            return Web3Signer(JsonRpc(settings.web3signer), address)
        except RpcConfigError as error:
            raise StartError(str(error), code="start.chain", remedy=error.remedy) from error
    if settings.gas_key is None:
        return None
    passphrase = secret(settings.gas_passphrase, settings.gas_passphrase_file)
    if passphrase is None:
        raise StartError(
            "nothing was given that opens the key that pays",
            code="start.chain",
            remedy="Name the file of its passphrase in gas_passphrase_file, or set GLEJT_NODE_GAS_PASSPHRASE.",
        )
    try:
        with settings.gas_key.open("rb") as file:
            return open_keystore(file.read(MAX_KEYSTORE_BYTES + 1), passphrase)
    except OSError as error:
        raise StartError(
            f"{settings.gas_key} cannot be read: {error.strerror}",
            code="start.chain",
            remedy="Name the keystore of the key that pays in gas_key.",
        ) from error
