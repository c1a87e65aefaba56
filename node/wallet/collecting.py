"""Picking up what came: at a mediator, from those whose answers are open, and what anchors credentials by now.

Spec: https://didcomm.org/message-pickup/4.0, https://didcomm.org/coordinate-mediation/3.0
"""

from dataclasses import dataclass, replace
from typing import Final

from node.didcomm.errors import DidCommError
from node.didcomm.message import Message
from node.didcomm.protocols.changes import UPGRADE, AskReceipts
from node.didcomm.protocols.coordinate_mediation import (
    DENIED,
    GRANTED,
    UPDATED,
    Change,
    RequestMediation,
    UpdateRecipients,
)
from node.didcomm.protocols.message_pickup import DELIVERED, TOLD, AskDelivery, Confirm
from node.verification.errors import FetchError
from node.wallet.agent import GOAL_MEDIATE, Agent
from node.wallet.contents import Contents, Held, Relation
from node.wallet.errors import WalletError

MAX_ROUNDS: Final = 64
"""Deliveries in one run; each has up to sixteen messages."""
FINAL: Final = "final"


@dataclass(frozen=True, slots=True)
class Collected:
    """What a look around brought: messages that counted, credentials of which something is new, who was not reached."""

    messages: int
    changed: tuple[str, ...]
    unreached: tuple[str, ...]


async def be_served(agent: Agent, invitation: Message) -> str:
    """Have a mediator keep messages from now on; the identifier to name for it. Raises WalletError if it does not."""
    key = await agent.take_up(invitation, GOAL_MEDIATE, RequestMediation())
    told = await agent.until(key, GRANTED, DENIED)
    dids = told.get("routing_dids")
    if not isinstance(dids, list) or not dids:
        raise WalletError(
            "the mediator keeps no messages for this wallet", code="wallet.problem", remedy="Ask another mediator."
        )
    return str(dids[0])


async def serve_here(agent: Agent, relation: Relation) -> None:
    """Have the mediator serve the identifier of a relation; one that is served already stays so."""
    mediator = agent.mediator
    if mediator is None or relation.goal == GOAL_MEDIATE:
        return
    key = await agent.start(mediator[0], UpdateRecipients((Change(relation.ours, "add"),)))
    await agent.until(key, UPDATED)


async def collect(agent: Agent) -> Collected:
    """Look around.

    1. What waits at the mediator is taken, kept, and then confirmed.
    2. What was sent and not answered is sent again; what anchors a credential for good is asked for.
    Who is not reached is named, and asked another time.
    """
    before, counted, unreached = dict(agent.contents.held), 0, []
    mediator = agent.mediator
    if mediator is not None:
        try:
            counted = await _picked_up(agent, mediator[0])
        except (FetchError, WalletError, DidCommError):
            unreached.append(mediator[0].theirs)
    for held in agent.contents.held.values():
        if _may_be_upgraded(agent, held):
            await agent.start(agent.contents.relations[held.ours], AskReceipts(str(held.identifier)), pthid=held.thread)
    for ours, relation in list(agent.contents.relations.items()):
        try:
            await _asked_again(agent, ours, mediated=mediator is not None and ours == mediator[0].ours)
        except (FetchError, DidCommError):
            unreached.append(relation.theirs)
    await agent.change(_tidied)
    changed = tuple([each.id for each in agent.contents.held.values() if each != before.get(each.id)])
    return Collected(counted, changed, tuple(dict.fromkeys(unreached)))


async def _asked_again(agent: Agent, ours: str, *, mediated: bool) -> None:
    """Step 2 in one relation; what was asked of a mediator is asked anew, not again."""
    await agent.flush(ours)
    for key, talk in list(agent.contents.talks.items()):
        if talk.exchange.connection.ours == ours and not talk.exchange.final and not mediated:
            await agent.again(key)


def _tidied(contents: Contents) -> Contents:
    """Without what was talked with a mediator and is over; that it serves us stays."""
    kept = {
        key: talk
        for key, talk in contents.talks.items()
        if not talk.exchange.final
        or GRANTED in talk.told
        or contents.relations[talk.exchange.connection.ours].goal != GOAL_MEDIATE
    }
    return replace(contents, talks=kept)


async def _picked_up(agent: Agent, mediator: Relation) -> int:
    """Step 1; how many messages counted."""
    counted = 0
    for _ in range(MAX_ROUNDS):
        key = await agent.start(mediator, AskDelivery())
        told = await agent.until(key, DELIVERED, TOLD)
        messages = told.get("messages")
        listed = [each for each in messages if isinstance(each, dict)] if isinstance(messages, list) else []
        if not listed:
            return counted
        for each in listed:
            counted += await agent.take(str(each.get("message")).encode())
        await agent.start(mediator, Confirm(tuple([str(each.get("id")) for each in listed])))
        await agent.flush(mediator.ours)
    return counted


def _may_be_upgraded(agent: Agent, held: Held) -> bool:
    """Whether something anchors a credential, not for good, and nobody was asked yet."""
    if held.identifier is None or not held.receipts or all(each.get("state") == FINAL for each in held.receipts):
        return False
    return not any(
        talk.exchange.pthid == held.thread
        and talk.exchange.protocol == UPGRADE.protocol_uri
        and not talk.exchange.final
        for talk in agent.contents.talks.values()
    )
