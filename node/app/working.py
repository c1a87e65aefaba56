"""The background work of an opened node: on its database, with its keys, and on its chain, if it has one."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from node.adapters.chain_sites import NodeChains, VaultAuthorities
from node.adapters.fetch import GuardedFetch
from node.adapters.web_url import Rules
from node.app.aftercare import aftercare_kinds, aftercare_periodic, telling_kinds
from node.app.opening import OpenNode
from node.issuance.background.office import Background, Means, background
from node.issuance.background.registers import RENEW_EVERY, Registers
from node.issuance.background.schedule import Periodic
from node.issuance.background.tasks import Carry
from node.issuance.list_copies import ListMirror
from node.issuance.registering import Registrar
from node.ports.work import Kind

PURGE_EVERY: Final = timedelta(hours=1)
"""So long the log of a database may still have what was erased."""


@asynccontextmanager
async def working(  # noqa: PLR0913 -- what there is to be done by whom
    node: OpenNode,
    *,
    public_url: str,
    anchor_every: timedelta = timedelta(),
    kinds: Mapping[str, Carry] | None = None,
    outside: Mapping[str, Carry] | None = None,
    periodic: Sequence[Periodic] = (),
) -> AsyncIterator[Background]:
    """Work while this is open; `kinds`, `outside` and `periodic` are what others have done in the background.

    The chain is opened by the first task that needs it.
    """
    registers = Registers(Registrar(node.store, node.vault, node.trust, public_url, node.now))
    mirror = ListMirror(node.store, GuardedFetch(Rules(loopback=node.settings.allow_loopback)), node.now)
    chains = NodeChains(node.database, node.store, node.vault, [node.chain.access], now=lambda: node.now().timestamp())
    means = Means(
        store=node.store,
        vault=node.vault,
        trust=node.trust,
        now=node.now,
        chains=chains if node.chain.is_there else None,
        authorities=VaultAuthorities(node.vault),
        anchor_every=anchor_every,
        alone=node.database.kind == "sqlite",
        kinds={
            Kind.PUBLISH_REGISTER: registers.publish,
            Kind.MIRROR_LIST: mirror.carry,
            **aftercare_kinds(node),
            **(kinds or {}),
        },
        outside={**telling_kinds(node), **(outside or {})},
        periodic=(
            Periodic("Renewing registers", RENEW_EVERY, registers.renew),
            Periodic("Overwriting what was erased", PURGE_EVERY, node.database.purge),
            *aftercare_periodic(node),
            *periodic,
        ),
    )
    async with background(means) as work:
        yield work
