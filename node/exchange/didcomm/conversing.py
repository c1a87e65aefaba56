"""The agent of a node, put together: what it speaks, who reacts, who decides."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from node.didcomm.protocols.issue_credential import ISSUER
from node.didcomm.protocols.present_proof import VERIFIER
from node.didcomm.protocols.table import CREDENTIALS, MEDIATOR, spoken
from node.exchange.didcomm.agent import Agent, Sends
from node.exchange.didcomm.asking import ASKING, Asking
from node.exchange.didcomm.bestowing import ISSUING, Bestowing
from node.exchange.didcomm.documents import Resolving
from node.exchange.didcomm.handing import Handing
from node.exchange.didcomm.inviting import Inviting
from node.exchange.didcomm.keeping import Keeping
from node.exchange.didcomm.mediating import MEDIATING
from node.exchange.didcomm.opening import Envelopes
from node.exchange.didcomm.taking import Taking
from node.ports.judging import Judging
from node.ports.offers import Offers
from node.ports.organisations import OrganisationId
from node.ports.store import Store
from node.ports.threads import Relation
from node.ports.vault import Vault
from node.ports.work import Nudge
from node.verification.policy import Policy

REACTIONS: Final = {**ISSUING, **ASKING, **MEDIATING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversing:
    """All of it."""

    agent: Agent
    inviting: Inviting
    handing: Handing
    asking: Asking
    keeping: Keeping


def conversing(  # noqa: PLR0913 -- all that it stands on
    *,
    store: Store,
    vault: Vault,
    judges: Judging,
    offers: Offers,
    sends: Sends,
    work: Nudge,
    now: Callable[[], datetime],
    public_url: str,
    policies: Mapping[str, Policy],
    usual: str,
    heard: Callable[[OrganisationId, Relation], None] = lambda *_: None,
) -> Conversing:
    """The agent of a node that is reached at this address."""
    resolving = Resolving(judges)
    inviting = Inviting(store=store, vault=vault, now=now, public_url=public_url)
    asking = Asking(store=store, judges=judges, inviting=inviting, policies=policies, usual=usual, now=now)
    agent = Agent(
        store=store,
        envelopes=Envelopes(store=store, vault=vault, resolving=resolving, now=now),
        taking=Taking(store=store, protocols=spoken((*CREDENTIALS, *MEDIATOR)), reactions=REACTIONS, now=now),
        resolving=resolving,
        sends=sends,
        work=work,
        now=now,
        deciding={ISSUER: Bestowing(store, offers), VERIFIER: asking},
        heard=heard,
    )
    return Conversing(
        agent=agent,
        inviting=inviting,
        handing=Handing(inviting=inviting, offers=offers),
        asking=asking,
        keeping=Keeping(store=store, agent=agent, offers=offers, now=now),
    )
