"""Changes of an identity as calls: what is kept of them, what the registry's storage says of them, what is refused."""

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from operation_samples import ADDRESSES

from anchoring.calls import AuthorizedCall, TypedCall
from anchoring.errors import CallError
from anchoring.facts import Standing, StandingOf
from anchoring.identity_registry import nonce_slot
from anchoring.keccak import keccak256
from anchoring.layout import read, slots_of
from anchoring.operations import ChangeIdentity, Outcome, outcome, question_of
from anchoring.registry_calls import ChangeOwner, SetAttribute
from anchoring.signing_key import SigningKey
from anchoring.storage_proof import Contract
from did_methods.curves import KeyType
from did_methods.ethr import create
from did_methods.ethr_events import AttributeChanged, Block, Change, OwnerChanged
from did_methods.multikey import PrivateKey
from node.issuance.errors import NotAnchorableError
from node.issuance.identity_changes import add_key, give_up, withdraw_key
from node.issuance.identity_orders import order_changes, stands
from node.verification.identity_registries import DEPLOYED

OWNER = PrivateKey(KeyType.SECP256K1, bytes([5]) * 32)
KEY = PrivateKey(KeyType.P256, bytes([7]) * 32).public
DID = create(OWNER.public, network="0x7a69")
SIGNER = SigningKey(OWNER.raw)
STRANGER = bytes([9]) * 20
CHANGES = st.builds(ChangeIdentity, ADDRESSES, ADDRESSES, st.integers(0, 2**64 - 1), st.binary(max_size=300))


@given(CHANGES)
def test_a_change_is_kept_as_it_is(change):
    call = AuthorizedCall(change)
    assert AuthorizedCall.decode(call.encode()) == call
    assert (call.data(), call.expires) == (change.data, None)
    with pytest.raises(CallError):
        AuthorizedCall(change, 5, b"signed")
    with pytest.raises(CallError):
        _ = TypedCall(change, 1, bytes([1]) * 20, 5).digest


@given(CHANGES, st.integers(0, 2**64))
def test_a_number_is_used_once(change, calls):
    own, others = Standing(change.owner, calls), Standing(bytes(20), calls)
    used = calls > change.nonce
    assert question_of(change) == StandingOf(change.identity, change.owner)
    assert outcome(change, own) is (Outcome.DONE if used else Outcome.OPEN)
    assert outcome(change, others) is (Outcome.DONE if used else Outcome.OVERTAKEN)
    assert outcome(change, None) is Outcome.OPEN


@given(ADDRESSES, ADDRESSES)
def test_where_the_registry_keeps_it(identity, signer):
    owners, nonces = slots_of(StandingOf(identity, signer))
    assert nonces == nonce_slot(signer)
    assert owners == keccak256(identity.rjust(32, b"\0") + bytes(32))
    words = {owners: bytes(32), nonces: (3).to_bytes(32)}
    assert read(StandingOf(identity, signer), words) == Standing(identity, 3)
    assert read(StandingOf(identity, signer), words | {owners: signer.rjust(32, b"\0")}) == Standing(signer, 3)


def written(call, valid_to):
    return Change(Block(1, 1), AttributeChanged(call.name, call.value, valid_to))


def test_what_events_bear_out():
    add, remove, end = add_key(DID, KEY), withdraw_key(DID, KEY), give_up(DID)
    assert [stands(call, [], 10) for call in (add, remove, end)] == [False, False, False]
    assert stands(add, [written(add, 11)], 10)
    assert not stands(add, [written(add, 10)], 10)
    assert stands(remove, [written(add, 11), written(add, 0)], 10)
    assert not stands(remove, [written(add, 0), written(add, 11)], 10)
    assert stands(end, [Change(Block(1, 1), OwnerChanged(bytes(20)))], 10)
    assert not stands(end, [Change(Block(1, 1), OwnerChanged(STRANGER))], 10)


class Desk:
    """A desk at a registry that stands as told; calls stay where they were put."""

    def __init__(self, standing, registry=bytes([3]) * 20, begun=()):
        self.reader = SimpleNamespace(contract=Contract(registry, bytes(32)))
        self.orders, self.sender = SimpleNamespace(ordering=nullcontext, calls=self), self
        self.standing, self.ordered = standing, list(begun)

    def now(self):
        return 10

    async def fact(self, _question):
        return self.standing

    async def open_calls(self):
        return [SimpleNamespace(id=call.id, call=call) for call in self.ordered]

    async def submit(self, call):
        self.ordered.append(call)
        return call.id

    def order(self, *calls, history=()):
        async def read_history():
            return history

        return asyncio.run(order_changes(self, calls, SIGNER, read_history))


ADD, REMOVE = add_key(DID, KEY), withdraw_key(DID, KEY)
OWN = Standing(SIGNER.address, 4)


def test_numbers_follow_one_another_and_the_same_is_ordered_once():
    desk, other = Desk(OWN), SetAttribute(SIGNER.address, bytes([1]) * 32, b"value", 5)
    ids = desk.order(ADD, other)
    assert [call.operation.nonce for call in desk.ordered] == [4, 5]
    assert desk.order(ADD, other) == ids
    assert len(desk.ordered) == 2
    begun = Desk(OWN, begun=desk.ordered[:1])  # a run that was cut off between them
    assert begun.order(ADD, other) == ids
    with pytest.raises(NotAnchorableError, match="under way"):
        desk.order(ADD)
    assert desk.order(ADD, other, history=[]) == ids


def test_what_is_done_by_storage_is_no_longer_under_way():
    desk = Desk(OWN)
    desk.order(ADD)
    desk.standing = Standing(SIGNER.address, 5)
    assert desk.order(ADD, history=[written(ADD, 11)]) == ()
    desk.order(REMOVE, history=[written(ADD, 11)])
    assert [call.operation.nonce for call in desk.ordered] == [4, 5]


@pytest.mark.parametrize(
    ("desk", "calls", "history", "code"),
    [
        (Desk(None), (ADD,), (), "registry"),
        (Desk(Standing(STRANGER, 0)), (ADD,), (), "owner"),
        (Desk(OWN), (ADD, REMOVE), (), "no_entry"),
        (Desk(OWN), (ADD,), (Change(Block(1, 1), OwnerChanged(bytes(20))),), "given_up"),
    ],
)
def test_what_is_refused_orders_nothing(desk, calls, history, code):
    with pytest.raises(NotAnchorableError) as refused:
        desk.order(*calls, history=history)
    assert (refused.value.code, desk.ordered) == (f"anchoring.{code}", [])


def test_no_word_is_given_that_could_be_brought_again():
    """The first registry takes the identity's number for attributes, and counts that of the owner."""
    identity = bytes([8]) * 20
    add = SetAttribute(identity, ADD.name, ADD.value, 5)
    desk = Desk(OWN, registry=DEPLOYED[1])
    with pytest.raises(NotAnchorableError) as refused:
        desk.order(add)
    assert (refused.value.code, desk.ordered) == ("anchoring.repeatable", [])
    assert desk.order(ChangeOwner(identity, STRANGER))
    assert Desk(OWN).order(add)
    assert Desk(OWN, registry=DEPLOYED[1]).order(ADD)
