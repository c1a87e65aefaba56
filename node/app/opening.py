"""A node's folder, database and keys, opened: for the server, and for commands on its machine while none runs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from node.adapters.database.engine import Database
from node.adapters.database.engine import opened as opened_database
from node.adapters.database.store import DatabaseStore
from node.adapters.database.vault import DatabaseVault
from node.adapters.node_folder import NodeFolder
from node.app.master_keys import open_vault
from node.app.node_chain import NodeChain, chain_of
from node.app.rules import trust_of
from node.app.secret_settings import address_of
from node.config.node_settings import NodeSettings
from node.documents import JsonObject
from node.ports.vault import MasterKey
from node.verification.trust import Trust


@dataclass(frozen=True, slots=True)
class OpenNode:
    """What outlives the process, opened."""

    settings: NodeSettings
    folder: NodeFolder
    database: Database
    store: DatabaseStore
    vault: DatabaseVault
    masters: dict[str, MasterKey]
    """The opened master keys, as the vault has them."""
    chain: NodeChain
    trust: Trust
    now: Callable[[], datetime]


type Errand = Callable[[OpenNode, JsonObject], Awaitable[JsonObject]]
"""What a command on the node's machine has done, by what was asked for and what is answered."""


@asynccontextmanager
async def opened_node(
    settings: NodeSettings, folder: NodeFolder, now: Callable[[], datetime]
) -> AsyncIterator[OpenNode]:
    """Everything in a folder that is held; raises StartError, StoreError and VaultError."""
    trust = trust_of(settings)
    async with opened_database(address_of(settings, folder)) as database, chain_of(settings, folder, trust) as chain:
        masters: dict[str, MasterKey] = {}
        vault = await open_vault(database, settings, folder, now(), masters)
        yield OpenNode(settings, folder, database, DatabaseStore(database), vault, masters, chain, trust, now)
