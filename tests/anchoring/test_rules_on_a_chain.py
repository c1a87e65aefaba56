"""Random lives of namespaces, lived twice: by the contract on anvil, and by the ledger in memory.

Both are told the same calls at the same block times; each has to take or refuse the same, for the same reason, and
answer every question alike.
"""

import asyncio

import pytest
from anvil_support import running_chain
from eth_hash.auto import keccak
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from anchoring.calls import AuthorizedCall, TypedCall
from anchoring.layout import proven_facts, recovery_commitment, slots_of
from anchoring.ledger import ENDLESS, AccreditationOf, AnchorOf, HeadOf, HistoryEntry, StateOf
from anchoring.memory import MemoryLedger
from anchoring.operations import (
    RECOVERY_DELAY,
    Accept,
    Acceptance,
    Accredit,
    AnchorValue,
    CancelRecovery,
    CompleteRecovery,
    OpenNamespace,
    RequestRecovery,
    RotateAuthority,
    SetHead,
    WithdrawAccreditation,
)
from anchoring.refusals import Refusal, refusal_of
from anchoring.signing_key import SigningKey

KEYS = [SigningKey(bytes([number]) * 32) for number in range(1, 5)]
SALT = keccak(b"salt")
VALUES = [keccak(b"value %d" % number) for number in range(2)]
COMMITMENTS = [recovery_commitment(key.address, SALT) for key in KEYS]
OPENINGS = [OpenNamespace(KEYS[0].address, COMMITMENTS[3], SALT), OpenNamespace(KEYS[1].address, COMMITMENTS[3], SALT)]
SPACES = [opening.namespace for opening in OPENINGS]
RELAYER = 5

spaces, values, keys = st.sampled_from(SPACES), st.sampled_from(VALUES), st.sampled_from(KEYS)
# Mostly within an hour, sometimes just outside of it at either end.
delays = st.one_of(st.integers(1, 3600), st.sampled_from([0, 1, 3600, 3601, -1]))
sequences = st.integers(0, 2)
QUESTIONS = [
    question
    for space in SPACES
    for question in (
        StateOf(space),
        *(HistoryEntry(space, index) for index in range(5)),
        *(AnchorOf(space, value) for value in VALUES),
        *(HeadOf(space, value) for value in VALUES),
        *(AccreditationOf(space, value, VALUES[0], number) for value in VALUES for number in range(3)),
    )
]


class Lives(RuleBasedStateMachine):
    """All examples begin from the same block of the one chain."""

    anvil = contract = seen = None

    def __init__(self):
        super().__init__()
        self.snapshot = self.anvil.ask("evm_snapshot")
        latest = self.anvil.ask("eth_getBlockByNumber", "latest", False)
        number = int(latest["number"], 16)
        self.time = int(latest["timestamp"], 16) - number
        self.ledger = MemoryLedger(
            self.contract, clock=lambda: self.time, chain_id=self.anvil.chain.id, automatic=False
        )
        for _ in range(number):
            self.time += 1
            self.ledger.mine()

    def teardown(self):
        self.anvil.ask("evm_revert", self.snapshot)

    def signed(self, operation, key, delay):
        call = TypedCall(operation, self.anvil.chain.id, self.contract.address, self.time + delay)
        return asyncio.run(key.sign(call))

    def tell(self, operation, key=None, delay=600):
        """Both the same call, in a block of its own, at the same time."""
        signature = b"" if key is None else self.signed(operation, key, delay)
        call = AuthorizedCall(operation, 0 if key is None else self.time + delay, signature)
        self.anvil.ask("evm_setNextBlockTimestamp", self.time)
        sent = self.anvil.send(self.contract.address, call.data(), sender=RELAYER)
        self.anvil.ask("evm_mine")
        receipt = self.anvil.ask("eth_getTransactionReceipt", sent)
        theirs = None
        if receipt["status"] != "0x1":
            options = {"disableStorage": True, "disableMemory": True, "disableStack": True}
            trace = self.anvil.ask("debug_traceTransaction", sent, options)
            theirs = refusal_of(bytes.fromhex(trace["returnValue"].removeprefix("0x")))
            assert theirs is not None, trace["returnValue"]
        assert (self.mined(call), int(receipt["blockNumber"], 16)) == (theirs, self.ledger.latest.number), operation
        self.seen.add(theirs)
        self.time += 1

    def mined(self, call):
        """Why the ledger in memory did not take the call, or None where it did."""
        digest = asyncio.run(self.ledger.submit(call))
        # Repeats too, which a round would not bring.
        self.ledger._pool[digest] = None
        progress = self.ledger._problem(call)
        self.ledger.mine()
        taken = digest in self.ledger._blocks[-1].calls
        self.ledger._pool.clear()
        self.ledger._waiting.clear()
        assert taken == (progress is None)
        if taken:
            return None
        (found,) = [each for each in Refusal if progress.endswith(each.meaning)]
        return found

    def state(self, space):
        return self.ledger._blocks[-1].facts.get(StateOf(space))

    def signer(self, space, stranger):
        """Mostly whoever may, so that lives get somewhere."""
        state = self.state(space)
        if stranger or state is None:
            return stranger or KEYS[0]
        return next(key for key in KEYS if key.address == state.authority)

    @initialize()
    def opened(self):
        self.time += 1
        self.tell(OPENINGS[0])

    @rule(seconds=st.sampled_from([1, 12, 3599, 3600, 86_400, RECOVERY_DELAY - 2, RECOVERY_DELAY]))
    def wait(self, seconds):
        self.time += seconds

    @rule(opening=st.sampled_from(OPENINGS))
    def open(self, opening):
        self.tell(opening)

    @rule(space=spaces, value=values, stranger=st.none() | keys, delay=delays)
    def anchor(self, space, value, stranger, delay):
        self.tell(AnchorValue(space, value), self.signer(space, stranger), delay)

    @rule(
        space=spaces,
        list_id=values,
        version=st.sampled_from([1, 2, 3, 2**64 - 1]),
        until=st.sampled_from([-1, 0, 1, 90_000, ENDLESS]),
        stranger=st.none() | keys,
        delay=delays,
    )
    def set_head(self, space, list_id, version, until, stranger, delay):  # noqa: PLR0913, PLR0917 - all drawn
        until = ENDLESS if until == ENDLESS else self.time + until
        self.tell(SetHead(space, list_id, VALUES[0], version, until), self.signer(space, stranger), delay)

    @rule(space=spaces, subject=values, sequence=sequences, until=st.sampled_from([6, ENDLESS]), delay=delays)
    def accredit(self, space, subject, sequence, until, delay):
        operation = Accredit(space, subject, VALUES[0], sequence, 5, until, VALUES[1])
        self.tell(operation, self.signer(space, None), delay)

    @rule(
        space=spaces,
        subject=values,
        sequence=sequences,
        stranger=st.none() | keys,
        delay=st.sampled_from([-1, 0, 10**8]),
    )
    def withdraw(self, space, subject, sequence, stranger, delay):
        self.tell(WithdrawAccreditation(space, subject, VALUES[0], sequence), self.signer(space, stranger), delay)

    @rule(space=spaces, key=keys, other=st.none() | keys, step=st.sampled_from([0, 0, 0, 1]), delay=delays)
    def rotate(self, space, key, other, step, delay):
        state = self.state(space)
        index = step + (state.authorities if state else 1)
        operation = RotateAuthority(space, index, key.address, self.accepted(space, key, other, delay))
        self.tell(operation, self.signer(space, None))

    def accepted(self, space, successor, other, delay):
        signature = self.signed(Accept(space, successor.address), other or successor, delay)
        return Acceptance(self.time + max(delay, 0), signature)

    def guardian(self, space, stranger):
        """Whoever has the recovery key of this era, or somebody else."""
        state = self.state(space)
        if stranger or state is None:
            return stranger or KEYS[3]
        return KEYS[COMMITMENTS.index(state.commitment)]

    @rule(
        space=spaces,
        key=keys,
        following=st.sampled_from(COMMITMENTS),
        stranger=st.none() | keys,
        step=st.sampled_from([1, 1, 1, 2]),
        delay=delays,
        forger=st.none() | st.none() | keys,
    )
    def request(self, space, key, following, stranger, step, delay, forger=None):  # noqa: PLR0913, PLR0917 - all drawn
        state, guardian = self.state(space), self.guardian(space, stranger)
        operation = RequestRecovery(
            space,
            step + (state.recovery_requests if state else 0),
            key.address,
            following,
            SALT,
            self.accepted(space, key, None, 600),
            guardian.address,
        )
        self.tell(operation, forger or guardian, delay)

    @rule(
        space=spaces,
        stranger=st.none() | keys,
        step=st.sampled_from([0, 0, 1]),
        delay=delays,
        forger=st.none() | st.none() | keys,
    )
    def cancel(self, space, stranger, step, delay, forger=None):
        state, guardian = self.state(space), self.guardian(space, stranger)
        sequence = max(1, step + (state.recovery_requests if state else 1))
        self.tell(CancelRecovery(space, sequence, SALT, guardian.address), forger or guardian, delay)

    @rule(space=spaces, patient=st.booleans())
    def complete(self, space, patient):
        state = self.state(space)
        if patient and state and state.pending:
            self.time = max(self.time, state.pending.ready_at)
        self.tell(CompleteRecovery(space, 1))

    @rule()
    def ask_everything(self):
        """By proof, as a verifier would."""
        told = asyncio.run(self.ledger.prove(QUESTIONS, self.ledger.latest))
        ours = proven_facts(told, block_hash=self.ledger.latest.hash, contract=self.contract, questions=QUESTIONS)
        slots = {slot for question in QUESTIONS for slot in slots_of(question)}
        theirs = proven_facts(
            self.anvil.prove(self.contract, slots),
            block_hash=self.anvil.block().hash,
            contract=self.contract,
            questions=QUESTIONS,
        )
        assert ours.facts == theirs.facts


# What no operation can say, or only a sender is told.
NEVER = {
    *(Refusal.ZERO_AUTHORITY, Refusal.ZERO_RECOVERY, Refusal.ZERO_HASH),
    *(Refusal.NOT_AUTHORITY, Refusal.SEAL_MISMATCH),
}


@pytest.fixture
def machine():
    with running_chain() as anvil:
        members = {"anvil": anvil, "contract": anvil.deploy("TrustAnchor"), "seen": set()}
        yield type("Lives", (Lives,), members)


@pytest.mark.peer
@pytest.mark.threat(108)
@pytest.mark.threat(112)
def test_memory_and_contract_live_the_same_lives(machine):
    run_state_machine_as_test(machine, settings=settings(max_examples=15, stateful_step_count=30, deadline=None))


@pytest.mark.peer
@pytest.mark.threat(112)
def test_each_refusal_in_its_turn(machine):
    """Each of the contract's refusals once, and both ends of each period."""
    life, (space, other), (one, two) = machine(), SPACES, VALUES
    authority, successor, _, guardian = KEYS
    life.time += 1
    life.open(OPENINGS[0])
    life.open(OPENINGS[0])
    life.anchor(other, one, authority, 600)
    life.anchor(space, one, successor, 600)
    for delay in (-1, 0, 3600, 3601):
        life.anchor(space, one, None, delay)
        life.set_head(space, one, 1, 90_000, None, delay)
        life.accredit(space, one, 0, ENDLESS, delay)
        life.rotate(space, authority, None, 0, delay)
        life.request(space, successor, COMMITMENTS[2], None, 1, delay)
        life.cancel(space, None, 0, delay)
        life.withdraw(space, one, 0, None, delay)
    life.accredit(space, one, 2, ENDLESS, 600)
    life.withdraw(space, two, 0, None, 600)
    life.set_head(space, one, 1, 90_000, None, 600)
    for until in (-1, 0, 1):
        life.set_head(space, one, 3, until, None, 600)
    life.set_head(space, one, 4, ENDLESS, None, 600)
    life.set_head(space, one, 5, 90_000, None, 600)
    life.rotate(space, successor, None, 1, 600)
    life.rotate(space, successor, authority, 0, 600)
    life.cancel(space, None, 0, 600)
    life.request(space, successor, COMMITMENTS[2], authority, 1, 600)
    life.request(space, successor, COMMITMENTS[2], None, 2, 600)
    life.request(space, successor, COMMITMENTS[2], None, 1, 600)
    life.cancel(space, None, 1, 600)
    life.cancel(space, None, 0, 600, forger=authority)
    consent = life.accepted(space, successor, authority, 600)
    turn = life.state(space).recovery_requests + 1
    request = RequestRecovery(space, turn, successor.address, COMMITMENTS[2], SALT, consent, guardian.address)
    life.tell(request, guardian)
    life.request(space, authority, COMMITMENTS[2], None, 1, 600, forger=successor)
    life.complete(space, patient=False)
    life.time = life.state(space).pending.ready_at - 1
    life.complete(space, patient=False)
    life.complete(space, patient=True)
    life.complete(space, patient=True)
    life.set_head(space, one, 1, 90_000, None, 600)
    life.cancel(space, guardian, 0, 600)
    life.ask_everything()
    assert machine.seen == {None, *Refusal} - NEVER
