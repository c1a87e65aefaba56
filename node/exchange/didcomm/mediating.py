"""The node as a mediator: whom it serves, what waits for them, and what is passed on to whom.

It serves who took up an invitation to it, and nobody else. What is passed on comes from anybody, encrypted for the
identifier that the mediator has in one relation, so that relation alone is looked into. What waits is deleted when its
recipient says that it was received.

Spec: https://didcomm.org/coordinate-mediation/3.0, https://didcomm.org/message-pickup/4.0
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

from node.didcomm.protocols.coordinate_mediation import (
    QUERY,
    REQUESTED,
    UPDATE,
    AnswerUpdate,
    Change,
    Deny,
    Grant,
    ListRecipients,
)
from node.didcomm.protocols.machine import Effect
from node.didcomm.protocols.message_pickup import (
    DELIVERY,
    LIVE,
    RECEIVED,
    STATUS,
    V3,
    Deliver,
    RefuseLive,
    TellStatus,
)
from node.didcomm.protocols.routing import FORWARDED, MAX_FORWARDED_BYTES
from node.exchange.didcomm.reactions import NOTHING_FOLLOWS, Reaction, Reactions, Scene
from node.ports.errors import RuleError
from node.ports.identifiers import new_id
from node.ports.threads import KEPT_DEPOSITS, Deposit, Purpose, Waiting

SUCCESS, NO_CHANGE, CLIENT_ERROR = "success", "no_change", "client_error"


def _serves(scene: Scene) -> bool:
    return scene.relation.purpose is Purpose.MEDIATE


async def _requested(scene: Scene, _: Effect) -> Reaction:
    """Served under the identifier that we have in this relation: what is passed on finds its way by it alone."""
    return Reaction(Grant((scene.relation.ours,)) if _serves(scene) else Deny())


async def _updated(scene: Scene, effect: Effect) -> Reaction:
    changes: list[Change] = []
    asked = effect.data.get("updates")
    for each in asked if isinstance(asked, list) else []:
        entry = each if isinstance(each, dict) else {}
        did, action = str(entry.get("recipient_did")), str(entry.get("action"))
        changes.append(Change(did, action, await _changed(scene, did, action)))
    return Reaction(AnswerUpdate(tuple(changes)))


async def _changed(scene: Scene, did: str, action: str) -> str:
    if not _serves(scene):
        return CLIENT_ERROR
    try:
        served = scene.unit.mediation.serve if action == "add" else scene.unit.mediation.leave
        return SUCCESS if await served(scene.relation.ours, did) else NO_CHANGE
    except RuleError:
        return CLIENT_ERROR


async def _listed(scene: Scene, effect: Effect) -> Reaction:
    offset, limit = effect.data.get("offset"), effect.data.get("limit")
    dids, remaining = await scene.unit.mediation.recipients(
        scene.relation.ours,
        offset=offset if isinstance(offset, int) else 0,
        limit=limit if isinstance(limit, int) else 1,
    )
    return Reaction(ListRecipients(dids, remaining))


async def _status(scene: Scene, effect: Effect) -> Reaction:
    return Reaction(_told(await _waiting(scene, effect), scene))


async def _delivery(scene: Scene, effect: Effect) -> Reaction:
    """What waits, not more than was asked for and fits; where nothing waits, version 3.0 tells the status."""
    limit, did = effect.data.get("limit"), effect.data.get("recipient_did")
    found = await scene.unit.mediation.deposits(
        scene.relation.ours,
        did if isinstance(did, str) else None,
        limit=limit if isinstance(limit, int) else 1,
        max_bytes=MAX_FORWARDED_BYTES,
    )
    if not found and scene.exchange is not None and scene.exchange.protocol == V3.protocol_uri:
        return Reaction(_told(Waiting(0, 0, None, None), scene))
    return Reaction(Deliver(tuple([(each.id, each.data) for each in found])))


async def _received(scene: Scene, effect: Effect) -> Reaction:
    ids = effect.data.get("ids")
    await scene.unit.mediation.received(
        scene.relation.ours, [str(each) for each in ids] if isinstance(ids, list) else []
    )
    return Reaction(_told(await scene.unit.mediation.waiting(scene.relation.ours), scene), arrived=True)


async def _live(scene: Scene, effect: Effect) -> Reaction:
    """On a way that stays open alone."""
    live = effect.data.get("live") is True
    if live and not scene.stays:
        return Reaction(RefuseLive())
    waits = await scene.unit.mediation.waiting(scene.relation.ours)
    event = TellStatus(count=waits.count, live=live, figures=_figures(waits, scene.at))
    return Reaction(event, live=live)


async def _forwarded(scene: Scene, effect: Effect) -> Reaction:
    """Kept for the recipient, if it is one of this relation and has room; nobody is told either way."""
    recipient = str(effect.data.get("next")).partition("#")[0]
    expires = effect.data.get("expires_time")
    until = scene.at + KEPT_DEPOSITS
    if isinstance(expires, int) and expires < until.timestamp():
        until = datetime.fromtimestamp(expires, UTC)
    payloads = effect.data.get("payloads")
    if until <= scene.at:
        return NOTHING_FOLLOWS
    kept = False
    for each in payloads if isinstance(payloads, list) else []:
        kept |= await scene.unit.mediation.deposit(
            Deposit(
                id=new_id(),
                ours=scene.relation.ours,
                recipient=recipient,
                data=str(each).encode(),
                received_at=scene.at,
                expires_at=until,
            )
        )
    return Reaction(arrived=True) if kept else NOTHING_FOLLOWS


async def _waiting(scene: Scene, effect: Effect) -> Waiting:
    did = effect.data.get("recipient_did")
    return await scene.unit.mediation.waiting(scene.relation.ours, did if isinstance(did, str) else None)


def _told(waits: Waiting, scene: Scene) -> TellStatus:
    return TellStatus(count=waits.count, live=scene.live, figures=_figures(waits, scene.at))


def _figures(waits: Waiting, at: datetime) -> Mapping[str, int]:
    if waits.oldest is None or waits.newest is None:
        return {}
    return {
        "longest_waited_seconds": max(0, int((at - waits.oldest).total_seconds())),
        "newest_received_time": int(waits.newest.timestamp()),
        "oldest_received_time": int(waits.oldest.timestamp()),
        "total_bytes": waits.total_bytes,
    }


MEDIATING: Final[Reactions] = MappingProxyType(
    {
        REQUESTED: _requested,
        UPDATE: _updated,
        QUERY: _listed,
        STATUS: _status,
        DELIVERY: _delivery,
        RECEIVED: _received,
        LIVE: _live,
        FORWARDED: _forwarded,
    }
)
