"""Ordering changes of a did:ethr, so that each is carried out once at the most, and none that was begun is forgotten.

1. What the registry's events at a final block bear out already is not ordered.
2. What is under way is not ordered again; anything else waits until it is final, since it would be judged by what is.
3. The owner signs each change with the next number, which the registry takes once. Data and signature lie in the
   journal before anything is sent, and are brought to the chain as calls of every other kind are.
4. That the number was used is proven by the registry's storage; that it was by this change, by its events.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from anchoring.calls import AuthorizedCall
from anchoring.facts import Standing, StandingOf
from anchoring.operations import ChangeIdentity
from anchoring.registry_calls import (
    GIVEN_UP,
    ChangeOwner,
    RegistryCall,
    RevokeAttribute,
    SetAttribute,
    signed_call_data,
)
from anchoring.secp256k1 import SIGNATURE_BYTES
from did_methods.ethr_events import AttributeChanged, Change, OwnerChanged
from node.issuance.anchor import Desk
from node.issuance.errors import NotAnchorableError
from node.issuance.identity_changes import OwnerKey, authorized
from node.verification.identity_registries import DEPLOYED

_SIGNATURE: Final = slice(4 + 32, 4 + 32 + 3 * 32)
"""Where v, r and s stand in a call: behind its function and the identity."""


async def order_changes(
    desk: Desk, calls: Sequence[RegistryCall], owner: OwnerKey, history: Callable[[], Awaitable[Sequence[Change]]]
) -> tuple[bytes, ...]:
    """Have these changes of one identity carried out in their order: the ids of the calls to be followed.

    `desk` is one at the registry, `history` reads what its events say. Whatever was used by what storage says is read
    before, so it is in the events. Raises NotAnchorableError for what cannot be, or not yet, and then orders nothing.
    """
    identity = calls[0].identity
    with desk.orders.ordering():
        standing = await _standing(desk, identity, owner)
        events = await history()
        unwritten = [call for call in calls if not stands(call, events, int(desk.now()))]
        begun = [
            (stored.id, stored.call.operation)
            for stored in await desk.orders.calls.open_calls()
            if isinstance(stored.call.operation, ChangeIdentity)
        ]
        ours = {
            _unsigned(change.data): call_id
            for call_id, change in begun
            if change.identity == identity and (change.owner != owner.address or change.nonce >= standing.calls)
        }
        if not ours.keys() <= {_named(call) for call in unwritten}:
            raise _refusal(
                "another change of this identity is under way, and not final yet",
                "anchoring.under_way",
                "Wait until it is: glejt did update with the DID alone goes on with it.",
            )
        fresh = [call for call in unwritten if _named(call) not in ours]
        if fresh:
            _require_possible(fresh, standing, owner, events)
            _require_once(fresh, standing, desk.reader.contract.address)
        nonce = max([standing.calls, *(change.nonce + 1 for _, change in begun if change.owner == owner.address)])
        for number, call in enumerate(fresh, nonce):
            data = authorized(call, owner, registry=desk.reader.contract.address, nonce=number)
            change = ChangeIdentity(identity, owner.address, number, data)
            ours[_named(call)] = await desk.sender.submit(AuthorizedCall(change))
        return tuple(ours[_named(call)] for call in unwritten)


async def begun_changes(desk: Desk, identity: bytes) -> tuple[bytes, ...]:
    """The calls under way that change an identity, in their order."""
    return tuple(
        stored.id
        for stored in await desk.orders.calls.open_calls()
        if isinstance(stored.call.operation, ChangeIdentity) and stored.call.operation.identity == identity
    )


def stands(call: RegistryCall, history: Sequence[Change], now: int) -> bool:
    """Whether the events of an identity bear out, at a time, what a change is for."""
    match call:
        case ChangeOwner(_, owner):
            return owner == _owner(history)
        case SetAttribute(_, name, value):
            until = _until(name, value, history)
            return until is not None and until > now
        case RevokeAttribute(_, name, value):
            until = _until(name, value, history)
            return until is not None and until <= now
        case _:
            return False


def _owner(history: Sequence[Change]) -> bytes | None:
    owners = [change.event.owner for change in history if isinstance(change.event, OwnerChanged)]
    return owners[-1] if owners else None


def _until(name: bytes, value: bytes, history: Sequence[Change]) -> int | None:
    """Until when an attribute is valid, by the last event about it."""
    for change in reversed(history):
        event = change.event
        if isinstance(event, AttributeChanged) and (event.name, event.value) == (name, value):
            return event.valid_to
    return None


async def _standing(desk: Desk, identity: bytes, owner: OwnerKey) -> Standing:
    standing = await desk.fact(StandingOf(identity, owner.address))
    if isinstance(standing, Standing):
        return standing
    raise _refusal(
        "the registry of identities is not on this chain",
        "anchoring.registry",
        "Put it there with glejt anchor deploy --registry, or say in the trust file where it stands.",
    )


def _require_possible(
    calls: Sequence[RegistryCall], standing: Standing, owner: OwnerKey, history: Sequence[Change]
) -> None:
    """Refuse what the registry would not take, and what would say nothing."""
    if _owner(history) == GIVEN_UP:
        raise _refusal("this identity was given up", "anchoring.given_up", "Make another one.")
    if standing.owner != owner.address:
        raise _refusal(
            f"0x{owner.address.hex()} does not own this identity; 0x{standing.owner.hex()} does",
            "anchoring.owner",
            "Give the key file of its present owner.",
        )
    for call in calls:
        if isinstance(call, RevokeAttribute) and _until(call.name, call.value, history) is None:
            raise _refusal(
                "what is to be withdrawn was never written",
                "anchoring.no_entry",
                "Look at its history: the key, or the service with its address, has to be the very same.",
            )


def _require_once(calls: Sequence[RegistryCall], standing: Standing, registry: bytes) -> None:
    """Refuse what could be brought again and again.

    Registries that others deployed may take the identity's number for attributes, and count the owner's: once both
    differ, the number in an owner's word for an attribute is never used up.
    """
    attributes = any(isinstance(call, SetAttribute | RevokeAttribute) for call in calls)
    if attributes and registry in DEPLOYED.values() and standing.owner != calls[0].identity:
        raise _refusal(
            "this registry would take the same signature again, since the identity was handed over",
            "anchoring.repeatable",
            "Let the owner's own account call the registry, or use an identity that was not handed over.",
        )


def _named(call: RegistryCall) -> bytes:
    """By which a change is known, whoever signs it with whatever number."""
    return _unsigned(signed_call_data(call, bytes(SIGNATURE_BYTES)))


def _unsigned(data: bytes) -> bytes:
    return data[: _SIGNATURE.start] + data[_SIGNATURE.stop :]


def _refusal(message: str, code: str, remedy: str) -> NotAnchorableError:
    return NotAnchorableError(message, code=code, remedy=remedy)
